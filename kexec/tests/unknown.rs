//! What of the machine cannot be read: refused, or warned of, as docs/unknown.md says.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{FILE_LOAD, Fake, LOAD, Rule, Run, gives};

/// Both calls go well: what is refused, the command refuses.
const KIND: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

/// Runs it with this kernel, which must give the exit code and say `words`; where there are none,
/// nothing.
#[track_caller]
fn expect(fake: &Fake, arguments: &[&str], code: i32, words: &[&str]) -> Option<Run> {
    let kernel = fake.kernel();
    let run = fake.run(&KIND, &[arguments, &[&kernel]].concat())?;
    assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
    for word in words {
        assert!(run.stderr.contains(word), "{arguments:?}: {}", run.stderr);
    }
    if words.is_empty() {
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
    Some(run)
}

#[test]
fn a_machine_that_is_known_is_not_spoken_of() {
    let fake = Fake::with_crash_kernel("unknown-nothing");
    for method in ["-c", "-s", "-a"] {
        for mode in ["-l", "-p"] {
            if expect(&fake, &[method, mode], 0, &[]).is_none() {
                return;
            }
        }
    }
}

#[test]
fn iomem_decides_where_kexec_load_puts_segments() {
    let fake = Fake::with_crash_kernel("unknown-iomem");
    let many: String = (256..9256_u64)
        .map(|n| format!("{:x}-{:x} : System RAM\n", n << 12, (n << 12) + 0x7ff))
        .collect();
    for contents in ["garbage\n", "", &many] {
        fake.put("proc/iomem", contents);
        if expect(&fake, &["-c", "-l"], 255, &["/proc/iomem"]).is_none() {
            return;
        }
        // The kernel places what kexec_file_load is given.
        expect(&fake, &["-s", "-l"], 0, &[]);
        expect(&fake, &["-a", "-l"], 0, &[]);
    }
    fake.unreadable("proc/iomem");
    expect(&fake, &["-c", "-l"], 255, &["cannot be read"]);
    // Not there: on a real load too, a warning.
    fake.remove("proc/iomem");
    expect(
        &fake,
        &["-c", "-l"],
        0,
        &["warning: /proc/iomem is not known"],
    );
    expect(&fake, &["-s", "-l"], 0, &[]);
}

#[test]
fn sysfs_is_not_mounted() {
    let fake = Fake::new("unknown-sys");
    std::fs::remove_dir_all(fake.path("sys")).unwrap();
    std::fs::create_dir(fake.path("sys")).unwrap();
    let refused = ["started by EFI is not known", "mount /sys", "--noefi"];
    if expect(&fake, &["-c", "-l"], 255, &refused).is_none() {
        return;
    }
    expect(&fake, &["-c", "--dry-run"], 255, &refused);
    for method in ["-s", "-a"] {
        expect(&fake, &[method, "-l"], 0, &[]);
    }
    let notes = [
        "RSDP",
        "/sys/kernel/boot_params is not known",
        "from /proc/iomem,",
    ];
    let run = expect(&fake, &["-c", "-l", "--noefi"], 0, &notes).unwrap();
    assert_eq!(
        run.stderr.matches("kexec: warning: ").count(),
        3,
        "{}",
        run.stderr
    );
    // The tables' place is given by hand.
    let run = expect(
        &fake,
        &["-c", "-l", "--append=acpi_rsdp=0x7fb7e014"],
        0,
        &notes[1..],
    );
    assert!(!run.unwrap().stderr.contains("RSDP"));
}

/// A container: /sys is there, /sys/firmware an empty directory.
#[test]
fn sys_firmware_is_masked() {
    let fake = Fake::new("unknown-firmware");
    fake.remove("sys/firmware");
    std::fs::create_dir(fake.path("sys/firmware")).unwrap();
    // The boot_params say that it was not EFI.
    if expect(&fake, &["-c", "-l"], 0, &[]).is_none() {
        return;
    }
    let mut page = common::boot_params();
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    fake.put("sys/kernel/boot_params/data", &page);
    for more in ["--noefi", "-i"] {
        expect(&fake, &["-c", "-l", more], 255, &["acpi_rsdp="]);
    }
    expect(&fake, &["-s", "-l"], 0, &[]);
    page[0x70..0x74].copy_from_slice(&0x7fb7_e014_u32.to_le_bytes());
    fake.put("sys/kernel/boot_params/data", &page);
    let words = ["warning: EFI runtime services are not passed on"];
    expect(&fake, &["-c", "-l"], 0, &words);
    // As asked.
    expect(&fake, &["-c", "-l", "--noefi"], 0, &[]);
}

#[test]
fn registers_that_will_not_be_in_the_dump() {
    let fake = Fake::with_crash_kernel("unknown-notes");
    fake.unreadable("sys/devices/system/cpu/cpu1/crash_notes");
    let words = ["warning: 1 CPUs are present but their crash_notes"];
    if expect(&fake, &["-c", "-p"], 0, &words).is_none() {
        return;
    }
    expect(&fake, &["-c", "-l"], 0, &[]);
    expect(&fake, &["-s", "-p"], 0, &[]);
    for list in ["", "1-0\n"] {
        fake.put("sys/devices/system/cpu/possible", list);
        expect(
            &fake,
            &["-c", "-p"],
            0,
            &["warning: ", "no CPU's registers"],
        );
    }
}

/// There is none, there is one, or it cannot be read: three cases.
#[test]
fn a_reservation_that_cannot_be_seen() {
    let fake = Fake::with_crash_kernel("unknown-reservation");
    fake.put("sys/kernel/kexec_crash_loaded", "0\n");
    let masked = "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n";
    for (contents, words) in [(masked, "CAP_SYS_ADMIN"), ("garbage\n", "mount /proc")] {
        fake.put("proc/iomem", contents);
        let Some(run) = expect(&fake, &["-c", "-p"], 1, &["is not known", words]) else {
            return;
        };
        assert!(!run.stderr.contains("crashkernel="), "{}", run.stderr);
        // The kernel knows, and nothing is there to be lost.
        for method in ["-s", "-a"] {
            expect(&fake, &[method, "-p"], 0, &[]);
        }
        let run = fake.run(&KIND, &["--print-ckr-size"]).unwrap();
        assert_eq!((run.code, run.stdout.as_str()), (255, ""));
    }
    // An old one is there, or may be, and this one may be too large.
    for loaded in ["1\n", "?\n"] {
        fake.put("sys/kernel/kexec_crash_loaded", loaded);
        for method in ["-c", "-s", "-a"] {
            expect(&fake, &[method, "-p"], 1, &["is not known"]);
        }
    }
    fake.put("proc/iomem", "00100000-bfffffff : System RAM\n");
    expect(&fake, &["-c", "-p"], 1, &["crashkernel=256M"]);
    let run = fake.run(&KIND, &["--print-ckr-size"]).unwrap();
    assert_eq!((run.code, run.stdout.as_str()), (0, "0\n"));
}

/// The kernel's own loader needs nothing from there.
#[test]
fn a_crash_kernel_without_sysfs() {
    let fake = Fake::with_crash_kernel("unknown-sys-crash");
    std::fs::remove_dir_all(fake.path("sys")).unwrap();
    std::fs::create_dir(fake.path("sys")).unwrap();
    for method in ["-s", "-a"] {
        if expect(&fake, &[method, "-p"], 0, &[]).is_none() {
            return;
        }
    }
    expect(&fake, &["-c", "-p"], 255, &["mount /sys"]);
    // What is too large is seen all the same.
    fake.put(
        "proc/iomem",
        "00100000-bfffffff : System RAM\n  60000000-600fffff : Crash kernel\n",
    );
    expect(&fake, &["-s", "-p"], 255, &["are missing"]);
}

/// Whether there is one is not known: nothing is risked, and a loss is spoken of.
#[test]
fn an_old_crash_kernel_that_cannot_be_seen() {
    let fake = Fake::with_crash_kernel("unknown-loaded");
    let kernel = fake.kernel();
    let writer = std::fs::OpenOptions::new().write(true).open(&kernel);
    for state in ["garbage\n", ""] {
        fake.put("sys/kernel/kexec_crash_loaded", state);
        // As if there were one.
        let Some(run) = fake.run(&KIND, &["-s", "-p", &kernel]) else {
            return;
        };
        assert_ne!(run.code, 0);
        assert!(run.stderr.contains("open for writing"), "{}", run.stderr);
    }
    drop(writer);
    kexec_testing::settle(kernel.as_ref()).unwrap();
    for there in [true, false] {
        if there {
            fake.unreadable("sys/kernel/kexec_crash_loaded");
        } else {
            fake.remove("sys/kernel/kexec_crash_loaded");
        }
        let refuses = [gives(FILE_LOAD, libc::ENOMEM), gives(LOAD, libc::ENOMEM)];
        for method in ["-s", "-c", "-a"] {
            let run = fake.run(&refuses, &[method, "-p", &kernel]).unwrap();
            assert_eq!(run.code, 255);
            let words = "WARNING: a crash kernel that was loaded before may be lost";
            assert!(run.stderr.contains(words), "{method}: {}", run.stderr);
        }
        let run = fake.run(&KIND, &["-S", "-p"]).unwrap();
        assert_eq!(run.code, 255);
        // As kexec(8), nothing of a kernel without kexec.
        assert_eq!(run.stderr.contains("is not known"), there, "{}", run.stderr);
    }
}

/// The kernel keeps 30 bytes for its own words: a longer line goes to kexec_load, which takes it,
/// and kexec_file_load is not asked, for its no would cost the old crash kernel.
#[test]
fn a_crash_command_line_too_long_for_kexec_file_load() {
    let fake = Fake::with_crash_kernel("long-crash-line");
    let kernel = fake.kernel();
    for loaded in ["0\n", "1\n"] {
        fake.put("sys/kernel/kexec_crash_loaded", loaded);
        for length in [2016, 2017, 2027] {
            let long = format!("--append={}", "x".repeat(length));
            let rules = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, 0)];
            let Some(run) = fake.run(&rules, &["-p", &kernel, &long]) else {
                return;
            };
            let asked = run.stderr.contains("Argument list too long");
            assert_eq!(asked, length == 2016, "{length}: {}", run.stderr);
            assert_eq!(run.code, if asked { 255 } else { 0 }, "{length}");
        }
    }
    // -s is -s.
    let long = format!("--append={}", "x".repeat(2017));
    let run = fake.run(&KIND, &["-s", "-p", &kernel, &long]).unwrap();
    assert_eq!(run.code, 255);
}

/// What the new kernel gets, not what was asked for.
#[test]
fn the_command_line_that_is_printed_is_the_new_kernels() {
    let fake = Fake::with_crash_kernel("printed-line");
    let arguments = ["-c", "-p", "--append=quiet"];
    let Some(run) = expect(&fake, &[&["--dry-run"], &arguments[..]].concat(), 0, &[]) else {
        return;
    };
    let line = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("command line:"));
        line.unwrap().to_owned()
    };
    let printed = line(&run.stdout);
    assert!(printed.contains("elfcorehdr="), "{printed}");
    assert!(printed.contains("K quiet ("), "{printed}");
    let run = expect(
        &fake,
        &[&["-d"], &arguments[..]].concat(),
        0,
        &["elfcorehdr="],
    )
    .unwrap();
    assert_eq!(line(&run.stderr), printed);
    // The kernel's own words cannot be known before.
    let run = expect(&fake, &["--dry-run", "-s", "-p", "--append=quiet"], 0, &[]).unwrap();
    assert!(run.stdout.contains("puts elfcorehdr="), "{}", run.stdout);
}
