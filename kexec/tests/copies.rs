//! Copies in memory are bounded for every kind of source; and sources that can only be copied are
//! loaded.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use kexec_testing::not_tested;

use common::{
    Directory, FILE_LOAD, LOAD, Rule, Run, WILLING, finish, gives, guard, kexec_with, limit_files,
};

/// With a limit on files a copy that is not bounded ends by SIGXFSZ, and not with the machine's memory.
fn limited(bytes: u64, rules: &[Rule], arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(arguments);
    guard(&mut command, rules);
    limit_files(&mut command, bytes);
    finish(&command.output().unwrap())
}

/// The start of a cpio archive, and zeros: 100,000 bytes.
fn archive() -> Vec<u8> {
    let mut bytes = b"070701".to_vec();
    bytes.resize(100_000, 0);
    bytes
}

/// A sparse file of `size` bytes; `None` where the file system has no such file.
fn sparse(directory: &Directory, name: &str, size: u64) -> Option<String> {
    let path = directory.path(name);
    if kexec_testing::sparse(path.as_ref(), size).is_err() {
        not_tested("a sparse file of terabytes: the file system has none");
        return None;
    }
    Some(path)
}

#[test]
fn terabytes_are_not_joined() {
    let (directory, kernel) = Directory::with_kernel("terabytes");
    let Some(large) = sparse(&directory, "large", 4 << 40) else {
        return;
    };
    let large = format!("--initrd={large}");
    let small = format!("--initrd={}", directory.file("small", b"x"));
    for (method, words, code) in [
        ("-s", "would have to be copied into memory", 1),
        ("-a", "more than half of the RAM", 255),
        ("-c", "more than half of the RAM", 255),
    ] {
        let run = limited(16 << 20, &WILLING, &[method, "-l", &kernel, &large, &small]);
        assert_eq!(run.code, code, "{method}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{method}: {}", run.stderr);
    }
    let run = limited(
        16 << 20,
        &WILLING,
        &["-s", "--dry-run", "-l", &kernel, &large, &small],
    );
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("would have to be copied"),
        "{}",
        run.stderr
    );
}

/// The kernel takes files of 4 GiB at most, and says so of a crash kernel only once the old one is
/// gone.
#[test]
fn kexec_file_load_takes_four_gigabytes() {
    let (directory, kernel) = Directory::with_kernel("four-gigabytes");
    for (size, code) in [(4 << 30, 0), ((4 << 30) + 1, 1)] {
        let Some(initrd) = sparse(&directory, "initrd", size) else {
            return;
        };
        let run = kexec_with(
            &WILLING,
            &["-s", "-l", &kernel, &format!("--initrd={initrd}")],
        );
        assert_eq!(run.code, code, "{}", run.stderr);
        assert_eq!(code == 0, !run.stderr.contains("4 GiB"), "{}", run.stderr);
    }
}

/// Files that cannot be leased, of a size that cannot be copied: a warning, and no signal.
#[test]
fn a_limit_for_files_is_no_signal() {
    let (directory, kernel) = Directory::with_kernel("fsize");
    let initrd = directory.file("initrd", &archive());
    let _writer = OpenOptions::new().write(true).open(&initrd).unwrap();
    let option = format!("--initrd={initrd}");
    let run = limited(50_000, &WILLING, &["-c", "-l", &kernel, &option]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("may change"), "{}", run.stderr);
    assert!(run.stderr.contains("File too large"), "{}", run.stderr);
    // Two of them have to be copied for kexec_file_load alone.
    let run = limited(50_000, &WILLING, &["-s", "-l", &kernel, &option, &option]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("RLIMIT_FSIZE"), "{}", run.stderr);
}

/// What the command says goes to a file that may not grow: the load goes on.
#[test]
fn a_full_log_does_not_end_the_load() {
    let (directory, kernel) = Directory::with_kernel("full-log");
    let log = std::fs::File::create(directory.path("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-d", "-c", "-l", &kernel]).stderr(log);
    guard(&mut command, &WILLING);
    limit_files(&mut command, 0);
    assert_eq!(finish(&command.output().unwrap()).code, 0);
    // The same of a pipe that nobody reads.
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-d", "-c", "-l", &kernel]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stderr(writer);
    guard(&mut command, &WILLING);
    assert_eq!(finish(&command.output().unwrap()).code, 0);
}

/// `--initrd=<(cat a b)`, and a kernel the same way, by each call.
#[test]
fn process_substitution() {
    let (directory, kernel) = Directory::with_kernel("substitution");
    let initrd = directory.file("initrd", &archive());
    let program = env!("CARGO_BIN_EXE_kexec");
    let script = format!(
        "exec {program} \"$@\" <(cat {kernel}) --initrd=<(cat {initrd}; sleep 0.1; cat {initrd})"
    );
    for (arguments, words) in [
        (&["-c", "-l"][..], ""),
        (&["-s", "-l"], ""),
        (&["-a", "-l"], ""),
        (&["-c", "--dry-run", "-l"], "200000"),
    ] {
        let mut command = Command::new("bash");
        command.args(["-c", &script, "kexec"]).args(arguments);
        command.stdin(Stdio::null());
        guard(&mut command, &WILLING);
        let Ok(output) = command.output() else {
            not_tested("process substitution: no bash");
            return;
        };
        let run = finish(&output);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
}

/// A pipe that never ends is not read to its end.
#[test]
fn an_endless_pipe_is_refused() {
    let (_directory, kernel) = Directory::with_kernel("endless");
    let mut source = Command::new("cat");
    let mut source = source
        .arg("/dev/zero")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-c", "-l", &kernel, "--initrd=/dev/stdin"]);
    command.stdin(source.stdout.take().unwrap());
    guard(&mut command, &WILLING);
    limit_files(&mut command, 32 << 20);
    let run = finish(&command.output().unwrap());
    source.kill().unwrap();
    source.wait().unwrap();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("RLIMIT_FSIZE"), "{}", run.stderr);
}

/// Neither joined nor by /proc/self/fd: by kexec_load.
#[test]
fn what_cannot_be_joined_is_loaded_by_kexec_load() {
    let (directory, kernel) = Directory::with_kernel("not-joined");
    let initrd = format!("--initrd={}", directory.file("initrd", &archive()));
    let rules = [
        gives(libc::SYS_memfd_create, libc::ENOSYS),
        gives(FILE_LOAD, libc::EKEYREJECTED),
        gives(LOAD, 0),
    ];
    let run = kexec_with(&rules, &["-l", &kernel, &initrd, &initrd]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let run = kexec_with(&rules, &["-s", "-l", &kernel, &initrd, &initrd]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("memfd_create"), "{}", run.stderr);
}

/// Each says which file it is.
#[test]
fn an_empty_name_is_called_so() {
    let (_directory, kernel) = Directory::with_kernel("empty-name");
    for arguments in [&["-l", &kernel, "--initrd="][..], &["-l", ""]] {
        let run = kexec_with(&WILLING, arguments);
        assert_ne!(run.code, 0);
        assert!(run.stderr.contains("empty name"), "{}", run.stderr);
    }
}
