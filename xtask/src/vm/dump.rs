//! What kdump-tools saved on a guest's disk, read on the host: its files, and what Debian's
//! `crash` makes of the dump, where there are the kernel's debug symbols. Lines are for `check.rs`.

use crate::Outcome;
use crate::command::{fresh_directory, output, read, write};
use crate::packages::{Kernel, Store};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where the package saves, by its default.
const SAVED: &str = "/var/crash";

/// `set -p` goes to the task that panicked, `bt` is of that one, `bt -a` of what every CPU did,
/// `help -r` of the registers in the dump's notes (backtraces are made from stacks alone).
const COMMANDS: &str = "sys\nset -p\nbt\nbt -a\nhelp -r\nps\nlog\nquit\n";

/// `crash` is not waited for any longer; it takes twenty seconds of one CPU.
const LIMIT: Duration = Duration::from_secs(600);

/// Takes everything in /var/crash off the disk, and looks at it.
pub fn look(disk: &Path, kernel: &Kernel, store: &Store, into: &Path) -> Outcome<Vec<String>> {
    let directory = into.join("saved");
    fresh_directory(&directory)?;
    output(
        store
            .program("usr/sbin/debugfs")
            .arg("-R")
            .arg(format!("rdump {SAVED} ."))
            .arg(disk)
            .current_dir(&directory),
    )?;
    let mut lines = Vec::new();
    let saved = directory.join("crash");
    let mut stamps: Vec<_> = std::fs::read_dir(&saved)
        .map_err(|error| format!("{}: {error}", saved.display()))?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .collect();
    stamps.sort_by_key(std::fs::DirEntry::file_name);
    for stamp in stamps {
        let name = stamp.file_name().to_string_lossy().into_owned();
        for file in std::fs::read_dir(stamp.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let length = file.metadata().map_or(0, |data| data.len());
            let file = file.file_name().to_string_lossy().into_owned();
            // The name without the time, so that it can be expected.
            let file = file.replace(&name, "STAMP");
            lines.push(format!("SAVED {file} of {length} bytes in {name}"));
        }
        let log = stamp.path().join(format!("dmesg.{name}"));
        if log.is_file() {
            let log = String::from_utf8_lossy(&read(&log)?).into_owned();
            lines.extend(log.lines().map(|line| format!("SAVED dmesg: {line}")));
        }
        let dump = stamp.path().join(format!("dump.{name}"));
        if let Some(symbols) = kernel.debug.as_ref().filter(|_| dump.is_file()) {
            lines.extend(crash(&dump, symbols, store, into)?);
        }
    }
    std::fs::remove_dir_all(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(lines)
}

/// What `crash` says, its end last.
fn crash(dump: &Path, symbols: &Path, store: &Store, into: &Path) -> Outcome<Vec<String>> {
    let fail = |error: std::io::Error| format!("crash: {error}");
    let (commands, log) = (into.join("crash.commands"), into.join("crash.log"));
    write(&commands, COMMANDS.as_bytes())?;
    let said = File::create(&log).map_err(fail)?;
    let mut crash = store
        .program("usr/bin/crash")
        .arg("-s")
        .arg(symbols)
        .arg(dump)
        .current_dir(into)
        // No one's own .crashrc, and no pager.
        .env("HOME", into)
        .env("TERM", "dumb")
        .stdin(File::open(commands).map_err(fail)?)
        .stderr(said.try_clone().map_err(fail)?)
        .stdout(said)
        .spawn()
        .map_err(fail)?;
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = crash.try_wait().map_err(fail)? {
            break status.to_string();
        }
        if Instant::now() > deadline {
            crash.kill().map_err(fail)?;
            break crash.wait().map_err(fail)?.to_string();
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let said = read(&log)?;
    let said = String::from_utf8_lossy(&said);
    let mut lines: Vec<String> = said.lines().map(|line| format!("CRASH {line}")).collect();
    lines.push(registers(&said));
    lines.push(format!("CRASH ended: {status}"));
    Ok(lines)
}

/// How many CPUs `help -r` shows, and how many places they were at: no two are at the same one,
/// for only one of them panics, and one that is interrupted has a stack of its own.
fn registers(said: &str) -> String {
    let mut cpus = 0;
    let mut places = Vec::new();
    let mut lines = said.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("CPU ") && line.ends_with(':') {
            cpus += 1;
            let place = lines.next().unwrap_or_default();
            if place.trim_start().starts_with("RIP: ") && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    format!("REGISTERS of {cpus} CPUs, {} different", places.len())
}

#[cfg(test)]
mod tests {
    use super::registers;

    #[test]
    fn registers_are_distinguished() {
        let one = "CPU 0:\n    RIP: ffffffff91017a0b  RSP: ffffffff92003e98\n    RAX: 0\n";
        let other = "\nCPU 1:\n    RIP: ffffffff9066c62f  RSP: ff6f731140013b58\n";
        let same = one.replace("CPU 0", "CPU 1");
        let none = "\nCPU 1: [OFFLINE]\n";
        assert_eq!(
            registers(&format!("{one}{other}")),
            "REGISTERS of 2 CPUs, 2 different"
        );
        assert_eq!(
            registers(&format!("{one}{same}")),
            "REGISTERS of 2 CPUs, 1 different"
        );
        assert_eq!(
            registers(&format!("{one}{none}")),
            "REGISTERS of 1 CPUs, 1 different"
        );
    }
}
