//! Progress on a terminal: a load whose initrd comes slowly through a FIFO.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::pty::{Winsize, openpty};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use common::{Directory, FILE_LOAD, LOAD, Rule, bzimage, gives, guard};

/// Both calls go well.
const KIND: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

/// A new terminal of 80 columns: its two ends.
fn terminal() -> (File, File) {
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let ends = openpty(Some(&size), None).unwrap();
    (ends.master.into(), ends.slave.into())
}

/// What is written to the terminal, or to a pipe, piece by piece.
fn pieces(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // EIO when the other end is closed.
        while let Ok(got @ 1..) = from.read(&mut buffer) {
            let piece = String::from_utf8_lossy(&buffer[..got]).into_owned();
            if sender.send(piece).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Runs a load with these options. The initrd grows by a little until `enough` has seen what was
/// printed, then it ends. Returns what was printed on standard error.
fn load(name: &str, options: &[&str], tty: bool, enough: impl Fn(&str, u32) -> bool) -> String {
    load_of(name, b"070701", options, tty, enough)
}

/// The same, of an initrd that begins so.
fn load_of(
    name: &str,
    start: &[u8],
    options: &[&str],
    tty: bool,
    enough: impl Fn(&str, u32) -> bool,
) -> String {
    let directory = Directory::new(name);
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    let path = directory.path("initrd");
    mkfifo(path.as_str(), Mode::S_IRWXU).unwrap();
    // Both ends, so that neither open waits.
    let mut writer = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    writer.write_all(start).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-l", &kernel, &format!("--initrd={path}")]);
    command
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    guard(&mut command, &KIND);
    let (receiver, mut child) = if tty {
        let (master, slave) = terminal();
        let child = command.stderr(slave).spawn().unwrap();
        (pieces(master), child)
    } else {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        (pieces(child.stderr.take().unwrap()), child)
    };
    // Of the terminal only the child still has the other end.
    drop(command);
    let mut printed = String::new();
    for round in 0.. {
        printed.extend(receiver.try_iter());
        if enough(&printed, round) {
            break;
        }
        writer.write_all(&[0; 4096]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(writer);
    printed.extend(receiver.iter());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{printed}");
    printed
}

#[test]
fn a_slow_load_says_how_far_it_is_and_clears_the_line() {
    let printed = load("slow", &[], true, |printed, _| {
        printed.matches('\r').count() > 2
    });
    let lines: Vec<&str> = printed.split('\r').collect();
    let [first, shown @ .., blank, last] = &lines[..] else {
        panic!("{printed:?}");
    };
    assert_eq!((*first, *last), ("", ""), "{printed:?}");
    assert!(blank.len() == 79 && blank.trim().is_empty(), "{printed:?}");
    assert!(shown.len() > 1);
    for line in shown {
        assert!(line.starts_with("kexec: reading: "), "{printed:?}");
        assert!(
            line.contains(" KiB, ") && line.contains("/s"),
            "{printed:?}"
        );
        assert_eq!(line.len(), 79);
    }
}

/// The load takes at least a second each time.
#[test]
fn there_is_no_progress_in_a_pipe_or_if_it_is_not_wanted() {
    for (name, options, tty) in [
        ("slow-quiet", &["--quiet"][..], true),
        ("slow-pipe", &[], false),
        ("slow-debug", &["-d"], true),
    ] {
        let printed = load(name, options, tty, |_, round| round > 50);
        assert!(!printed.contains("kexec: reading"), "{name}: {printed:?}");
        assert_eq!(printed.is_empty(), name != "slow-debug", "{printed:?}");
    }
}

/// A warning comes on a line of its own.
#[test]
fn messages_replace_the_line() {
    let options = ["-c", "--force-dtb"];
    let printed = load("slow-warned", &options, true, |printed, _| {
        printed.contains("reading")
    });
    let warning = "\rkexec: warning: --force-dtb is ignored by kexec_load\r\n";
    assert!(printed.contains(warning), "{printed:?}");
}

/// On a terminal a message is several lines, in a pipe it is one.
#[test]
fn messages_end_between_words_on_a_terminal() {
    let words = "the initrd";
    let enough = |_: &str, round| round > 0;
    let whole = load_of("wrapped", b"text", &["-c"], false, enough);
    assert!(whole.contains(words) && whole.trim_end().len() > 80);
    let wrapped = load_of("wrapped", b"text", &["-c"], true, enough);
    for line in wrapped.split("\r\n") {
        assert!(line.len() <= 80, "{line:?}");
    }
    assert_eq!(wrapped.replace("\r\n", " ").trim_end(), whole.trim_end());
}
