//! `--default` and `--list` with unified kernel images.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{Fake, Run, WILLING, bzimage, loaded};

/// A dry run by kexec_file_load, whose report names each file once.
fn chosen(fake: &Fake, arguments: &[&str]) -> Option<Run> {
    let all = [&["--dry-run", "-s", "-l"], arguments].concat();
    fake.run_in_root(&WILLING, &all)
}

/// A unified kernel image with an os-release, and two profiles.
fn uki(release: &str) -> Vec<u8> {
    kexec_testing::pe(&[
        (".osrel", release.as_bytes()),
        (".cmdline", b"root=/dev/uki"),
        (".initrd", b"070701"),
        (".linux", &bzimage(64 << 10)),
        (".profile", b"ID=main"),
        (".profile", b"ID=other"),
        (".cmdline", b"other"),
    ])
}

/// Nothing but unified kernel images: they are listed, and loaded, with their own command line before
/// --append.
#[test]
fn unified_kernel_images() {
    let fake = Fake::new("uki-entries");
    for (name, version) in [("fedora-41", "41"), ("fedora-42+3", "42")] {
        let release = format!(
            "NAME=Fedora\nID=fedora\nVERSION_ID={version}\nPRETTY_NAME=\"Fedora Linux {version}\"\n"
        );
        fake.put(&format!("boot/efi/EFI/Linux/{name}.efi"), uki(&release));
    }
    fake.put("boot/efi/EFI/Linux/a.EFI", "no image");
    let Some(list) = fake.run_in_root(&[], &["--list"]) else {
        return;
    };
    assert_eq!(
        (list.code, list.stdout.as_str()),
        (
            0,
            "* fedora-42+3.efi  Fedora Linux 42  42  [UKI]\n\
             \x20 fedora-41.efi  Fedora Linux 41  41  [UKI]\n\
             \x20 a.EFI  [UKI]\n\
             (* the default, by the order of the entries)\n"
        ),
        "{}",
        list.stderr
    );
    let is = |arguments: &[&str], file: &str, line: &str| {
        let run = chosen(&fake, arguments).unwrap();
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        let file = format!("/boot/efi/EFI/Linux/{file}.efi");
        assert_eq!(loaded(&run), [&file, &file, line], "{arguments:?}");
    };
    is(&["--default"], "fedora-42+3", "root=/dev/uki");
    is(
        &["--default", "--append=quiet"],
        "fedora-42+3",
        "root=/dev/uki quiet",
    );
    is(
        &["--default=fedora-41", "--profile=other"],
        "fedora-41",
        "other",
    );
    // As systemd-boot names the profiles.
    is(&["--default=fedora-41.efi@1"], "fedora-41", "other");
    is(&["--default=fedora-41@0"], "fedora-41", "root=/dev/uki");
    is(
        &["--default=fedora-41@1", "--profile=0"],
        "fedora-41",
        "root=/dev/uki",
    );
    for name in ["fedora-41@", "fedora-41@x", "fedora-41@-1", "fedora@1"] {
        let run = chosen(&fake, &[&format!("--default={name}")]).unwrap();
        assert_eq!(run.code, 255, "{name}: {}", run.stdout);
    }
    let run = chosen(&fake, &["--default=fedora-41@2"]).unwrap();
    assert!(
        run.stderr.contains("no profile of this number"),
        "{}",
        run.stderr
    );
    for method in ["-c", "-a", "-s"] {
        let run = fake.run_in_root(&WILLING, &[method, "-l", "--default"]);
        let run = run.unwrap();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{method}");
    }
    fake.put("boot/efi/loader/loader.conf", "default fedora-41.efi@1\n");
    is(&["--default"], "fedora-41", "other");
}

/// An entry of type 1 that names such an image.
#[test]
fn entries_that_name_a_unified_kernel_image() {
    let fake = Fake::new("uki-entry");
    fake.put("boot/x.efi", uki("ID=x"));
    let is = |entry: &str, line: &str| {
        fake.put("boot/loader/entries/x.conf", entry);
        let Some(run) = chosen(&fake, &["--default", "--append=quiet"]) else {
            return;
        };
        assert_eq!(run.code, 0, "{entry:?}: {}", run.stderr);
        assert_eq!(
            loaded(&run),
            ["/boot/x.efi", "/boot/x.efi", line],
            "{entry:?}"
        );
    };
    is("uki /x.efi\n", "root=/dev/uki quiet");
    is("uki /x.efi\nprofile 1\n", "other quiet");
    is("uki /x.efi\noptions ro rw\n", "ro rw quiet");
    is("uki /x.efi\noptions @1\n", "other quiet");
    is("uki /x.efi\noptions @1 ro\n", "ro quiet");
}
