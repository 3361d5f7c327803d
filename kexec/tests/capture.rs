//! A machine planned for from afar: `--capture` on a fake machine, then `--machine` here.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use common::{Directory, Fake, Run, boot_params, finish, guard, kexec};

/// Every file and directory, with its contents.
fn tree(root: &str) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        let name = path[root.len()..].trim_start_matches('/').to_owned();
        if Path::new(&path).is_dir() {
            found.insert(name, None);
            for entry in std::fs::read_dir(&path).unwrap() {
                left.push(entry.unwrap().path().to_str().unwrap().to_owned());
            }
        } else {
            found.insert(name, Some(std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// The command as a user without privileges. `program` is a copy of it that everybody can run.
fn as_nobody(program: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new(program);
    command.args(arguments).uid(65534).gid(65534);
    guard(&mut command, &[]);
    // Another test's child, forked while the copy was being written, has it open until it execs.
    loop {
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            other => break finish(&other.unwrap()),
        }
    }
}

/// With EFI: addresses in files of root, and a runtime map.
fn with_efi(name: &str) -> Fake {
    let fake = Fake::new(name);
    let mut page = boot_params();
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    fake.put("sys/kernel/boot_params/data", page)
        .put("sys/firmware/efi/fw_platform_size", "64\n")
        .put("sys/firmware/efi/fw_vendor", "0x7feed018\n")
        .put("sys/firmware/efi/runtime", "0xfffffffeff5ee000\n")
        .put("sys/firmware/efi/config_table", "0x7feec018\n")
        .put("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n");
    for (file, value) in [
        ("type", "0x5"),
        ("phys_addr", "0xbe000000"),
        ("virt_addr", "0xfffffffefe000000"),
        ("num_pages", "0x10"),
        ("attribute", "0x800000000000000f"),
    ] {
        fake.put(
            &format!("sys/firmware/efi/runtime-map/0/{file}"),
            format!("{value}\n"),
        );
    }
    fake
}

/// One under Xen, that can be kexeced from.
fn under_xen(name: &str) -> Fake {
    let fake = Fake::new(name);
    fake.put("proc/xen/capabilities", "")
        .put("sys/hypervisor/type", "xen\n")
        .put("sys/hypervisor/guest_type", "PVH\n");
    fake
}

/// One of which little is known; facts come from system calls.
fn unknown(name: &str) -> Fake {
    let fake = with_efi(name);
    fake.unreadable("proc/meminfo")
        .unreadable("proc/cpuinfo")
        .unreadable("proc/cmdline")
        .unreadable("sys/firmware/efi/fw_vendor")
        .unreadable("sys/kernel/kexec_loaded")
        .remove("sys/firmware/efi/runtime-map")
        .put("sys/firmware/efi/runtime-map", "");
    fake
}

/// One with a memory map of several sources, and limits.
fn large(name: &str) -> Fake {
    let fake = Fake::new(name);
    for (entry, (start, end, kind)) in [
        (0x1000_u64, 0x9_fbff_u64, "System RAM"),
        (0x9_fc00, 0x9_ffff, "Reserved"),
        (0x10_0000, 0xbfff_ffff, "System RAM"),
        (0x1_0000_0000, 0x4_3fff_ffff, "System RAM"),
    ]
    .iter()
    .enumerate()
    {
        let entry = format!("sys/firmware/memmap/{entry}");
        fake.put(&format!("{entry}/start"), format!("{start:#x}\n"))
            .put(&format!("{entry}/end"), format!("{end:#x}\n"))
            .put(&format!("{entry}/type"), format!("{kind}\n"));
    }
    fake.put("proc/sys/kernel/kexec_load_limit_reboot", "0\n")
        .put("proc/sys/kernel/kexec_load_disabled", "1\n")
        .put(
            "proc/cmdline",
            "ro key=SECRET efi=noruntime add_efi_memmap\n",
        )
        .put("sys/kernel/security/lockdown", "none [integrity]\n");
    fake
}

/// One that no plan is made for: its /proc/iomem cannot be read.
fn refused(name: &str) -> Fake {
    let fake = Fake::with_crash_kernel(name);
    fake.unreadable("proc/iomem");
    fake
}

type Made = fn(&str) -> Fake;

const MACHINES: [(&str, Made); 7] = [
    ("plain", Fake::new),
    ("efi", with_efi),
    ("crash", Fake::with_crash_kernel),
    ("xen", under_xen),
    ("unknown", unknown),
    ("large", large),
    ("refused", refused),
];

#[test]
fn a_plan_from_afar_is_the_plan_there() {
    // Where everybody can read it: plans are also made as another user.
    let everyone = Directory::for_everyone("kexec-captures");
    let open = |path: &str| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    open(&everyone.path(""));
    let kernel = everyone.file("kernel", &common::bzimage(64 << 10));
    let initrd = format!("--initrd={}", everyone.file("initrd", b"070701"));
    let program = everyone.path("kexec");
    std::fs::copy(env!("CARGO_BIN_EXE_kexec"), &program).unwrap();
    open(&program);
    let mut codes = BTreeMap::<i32, u32>::new();
    for (name, made) in MACHINES {
        let fake = made(&format!("capture-{name}"));
        let capture = everyone.path(name);
        let Some(run) = fake.run(&[], &["--capture", &capture]) else {
            return;
        };
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        let mode = std::fs::metadata(&capture).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
        open(&capture);
        let machine = format!("--machine={capture}");
        for arguments in [
            &["--plan", "-l", &kernel, &initrd][..],
            &["--plan", "-c", &kernel, &initrd, "--append=quiet"],
            &["--plan", "-c", "-i", &kernel, "--noefi"],
            &["--plan", "-s", "-l", &kernel],
            &["--plan", "-p", &kernel, &initrd],
            &["--plan", "-c", "-p", &kernel],
            &["--plan", "-c", "-p", "--hotplug", &kernel],
            &["--plan", "-c", "--mem-max=0x100000", &kernel],
            &["--plan=json", "-c", &kernel, &initrd],
            &["--plan=map", "-p", "-c", &kernel],
            &["--explain", "-c", &kernel, &initrd, "--initrd", &kernel],
            &["--plan", "-s", &kernel, &initrd, "--initrd", &kernel],
            &["--plan", "-e"],
            &["--plan", "-u", "-p"],
            &["--print-ckr-size"],
        ] {
            let there = fake.run(&[], arguments).unwrap();
            let with = [arguments, &[&machine]].concat();
            for here in [kexec(&with), as_nobody(&program, &with)] {
                assert_eq!(here.stdout, there.stdout, "{name}: {arguments:?}");
                assert_eq!(here.stderr, there.stderr, "{name}: {arguments:?}");
                assert_eq!(here.code, there.code, "{name}: {arguments:?}");
            }
            *codes.entry(there.code).or_default() += 1;
        }
    }
    // Both plans and refusals were compared.
    assert!(
        codes[&0] > 30 && codes[&255] >= 5 && codes[&1] > 5,
        "{codes:?}"
    );
}

/// The files of a whole machine: what a capture has, and nothing else.
#[test]
fn a_capture_has_these_files() {
    let fake = with_efi("capture-files");
    fake.put("proc/version", "SECRET")
        .put("proc/cmdline", "ro cryptkey=SECRET efi=noruntime\n")
        .put("sys/kernel/boot_params/setup_data/0/type", "0x1\n")
        .put("sys/kernel/boot_params/setup_data/0/data", [0; 20])
        .put("sys/kernel/boot_params/setup_data/1/type", "0x9\n")
        .put("sys/kernel/boot_params/setup_data/1/data", "SECRET");
    fake.unreadable("proc/meminfo");
    let directory = Directory::new("capture-files-of");
    let capture = directory.path("machine");
    let Some(run) = fake.run(&[], &["--capture", &capture]) else {
        return;
    };
    assert_eq!(
        run.stderr,
        "kexec: /proc/meminfo: Is a directory (EISDIR); in the capture it is unknown\n"
    );
    let files = tree(&capture);
    let listed: Vec<String> = files
        .iter()
        .filter(|(_, contents)| contents.is_some())
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(
        listed,
        [
            "kexec/facts",
            "kexec/parameters",
            "proc/cpuinfo",
            "proc/iomem",
            "proc/self/status",
            "proc/sys/kernel/osrelease",
            "sys/firmware/efi/config_table",
            "sys/firmware/efi/fw_platform_size",
            "sys/firmware/efi/fw_vendor",
            "sys/firmware/efi/runtime",
            "sys/firmware/efi/runtime-map/0/attribute",
            "sys/firmware/efi/runtime-map/0/num_pages",
            "sys/firmware/efi/runtime-map/0/phys_addr",
            "sys/firmware/efi/runtime-map/0/type",
            "sys/firmware/efi/runtime-map/0/virt_addr",
            "sys/firmware/efi/systab",
            "sys/kernel/boot_params/data",
            "sys/kernel/boot_params/setup_data/0/data",
            "sys/kernel/boot_params/setup_data/0/type",
            "sys/kernel/boot_params/setup_data/1/type",
            "sys/kernel/kexec_crash_loaded",
            "sys/kernel/kexec_loaded",
        ]
    );
    // A directory stands for the file that could not be read.
    assert_eq!(files["proc/meminfo"], None);
    assert_eq!(files["sys/firmware/acpi"], None);
    assert_eq!(
        files["kexec/parameters"].as_deref(),
        Some(&b"efi=noruntime\n"[..])
    );
    let secret = |files: &BTreeMap<String, Option<Vec<u8>>>| {
        let has = |text: &Vec<u8>| text.windows(6).any(|at| at == b"SECRET");
        let found = files.iter();
        let found = found.filter(|(_, text)| text.as_ref().is_some_and(has));
        found.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(secret(&files), Vec::<String>::new());
    let with = directory.path("with");
    let run = fake.run(&[], &["--capture", &with, "--with-cmdline"]);
    assert_eq!(run.unwrap().code, 0);
    assert_eq!(secret(&tree(&with)), ["proc/cmdline"]);

    // Its command line is used only where it is there.
    let kernel = fake.kernel();
    let arguments = ["--plan", "-c", "--reuse-cmdline", &kernel];
    let there = fake.run(&[], &arguments).unwrap();
    let run = kexec(&[&arguments[..], &["--machine", &with]].concat());
    assert_eq!((run.code, &run.stdout), (there.code, &there.stdout));
    assert!(run.stdout.contains("cryptkey=SECRET"), "{}", run.stdout);
    let run = kexec(&[&arguments[..], &["--machine", &capture]].concat());
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("without --with-cmdline"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_archive_is_the_directory() {
    let fake = large("capture-archive");
    fake.unreadable("sys/kernel/kexec_loaded");
    let directory = Directory::new("capture-archives");
    let (whole, archive) = (directory.path("machine"), directory.path("machine.tar"));
    let Some(run) = fake.run(&[], &["--capture", &whole]) else {
        return;
    };
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = fake.run(&[], &["--capture", &archive]).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mode = std::fs::metadata(&archive).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let into = directory.path("unpacked");
    std::fs::create_dir(&into).unwrap();
    let tar = Command::new("tar")
        .args(["-xf", &archive, "-C", &into])
        .output();
    let Ok(tar) = tar else {
        kexec_testing::not_tested("captures: there is no tar");
        return;
    };
    assert!(tar.status.success() && tar.stderr.is_empty(), "{tar:?}");
    let mut trees = [tree(&whole), tree(&into)];
    for tree in &mut trees {
        // Its lines are of the process, and of the moment.
        assert!(tree.remove("proc/self/status").is_some());
    }
    assert_eq!(trees[0], trees[1]);
    // On standard output it is the same archive, but for that file.
    let run = fake.command(&[], &["--capture", "-"]).output().unwrap();
    let file = std::fs::read(&archive).unwrap();
    assert_eq!(run.stdout.len() % 512, 0);
    assert_eq!(run.stdout.len().abs_diff(file.len()) % 512, 0);
    assert_eq!(run.stdout[run.stdout.len() - 1024..], [0; 1024]);
    let kernel = fake.kernel();
    let plan = |machine: &str| kexec(&["--dry-run", "-c", &kernel, "--machine", machine]).stdout;
    assert_eq!(plan(&whole), plan(&into));
    assert_ne!(plan(&whole), "");
}

#[test]
fn what_cannot_be_done_is_said() {
    let directory = Directory::new("capture-refusals");
    let there = directory.path("there");
    std::fs::create_dir(&there).unwrap();
    let archive = directory.file("there.tar", b"kept");
    let nowhere = directory.path("nowhere/machine");
    let kernel = directory.file("kernel", &common::bzimage(4096));
    let with_file = directory.path("with-file");
    std::fs::create_dir(&with_file).unwrap();
    directory.file("with-file/kexec", b"the command");
    for (arguments, code, text) in [
        (
            &["--capture", &there][..],
            255,
            "it exists; give the name of a new one",
        ),
        (&["--capture", &archive], 255, "it exists"),
        (&["--capture", &nowhere], 255, "No such file"),
        (&["--capture", "/dev/full.tar/x"], 255, "No such file"),
        (
            &["--capture", &nowhere, "-l", &kernel],
            1,
            "does nothing else",
        ),
        (
            &["--capture", &nowhere, "--dry-run"],
            1,
            "does nothing else",
        ),
        (
            &["--capture", &nowhere, "--machine", &there],
            1,
            "does nothing else",
        ),
        (
            &["--capture", &nowhere, "--default"],
            1,
            "does nothing else",
        ),
        (
            &["--plan", "--default", "--machine", &there],
            1,
            "name the kernel",
        ),
        (&["-l", &kernel, "--machine", &there], 1, "give --plan"),
        (&["-p", &kernel, "--machine", &there], 1, "give --plan"),
        (&["-e", "--machine", &there], 1, "give --plan"),
        (&["-u", "--machine", &there], 1, "give --plan"),
        (&["-S", "--machine", &there], 255, "give --plan"),
        (
            &["-S", "--dry-run", "--machine", &there],
            255,
            "give --plan",
        ),
        (
            &["--dry-run", &kernel, "--machine", &there],
            1,
            "not a complete one: kexec/facts is missing",
        ),
        (
            &["--check", &kernel, "--machine", &with_file],
            1,
            "not a complete one: kexec/facts is missing",
        ),
        (
            &["--dry-run", &kernel, "--machine", &archive],
            1,
            "is unpacked by tar -xf",
        ),
        (
            &["--dry-run", &kernel, "--machine", &nowhere],
            1,
            "No such file",
        ),
        (
            &["--print-ckr-size", "--machine", &nowhere],
            1,
            "No such file",
        ),
        (
            &["--machine", &nowhere, "--print-ckr-size"],
            1,
            "No such file",
        ),
    ] {
        let run = kexec(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
    assert_eq!(std::fs::read(&archive).unwrap(), b"kept");
    assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
    // A capture by a newer version.
    std::fs::create_dir(format!("{there}/kexec")).unwrap();
    std::fs::create_dir(format!("{there}/proc")).unwrap();
    std::fs::write(format!("{there}/kexec/facts"), "kexec-capture 2\n").unwrap();
    let run = kexec(&["--dry-run", &kernel, "--machine", &there]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("another version"), "{}", run.stderr);
    // An archive that cannot be written.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["--capture", "-"]).stdout(full.unwrap());
    guard(&mut command, &[]);
    let run = finish(&command.output().unwrap());
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("it is not complete"), "{}", run.stderr);
}
