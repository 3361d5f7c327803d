//! The judge must be able to condemn: each wrong fact is found, and a right run passes.

use super::super::expected::Expected;
use super::super::guest::Guest;
use super::super::qemu::End;
use super::super::scenario::Scenario;
use super::problems;
use crate::packages::Kernel;

const RIGHT: &str = "\
FACT hop=0 uname=6.1.0
FACT hop=0 cpus=2
FACT hop=0 flag=sha_ni
FACT hop=0 memmap=0x0 0x9ffff System RAM
FACT hop=0 rsdp=0x0
FACT hop=0 acpi_rsdp=0x00000000000F52B0
FACT hop=0 efivars=3
FACT hop=0 sha256=aa /init
FACT hop=0 load=0
FACT hop=0 loaded=1
FACT hop=1 uname=6.12.0
FACT hop=1 cmdline=one
FACT hop=1 cpus=2
FACT hop=1 flag=sha_ni
FACT hop=1 memmap=0x0 0xfff System RAM
FACT hop=1 memmap=0x1000 0x9ffff System RAM
FACT hop=1 rsdp=0x0f52b0
FACT hop=1 acpi_rsdp=0x00000000000F52B0
FACT hop=1 setup_data=0x4
FACT hop=1 setup_data=0x9
FACT hop=1 crng=[    0.000000] random: crng init done
FACT hop=1 ramdisk=0x100000000
FACT hop=1 kernel_code=0x120000000
FACT hop=1 efivars=3
FACT hop=1 sha256=bb /init
FACT hop=1 initrd_sha256=cc";

fn scenario() -> Scenario {
    Scenario::new("name", "about", "6.1")
        .uefi()
        .flags(&["sha_ni"])
        .lacks(&["la57"])
        .floor(1 << 32)
        .hop("-c", "6.12")
        .with("nokaslr")
}

fn expected(release: &str, command_line: &str, file: &str) -> Expected {
    Expected {
        kernel: Kernel {
            release: release.into(),
            image: "vmlinuz".into(),
            modules: "modules".into(),
            debug: None,
        },
        command_line: command_line.into(),
        files: vec![file.into()],
        initrd: Some("cc".into()),
    }
}

fn judge(scenario: &Scenario, log: &str) -> Vec<String> {
    let guest = Guest {
        hops: vec![
            expected("6.1.0", "zero", "aa /init"),
            expected("6.12.0", "one", "bb /init"),
        ],
        initrd: "initrd".into(),
        disk: None,
    };
    let lines: Vec<String> = log.lines().map(String::from).collect();
    problems(scenario, &guest, &End::Init("ok".into()), &lines)
}

#[test]
fn a_right_run_passes() {
    assert_eq!(judge(&scenario(), RIGHT), Vec::<String>::new());
}

#[test]
fn every_fact_counts() {
    for line in RIGHT.lines() {
        // The first kernel of a UEFI machine has no such field, and not every kernel shows
        // its initrd as a whole.
        if line.contains("hop=0 rsdp") || line.contains("initrd_sha256") {
            continue;
        }
        let without = RIGHT.replace(&format!("{line}\n"), "");
        if without != RIGHT {
            assert_ne!(judge(&scenario(), &without).len(), 0, "not missed: {line}");
        }
    }
}

#[test]
fn wrong_values_are_found() {
    for (right, wrong) in [
        ("hop=1 cmdline=one", "hop=1 cmdline=one "),
        ("hop=1 uname=6.12.0", "hop=1 uname=6.1.0"),
        ("0x1000 0x9ffff", "0x1400 0x9ffff"),
        (
            "0x9ffff System RAM\nFACT hop=1 rsdp",
            "0x9ffff Reserved\nFACT hop=1 rsdp",
        ),
        ("rsdp=0x0f52b0", "rsdp=0x0f52c0"),
        ("crng=[    0.000000]", "crng=[    0.010000]"),
        ("ramdisk=0x100000000", "ramdisk=0xfffff000"),
        ("kernel_code=0x120000000", "kernel_code=0x20000000"),
        ("sha256=bb /init", "sha256=bc /init"),
        ("initrd_sha256=cc", "initrd_sha256=cd"),
        ("hop=1 efivars=3", "hop=1 efivars=0"),
        ("hop=0 load=0", "hop=0 load=1"),
        ("hop=1 flag=sha_ni", "hop=1 flag=la57"),
    ] {
        let log = RIGHT.replace(right, wrong);
        assert_ne!(log, RIGHT, "{right}");
        assert_ne!(judge(&scenario(), &log).len(), 0, "{wrong}");
    }
}

#[test]
fn shown_and_never_shown() {
    let shows = |text| judge(&scenario().shows(text), RIGHT).len();
    assert_eq!((shows("random: * done"), shows("random: * undone")), (0, 1));
    let never = |text| judge(&scenario().never(text), RIGHT).len();
    assert_eq!((never("panic"), never("crng init")), (0, 1));
}

#[test]
fn a_complaint_of_efi_counts_when_the_other_method_has_none() {
    let chain = Scenario::new("name", "about", "6.1")
        .hop("-s", "6.12")
        .hop("-c", "6.1")
        .hop("-c", "6.12");
    let complaint = |hop: usize| format!("FACT hop={hop} efi_complaint=efi: no\n");
    let found = |log: String| {
        let mut facts = super::Facts::default();
        log.lines().for_each(|line| facts.read(line));
        super::efi_complaints(&chain, &facts).len()
    };
    assert_eq!(found(complaint(3)), 1);
    assert_eq!(found(complaint(1) + &complaint(3)), 0);
    // No pair to compare with.
    assert_eq!(found(complaint(2)), 0);
}

#[test]
fn an_end_before_the_end_is_a_failure() {
    let guest = Guest {
        hops: Vec::new(),
        initrd: "initrd".into(),
        disk: None,
    };
    let scenario = Scenario::new("name", "about", "6.1");
    for end in [
        End::Init("kexec -e came back".into()),
        End::Exit,
        End::Limit,
        End::Shown,
    ] {
        assert_eq!(problems(&scenario, &guest, &end, &[]).len(), 1, "{end:?}");
    }
}

#[test]
fn an_order_is_an_order() {
    let judged = |texts| judge(&scenario().in_order(texts), RIGHT);
    let right: &[&str] = &["hop=0 cpus=2", "hop=1 cpus=2", "initrd_sha256=*c"];
    assert_eq!(judged(right), Vec::<String>::new());
    let wrong: &[&str] = &["hop=1 cpus=2", "hop=0 cpus=2"];
    assert_eq!(judged(wrong), ["not shown in this order: hop=0 cpus=2"]);
    // One line is one place.
    let twice: &[&str] = &["hop=0 cpus=2", "hop=0 cpus=2"];
    assert_eq!(judged(twice), ["not shown in this order: hop=0 cpus=2"]);
}
