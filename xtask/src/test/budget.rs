//! `budget/limits.txt`: sizes, system calls, memory and instructions may not grow past it.

use super::Result;
use super::little_memory::resident;
use crate::Outcome;
use crate::command::{
    build_examples, build_kexec, cache, cargo, on_path, output, read, root, run as run_command,
    target, write,
};
use crate::compare::trace::{Trace, trace};
use crate::elf::Elf;
use crate::size::installed;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const LIMITS: &str = "budget/limits.txt";

/// The bytes of the initrd the command prepares.
const INITRD: u64 = 16 << 20;
/// The bytes of the kernel's payload.
const KERNEL: usize = 1 << 20;

/// Runtime regions of the machine with EFI: PCs have some ten to twenty.
const EFI_ENTRIES: u64 = 16;

/// What is measured, by name.
type Values = BTreeMap<String, u64>;

/// The step.
pub fn run() -> Outcome<Result> {
    let limits = limits(&String::from_utf8_lossy(&read(&root().join(LIMITS))?))?;
    let mut values = Values::new();
    let command = build_kexec()?;
    sizes(&command, &mut values)?;
    traces(&command, &mut values)?;
    efi(&mut values)?;
    let counted = on_path("valgrind");
    if counted {
        instructions(&limits, &mut values)?;
    }
    let bounded = resident(&command)?;
    if let Ok(resident) = bounded {
        values.insert("little-memory/resident".into(), resident);
    }
    let mut problems = Vec::new();
    for (name, limit) in &limits {
        match values.get(name) {
            Some(value) if value <= limit => println!("{name:28} {value:>11} of {limit:>11}"),
            Some(value) => problems.push(format!("{name}: {value}, limit {limit}")),
            None if !counted && name.starts_with("instructions/") => {}
            None if bounded.is_err() && name.starts_with("little-memory/") => {
                let why = bounded.as_ref().err().map_or("", String::as_str);
                println!("{name:28} NOT MEASURED: {why}");
            }
            None => problems.push(format!("{name}: nothing of this name is measured")),
        }
    }
    for name in values.keys().filter(|name| !limits.contains_key(*name)) {
        problems.push(format!("{name}: no limit in {LIMITS}"));
    }
    match (problems.is_empty(), counted) {
        (false, _) => Err(format!("over budget:\n  {}", problems.join("\n  "))),
        (true, true) => Ok(Result::Passed),
        (true, false) => Ok(Result::Skipped("valgrind is not installed".into())),
    }
}

fn limits(text: &str) -> Outcome<Values> {
    let mut limits = Values::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else {
            continue;
        };
        let limit = words.next().and_then(|limit| limit.parse().ok());
        let limit = limit.ok_or_else(|| format!("{LIMITS}: {line}"))?;
        if limits.insert(name.into(), limit).is_some() {
            return Err(format!("{LIMITS}: {name} twice"));
        }
    }
    Ok(limits)
}

fn sizes(command: &Path, values: &mut Values) -> Outcome {
    let elf = Elf::read(&read(command)?)?;
    values.insert("size/kexec".into(), elf.needed);
    build_examples()?;
    for name in ["init", "c-init"] {
        let init = Elf::read(&read(&target().join("release").join(name))?)?;
        values.insert(format!("size/{name}"), init.needed);
    }
    values.insert("size/purgatory".into(), purgatory()?);
    let readme = String::from_utf8_lossy(&read(&root().join("README.md"))?).into_owned();
    for (name, file) in installed()? {
        let bytes = file.len() as u64;
        values.insert(format!("size/{name}"), bytes);
        match stated(&readme, name) {
            Some(stated) if stated.abs_diff(bytes) < 1500 => {}
            stated => {
                return Err(format!(
                    "README.md says {stated:?} of {name}, which has {bytes} bytes installed"
                ));
            }
        }
    }
    Ok(())
}

/// The largest blob among the core library's builds: they differ by profile in nothing.
fn purgatory() -> Outcome<u64> {
    let builds = target().join("release/build");
    let entries = std::fs::read_dir(&builds).map_err(|error| error.to_string())?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path().join("out/main-x86_64.bin")))
        .filter_map(|path| Some(std::fs::metadata(path).ok()?.len()))
        .max()
        .ok_or_else(|| format!("no main-x86_64.bin below {}", builds.display()))
}

/// Bytes of a file, by the first number of kB after its name in backquotes.
fn stated(text: &str, name: &str) -> Option<u64> {
    let name = format!("`{name}`");
    text.match_indices(&name).find_map(|(at, _)| {
        let mut words = text.get(at + name.len()..)?.split_whitespace().take(3);
        let number = words.find_map(|word| word.parse::<u64>().ok())?;
        let unit = words.next()?.trim_end_matches(['.', ',', ';']);
        (unit == "kB").then_some(number * 1000)
    })
}

fn traces(command: &Path, values: &mut Values) -> Outcome {
    let directory = cache().join("budget");
    let (kernel, initrd) = (directory.join("kernel"), directory.join("initrd"));
    write(&kernel, &benches::bzimage(KERNEL))?;
    write(&initrd, &vec![7; INITRD as usize])?;
    let prepare = |unverified: bool| -> Outcome<Trace> {
        let mut prepared = Command::new(command);
        prepared.args(["-c", "-l", "--append=ro"]).arg(&kernel);
        prepared.arg(format!("--initrd={}", initrd.display()));
        if unverified {
            prepared.arg("-i");
        }
        trace(prepared)
    };
    let seen = prepare(false)?;
    let files = INITRD + KERNEL as u64;
    if seen.memory.resident < files {
        return Err("a verified load did not look at all of its files".into());
    }
    let beyond = seen.memory.resident - files;
    for (name, value) in [
        ("calls", seen.total()),
        ("read", seen.read),
        ("private", seen.memory.private),
        ("beyond-files", beyond),
    ] {
        values.insert(format!("verified/{name}"), value);
    }
    let seen = prepare(true)?;
    for (name, value) in [
        ("calls", seen.total()),
        ("private", seen.memory.private),
        ("resident", seen.memory.resident),
    ] {
        values.insert(format!("unverified/{name}"), value);
    }
    Ok(())
}

/// System calls to read all there is to know of a machine with EFI.
fn efi(values: &mut Values) -> Outcome {
    let directory = cache().join("budget/efi");
    let file = |path: &str, contents: &str| write(&directory.join(path), contents.as_bytes());
    file("proc/iomem", "00100000-7fffffff : System RAM\n")?;
    file("sys/firmware/efi/fw_platform_size", "64\n")?;
    for name in ["fw_vendor", "runtime", "config_table"] {
        file(&format!("sys/firmware/efi/{name}"), "0x7feed018\n")?;
    }
    file("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n")?;
    for entry in 0..EFI_ENTRIES {
        for (name, value) in [
            ("type", 5),
            ("phys_addr", 0x7000_0000 + entry * 0x10_0000),
            ("virt_addr", 0xffff_fffe_0000_0000 + entry * 0x10_0000),
            ("num_pages", 16),
            ("attribute", 0x8000_0000_0000_000f),
        ] {
            let path = format!("sys/firmware/efi/runtime-map/{entry}/{name}");
            file(&path, &format!("{value:#x}\n"))?;
        }
    }
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "benches"]))?;
    let program = target().join("release/machine");
    let with = trace({
        let mut command = Command::new(&program);
        command.arg(&directory);
        command
    })?;
    let without = trace(Command::new(&program))?;
    let calls = with.total().saturating_sub(without.total());
    values.insert("machine/efi-calls".into(), calls);
    Ok(())
}

/// Counts what the limits name.
fn instructions(limits: &Values, values: &mut Values) -> Outcome {
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "benches"]))?;
    for name in limits.keys() {
        if let Some(work) = name.strip_prefix("instructions/") {
            let (once, thrice) = (count(work, 1)?, count(work, 3)?);
            values.insert(name.clone(), thrice.saturating_sub(once) / 2);
        }
    }
    Ok(())
}

/// The instructions of a whole run.
fn count(work: &str, times: u32) -> Outcome<u64> {
    let log = cache().join("budget/callgrind.log");
    let counter = target().join("release/count");
    output(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(format!("--log-file={}", log.display()))
            .arg(counter)
            .args([work, &times.to_string()]),
    )?;
    let text = String::from_utf8_lossy(&read(&log)?).into_owned();
    text.lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| format!("callgrind did not say how many:\n{text}"))
}

#[cfg(test)]
mod tests {
    use super::{limits, stated};

    #[test]
    fn stated_sizes_are_found() {
        let text = "`a.so` is\nthere. Installed, `a.so` has 12 kB, `b.a` 7 kB.";
        assert_eq!(stated(text, "a.so"), Some(12_000));
        assert_eq!(stated(text, "b.a"), Some(7_000));
        assert_eq!(stated(text, "c"), None);
    }

    #[test]
    fn limits_are_read() {
        let read = limits("# comment\n\na/b  12\nc 3\n").unwrap();
        assert_eq!(read.get("c"), Some(&3));
        assert!(limits("a x\n").is_err());
        assert!(limits("a 1\na 2\n").is_err());
    }
}
