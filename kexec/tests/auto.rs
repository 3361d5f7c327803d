//! Which system call loads: the rules of `-a`, `-s` and `-c`, on kernels that refuse as configured.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{Directory, FILE_LOAD, LOAD, flags_give, gives, kexec_with};

const DEBUG: u32 = 0x8;
const NO_INITRAMFS: u32 = 0x4;
const NO_CMA: u32 = 0x10;
const FORCE_DTB: u32 = 0x20;

#[test]
fn falls_back_exactly_where_that_can_help() {
    let (_directory, kernel) = Directory::with_kernel("falls-back");
    for errno in 1..134 {
        let rules = [gives(FILE_LOAD, errno), gives(LOAD, 0)];
        if errno == libc::EBUSY {
            continue;
        }
        let run = kexec_with(&rules, &["-l", &kernel]);
        let helps = [libc::ENOSYS, libc::EINVAL, libc::ENOEXEC, libc::EOPNOTSUPP];
        let code = if helps.contains(&errno) { 0 } else { 255 };
        assert_eq!(run.code, code, "errno {errno}: {}", run.stderr);
        if code == 0 {
            assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
        } else {
            assert!(run.stderr.contains("kexec_file_load failed: "));
        }
    }
}

#[test]
fn a_refused_signature_is_final_and_explained() {
    let (_directory, kernel) = Directory::with_kernel("signature");
    for (errno, words) in [
        (libc::ENOKEY, "Required key not available"),
        (libc::ENOKEY, "mokutil"),
        (libc::EKEYREJECTED, "Key was rejected by service"),
        (libc::ENODATA, "not signed"),
        (libc::ENOPKG, "Package not installed"),
        (libc::EBADMSG, "damaged"),
        (libc::ELIBBAD, "damaged"),
        (libc::EMSGSIZE, "damaged"),
        // The kernel's own ENOTSUPP.
        (524, "damaged"),
    ] {
        let rules = [gives(FILE_LOAD, errno), gives(LOAD, 0)];
        for option in ["-l", "-ls", "-la"] {
            let run = kexec_with(&rules, &[option, &kernel]);
            assert_eq!(run.code, 255, "{errno}");
            assert!(run.stderr.contains(words), "{errno}: {}", run.stderr);
            assert!(run.stderr.contains("kexec_load is not tried"));
        }
    }
    let rules = [gives(FILE_LOAD, libc::EPERM), gives(LOAD, 0)];
    let run = kexec_with(&rules, &["-l", &kernel]);
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("Operation not permitted"));
    assert!(run.stderr.lines().count() >= 2, "{}", run.stderr);
}

#[test]
fn one_call_only_by_option() {
    let (_directory, kernel) = Directory::with_kernel("one-call");
    let only_load = [gives(FILE_LOAD, libc::EINVAL), gives(LOAD, 0)];
    let only_file = [gives(FILE_LOAD, 0), gives(LOAD, libc::EINVAL)];
    assert_eq!(kexec_with(&only_load, &["-c", "-l", &kernel]).code, 0);
    // The exit code of kexec(8) where the other call may help.
    for (errno, code) in [
        (libc::EINVAL, 253),
        (libc::ENOEXEC, 253),
        (libc::EOPNOTSUPP, 253),
        (libc::EPERM, 255),
        (libc::ENOMEM, 255),
    ] {
        let rules = [gives(FILE_LOAD, errno), gives(LOAD, 0)];
        let run = kexec_with(&rules, &["-s", "-l", &kernel]);
        assert_eq!(run.code, code, "{}", run.stderr);
        assert!(!run.stderr.contains("not available"), "{}", run.stderr);
    }
    assert_eq!(kexec_with(&only_file, &["-c", "-l", &kernel]).code, 255);
    assert_eq!(kexec_with(&only_file, &["-s", "-l", &kernel]).code, 0);
    assert_eq!(kexec_with(&only_file, &["-l", &kernel]).code, 0);
    let run = kexec_with(&only_file, &["-c", "-l", &kernel]);
    assert!(run.stderr.contains("kexec_load failed: Invalid argument"));
    // Without a mode nothing is shut down when the load failed.
    assert_eq!(kexec_with(&only_file, &["-c", &kernel]).code, 255);
    // Unloading: the other call only where the first is not there.
    assert_eq!(kexec_with(&only_file, &["-u"]).code, 0);
    assert_eq!(kexec_with(&only_load, &["-u"]).code, 255);
    let no_file = [gives(LOAD, 0)];
    assert_eq!(kexec_with(&no_file, &["-u"]).code, 0);
    assert_eq!(kexec_with(&no_file, &["-u", "-s"]).code, 253);
}

#[test]
fn options_only_kexec_load_knows() {
    let (_directory, kernel) = Directory::with_kernel("only-load");
    let both = [gives(FILE_LOAD, 0), gives(LOAD, 0)];
    let only_load = [gives(FILE_LOAD, libc::EKEYREJECTED), gives(LOAD, 0)];
    let only_file = [gives(FILE_LOAD, 0)];
    for option in [
        "--mem-min=0x1000",
        "--mem-max=0xffffffffffff",
        "--noefi",
        "--console-serial",
        "--console-vga",
        "--reset-vga",
        "--serial=ttyS1",
        "--serial-baud=0",
        "--on-mismatch=reboot",
    ] {
        // -a goes straight to the call that knows them ...
        let run = kexec_with(&only_load, &["-l", option, &kernel]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{option}");
        // ... and says so when there is only the other.
        for arguments in [&["-l", option, &kernel][..], &["-ls", option, &kernel]] {
            let run = kexec_with(&only_file, arguments);
            assert_eq!(run.code, 0);
            assert!(run.stderr.contains("is ignored by kexec_file_load"));
        }
    }
    // The kernel always verifies what kexec_file_load loads; nobody misses -i.
    let run = kexec_with(&both, &["-l", "-i", &kernel]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn flags_the_kernel_does_not_know() {
    let (_directory, kernel) = Directory::with_kernel("flags");
    let without = |bits| [flags_give(bits, libc::EINVAL), gives(FILE_LOAD, 0)];
    // -d only adds words to a log.
    let run = kexec_with(&without(DEBUG), &["-s", "-l", "-d", &kernel]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // A kernel that does not know --no-cma takes no memory from there.
    let run = kexec_with(&without(NO_CMA), &["-s", "-l", "--no-cma", &kernel]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    // --force-dtb was asked for and cannot be had: nothing is loaded, by no call.
    let mut rules = without(FORCE_DTB).to_vec();
    rules.push(gives(LOAD, 0));
    for option in ["-s", "-a"] {
        let run = kexec_with(&rules, &[option, "-l", "--force-dtb", &kernel]);
        assert_eq!(run.code, 255);
        assert!(run.stderr.contains("--force-dtb"), "{}", run.stderr);
    }
    // All three together where all are known, and no more flags than asked for.
    let all = DEBUG | NO_CMA | FORCE_DTB | NO_INITRAMFS;
    let exact = [flags_give(!all, libc::E2BIG), gives(FILE_LOAD, 0)];
    let arguments = ["-s", "-l", "-d", "--no-cma", "--force-dtb", &kernel];
    assert_eq!(kexec_with(&exact, &arguments).code, 0);
}

#[test]
fn the_flags_say_whether_there_is_an_initrd() {
    let (directory, kernel) = Directory::with_kernel("initrd-flag");
    let initrd = format!("--initrd={}", directory.file("initrd", b"070701"));
    let without = [flags_give(NO_INITRAMFS, 0), gives(FILE_LOAD, libc::E2BIG)];
    assert_eq!(kexec_with(&without, &["-s", "-l", &kernel]).code, 0);
    assert_eq!(
        kexec_with(&without, &["-s", "-l", &kernel, &initrd]).code,
        255
    );
    let with = [flags_give(NO_INITRAMFS, libc::E2BIG), gives(FILE_LOAD, 0)];
    for initrds in 1..4 {
        let mut arguments = vec!["-s", "-l", &kernel];
        arguments.extend(core::iter::repeat_n(initrd.as_str(), initrds));
        let run = kexec_with(&with, &arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
}

#[test]
fn busy_is_waited_for_but_not_for_ever() {
    let (_directory, kernel) = Directory::with_kernel("busy");
    let start = std::time::Instant::now();
    let run = kexec_with(&[gives(LOAD, libc::EBUSY)], &["-c", "-l", &kernel]);
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("Device or resource busy"));
    let seconds = start.elapsed().as_secs_f64();
    assert!((0.5..30.0).contains(&seconds), "{seconds}");
}
