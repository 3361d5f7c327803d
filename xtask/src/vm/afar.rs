//! A machine planned for from afar: the capture that a guest sent, and its plans, against what the
//! command plans for the capture here. Lines are for `check.rs`.

use super::guest::Guest;
use crate::Outcome;
use crate::command::{fresh_directory, output, write};
use crate::packages::Store;
use std::path::Path;
use std::process::{Command, Stdio};

const BEGIN: &str = "SENT-BEGIN ";
const END: &str = "SENT-END";

/// Plans again what the guest planned; a line for each.
pub fn look(
    log: &[String],
    guest: &Guest,
    kexec: &Path,
    store: &Store,
    into: &Path,
) -> Outcome<Vec<String>> {
    let directory = into.join("afar");
    fresh_directory(&directory)?;
    let mut lines = Vec::new();
    for (name, text) in sent(log) {
        let bytes = unpack(&text, store, &directory)?;
        let Some(options) = name.strip_prefix("plan ") else {
            let archive = directory.join("machine.tar");
            write(&archive, &bytes)?;
            let machine = directory.join("machine");
            fresh_directory(&machine)?;
            output(
                Command::new("tar")
                    .arg("-x")
                    .arg("-C")
                    .arg(machine)
                    .arg("-f")
                    .arg(archive),
            )?;
            continue;
        };
        if !directory.join("vmlinuz").exists() {
            let next = guest.hops.get(1).ok_or("nothing to plan for")?;
            link(&next.kernel.image, &directory.join("vmlinuz"))?;
            link(&into.join("initrd.1.1"), &directory.join("initrd.1"))?;
        }
        let here = Command::new(kexec)
            .arg("--machine=machine")
            .args(options.split(' '))
            .args(["vmlinuz", "--initrd=initrd.1"])
            .arg("--command-line=root=/dev/sda1 ro")
            .current_dir(&directory)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", kexec.display()))?;
        let mut here = [here.stdout, here.stderr].concat();
        here.retain(|byte| *byte != b'\r');
        let verdict = if here == bytes { "SAME" } else { "DIFFERENT" };
        lines.push(format!("{verdict} {} bytes: {options}", bytes.len()));
        let file = options.replace([' ', '/'], "_");
        write(&directory.join(format!("{file}.guest")), &bytes)?;
        write(&directory.join(format!("{file}.host")), &here)?;
    }
    Ok(lines)
}

fn link(to: &Path, from: &Path) -> Outcome {
    std::os::unix::fs::symlink(to, from).map_err(|error| format!("{}: {error}", from.display()))
}

/// What was sent: name, lines.
fn sent(log: &[String]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in log {
        if let Some(name) = line.strip_prefix(BEGIN) {
            all.push((name.into(), String::new()));
            open = true;
        } else if line == END {
            open = false;
        } else if let Some((_, text)) = all.last_mut().filter(|_| open) {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

/// From base64 and gzip.
fn unpack(text: &str, store: &Store, directory: &Path) -> Outcome<Vec<u8>> {
    let (encoded, packed) = (directory.join("base64"), directory.join("gz"));
    write(&encoded, text.as_bytes())?;
    for (from, to, how) in [
        (&encoded, &packed, ["base64", "-d"]),
        (&packed, &directory.join("plain"), ["gzip", "-d"]),
    ] {
        let fail = |error: std::io::Error| format!("{}: {error}", from.display());
        let status = Command::new(store.busybox())
            .args(how)
            .stdin(std::fs::File::open(from).map_err(fail)?)
            .stdout(std::fs::File::create(to).map_err(fail)?)
            .status()
            .map_err(fail)?;
        if !status.success() {
            return Err(format!("{}: {how:?}: {status}", from.display()));
        }
    }
    crate::command::read(&directory.join("plain"))
}

#[cfg(test)]
mod tests {
    use super::sent;

    #[test]
    fn what_was_sent_is_told_apart() {
        let log = "x\nSENT-BEGIN machine\nYQ==\nYg==\nSENT-END\ny\nSENT-BEGIN plan -c\nSENT-END";
        let lines: Vec<String> = log.lines().map(String::from).collect();
        assert_eq!(
            sent(&lines),
            [
                ("machine".to_string(), "YQ==\nYg==\n".to_string()),
                ("plan -c".to_string(), String::new())
            ]
        );
    }
}
