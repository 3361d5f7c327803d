//! `cargo xtask demo`: one kexec, from Debian 12's kernel into a much newer one, watched.

use crate::Outcome;
use crate::command::{build_kexec, cache, fresh_directory};
use crate::packages::Store;
use crate::vm::expected::Kexec;
use crate::vm::facts::Facts;
use crate::vm::guest;
use crate::vm::qemu::{self, End};
use crate::vm::scenario::Scenario;
use std::time::Instant;

const SCRIPT: &str = include_str!("../guest/demo.sh");

/// `cargo xtask demo`
pub fn run(arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask demo".into());
    }
    println!("Building the kexec command.");
    let kexec = build_kexec()?;
    println!("Getting QEMU and two kernels, if they are not here yet (nothing is installed).");
    let store = Store::open()?;
    let scenario = Scenario::new("demo", "one kexec", "6.1")
        .hop("-c", "7.x")
        .script(SCRIPT);
    let directory = cache().join("demo");
    fresh_directory(&directory)?;
    let guest = guest::build(&scenario, &store, &Kexec::Ours(kexec), &directory)?;
    let command = qemu::command(&scenario, &guest, &store, &directory)?;
    println!("Starting a guest without hardware virtualisation: give it half a minute.\n");

    let log = directory.join("serial.log");
    let start = Instant::now();
    let mut facts = Facts::default();
    let mut left = None;
    let mut second = None;
    let end = qemu::run(command, &scenario, &log, &mut |line| {
        let now = start.elapsed().as_secs_f64();
        facts.read(line);
        if let Some((_, said)) = line.split_once("DEMO ") {
            println!("{now:6.1} s  {said}");
            if said == "# kexec -e" {
                left = Some(now);
            }
        }
        if second.is_none() && facts.one(1, "uname").is_some() {
            second = Some(now);
        }
    })?;
    let (Some(left), Some(second), Some(name)) = (left, second, facts.one(1, "uname")) else {
        return Err(format!(
            "the second kernel was not reached ({end:?}): {}",
            log.display()
        ));
    };
    let command_line = facts.one(1, "cmdline").unwrap_or_default();
    println!(
        "{second:6.1} s  This is Linux {name}, {:.1} s after kexec -e.",
        second - left
    );
    println!("          Its command line: {command_line}");
    let expected = guest
        .hops
        .get(1)
        .ok_or("the demonstration has a second kernel")?;
    if end != End::Init("ok".into()) || command_line != expected.command_line {
        return Err(format!(
            "the second userland is not as it should be: {}",
            log.display()
        ));
    }
    println!(
        "          Its initrd: {} files, as they were packed.",
        expected.files.len()
    );
    println!("\nThe whole serial log: {}", log.display());
    if facts.all(1, "sha256") != expected.files {
        return Err("the initrd did not arrive as it was".into());
    }
    Ok(())
}
