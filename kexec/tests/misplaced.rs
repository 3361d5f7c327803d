//! Files and words in the wrong place: named by what they were given as.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{Directory, FILE_LOAD, LOAD, Rule, bzimage, gives, kexec_with};

/// Both calls go well.
const KIND: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

#[test]
fn a_missing_file_is_named_by_its_role() {
    let directory = Directory::new("roles");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    let missing = directory.path("missing");
    let (initrd, dtb) = (format!("--initrd={missing}"), format!("--dtb={missing}"));
    for method in ["-s", "-c", "-a"] {
        for (arguments, role) in [
            (&[method, "-l", &missing][..], "kernel"),
            (&[method, "-l", &kernel, &initrd], "initrd"),
            (&[method, "-l", &kernel, &dtb], "dtb"),
            // The same file twice: the kernel is opened first.
            (&[method, "-l", &initrd, &missing], "kernel"),
        ] {
            let run = kexec_with(&KIND, arguments);
            let words = format!("cannot use the {role} {missing}: ");
            assert!(run.stderr.contains(&words), "{arguments:?}: {}", run.stderr);
        }
    }
}

#[test]
fn words_after_the_kernel_are_warned_of() {
    let directory = Directory::new("words");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    // --append=$(cat /proc/cmdline) without quotes, after the kernel.
    let arguments = ["-l", &kernel, "--append=root=/dev/x", "ro", "quiet"];
    let run = kexec_with(&KIND, &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning: ro and the words"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--append=\"...\""), "{}", run.stderr);
    let run = kexec_with(&KIND, &["-l", &kernel, "--append=root=/dev/x ro quiet"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

/// No call would load it: kexec(8)'s code for "the other call may" is not given.
#[test]
fn what_is_no_kernel_is_not_one_for_the_other_call() {
    let directory = Directory::new("no-kernel");
    let page = directory.file("page", &b"<!DOCTYPE html>\n<html>\n".repeat(100));
    let short = directory.file("short", b"x");
    let elf = directory.file(
        "elf",
        &[b"\x7fELF\x02\x01\x01".as_slice(), &[0; 1000]].concat(),
    );
    for errno in [libc::ENOEXEC, libc::EINVAL] {
        let rules = [gives(FILE_LOAD, errno), gives(LOAD, 0)];
        for path in [&page, &short] {
            let run = kexec_with(&rules, &["-s", "-l", path]);
            assert_eq!(run.code, 255, "{}", run.stderr);
            assert!(run.stderr.contains("not a kernel"), "{}", run.stderr);
            assert!(!run.stderr.contains("-c"), "{}", run.stderr);
        }
        let run = kexec_with(&rules, &["-s", "-l", &elf]);
        assert_eq!(run.code, 253, "{}", run.stderr);
    }
    let run = kexec_with(&[gives(LOAD, 0)], &["-s", "-l", &page]);
    assert_eq!(run.code, 253, "{}", run.stderr);
}

#[test]
fn an_initrd_in_the_kernels_place() {
    let directory = Directory::new("initrd-as-kernel");
    let cpio = directory.file("cpio", &[b"070701".as_slice(), &[b'0'; 1000]].concat());
    let bzip2 = directory.file("bzip2", &[b"BZh9".as_slice(), &[0; 1000]].concat());
    for method in ["-s", "-c", "-a"] {
        for (path, words) in [
            (&cpio, "not a kernel but an initrd (a cpio archive)"),
            (&bzip2, "if it is an initrd, give it by --initrd="),
        ] {
            let run = kexec_with(&KIND, &[method, "-l", path]);
            assert_eq!(run.code, 255, "{}", run.stderr);
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
    }
}

#[test]
fn an_initrd_that_no_kernel_unpacks_is_warned_of() {
    let directory = Directory::new("no-initrd");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    let good = format!("--initrd={}", directory.file("good", b"070701"));
    let page = directory.file("page", b"<!DOCTYPE html>");
    for method in ["-s", "-c", "-a"] {
        let initrd = format!("--initrd={page}");
        let run = kexec_with(&KIND, &[method, "-l", &kernel, &good, &initrd]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let words = format!("warning: the initrd {page} is neither");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
        assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
    }
}
