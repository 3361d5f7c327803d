//! Machines, each with one thing that a good one does not have, and what is said of a load.

use crate::common::{FILE_LOAD, LOAD, Rule, gives};

/// What the kernel says to a caller without CAP_SYS_BOOT; it says nothing else in a check.
pub const BOTH: [Rule; 2] = [gives(FILE_LOAD, libc::EPERM), gives(LOAD, libc::EPERM)];
pub const NO_FILE_LOAD: [Rule; 2] = [gives(FILE_LOAD, libc::ENOSYS), gives(LOAD, libc::EPERM)];
pub const NO_LOAD: [Rule; 2] = [gives(FILE_LOAD, libc::EPERM), gives(LOAD, libc::ENOSYS)];

/// One machine: how it differs from a good one, and what is said of a load by an option.
pub struct Case {
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    pub option: &'static str,
    pub rules: [Rule; 2],
    pub code: i32,
    pub says: &'static [&'static str],
}

pub const YES: &[&str] = &["verdict:         yes, by kexec_file_load\n"];
pub const YES_BY_LOAD: &[&str] = &["verdict:         yes, by kexec_load\n"];

pub const fn case(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    option: &'static str,
    code: i32,
    says: &'static [&'static str],
) -> Case {
    Case {
        name,
        files,
        option,
        rules: BOTH,
        code,
        says,
    }
}

pub const LOCKED: &str = "none [integrity] confidentiality\n";
pub const LOCKDOWN: &str = "sys/kernel/security/lockdown";
pub const CONFIG: &str = "boot/config-6.12.0";
pub const FORCED: &str = "CONFIG_KEXEC_SIG=y\nCONFIG_KEXEC_SIG_FORCE=y\n";

/// An empty text stands for a file that is not there.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    case("good", &[], "-a", 0, YES),
    case("good-s", &[], "-s", 0, YES),
    case("good-c", &[], "-c", 0, YES_BY_LOAD),
    case("disabled", &[("proc/sys/kernel/kexec_load_disabled", "1\n")], "-a", 255,
        &["verdict:         no\nreason:          kernel.kexec_load_disabled is 1, which lasts until the next boot\n"]),
    case("disabled-unknown", &[("proc/sys/kernel/kexec_load_disabled", "")], "-a", 2,
        &["verdict:         not known\nnot known:       kernel.kexec_load_disabled; mount /proc\n"]),
    case("limit", &[("proc/sys/kernel/kexec_load_limit_reboot", "0\n")], "-c", 255,
        &["reason:          kernel.kexec_load_limit_reboot is used up, which lasts until the next boot\n"]),
    case("limit-left", &[("proc/sys/kernel/kexec_load_limit_reboot", "1\n")], "-a", 0, YES),
    case("limit-unknown", &[("proc/sys/kernel/kexec_load_limit_reboot", "")], "-s", 2,
        &["not known:       how many loads are allowed (kernel.kexec_load_limit_...); mount /proc\n"]),
    case("limit-old", &[("proc/sys/kernel/kexec_load_limit_reboot", ""),
        ("proc/sys/kernel/osrelease", "6.1.0\n"), ("boot/config-6.1.0", "CONFIG_KEXEC=y\n")], "-a", 0, YES),
    case("lockdown", &[(LOCKDOWN, LOCKED)], "-c", 255,
        &["reason:          kexec_load: the kernel is locked down (see /sys/kernel/security/lockdown): only \
           signed kernels, only by kexec_file_load; use -s\n"]),
    case("lockdown-file", &[(LOCKDOWN, LOCKED)], "-a", 255,
        &["reason:          kexec_file_load: the kernel is locked down (see /sys/kernel/security/lockdown) and \
           this image has no signature it trusts; use a kernel signed by the distribution",
          "kexec_load is not tried, because it would bypass that\n"]),
    case("lockdown-unknown", &[(LOCKDOWN, "")], "-c", 2,
        &["not known:       kexec_load: whether the kernel is locked down, as under Secure Boot; mount securityfs \
           on /sys/kernel/security\n"]),
    case("lockdown-none", &[(LOCKDOWN, ""), ("sys/kernel/security/lsm", "capability,yama\n")], "-c", 0, YES_BY_LOAD),
    case("lockdown-lsm", &[(LOCKDOWN, ""), ("sys/kernel/security/lsm", "lockdown,yama\n")], "-c", 2,
        &["not known:       kexec_load: whether the kernel is locked down"]),
    case("forced", &[(CONFIG, FORCED)], "-s", 255,
        &["reason:          kexec_file_load: the image's signature, or the PE file that carries it, is damaged; \
           use an unchanged, signed kernel; kexec_load is not tried, because it would bypass that\n"]),
    case("forced-c", &[(CONFIG, FORCED)], "-c", 0, YES_BY_LOAD),
    case("signature-unknown", &[(CONFIG, "")], "-s", 2,
        &["not known:       kexec_file_load: whether the kernel demands a signature, which this image does not \
           have; see CONFIG_KEXEC_SIG_FORCE"]),
    case("secure-boot", &[("sys/firmware/efi/fw_platform_size", "64\n"), ("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n"),
        (SECURE_BOOT, "\x06\0\0\0\x01")], "-c", 2,
        &["not known:       kexec_load: whether IMA forbids this call, as it may under Secure Boot; use -s\n"]),
    case("secure-boot-off", &[("sys/firmware/efi/fw_platform_size", "64\n"), ("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n"),
        (SECURE_BOOT, "\x06\0\0\0\0")], "-s", 0, YES),
    case("memory", &[("proc/meminfo", "MemTotal: 3145728 kB\nMemAvailable: 64 kB\n")], "-c", 255,
        &["reason:          kexec_load: 2 MiB of memory are needed and 0 MiB are available; free some, or use a \
           smaller initrd\n"]),
    case("memory-file", &[("proc/meminfo", "MemTotal: 3145728 kB\nMemAvailable: 64 kB\n")], "-a", 255,
        &["reason:          kexec_file_load: 1 MiB of memory are needed and 0 MiB are available"]),
    case("memory-unknown", &[("proc/meminfo", "MemTotal: 3145728 kB\n")], "-a", 2,
        &["not known:       kexec_file_load: how much memory is available; mount /proc\n"]),
    case("xen", &[("proc/xen/capabilities", "control_d\n")], "-a", 255,
        &["reason:          this is Xen's control domain"]),
    case("handover", &[("sys/kernel/debug/kho/out/sub_fdts/LUO", ""), ("sys/kernel/debug/kho/out/sub_fdts/memblock", "x"),
        ("sys/class/misc/liveupdate/dev", "10:1\n")], "-c", 0,
        &["verdict:         yes, by kexec_load\nwarning:         kexec_load: the new kernel does not get the state \
           that this one hands over (KHO): memblock, with the files preserved by /dev/liveupdate; use -s\n"]),
    case("handover-s", &[("sys/kernel/debug/kho/out/sub_fdts/memblock", "x")], "-s", 0, YES),
    case("handover-unknown", &[("proc/sys/kernel/osrelease", "7.3.4\n")], "-c", 0,
        &["verdict:         yes, by kexec_load\nwarning:         kexec_load: whether this kernel hands state over to \
           the next (KHO), which would be lost; mount debugfs on /sys/kernel/debug, or use -s\n"]),
    case("handover-off", &[("proc/sys/kernel/osrelease", "7.3.4\n"), ("proc/cmdline", "ro kho=off\n")], "-c", 0, YES_BY_LOAD),
    case("handover-unconfigured", &[("proc/sys/kernel/osrelease", "7.3.4\n"), ("boot/config-7.3.4", "CONFIG_KEXEC=y\n")],
        "-c", 0, YES_BY_LOAD),
    case("finalised", &[("sys/kernel/debug/kho/out/finalize", "1\n")], "-c", 255,
        &["reason:          kexec_load: the new kernel does not get the state that this one hands over (KHO); use -s, \
           or --force-lose-handover, for that state is finalised\n"]),
    case("watchdog", &[("sys/class/watchdog/watchdog1/state", "active\n"), ("sys/class/watchdog/watchdog1/timeout", "60\n"),
        ("sys/class/watchdog/watchdog1/nowayout", "0\n"), ("sys/class/watchdog/watchdog0/state", "inactive\n")], "-a", 0,
        &["verdict:         yes, by kexec_file_load\nwarning:         watchdog1 runs, and resets the machine after 60 s \
           unless the new kernel feeds it: it needs the driver early; or stop it first\n"]),
    case("watchdog-no-way-out", &[("sys/class/watchdog/watchdog0/state", "active\n"),
        ("sys/class/watchdog/watchdog0/nowayout", "1\n")], "-a", 0,
        &["watchdog0 runs, and resets the machine unless the new kernel feeds it: it needs the driver early\n"]),
    case("watchdog-unknown", &[("sys/class/watchdog/watchdog0/name", "x\n")], "-a", 0,
        &["warning:         whether a watchdog runs, which the new kernel must feed\n"]),
    Case { rules: NO_FILE_LOAD, ..case("no-file-load", &[], "-s", 253,
        &["reason:          kexec_file_load: this kernel is built without CONFIG_KEXEC_FILE, or a seccomp filter \
           hides it; use -c\n"]) },
    Case { rules: NO_FILE_LOAD, ..case("no-file-load-a", &[], "-a", 0,
        &["verdict:         yes, by kexec_load\nreason:          kexec_file_load: this kernel is built without"]) },
    Case { rules: NO_LOAD, ..case("no-load", &[], "-c", 255,
        &["reason:          kexec_load: this kernel is built without CONFIG_KEXEC, or a seccomp filter hides it\n"]) },
    Case { rules: NO_LOAD, ..case("no-load-a", &[], "-a", 0, YES) },
];

pub const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
