//! Options, texts and exit codes, as scripts see them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{Directory, bzimage, kexec};

#[test]
fn help_and_version() {
    let help = kexec(&["--help=all"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for option in kexec_cli::table::OPTIONS {
        assert!(help.stdout.contains(&format!("--{}", option.long())));
    }
    let common = kexec(&["--help"]);
    assert_eq!((common.code, common.stderr.as_str()), (0, ""));
    assert!(common.stdout.lines().count() < 24, "{}", common.stdout);
    assert_eq!(kexec(&["-h"]).stdout, common.stdout);
    let types = kexec(&["--type=help"]);
    assert_eq!((types.code, types.stderr.as_str()), (0, ""));
    assert!(types.stdout.contains("bzImage64 "), "{}", types.stdout);
    let version = kexec(&["-v"]);
    assert_eq!((version.code, version.stderr.as_str()), (0, ""));
    // "kexec-tools", then a number: what scripts split the line for.
    let mut words = version.stdout.split_whitespace();
    assert_eq!(words.next(), Some("kexec-tools"));
    assert!(words.next().unwrap().starts_with("2.0."));
    for option in ["--version", "-V"] {
        assert_eq!(kexec(&[option]).stdout, version.stdout);
    }
}

#[test]
fn bad_usage() {
    for (arguments, code, text) in [
        (&[][..], 255, "No kernel specified"),
        (&["-l"], 255, "No kernel specified"),
        (&["--bogus", "-l", "x"], 1, "unrecognized option '--bogus'"),
        (&["-Z"], 1, "invalid option -- 'Z'"),
        (&["-l", "--initrd"], 1, "requires an argument"),
        (&["--load=3", "x"], 1, "doesn't allow an argument"),
        (&["--re", "x"], 1, "ambiguous"),
        (
            &["--lod", "x"],
            1,
            "unrecognized option '--lod'; did you mean '--load'?",
        ),
        (
            &["-l", "x", "--reuseinitrd"],
            1,
            "'--reuseinitrd' is not supported",
        ),
        (&["-l", "x", "--mem-min=zz"], 1, "mem-min=zz"),
        (&["-l", "x", "--serial=foo"], 255, "serial=foo"),
        (&["-l", "x", "--serial-baud=7"], 255, "serial-baud=7"),
    ] {
        let run = kexec(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn status_is_silent() {
    // 0 or 1 where the kernel has kexec, 255 where it has not.
    let old = |name: &str| std::fs::read_to_string(format!("/sys/kernel/{name}")).ok();
    for (arguments, name) in [
        (&["-S"][..], "kexec_crash_loaded"),
        (&["-S", "-l"], "kexec_loaded"),
    ] {
        let run = kexec(arguments);
        let expected = old(name).map_or(255, |text| i32::from(text.trim() != "0"));
        assert_eq!(run.code, expected);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    }
}

/// Where nothing is reserved there is no crash kernel, by either call, and the old one, if any,
/// is left alone.
#[test]
fn a_crash_kernel_needs_a_reservation() {
    let iomem = std::fs::read_to_string("/proc/iomem").unwrap_or_default();
    if iomem.contains("Crash kernel") {
        kexec_testing::not_tested("a machine without a reservation: this one has one");
        return;
    }
    let size = kexec(&["--print-ckr-size"]);
    assert_eq!((size.code, size.stdout.as_str()), (0, "0\n"));
    // Before the kernel that is missing.
    let nothing = kexec(&["-p"]);
    assert_eq!(nothing.code, 1, "{}", nothing.stderr);
    let directory = Directory::new("crash");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    for method in ["-s", "-c", "-a"] {
        let run = kexec(&[method, "-p", &kernel]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains("crashkernel="), "{}", run.stderr);
        assert!(!run.stderr.contains("not implemented"), "{}", run.stderr);
    }
}

#[test]
fn nothing_works_without_kexec_and_says_so() {
    let directory = Directory::new("without-kexec");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    for (arguments, code) in [
        (&["-s", "-l", &kernel][..], 253),
        (&["-c", "-l", &kernel], 255),
        (&["-l", &kernel], 255),
        (&["-u"], 255),
        (&["-u", "-s"], 253),
        (&["-u", "-c"], 255),
    ] {
        let run = kexec(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("Function not implemented"));
        let said = run
            .stderr
            .contains("syscall kexec_file_load not available.");
        assert_eq!(said, code == 253, "{arguments:?}");
    }
}

/// The manual has every option there is, by all its names, and its value.
#[test]
fn the_manual_is_complete() {
    let manual = include_str!("../kexec.8").replace("\\-", "-");
    for option in kexec_cli::table::OPTIONS {
        let long = match option.value() {
            Some(_) if option.optional => format!(".BR --{} [ = ", option.long()),
            Some(_) => format!(".BI --{}= ", option.long()),
            None => format!("--{}\n", option.long()),
        };
        assert!(manual.contains(&long), "{long:?}");
        if let Some(letter) = option.short {
            let letter = char::from(letter);
            let both = match option.value() {
                Some(_) => format!(".BI -{letter} \" "),
                None => format!(".BR -{letter} \", \" --{}\n", option.long()),
            };
            assert!(manual.contains(&both), "{both:?}");
        }
    }
}

/// The program stands on its own: no interpreter, no libraries.
#[test]
fn the_program_is_static() {
    let file = std::fs::read(env!("CARGO_BIN_EXE_kexec")).unwrap();
    let u16_at = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
    let u64_at = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    assert_eq!(&file[..4], b"\x7fELF");
    assert_eq!(u16_at(16), 2, "ET_EXEC");
    let (table, size, count) = (u64_at(32) as usize, u16_at(54), u16_at(56));
    for index in 0..count {
        let header = table + usize::from(index * size);
        let kind = u16_at(header);
        assert!(kind != 2 && kind != 3, "PT_DYNAMIC or PT_INTERP");
        // The large objects are all zero at the start: they take memory when used, and no file.
        let writable = file[header + 4] & 2 != 0;
        if kind == 1 && writable {
            let in_file = u64_at(header + 32);
            assert!(in_file < 128 << 10, "{in_file} bytes of data");
        }
    }
}
