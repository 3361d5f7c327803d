//! QEMU: a guest's machine, its serial line, and its end.

use super::guest::{Guest, first_kernel};
use super::scenario::{Ending, Firmware, Machine, Scenario};
use super::trust::trust;
use crate::Outcome;
use crate::arm64;
use crate::packages::Store;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// What a guest's init prints last.
pub const END: &str = "SCENARIO-END ";

/// What a guest prints before a command for QEMU's monitor, a line of its own.
const HOST: &str = "HOST ";

/// The monitor's socket, beside the log.
const MONITOR: &str = "monitor";

/// No guest takes longer, however much it says.
const LIMIT: Duration = Duration::from_secs(900);

/// How a guest's run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// Init came to its end and said this.
    Init(String),
    /// The text waited for was seen, and nothing happened afterwards.
    Shown,
    /// QEMU ended: the guest reset or switched itself off.
    Exit,
    /// It said nothing for too long, or never came to an end.
    Limit,
}

/// QEMU, killed when dropped.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command that runs this guest.
pub fn command(
    scenario: &Scenario,
    guest: &Guest,
    store: &Store,
    directory: &Path,
) -> Outcome<Command> {
    let machine = &scenario.machine;
    let share = store.tools().join("usr/share");
    let modules = store.tools().join("usr/lib/x86_64-linux-gnu/qemu");
    let mut qemu = if machine.is_arm64() {
        store.program_at(&arm64::tools().join("usr/bin/qemu-system-aarch64"))
    } else {
        store.program("usr/bin/qemu-system-x86_64")
    };
    qemu.env("QEMU_MODULE_DIR", modules);
    for data in [
        share.join("qemu"),
        share.join("seabios"),
        store.tools().join("usr/lib/ipxe/qemu"),
    ] {
        qemu.arg("-L").arg(data);
    }
    match machine.firmware {
        Firmware::Virt(options) => {
            qemu.args(["-machine", &format!("virt{options}")]);
        }
        Firmware::Bios => {
            let text = if machine.text {
                "pc,graphics=off"
            } else {
                "pc"
            };
            qemu.args(["-machine", text]);
        }
        Firmware::Uefi => {
            let variables = directory.join("OVMF_VARS.fd");
            std::fs::copy(share.join("OVMF/OVMF_VARS_4M.fd"), &variables)
                .map_err(|error| format!("OVMF_VARS_4M.fd: {error}"))?;
            if machine.trusts {
                let image = &first_kernel(guest)?.kernel.image;
                trust(image, &variables, machine.secure)?;
            }
            let code = share.join("OVMF/OVMF_CODE_4M.fd");
            qemu.args(["-machine", "q35"]);
            for (options, file) in [(",readonly=on", &code), ("", &variables)] {
                let file = file.display();
                qemu.arg("-drive")
                    .arg(format!("if=pflash,format=raw{options},file={file}"));
            }
        }
    }
    let first = first_kernel(guest)?;
    qemu.args(["-accel", "tcg,thread=multi", "-cpu", machine.cpu])
        .args(["-smp", &cpus(machine)])
        .args(["-m", &format!("{}M", machine.memory_mib)])
        .args(["-nodefaults", "-display", "none"])
        .args(["-serial", "stdio", "-no-reboot"])
        .arg("-kernel")
        .arg(&first.kernel.image)
        .arg("-initrd")
        .arg(&guest.initrd)
        .args(["-append", &first.command_line]);
    if !machine.is_arm64() {
        qemu.args(["-vga", "std"]);
    }
    if let Some(disk) = &guest.disk {
        let disk = disk.display();
        qemu.arg("-drive")
            .arg(format!("if=none,id=disk,format=raw,file={disk}"))
            .args(["-device", "nvme,serial=disk,drive=disk"]);
    }
    // By a name in the directory: a socket's path has at most 107 bytes.
    qemu.current_dir(directory)
        .arg("-qmp")
        .arg(format!("unix:{MONITOR},server=on,wait=off"));
    Ok(qemu)
}

/// As in QEMU's `-smp`.
fn cpus(machine: &Machine) -> String {
    let count = machine.cpus;
    if machine.plugged {
        // TCG has a context for each CPU there can be, and gives none back when one goes.
        let max = count.saturating_mul(2);
        format!("{count},maxcpus={max},sockets={max},cores=1,threads=1")
    } else {
        count.to_string()
    }
}

/// Passes a guest's command to QEMU, by the machine protocol (QMP); the replies go to the log and to `watch`.
fn monitor(command: &str, log: &Path, mut file: &File, watch: &mut dyn FnMut(&str)) -> Outcome {
    let fail = |error: std::io::Error| format!("QEMU's monitor: {error}");
    let mut monitor = UnixStream::connect(log.with_file_name(MONITOR)).map_err(fail)?;
    monitor
        .set_read_timeout(Some(Duration::from_secs(5)))
        .map_err(fail)?;
    let mut replies = BufReader::new(monitor.try_clone().map_err(fail)?).lines();
    for request in [
        r#"{"execute": "qmp_capabilities"}"#.to_string(),
        format!(
            r#"{{"execute": "human-monitor-command", "arguments": {{"command-line": "{command}"}}}}"#
        ),
    ] {
        writeln!(monitor, "{request}").map_err(fail)?;
        // Between the greeting and the replies there may be events.
        while let Some(reply) = replies.next().transpose().map_err(fail)? {
            let line = format!("monitor: {reply}");
            writeln!(file, "{line}").map_err(fail)?;
            watch(&line);
            if reply.starts_with(r#"{"return""#) || reply.starts_with(r#"{"error""#) {
                break;
            }
        }
    }
    Ok(())
}

/// Runs a guest to its end. What it says goes to `watch` line by line, and to the file `log`
/// with the seconds since the start before it.
pub fn run(
    mut qemu: Command,
    scenario: &Scenario,
    log: &Path,
    watch: &mut dyn FnMut(&str),
) -> Outcome<End> {
    let mut file = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let complaints = file.try_clone().map_err(|error| error.to_string())?;
    let mut child = qemu
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(complaints)
        .spawn()
        .map_err(|error| format!("cannot run {qemu:?}: {error}"))?;
    let serial = child.stdout.take().ok_or("QEMU has no serial line")?;
    let _guard = Guard(child);
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut serial = BufReader::new(serial);
        let mut bytes = Vec::new();
        while line(&mut serial, &mut bytes) {
            if sender.send(clean(&bytes)).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    let start = Instant::now();
    let limit = start + LIMIT;
    // Set once the text waited for was seen.
    let mut quiet_until = None;
    loop {
        let deadline = quiet_until.unwrap_or_else(|| limit.min(Instant::now() + scenario.silence));
        let line = match next(&lines, deadline) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) if quiet_until.is_some() => return Ok(End::Shown),
            Err(RecvTimeoutError::Timeout) => {
                // Where its CPUs are; a monitor that does not reply leaves the log unchanged.
                let _ = monitor("info registers -a", log, &file, &mut |_| ());
                return Ok(End::Limit);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(End::Exit),
        };
        let seconds = start.elapsed().as_secs_f64();
        writeln!(file, "{seconds:7.2} {line}")
            .map_err(|error| format!("{}: {error}", log.display()))?;
        watch(&line);
        let asked = line.strip_prefix(HOST);
        if let Some(command) = asked.filter(|_| scenario.machine.plugged) {
            monitor(command, log, &file, watch)?;
        }
        if let Some((_, said)) = line.split_once(END) {
            return Ok(End::Init(said.trim().into()));
        }
        match scenario.ending {
            Ending::Shows(text, quiet) if line.contains(text) && quiet_until.is_none() => {
                quiet_until = Some(Instant::now() + quiet);
            }
            _ => {}
        }
    }
}

/// Reads a line, or so much of a screen that is written by escape sequences and has no ends of lines; false at
/// the end.
fn line(serial: &mut impl BufRead, bytes: &mut Vec<u8>) -> bool {
    const SCREEN: usize = 160;
    const ESCAPE: u8 = 0x1b;
    loop {
        let Some(&byte) = serial.fill_buf().ok().and_then(<[u8]>::first) else {
            return !bytes.is_empty();
        };
        if byte == ESCAPE && bytes.len() > SCREEN {
            return true;
        }
        serial.consume(1);
        bytes.push(byte);
        if byte == b'\n' {
            return true;
        }
    }
}

fn next(lines: &Receiver<String>, deadline: Instant) -> Result<String, RecvTimeoutError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left == Duration::ZERO {
        return Err(RecvTimeoutError::Timeout);
    }
    lines.recv_timeout(left)
}

/// A line of a serial console as text: without the firmware's escape sequences.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            // ESC [ parameters letter, or ESC and one character.
            if characters.next() == Some('[') {
                characters.by_ref().find(|next| next.is_ascii_alphabetic());
            }
        } else if !character.is_control() || character == '\t' {
            cleaned.push(character);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escape_sequences_go_and_text_stays() {
        assert_eq!(clean(b"\x1b[2J\x1b[01;01Hhello\tthere\r\n"), "hello\tthere");
        assert_eq!(clean(b"\x1bcplain"), "plain");
    }
}
