//! A copy of what the table of sources names is the same machine.

use super::unknown::whole;
use super::*;
use crate::machine::sources::Needed;

/// The paths, a line each.
fn listed(fake: &Fake, only: impl Fn(Needed) -> bool) -> Vec<String> {
    let mut paths = Vec::new();
    each_source(&fake.path(), |source, path| {
        if only(source.needed) {
            paths.push(path.to_str().unwrap().to_string());
        }
    })
    .unwrap();
    paths
}

/// All that is listed, and nothing else.
fn copy(fake: &Fake, name: &str) -> Fake {
    let copy = Fake::new(name);
    for path in listed(fake, |_| true) {
        let (from, to) = (fake.0.join(&path), copy.0.join(&path));
        if from.parent().unwrap().is_dir() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
        }
        if from.is_dir() {
            fs::create_dir_all(to).unwrap();
        } else if from.is_file() {
            fs::write(to, fs::read(from).unwrap()).unwrap();
        }
    }
    copy
}

/// Everything that is known, but for the command line's buffer.
fn known(fake: &Fake) -> String {
    let machine = fake.read();
    format!("{machine:?}")
}

#[test]
fn a_copy_is_the_same_machine() {
    let fake = whole("captured");
    fake.efi()
        .memmap(0, 0, 0x9_fbff, "System RAM")
        .memmap(11, 0x10_0000, 0x3fff_ffff, "System RAM")
        .file("sys/kernel/boot_params/setup_data/0/type", "0x1\n")
        .file("sys/kernel/boot_params/setup_data/0/data", [0; 20])
        .file("sys/kernel/kexec_loaded", "1\n")
        .file("sys/kernel/kexec/crash_loaded", "0\n")
        .file("sys/kernel/kexec/crash_cma_ranges", "1000-1fff\n")
        .file("sys/kernel/crash_elfcorehdr_size", "4096\n")
        .file("sys/kernel/security/lockdown", "[none] integrity\n")
        .file("sys/hypervisor/type", "xen\n")
        .file("sys/hypervisor/guest_type", "HVM\n")
        .file("proc/xen/capabilities", "control_d\n")
        .file("proc/meminfo", "MemTotal: 4 kB\n")
        .file("proc/self/status", "CapEff:\t0000000000400000\n")
        .file("proc/sys/kernel/kexec_load_disabled", "0\n")
        .file("proc/sys/kernel/kexec_load_limit_reboot", "3\n")
        .file("proc/sys/kernel/kexec_load_limit_panic", "-1\n");
    // A CPU that is there and does not say where its registers will be.
    fake.file("sys/devices/system/cpu/possible", "0-2\n")
        .file("sys/devices/system/cpu/cpu2/other", "");
    let copied = copy(&fake, "copied");
    assert!(!copied.0.join("sys/devices/system/cpu/cpu2/other").exists());
    assert_eq!(known(&copied), known(&fake));
    // No file is read without need: removing any file changes the facts.
    for file in [
        "proc/self/status",
        "proc/iomem",
        "proc/cmdline",
        "proc/kcore",
        "proc/meminfo",
        "sys/kernel/kexec_loaded",
        "sys/kernel/vmcoreinfo",
        "sys/firmware/memmap/11/end",
        "sys/firmware/efi/runtime-map/2/attribute",
        "sys/devices/system/cpu/cpu1/crash_notes",
    ] {
        let kept = fs::read(copied.0.join(file)).unwrap();
        fs::remove_file(copied.0.join(file)).unwrap();
        assert_ne!(known(&copied), known(&fake), "{file}");
        fs::write(copied.0.join(file), kept).unwrap();
    }
    assert_eq!(known(&copied), known(&fake));
}

#[test]
fn the_paths_are_listed_with_the_entries_that_are_there() {
    let fake = Fake::new("listed");
    fake.memmap(0, 0, 0xfff, "System RAM")
        .file("sys/firmware/memmap/x/start", "")
        .file("sys/devices/system/cpu/cpu10/other", "")
        .file("sys/devices/system/cpu/cpufreq/other", "");
    let crash = listed(&fake, |needed| needed == Needed::Crash);
    assert_eq!(
        crash,
        [
            "sys/devices/system/cpu/possible",
            "sys/devices/system/cpu",
            "sys/devices/system/cpu/cpu10/crash_notes",
            "sys/devices/system/cpu/cpu10/crash_notes_size",
            "sys/kernel/vmcoreinfo",
            "sys/kernel/kexec/crash_elfcorehdr_size",
            "sys/kernel/crash_elfcorehdr_size",
            "sys/kernel/kexec/crash_cma_ranges",
            "sys/kernel/kexec_crash_cma_ranges",
            "proc/sys/kernel/osrelease",
            "proc/kcore",
        ]
    );
    let memmap: Vec<_> = listed(&fake, |needed| needed == Needed::Plan)
        .into_iter()
        .filter(|path| path.contains("memmap"))
        .collect();
    assert_eq!(
        memmap,
        [
            "sys/firmware/memmap",
            "sys/firmware/memmap/0/start",
            "sys/firmware/memmap/0/end",
            "sys/firmware/memmap/0/type",
        ]
    );
    let gone = CString::new("/nowhere").unwrap();
    assert_eq!(each_source(&gone, |_, _| ()), Err(Errno::ENOENT));
}
