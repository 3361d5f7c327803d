//! `--real-mode`, and images that have no other entry: planned on a machine with a BIOS, refused on others.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{FILE_LOAD, Fake, LOAD, Rule, bzimage, gives};

/// What nothing else gives: a call that is made is seen.
const SEEN: [Rule; 2] = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::E2BIG)];

/// A kernel, and an image with a real-mode entry only: without code32_start.
fn kernels(fake: &Fake) -> [String; 2] {
    let mut file = bzimage(64 << 10);
    let kernel = fake.file("kernel", &file);
    file[0x206..0x208].copy_from_slice(&[0x07, 0x02]);
    file[0x214..0x218].fill(0);
    file[0x234] = 0;
    [kernel, fake.file("lkrn", &file)]
}

#[test]
fn a_bios_machine_enters_real_mode() {
    let fake = Fake::new("real-mode-bios");
    let [kernel, lkrn] = kernels(&fake);
    for arguments in [&["--real-mode", &kernel][..], &[&lkrn], &["-c", &lkrn]] {
        let Some(run) = fake.run(&SEEN, &[&["--plan"], arguments].concat()) else {
            return;
        };
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        let entry = "\nkernel entry:    0x41200 in real mode\n";
        assert!(run.stdout.contains(entry), "{}", run.stdout);
        let json = [&["--plan=json"], arguments].concat();
        let json = fake.run(&SEEN, &json).unwrap().stdout;
        assert!(json.contains("\"kernel_mode\": \"real\""), "{json}");
        // The load is made.
        let load = fake.run(&SEEN, &[&["-l"], arguments].concat()).unwrap();
        assert!(
            load.stderr.contains("Argument list too long"),
            "{arguments:?}: {}",
            load.stderr
        );
    }
    // kexec_file_load has no such entry.
    let run = fake
        .run(&SEEN, &["-s", "-l", "--real-mode", &kernel])
        .unwrap();
    assert!(run.stderr.contains("--real-mode"), "{}", run.stderr);
}

#[test]
fn other_machines_are_refused() {
    let efi = Fake::new("real-mode-efi");
    efi.put("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n")
        .put("sys/firmware/efi/fw_platform_size", "64\n");
    let unknown = Fake::new("real-mode-unknown");
    unknown
        .remove("sys/firmware")
        .remove("sys/kernel/boot_params");
    for (fake, words) in [
        (
            &efi,
            "in real mode the image calls the BIOS, and this machine",
        ),
        (
            &unknown,
            "whether this machine was started by EFI is not known",
        ),
    ] {
        let [kernel, lkrn] = kernels(fake);
        for arguments in [&["-c", "--real-mode", &kernel][..], &["-c", &lkrn]] {
            let Some(run) = fake.run(&SEEN, &[&["-l"], arguments].concat()) else {
                return;
            };
            assert_eq!(run.code, 255, "{}", run.stderr);
            let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words), "{said}");
            let check = fake
                .run(&SEEN, &[&["--check"], arguments].concat())
                .unwrap();
            let said = check
                .stdout
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            assert!(check.code != 0 && said.contains(words), "{said}");
        }
    }
    let crash = Fake::with_crash_kernel("real-mode-crash");
    let [kernel, _] = kernels(&crash);
    let run = crash.run(&SEEN, &["-p", "-c", "--real-mode", &kernel]);
    let Some(run) = run else { return };
    assert!(
        run.code == 255 && run.stderr.contains("below 640 KiB"),
        "{}",
        run.stderr
    );
}
