//! Files that are written to, or cut short, while they are loaded.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use kexec_testing::{not_tested, sparse};

use common::{
    Directory, FILE_LOAD, Fake, LOAD, Questions, Rule, asks, bits_give, gives, guard, kexec_with,
};

const LOADS: Rule = gives(LOAD, 0);
/// What the kernel says if it is asked at all: E2BIG, which nothing else gives.
const ASKED: Rule = gives(LOAD, libc::E2BIG);
const NO_COPY: Rule = gives(libc::SYS_memfd_create, libc::ENOSYS);

/// Loads an initrd of `size` bytes of zero that someone has open for writing, where no copy can
/// be made; `meanwhile` runs when the command has said so, before the digest. Returns the exit
/// code and the rest of its messages.
fn load_while(name: &str, size: u64, meanwhile: impl FnOnce(&mut File)) -> (i32, String) {
    let (directory, kernel) = Directory::with_kernel(name);
    let initrd = directory.file("initrd", b"");
    let mut writer = OpenOptions::new().write(true).open(&initrd).unwrap();
    writer.set_len(size).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-c", "-l", &kernel, &format!("--initrd={initrd}")]);
    guard(&mut command, &[ASKED, NO_COPY]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut warning = String::new();
    said.read_line(&mut warning).unwrap();
    assert!(
        warning.contains("may change while it is loaded"),
        "{warning}"
    );
    meanwhile(&mut writer);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code().expect("no signal"), rest)
}

#[test]
fn a_file_cut_short_is_an_error_not_a_signal() {
    let (code, said) = load_while("cut", 1 << 30, |file| file.set_len(4096).unwrap());
    assert_eq!(code, 255, "{said}");
    assert!(said.contains("cut short"), "{said}");
}

/// Before the kernel is asked, which would cost an old crash kernel.
#[test]
fn a_file_written_to_is_noticed() {
    let (code, said) = load_while("written", 64 << 20, |file| file.write_all(b"x").unwrap());
    assert_eq!(code, 255, "{said}");
    assert!(said.contains("changed while"), "{said}");
}

/// While the kernel copies the segments: what was loaded before is gone by then, and the command
/// says so.
#[test]
fn a_file_written_to_while_the_kernel_reads_costs_what_was_loaded() {
    const UNLOADED: &str = "WARNING: no kernel is loaded any more";
    let (_directory, kernel) = Directory::with_kernel("written-late");
    let mut writer = OpenOptions::new().write(true).open(&kernel).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-c", "-l", &kernel]);
    guard(&mut command, &[asks(LOAD), NO_COPY]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let Some(questions) = Questions::of(&child) else {
        child.kill().unwrap();
        child.wait().unwrap();
        not_tested("a change during kexec_load: no descriptor of another process is to be had");
        return;
    };
    let segments = |arguments: [u64; 6]| arguments[1];
    let loaded = questions.succeed(|| writer.write_all(b"x").unwrap());
    assert!(segments(loaded) > 0);
    let unloaded = questions.succeed(|| ());
    assert_eq!(segments(unloaded), 0);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(255), "{said}");
    assert!(said.contains(UNLOADED), "{said}");
    assert!(said.contains("changed while"), "{said}");
}

/// With a warning, because its writer may not have finished.
#[test]
fn a_file_open_for_writing_is_copied() {
    let (_directory, kernel) = Directory::with_kernel("copied");
    let _writer = OpenOptions::new().write(true).open(&kernel).unwrap();
    let run = kexec_with(&[LOADS], &["-c", "-l", &kernel]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("is open for writing"), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

/// Held by a lease: without room for a copy there is still nothing to warn of.
#[test]
fn a_file_nobody_writes_to_needs_no_copy() {
    let (_directory, kernel) = Directory::with_kernel("leased");
    let run = kexec_with(&[LOADS, NO_COPY], &["-c", "-l", &kernel]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

/// kexec_file_load is refused, which costs the old crash kernel, and the file of the kexec_load
/// that follows is cut short: the message of the second must not hide the loss.
#[test]
fn a_crash_kernel_that_was_lost_is_reported_after_sigbus() {
    let fake = Fake::with_crash_kernel("lost-and-cut");
    let kernel = fake.kernel();
    let path = fake.path("initrd");
    sparse(path.as_ref(), 128 << 20).unwrap();
    let rules = [
        gives(FILE_LOAD, libc::EINVAL),
        ASKED,
        NO_COPY,
        // F_SETLEASE, 0x400: no lease.
        bits_give(libc::SYS_fcntl, 1, 0x400, libc::EINVAL),
    ];
    let option = format!("--initrd={path}");
    let mut command = fake.command(&rules, &["-p", "-a", &kernel, &option]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    if !first.starts_with("kexec:") {
        child.wait().unwrap();
        not_tested(&format!("a crash kernel that is lost: {first}"));
        return;
    }
    assert!(first.contains("may change while it is loaded"), "{first}");
    // The kernel's attribute never is an empty file in between.
    fake.put("sys/kernel/now", "0\n");
    fake.rename("sys/kernel/now", "sys/kernel/kexec_crash_loaded");
    let initrd = OpenOptions::new().write(true).open(&path).unwrap();
    initrd.set_len(4096).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(255), "{rest}");
    assert!(rest.contains("cut short"), "{rest}");
    assert!(
        rest.contains("WARNING: no crash kernel is loaded any more"),
        "{rest}"
    );
}
