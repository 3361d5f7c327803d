//! The purgatory's own machine code run natively, beside OpenSSL's SHA-256 and kexec-tools': its
//! speed, and the instructions it takes. The work is done by `benches`' program `purgatory`.

use crate::Outcome;
use crate::command::{cache, cargo, output, root, run as run_command, target};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;

/// What OpenSSL may use: the mode's name, the flag of cpuinfo it needs, and the value of OPENSSL_ia32cap:
/// leaf 7, EBX bit 29 is SHA (OPENSSL_ia32cap(3)). The purgatory has one way for all CPUs.
pub const MODES: [(&str, &str, Option<&str>); 2] = [
    ("with", "sha_ni", None),
    ("without", "sse2", Some(":~0x20000000")),
];
/// GB/s of one subject, round by round.
#[derive(Debug)]
pub struct Speed {
    pub mode: &'static str,
    pub bytes: u64,
    /// Who digests, by the program's names.
    pub subject: String,
    pub speeds: Vec<f64>,
}

/// Instructions for a region.
#[derive(Debug)]
pub struct Steps {
    pub mode: &'static str,
    /// 0: not verified.
    pub bytes: u64,
    pub instructions: u64,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Native {
    pub speeds: Vec<Speed>,
    pub steps: Vec<Steps>,
}

impl Native {
    /// GB/s in the order of the rounds.
    pub fn speeds(&self, mode: &str, bytes: u64, subject: &str) -> &[f64] {
        let mut all = self.speeds.iter();
        let found =
            all.find(|one| one.mode == mode && one.bytes == bytes && one.subject == subject);
        found.map_or(&[], |one| &one.speeds)
    }

    /// Who digested in a mode, in the order of the program.
    pub fn subjects(&self, mode: &str) -> Vec<&str> {
        let first = self.sizes().first().copied();
        let all = self.speeds.iter();
        let some = all.filter(|one| one.mode == mode && Some(one.bytes) == first);
        some.map(|one| one.subject.as_str()).collect()
    }

    /// The sizes of the regions, smallest first.
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes: Vec<u64> = self.speeds.iter().map(|one| one.bytes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Takes a line of the program over.
    pub fn take(&mut self, mode: &'static str, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let bytes = words.first()?.parse().ok()?;
        if let [_, "instructions", count] = words.as_slice() {
            let instructions = count.parse().ok()?;
            self.steps.push(Steps {
                mode,
                bytes,
                instructions,
            });
            return Some(());
        }
        let [_, _, name, speed] = words.as_slice() else {
            return None;
        };
        let speed = speed.parse().ok()?;
        let same =
            |one: &&mut Speed| (one.mode, one.bytes) == (mode, bytes) && one.subject == *name;
        match self.speeds.iter_mut().find(same) {
            Some(one) => one.speeds.push(speed),
            None => self.speeds.push(Speed {
                mode,
                bytes,
                subject: name.to_string(),
                speeds: vec![speed],
            }),
        }
        Some(())
    }
}

/// Builds what is compared, and compares. Modes that the CPU has not are missing.
pub fn measure(rounds: usize) -> Outcome<Native> {
    eprintln!("the purgatory's code, natively, {rounds} rounds");
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "benches"]))?;
    let reference = reference()?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    damage_is_noticed()?;
    let mut native = Native::default();
    for (mode, flag, openssl) in MODES {
        if !cpu.split_whitespace().any(|one| one == flag) {
            continue;
        }
        let mut command = Command::new(target().join("release/purgatory"));
        command.arg(&reference).arg(rounds.to_string());
        if let Some(capabilities) = openssl {
            command.env("OPENSSL_ia32cap", capabilities);
        }
        for line in output(&mut command)?.lines() {
            native
                .take(mode, line)
                .ok_or_else(|| format!("the purgatory's speed: {line}"))?;
        }
    }
    Ok(native)
}

/// What is measured looks at the bytes: over others than were digested it halts, for which user
/// space is killed.
fn damage_is_noticed() -> Outcome {
    let mut program = Command::new(target().join("release/purgatory"));
    let done = program
        .arg("damaged")
        .output()
        .map_err(|error| error.to_string())?;
    match done.status.signal() {
        Some(libc::SIGSEGV) => Ok(()),
        _ => Err(format!(
            "a damaged region in the purgatory: {}",
            done.status
        )),
    }
}

/// kexec-tools' sha256.c as its own Makefile builds it for its purgatory, from Debian's source
/// package, linked as a shared object. The tree is not the one of the C library's tests: that is
/// configured for them.
fn reference() -> Outcome<PathBuf> {
    let tree = cache().join("kexec-tools");
    if !tree.join("configure").exists() {
        run_command(Command::new(root().join("c-tests/kexec-tools/fetch.sh")).arg(&tree))?;
    }
    if !tree.join("Makefile").exists() {
        let without = ["--without-lzma", "--without-zlib", "--without-xen"];
        output(Command::new("./configure").current_dir(&tree).args(without))?;
    }
    output(
        Command::new("make")
            .current_dir(&tree)
            .arg("purgatory/purgatory.ro"),
    )?;
    let library = cache().join("compare/sha256.so");
    std::fs::create_dir_all(cache().join("compare")).map_err(|error| error.to_string())?;
    // Its code is made for one address, and is relocated when it is loaded.
    run_command(
        Command::new("cc")
            .args([
                "-shared",
                "-Wl,-z,notext",
                "-Wl,-z,noexecstack",
                "-Wl,--no-warnings",
                "-o",
            ])
            .arg(&library)
            .arg(tree.join("purgatory/sha256.o")),
    )?;
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let mut native = Native::default();
        for line in [
            "4096 0 openssl 1.5",
            "4096 1 openssl 1.7",
            "0 instructions 12",
        ] {
            native.take("with", line).unwrap();
        }
        assert_eq!(native.speeds("with", 4096, "openssl"), [1.5, 1.7]);
        assert!(native.speeds("without", 4096, "openssl").is_empty());
        assert_eq!(
            (native.steps[0].bytes, native.steps[0].instructions),
            (0, 12)
        );
        assert!(native.take("with", "4096 0 nobody fast").is_none());
        assert!(native.take("with", "words").is_none());
    }
}
