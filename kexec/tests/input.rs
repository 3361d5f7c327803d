//! Bad and strange input: a clear error and an exit code, never a crash; and the dry run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::process::Command;

use common::{
    Directory, FILE_LOAD, LOAD, Rule, bzimage, finish, gives, guard, kexec, kexec_with, limit_files,
};

/// kexec_load succeeds, also after the other call, so that only the command's own checks refuse.
const KIND: [Rule; 2] = [gives(FILE_LOAD, libc::EINVAL), gives(LOAD, 0)];

#[test]
fn files_that_are_none() {
    let (directory, kernel) = Directory::with_kernel("none");
    let empty = directory.file("empty", b"");
    let fifo = directory.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let missing = directory.path("missing");
    for (path, words) in [
        (empty.as_str(), "the file is empty"),
        (missing.as_str(), "No such file or directory"),
        (fifo.as_str(), "it is a FIFO"),
        ("/", "it is a directory"),
        ("/dev/null", "it is a character device"),
        ("/proc/self/stat", "the file is empty"),
    ] {
        let (initrd, dtb) = (format!("--initrd={path}"), format!("--dtb={path}"));
        for method in ["-s", "-c", "-a"] {
            for arguments in [
                &[method, "-l", path][..],
                &[method, "-l", &kernel, &initrd],
                &[method, "-l", &kernel, &dtb],
                &[method, "--dry-run", &kernel, &initrd],
            ] {
                let run = kexec_with(&KIND, arguments);
                // As kexec(8): an initrd is opened by who makes the call.
                let of_initrd = arguments.contains(&initrd.as_str()) && method != "-c";
                // A device tree that the call does not read is no reason to refuse: this kernel
                // does not have the call.
                let unread = arguments.contains(&dtb.as_str()) && method == "-s";
                let code = match (of_initrd, unread) {
                    (true, _) => 255,
                    (_, true) => 253,
                    _ => 1,
                };
                assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
                assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
                assert!(run.stderr.contains(path));
            }
        }
    }
}

#[test]
fn images_that_are_none() {
    let directory = Directory::new("no-images");
    let image = bzimage(64 << 10);
    let mut noise: Vec<u8> = (0..70_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for bytes in [&noise[..], &noise[..1], b"\x7fELF\x02\x01\x01", b"MZ"] {
        let path = directory.file("noise", bytes);
        let run = kexec_with(&KIND, &["-l", &path]);
        assert_eq!(run.code, 255, "{}", run.stderr);
        assert!(run.stderr.contains("cannot load "), "{}", run.stderr);
    }
    noise[..image.len().min(4096)].copy_from_slice(&image[..4096]);
    // Cut off anywhere in the setup code: refused. The header's end is at 0x270.
    for length in (0..4096)
        .step_by(97)
        .chain([0x1f0, 0x1ff, 0x202, 0x206, 0x26f, 0x270, 4095])
    {
        let path = directory.file("cut", &image[..length]);
        let run = kexec_with(&KIND, &["-c", "-l", &path]);
        assert_ne!(run.code, 0, "{length} bytes");
        assert!(!run.stderr.is_empty());
    }
    // Any byte of the header changed: loaded or refused, in words.
    for offset in 0x1f1..0x270 {
        for value in [0, 0xff, image[offset] ^ 0x80] {
            let mut changed = image.clone();
            changed[offset] = value;
            let path = directory.file("changed", &changed);
            let run = kexec_with(&KIND, &["-c", "-l", &path]);
            // No room has exit code 1.
            let codes = [0, 1, 255];
            assert!(codes.contains(&run.code), "{offset:#x} {value:#x}");
            assert_eq!(run.code == 0, run.stderr.is_empty(), "{}", run.stderr);
        }
    }
}

/// As an lz4 frame of blocks that are not compressed.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = b"\x04\x22\x4d\x18\x60\x40\x82".to_vec();
    for block in bytes.chunks(64 << 10) {
        frame.extend((block.len() as u32 | 1 << 31).to_le_bytes());
        frame.extend(block);
    }
    frame.extend([0; 4]);
    frame
}

/// By each call, as if it had never been compressed.
#[test]
fn compressed_kernels_are_unpacked() {
    let directory = Directory::new("unpacked");
    let kernel = bzimage(100_000);
    let plain = directory.file("plain", &kernel);
    let packed = directory.file("packed", &framed(&kernel));
    for (option, rules) in [("-s", [gives(FILE_LOAD, 0)]), ("-c", [gives(LOAD, 0)])] {
        for path in [&plain, &packed] {
            let run = kexec_with(&rules, &["-l", option, path]);
            assert_eq!((run.code, &*run.stderr), (0, ""), "{option} {path}");
        }
        let run = kexec_with(&rules, &["-l", "-d", option, &packed]);
        let words = format!("{packed}: unpacked by lz4, 101 KiB to 101 KiB");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
    }
    // What follows is told, unless it is padding.
    let padded = directory.file("padded", &[framed(&kernel), vec![0; 512]].concat());
    let run = kexec_with(&[gives(LOAD, 0)], &["-l", "-c", &padded]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    let signed = directory.file("signed", &[framed(&kernel), vec![7; 5]].concat());
    let run = kexec_with(&[gives(LOAD, 0)], &["-l", "-c", &signed]);
    let words = "5 bytes after the compressed data (lz4) are ignored";
    assert!(
        run.code == 0 && run.stderr.contains(words),
        "{}",
        run.stderr
    );
}

#[test]
fn what_cannot_be_unpacked_is_refused() {
    let directory = Directory::new("not-unpacked");
    let frame = framed(&bzimage(64 << 10));
    let cut = directory.file("cut", &frame[..frame.len() / 2]);
    let archive = directory.file("archive", &framed(&[b"070701", &[b'0'; 999][..]].concat()));
    let empty = directory.file("empty", &framed(&[]));
    // 2^40 bytes, as a frame of zstd states.
    let bomb = directory.file("bomb", b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0\x01\0\0");
    for (path, words) in [
        (&cut, "(lz4): it is cut off"),
        (&archive, "it is not a kernel but an initrd"),
        (&empty, "it is compressed, and empty"),
        (
            &bomb,
            "1099511627776 bytes would have to be copied into memory",
        ),
    ] {
        let rules = [gives(FILE_LOAD, 0), gives(LOAD, 0)];
        for option in ["-s", "-a", "-c", "--dry-run"] {
            let run = kexec_with(&rules, &["-l", option, path]);
            assert_eq!(run.code, 255, "{words}: {}", run.stderr);
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
    }
}

/// No call takes these, and "not a bzImage" would not say why.
#[test]
fn damaged_and_other_compressed_kernels_are_refused() {
    let directory = Directory::new("compressed");
    for (magic, words) in [
        (&b"\x1f\x8b\x08\0"[..], "(gzip): it is damaged"),
        (
            b"\x28\xb5\x2f\xfd",
            "bytes would have to be copied into memory",
        ),
        (b"\xfd7zXZ\0", "(xz): it is damaged"),
        (b"\x5d\0\0\x80\0", "an lzma file: unpack it first (unlzma)"),
        (b"BZh9", "a bzip2 file: unpack it first (bunzip2)"),
        (b"\x02\x21\x4c\x18", "it is compressed, and "),
        (
            b"\x89LZO\0\r\n\x1a",
            "an lzop file: unpack it first (lzop --decompress)",
        ),
    ] {
        let mut bytes = vec![0x90; 64 << 10];
        bytes[..magic.len()].copy_from_slice(magic);
        let kernel = directory.file("kernel", &bytes);
        // Neither call is made: both would go well.
        let rules = [gives(FILE_LOAD, 0), gives(LOAD, 0)];
        for option in ["-s", "-a", "-c", "--dry-run"] {
            let run = kexec_with(&rules, &["-l", option, &kernel]);
            assert_eq!(run.code, 255, "{words}: {}", run.stderr);
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
    }
    // A kernel is known by its setup header: what stands before it may be anything.
    let mut bytes = bzimage(64 << 10);
    bytes[..2].copy_from_slice(b"\x1f\x8b");
    let kernel = directory.file("kernel", &bytes);
    let run = kexec_with(&[gives(FILE_LOAD, 0)], &["-l", "-s", &kernel]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn what_does_not_fit() {
    let (directory, kernel) = Directory::with_kernel("large");
    let long = |length: usize| format!("--append={}", "x".repeat(length));
    let run = kexec_with(&KIND, &["-l", &kernel, &long(2047)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = kexec_with(&KIND, &["-l", &kernel, &long(2048)]);
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("2048") && run.stderr.contains("2047"),
        "{}",
        run.stderr
    );

    let initrd = format!("--initrd={}", directory.file("initrd", b"070701"));
    let mut arguments = vec!["-c", "-l", &kernel];
    arguments.extend(core::iter::repeat_n(initrd.as_str(), 20));
    let run = kexec_with(&KIND, &arguments);
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("16"), "{}", run.stderr);

    // The running kernel would load what is there.
    let whole = bzimage(64 << 10);
    let cut = directory.file("cut", &whole[..whole.len() - 16]);
    for method in ["-s", "-a", "-c"] {
        let run = kexec_with(&KIND, &[method, "-l", &cut]);
        assert_eq!(run.code, 255, "{method}");
        assert!(run.stderr.contains("the file is cut off"), "{}", run.stderr);
    }

    // Larger than the RAM of any machine this runs on, and no disk block of it.
    let path = directory.path("sparse");
    if kexec_testing::sparse(path.as_ref(), 15 << 40).is_ok() {
        let initrd = format!("--initrd={path}");
        let run = kexec_with(&KIND, &["-c", "-l", &kernel, &initrd]);
        assert_eq!(run.code, 255);
        assert!(
            run.stderr.contains("more than half of the RAM"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_dry_run_prints_the_plan() {
    let (directory, kernel) = Directory::with_kernel("dry-run");
    let initrd = directory.file("initrd", b"070701");
    let run = kexec(&[
        "--dry-run",
        &kernel,
        "--initrd",
        &initrd,
        "--append=root=/dev/x",
    ]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    for words in [
        "\nmethod:          kexec_file_load\n",
        "\nmethod:          kexec_load\n",
        "\nentry:           0x",
        "\nflags:           0x3e0000\n",
        " bufsz 65536 kernel\n",
        " bufsz 6 initrd0\n",
        " boot_params\n",
        " purgatory\n",
        "\ncommand line:    root=/dev/x (11 bytes)\n",
        "\nlockdown:        ",
        "\nloaded:          ",
    ] {
        assert!(run.stdout.contains(words), "{words:?} in\n{}", run.stdout);
    }
    // A fact a line; what is longer goes on after blanks.
    let begins = |line: &str| line.contains(": ") || line.starts_with("                 ");
    assert!(run.stdout.lines().all(begins), "{}", run.stdout);
    assert_eq!(
        run.stdout
            .lines()
            .filter(|line| line.starts_with("segment "))
            .count(),
        4
    );

    // -s makes no plan, -c no other call.
    let file = kexec(&["--dry-run", "-s", &kernel]).stdout;
    assert!(file.contains("kexec_file_load") && !file.contains("segment 0:"));
    let load = kexec(&["--dry-run", "-c", &kernel]).stdout;
    assert!(!load.contains("kexec_file_load") && load.contains("segment 0:"));
    // XXH3-128: 16 bytes.
    let mut lines = load.lines();
    let digest = lines.find_map(|line| line.strip_prefix("digest:"));
    assert_eq!(digest.map(|bytes| bytes.trim().len()), Some(32), "{load}");

    // -d says the same while it loads.
    let debug = kexec_with(&KIND, &["-c", "-l", "-d", "-i", &kernel]);
    assert_eq!((debug.code, debug.stdout.as_str()), (0, ""));
    let segment = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("segment 0:"))
            .map(str::to_owned)
    };
    let dry = kexec(&["--dry-run", "-c", "-i", &kernel]);
    assert_eq!(segment(&debug.stderr), segment(&dry.stdout));
    assert!(segment(&dry.stdout).is_some());

    // Nothing is changed by a dry run of anything.
    for mode in ["-f", "-u", "-l"] {
        let run = kexec_with(&[], &["--dry-run", mode, &kernel]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("would: "));
    }
}

/// For all output: a full device is reported, and a limit of file sizes does not end the command silently.
#[test]
fn output_that_cannot_be_written_is_named() {
    let (directory, kernel) = Directory::with_kernel("full");
    for arguments in [
        &["--version"][..],
        &["--help"],
        &["--print-ckr-size"],
        &["--dry-run", "-u"],
        &["--dry-run", "-e"],
        &["--plan=json", "-c", &kernel],
        &["--plan=map", "-a", &kernel],
        &["--explain", "-s", &kernel],
    ] {
        for (full, words) in [(true, "ENOSPC"), (false, "EFBIG")] {
            let path = if full {
                "/dev/full".into()
            } else {
                directory.path("out")
            };
            let mut options = std::fs::OpenOptions::new();
            let out = options.write(true).create(true).open(path).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
            command.args(arguments).stdout(out);
            guard(&mut command, &[]);
            if !full {
                limit_files(&mut command, 0);
            }
            let run = finish(&command.output().unwrap());
            assert_eq!(run.code, 255, "{arguments:?}: {}", run.stderr);
            assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
        }
    }
}

#[test]
fn reuses_the_running_command_line() {
    let (_directory, kernel) = Directory::with_kernel("reuse");
    let run = kexec(&[
        "--dry-run",
        "-s",
        "--reuse-cmdline",
        "--append=a last=word",
        &kernel,
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let line = run
        .stdout
        .lines()
        .find(|line| line.starts_with("command line:"))
        .unwrap();
    let running = std::fs::read_to_string("/proc/cmdline").unwrap();
    let word = running
        .split_whitespace()
        .find(|word| !word.starts_with("BOOT_IMAGE="));
    assert!(line.contains(" a last=word (") && line.contains(word.unwrap_or_default()));
    assert!(!line.contains("BOOT_IMAGE="));
}

/// Without /proc and /sys there is no memory map to plan with. Needs root for the namespace.
#[test]
fn without_proc_and_sys() {
    let (_directory, kernel) = Directory::with_kernel("no-proc");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c"]);
    command.arg(
        "mount -t tmpfs none /proc && mount -t tmpfs none /sys && exec \"$0\" \"$@\" || exit 99",
    );
    command.args([env!("CARGO_BIN_EXE_kexec"), "-c", "-l", &kernel]);
    guard(&mut command, &KIND);
    let Ok(output) = command.output() else {
        kexec_testing::not_tested("a system without /proc: no unshare(1)");
        return;
    };
    let run = finish(&output);
    if [1, 99].contains(&run.code) && !run.stderr.contains("kexec:") {
        kexec_testing::not_tested(&format!("a system without /proc: {}", run.stderr));
        return;
    }
    assert_eq!(run.code, 255, "{}", run.stderr);
    assert!(run.stderr.contains("no memory map"), "{}", run.stderr);
}

/// Who is not root sees zeros in /proc/iomem, and may plan all the same. The image is made up, or
/// a real one named by KEXEC_TEST_KERNEL.
#[test]
fn an_ordinary_user_may_plan() {
    const NOBODY: u32 = 65534;
    let directory = Directory::for_everyone("kexec-ordinary-user");
    let image = match std::env::var_os("KEXEC_TEST_KERNEL") {
        Some(path) => std::fs::read(path).unwrap(),
        None => bzimage(64 << 10),
    };
    let kernel = directory.file("kernel", &image);
    let initrd = format!("--initrd={}", directory.file("initrd", b"070701"));
    let program = directory.file(
        "kexec",
        &std::fs::read(env!("CARGO_BIN_EXE_kexec")).unwrap(),
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, executable).unwrap();
    let mut command = Command::new(&program);
    command.args(["--dry-run", "-l", &kernel, &initrd]);
    // SAFETY: takes nothing and changes nothing.
    if unsafe { libc::geteuid() } == 0 {
        std::os::unix::process::CommandExt::uid(&mut command, NOBODY);
    }
    guard(&mut command, &[]);
    // Another test's child, forked while the copy was being written, has it open until it execs.
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            other => break other.unwrap(),
        }
    };
    let run = finish(&output);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(run.stdout.contains("\nsegment 0:"), "{}", run.stdout);
    assert!(
        run.stdout.contains("/proc/iomem is not known"),
        "{}",
        run.stdout
    );
}
