//! A copy of what the table of sources names is the same machine.

use super::super::capture::capture_below;
use super::unknown::{SRAT, whole};
use super::*;
use crate::arch::Arch;
use crate::machine::sources::Needed;
use crate::memory::PageSize;
use std::collections::BTreeMap;

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
            "sys/devices/system/cpu/cpu10",
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
            "sys/firmware/memmap/0",
            "sys/firmware/memmap/0/start",
            "sys/firmware/memmap/0/end",
            "sys/firmware/memmap/0/type",
        ]
    );
    let gone = CString::new("/nowhere").unwrap();
    assert_eq!(each_source(&gone, |_, _| ()), Err(Errno::ENOENT));
}

const FACTS_HERE: KernelFacts = KernelFacts {
    arch: Some(Arch::X86_64),
    page_size: PageSize::K16,
    total_ram: Some(7 << 30),
    five_level_paging: Known::Yes,
};

/// A capture as a directory, and what was said of what could not be read.
fn captured(fake: &Fake, name: &str, command_line: bool) -> (Fake, BTreeMap<String, Errno>) {
    let into = Fake::new(name);
    let mut unread = BTreeMap::new();
    let mut buffer = std::vec![0; 64 << 10];
    let mut each = |entry: Captured<'_>| {
        let path = entry.path.to_str().unwrap();
        let to = into.0.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        match entry.contents {
            Some(contents) => fs::write(&to, contents).unwrap(),
            None => fs::create_dir_all(&to).unwrap(),
        }
        if let Some(errno) = entry.unread {
            unread.insert(path.to_string(), errno);
        }
        true
    };
    capture_below(
        &fake.path(),
        command_line,
        FACTS_HERE,
        &mut buffer,
        &mut each,
    )
    .unwrap();
    (into, unread)
}

/// What the machine knows of itself: its files, then what it is asked.
fn known_there(fake: &Fake) -> String {
    let mut machine = fake.read();
    FACTS_HERE.complete(&mut machine);
    // Not the command line, of which a capture may have a part.
    let words = machine.command_line.parameters().map(|line| {
        let words: Vec<_> = crate::machine::planning_words(line).collect();
        words.join(&b' ')
    });
    let Machine {
        platform,
        memory,
        iomem,
        maps,
        crash,
        dump,
        kernel,
        efi,
        kexec,
        xen,
        hot_plug,
        x86,
        command_line: _,
        // Not copied.
        host: _,
    } = &*machine;
    let page = x86
        .boot_params
        .get()
        .map(|page| String::from_utf8_lossy(page));
    format!(
        "{words:?} {page:?} {:?} {platform:?} {memory:?} {iomem:?} {maps:?} {crash:?} {dump:?} \
         {kernel:?} {efi:?} {kexec:?} {xen:?} {hot_plug:?}",
        (x86.five_level_paging, x86.gbpages)
    )
}

/// Puts in the place of what is there what cannot be read as it, by any user.
fn spoil(path: &std::path::Path, kept: &std::path::Path) {
    let is_directory = path.is_dir();
    fs::rename(path, kept).unwrap();
    if is_directory {
        fs::write(path, "").unwrap();
    } else {
        fs::create_dir(path).unwrap();
    }
}

fn everything(name: &str) -> Fake {
    let fake = whole(name);
    fake.efi()
        .memmap(0, 0, 0x9_fbff, "System RAM")
        .memmap(11, 0x10_0000, 0x3fff_ffff, "System RAM")
        .file("sys/kernel/boot_params/setup_data/0/type", "0x1\n")
        .file("sys/kernel/boot_params/setup_data/0/data", [0; 20])
        .file("sys/kernel/kexec/crash_cma_ranges", "1000-1fff\n")
        .file("sys/kernel/security/lockdown", "[none] integrity\n")
        .file("sys/firmware/acpi/tables/SRAT", SRAT)
        .file("proc/meminfo", "MemTotal: 4 kB\n")
        .file("proc/self/status", "CapEff:\t0000000000400000\n")
        .file("proc/cmdline", "efi=noruntime quiet add_efi_memmap\n");
    fake
}

#[test]
fn a_capture_reads_as_the_machine() {
    let fake = everything("capture-whole");
    let there = known_there(&fake);
    for command_line in [false, true] {
        let (copy, unread) = captured(&fake, "capture-whole-copy", command_line);
        assert_eq!(unread.into_iter().next(), None);
        assert!(known_there(&copy) == there, "{command_line}");
        let machine = copy.read();
        assert_eq!(machine.platform.arch, Some(Arch::X86_64));
        assert_eq!(machine.platform.page_size, PageSize::K16);
        assert_eq!(machine.platform.total_ram, Some(4096));
        assert_eq!(machine.command_line.is_partial(), !command_line);
        assert_eq!(machine.command_line.get().is_some(), command_line);
        // What system calls give counts where a file does not say it.
        fs::remove_file(copy.0.join("proc/meminfo")).unwrap();
        assert_eq!(copy.read().platform.total_ram, Some(7 << 30));
        copy.file("kexec/facts", "kexec-capture 2\n");
        let mut machine = Box::new(Machine::new());
        let read = read_machine_at(&copy.path(), &mut machine);
        assert_eq!(read, Err(Errno::EOPNOTSUPP));
    }
}

/// Absent and unreadable differ, there and in the capture: each source that is there is made
/// unreadable, then removed.
#[test]
fn unknown_stays_unknown() {
    let fake = everything("capture-unread");
    let kept = fake.0.join("kept");
    let mut paths = listed(&fake, |_| true);
    // One entry of each directory is enough.
    let more = ["runtime-map/1", "runtime-map/2", "memmap/11", "cpu/cpu1"];
    paths.retain(|path| fake.0.join(path).exists() && !more.iter().any(|more| path.contains(more)));
    assert!(paths.len() > 30, "{paths:?}");
    let mut differ = 0;
    for path in &paths {
        let at = fake.0.join(path);
        spoil(&at, &kept);
        let (copy, unread) = captured(&fake, "capture-unread-copy", false);
        let there = known_there(&fake);
        assert!(known_there(&copy) == there, "{path} is not readable");
        // Of an entry it only counts that it is listed.
        let is_entry = path.ends_with(|last: char| last.is_ascii_digit());
        assert_eq!(unread.contains_key(path), !is_entry, "{path}: {unread:?}");
        drop(copy);
        match at.is_dir() {
            true => fs::remove_dir(&at).unwrap(),
            false => fs::remove_file(&at).unwrap(),
        }
        let (copy, unread) = captured(&fake, "capture-absent-copy", false);
        let absent = known_there(&fake);
        assert!(known_there(&copy) == absent, "{path} is absent");
        assert!(!unread.contains_key(path), "{path}");
        assert!(!copy.0.join(path).exists(), "{path}");
        differ += usize::from(absent != there);
        fs::rename(&kept, &at).unwrap();
    }
    // /proc/iomem, the EFI map, what the CMA has, sizes of notes: see docs/unknown.md.
    assert!(differ >= 4, "{differ}");
}

#[test]
fn secrets_stay() {
    let fake = everything("capture-secret");
    let kcore = fs::read(fake.0.join("proc/kcore")).unwrap();
    fake.file("sys/kernel/boot_params/setup_data/1/type", "0x9\n")
        .file("sys/kernel/boot_params/setup_data/1/data", "SECRET")
        .file("proc/kcore", [&kcore[..], b"SECRET"].concat())
        .file("proc/cmdline", "key=SECRET efi=noruntime\n")
        .file("proc/version", "SECRET")
        .file("sys/firmware/memmap/0/other", "SECRET");
    let secret = |copy: &Fake| {
        let mut found = Vec::new();
        let mut left = std::vec![copy.0.clone()];
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|one| one.unwrap().path()));
            } else if fs::read(&path)
                .unwrap()
                .windows(6)
                .any(|at| at == b"SECRET")
            {
                found.push(path.strip_prefix(&copy.0).unwrap().to_path_buf());
            }
        }
        found
    };
    let (copy, _) = captured(&fake, "capture-secret-copy", false);
    assert_eq!(secret(&copy), Vec::<PathBuf>::new());
    let parameters = fs::read(copy.0.join("kexec/parameters")).unwrap();
    assert_eq!(parameters, b"efi=noruntime\n");
    let kept = copy.0.join("sys/kernel/boot_params/setup_data/1/type");
    assert!(kept.exists());
    assert_eq!(fs::read(copy.0.join("proc/kcore")).unwrap(), kcore);
    let (copy, _) = captured(&fake, "capture-changed-copy", true);
    assert_eq!(secret(&copy), [PathBuf::from("proc/cmdline")]);
    assert!(!copy.0.join("kexec/parameters").exists());
    assert!(!secret(&fake).is_empty());
}

#[test]
fn a_file_that_does_not_fit_is_not_cut() {
    let fake = everything("capture-large");
    fake.file("proc/iomem", std::vec![b'x'; 64 << 10]);
    let (_, unread) = captured(&fake, "capture-large-copy", false);
    assert_eq!(unread.into_iter().next(), None);
    fake.file("proc/iomem", std::vec![b'x'; (64 << 10) + 1])
        .file("proc/cpuinfo", std::vec![b'x'; 100 << 10]);
    let (copy, unread) = captured(&fake, "capture-larger-copy", false);
    let unread: Vec<_> = unread.into_iter().collect();
    assert_eq!(unread, [("proc/iomem".to_string(), Errno::EFBIG)]);
    assert!(copy.0.join("proc/iomem").is_dir());
    let cpuinfo = fs::metadata(copy.0.join("proc/cpuinfo")).unwrap();
    assert_eq!(cpuinfo.len(), 64 << 10);
}
