//! What the machine decides: Xen, lockdown, a crash kernel that is there to be lost.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{FILE_LOAD, Fake, LOAD, Rule, WILLING, bzimage, gives};

const METHODS: [&str; 3] = ["-s", "-a", "-c"];

#[test]
fn a_kernel_xen_would_not_start_is_not_loaded() {
    const PV: &str = "paravirtualised (PV) Xen guest";
    let mut subarch = vec![0; 4096];
    subarch[0x23c] = 2;
    for (name, files, words) in [
        (
            "dom0",
            &[("proc/xen/capabilities", &b"control_d\n"[..])][..],
            "control domain",
        ),
        (
            "pv",
            &[
                ("sys/hypervisor/type", b"xen\n"),
                ("sys/hypervisor/guest_type", b"PV\n"),
            ],
            PV,
        ),
        (
            "old-pv",
            &[("sys/kernel/boot_params/data", &subarch[..])],
            PV,
        ),
    ] {
        let fake = Fake::new(&format!("xen-{name}"));
        for (path, contents) in files {
            fake.put(path, contents);
        }
        let kernel = fake.kernel();
        for method in METHODS {
            for mode in ["-l", "--dry-run", "-p"] {
                let Some(run) = fake.run(&WILLING, &[method, mode, &kernel]) else {
                    return;
                };
                assert_eq!(run.code, 255, "{name} {method} {mode}: {}", run.stderr);
                assert!(run.stderr.contains(words), "{name}: {}", run.stderr);
            }
        }
    }
    for kind in ["HVM\n", "PVH\n"] {
        let fake = Fake::new("xen-hvm");
        fake.put("proc/xen/capabilities", "")
            .put("sys/hypervisor/type", "xen\n")
            .put("sys/hypervisor/guest_type", kind);
        let kernel = fake.kernel();
        for method in METHODS {
            let Some(run) = fake.run(&WILLING, &[method, "-l", &kernel]) else {
                return;
            };
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{kind}");
        }
    }
}

/// kexec_file_load comes second where it is the stricter way, and never the other way round.
#[test]
fn a_lockdown_that_cannot_be_seen() {
    let fake = Fake::new("unseen-lockdown");
    let kernel = fake.kernel();
    for errno in [libc::EPERM, libc::EACCES] {
        let refuses = [gives(LOAD, errno), gives(FILE_LOAD, 0)];
        let Some(run) = fake.run(&refuses, &["-l", "--console-serial", &kernel]) else {
            return;
        };
        assert_eq!(run.code, 0, "{}", run.stderr);
        let ignored = "--console-serial is ignored by kexec_file_load";
        assert!(run.stderr.contains(ignored), "{}", run.stderr);
        let both = [gives(LOAD, errno), gives(FILE_LOAD, libc::EKEYREJECTED)];
        let run = fake
            .run(&both, &["-l", "--console-serial", &kernel])
            .unwrap();
        assert_eq!(run.code, 255);
        assert!(
            run.stderr.contains("then tried kexec_file_load"),
            "{}",
            run.stderr
        );
        // -c is -c, and what policy forbids the other call does not do.
        let run = fake
            .run(&refuses, &["-c", "-l", "--console-serial", &kernel])
            .unwrap();
        assert_eq!(run.code, 255, "{}", run.stderr);
        let reverse = [gives(FILE_LOAD, errno), gives(LOAD, 0)];
        let run = fake.run(&reverse, &["-l", &kernel]).unwrap();
        assert_eq!(run.code, 255, "{}", run.stderr);
        // Nothing is locked down: something else forbids it.
        fake.put(
            "sys/kernel/security/lockdown",
            "[none] integrity confidentiality\n",
        );
        let run = fake
            .run(&refuses, &["-l", "--console-serial", &kernel])
            .unwrap();
        assert_eq!(run.code, 255, "{}", run.stderr);
        fake.put(
            "sys/kernel/security/lockdown",
            "none [integrity] confidentiality\n",
        );
        let run = fake
            .run(&refuses, &["-l", "--console-serial", &kernel])
            .unwrap();
        assert_eq!(run.code, 0, "{}", run.stderr);
        std::fs::remove_file(fake.path("sys/kernel/security/lockdown")).unwrap();
    }
}

/// A dry run says no where the load does, and warns as it does.
#[test]
fn a_dry_run_refuses_what_the_load_refuses() {
    let fake = Fake::new("dry-run-refuses");
    let kernel = fake.kernel();
    for method in METHODS {
        let Some(run) = fake.run(&[], &["--dry-run", method, "-p", &kernel]) else {
            return;
        };
        assert_eq!(run.code, 1, "{method}: {}", run.stdout);
        assert!(run.stderr.contains("crashkernel="), "{}", run.stderr);
        // What is refused would not be done.
        assert!(run.stdout.contains("crash kernel:    no reservation"));
        assert!(!run.stdout.contains("would:"), "{}", run.stdout);
    }
    for (arguments, words) in [
        (["-s", "--noefi"], "--noefi is ignored by kexec_file_load"),
        (
            ["-c", "--force-dtb"],
            "--force-dtb is ignored by kexec_load",
        ),
    ] {
        let [method, option] = arguments;
        let run = fake
            .run(&[], &["--dry-run", method, option, &kernel])
            .unwrap();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    // More initrds than kexec_load takes are no matter where the other call comes first.
    let initrd = format!("--initrd={}", fake.file("initrd", b"070701"));
    let mut arguments = vec!["--dry-run", kernel.as_str()];
    arguments.extend(core::iter::repeat_n(initrd.as_str(), 20));
    let run = fake.run(&[], &arguments).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains("note:            but not here"),
        "{}",
        run.stdout
    );
    arguments.push("-c");
    assert_eq!(fake.run(&[], &arguments).unwrap().code, 255);
}

/// What -d says of a load by kexec_file_load: the machine too.
#[test]
fn debug_prints_what_a_dry_run_prints() {
    let fake = Fake::new("debug");
    let kernel = fake.kernel();
    for method in ["-s", "-c"] {
        let Some(dry) = fake.run(&WILLING, &["--dry-run", method, "-i", &kernel]) else {
            return;
        };
        let debug = fake
            .run(&WILLING, &["-d", method, "-i", "-l", &kernel])
            .unwrap();
        assert_eq!(debug.code, 0, "{}", debug.stderr);
        // Whether the load succeeds is seen.
        let (plan, _) = dry.stdout.split_once("verdict:").unwrap();
        for line in plan.lines() {
            let differs = line.starts_with("would:") || line.starts_with("flags:");
            assert!(differs || debug.stderr.contains(line), "{method}: {line}");
        }
    }
}

/// The kernel would refuse these only after it has freed the old crash kernel. That it was asked
/// is seen by E2BIG, which nothing else gives.
#[test]
fn an_old_crash_kernel_is_not_lost_to_what_can_be_known() {
    let fake = Fake::with_crash_kernel("old-crash");
    let kernel = fake.kernel();
    let asked = |run: &common::Run| run.stderr.contains("Argument list too long");
    let kind = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::EINVAL)];
    let Some(run) = fake.run(&kind, &["-s", "-p", &kernel]) else {
        return;
    };
    assert!(asked(&run), "{}", run.stderr);

    let mut low = bzimage(64 << 10);
    low[0x236] &= !2;
    let low = fake.file("low", &low);
    let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 4096]].concat();
    let elf = fake.file("vmlinux", &elf);
    let long = format!("--append={}", "x".repeat(2017));
    let initrd = format!("--initrd={}", fake.file("initrd", b"070701"));
    let many = vec![initrd.as_str(); 20];
    let large = fake.path("large");
    kexec_testing::sparse(large.as_ref(), 20 << 20).unwrap();
    let large = format!("--initrd={large}");
    let large = vec![large.as_str(); 14];
    let no_load = [gives(FILE_LOAD, libc::E2BIG)];
    let forbidden = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::EPERM)];
    for (what, words) in [
        (vec![low.as_str()], "XLF_CAN_BE_LOADED_ABOVE_4G"),
        (vec![elf.as_str()], "an ELF file"),
        (vec![kernel.as_str(), long.as_str()], "the new kernel takes"),
        (
            [&[low.as_str()][..], &many].concat(),
            "XLF_CAN_BE_LOADED_ABOVE_4G",
        ),
        ([&[kernel.as_str()][..], &large].concat(), "are missing"),
    ] {
        // -a as well where no kexec_load can follow.
        for (method, rules) in [("-s", &kind[..]), ("-a", &no_load), ("-a", &forbidden)] {
            let arguments = [&[method, "-p"][..], &what].concat();
            let run = fake.run(rules, &arguments).unwrap();
            assert!(!asked(&run), "{arguments:?}: {}", run.stderr);
            assert_eq!(run.code, 255, "{arguments:?}: {}", run.stderr);
            assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
        }
    }
    // Twenty initrds that fit are one file.
    for method in ["-s", "-a"] {
        let run = fake.run(&kind, &[&[method, "-p", &kernel][..], &many].concat());
        assert!(asked(run.as_ref().unwrap()), "{}", run.unwrap().stderr);
    }
    // Where kexec_load can follow, it may.
    let follows = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::EINVAL)];
    let run = fake.run(&follows, &["-a", "-p", &low]).unwrap();
    assert!(asked(&run), "{}", run.stderr);
    // The firmware is of 32 bits, and in use.
    let mut page = vec![0; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL32");
    fake.put("sys/kernel/boot_params/data", &page);
    let run = fake.run(&kind, &["-s", "-p", &kernel]).unwrap();
    assert!(
        !asked(&run) && run.stderr.contains("32-bit EFI"),
        "{}",
        run.stderr
    );
    fake.put("proc/cmdline", "ro efi=debug,noruntime\n");
    let run = fake.run(&kind, &["-s", "-p", &kernel]).unwrap();
    assert!(asked(&run), "{}", run.stderr);
}

/// Initrds that cannot be joined leave kexec_load. What that cannot load names both reasons, and the
/// old crash kernel stays.
#[test]
fn initrds_that_cannot_be_joined_leave_the_other_call() {
    let fake = Fake::with_crash_kernel("old-crash-unjoined");
    let kernel = fake.kernel();
    let initrd = format!("--initrd={}", fake.file("initrd", b"070701"));
    let load = |rules: &[Rule], initrds: usize| {
        let initrds = vec![initrd.as_str(); initrds];
        fake.run(rules, &[&["-a", "-p", &kernel][..], &initrds].concat())
    };
    let no_copy = [
        gives(libc::SYS_memfd_create, libc::ENOMEM),
        gives(FILE_LOAD, libc::E2BIG),
        gives(LOAD, 0),
    ];
    let (unjoined, many) = ("memfd_create", "segments are needed");
    let Some(run) = load(&no_copy, 20) else {
        return;
    };
    assert_eq!(run.code, 255, "{}", run.stderr);
    for words in [unjoined, many] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let run = load(&no_copy, 2).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);

    // Too little memory for a copy, as seen in /proc/meminfo.
    fake.put("proc/meminfo", "MemTotal: 3145728 kB\nMemAvailable: 0 kB\n");
    let rules = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, 0)];
    let run = load(&rules, 20).unwrap();
    assert_eq!(run.code, 255, "{}", run.stderr);
    for words in ["would have to be copied", many] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let run = load(&rules, 2).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// The same after a kexec_load that was refused: `-a` with an option only that one knows.
#[test]
fn nor_to_the_call_that_follows() {
    let fake = Fake::with_crash_kernel("old-crash-follows");
    let kernel = fake.kernel();
    let long = format!("--append={}", "x".repeat(2017));
    let rules = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::EPERM)];
    let Some(run) = fake.run(&rules, &["-p", "--noefi", &kernel, &long]) else {
        return;
    };
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("the new kernel takes"),
        "{}",
        run.stderr
    );
    let run = fake.run(&rules, &["-p", "--noefi", &kernel]).unwrap();
    assert!(
        run.stderr.contains("Argument list too long"),
        "{}",
        run.stderr
    );
}

/// What kexec_file_load ignores does not keep it from being asked.
#[test]
fn options_it_ignores_refuse_no_crash_kernel() {
    let fake = Fake::with_crash_kernel("old-crash-ignored");
    let kernel = fake.kernel();
    for option in [
        "--mem-max=0x100000",
        "--mem-min=0xb0000000",
        "--pass-memmap-cmdline",
    ] {
        let Some(run) = fake.run(&WILLING, &["-s", "-p", option, &kernel]) else {
            return;
        };
        assert_eq!(run.code, 0, "{option}: {}", run.stderr);
        assert!(run.stderr.contains("is ignored by kexec_file_load"));
    }
    let run = fake
        .run(&WILLING, &["-s", "-p", "--hotplug", &kernel])
        .unwrap();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("CONFIG_CRASH_HOTPLUG"),
        "{}",
        run.stderr
    );
}
