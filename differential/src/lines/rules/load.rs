//! Differences of loads.

use super::{Seen, all};
use crate::lines::kernel::{Call, Event, Given, Run, SIGNALLED};

/// Options that kexec_file_load cannot do.
const LOAD_ONLY: [&str; 15] = [
    "mem-min",
    "mem-max",
    "noefi",
    "reset-vga",
    "console-vga",
    "console-serial",
    "serial",
    "serial-baud",
    "args-linux",
    "args-elf",
    "args-none",
    "pass-memmap-cmdline",
    "dtb",
    "entry-32bit",
    "real-mode",
];
/// Architecture's flag of kexec_load.
const X86_64: u64 = 62 << 16;
/// KEXEC_UPDATE_ELFCOREHDR.
const UPDATE_ELFCOREHDR: u64 = 4;

fn is_auto(seen: &Seen<'_>) -> bool {
    let call = seen
        .words
        .last(&["kexec-syscall", "kexec-file-syscall", "kexec-syscall-auto"]);
    matches!(call, None | Some("kexec-syscall-auto"))
}

fn is_file_only(seen: &Seen<'_>) -> bool {
    let call = seen
        .words
        .last(&["kexec-syscall", "kexec-file-syscall", "kexec-syscall-auto"]);
    call == Some("kexec-file-syscall")
}

/// Changes the loads of a run; returns whether one was changed.
fn change(reference: &mut Run, change: impl Fn(&mut Given) -> bool) -> bool {
    let mut changed = false;
    for event in &mut reference.events {
        if let Event::Load(given) = event {
            changed |= change(given);
        }
    }
    changed
}

/// The older release's default.
pub fn by_default(reference: &mut Run, seen: &Seen<'_>) -> bool {
    if !seen.line.setup.by_default || !is_auto(seen) || seen.words.has("kexec-syscall-auto") {
        return false;
    }
    let mut changed = change(reference, |given| {
        let by_load = given.call == Call::Load && given.flags == X86_64;
        if by_load {
            given.call = Call::FileLoad;
            // KEXEC_FILE_NO_INITRAMFS
            given.flags = if given.initrd == "none" { 4 } else { 0 };
        }
        by_load
    });
    for event in &mut reference.events {
        if let Event::Unload(call @ Call::Load, ..) = event {
            *call = Call::FileLoad;
            changed = true;
        }
    }
    changed
}

/// `-d` where kexec_file_load has no flag for it yet.
pub fn debug(reference: &mut Run, seen: &Seen<'_>) -> bool {
    /// KEXEC_FILE_DEBUG.
    const DEBUG: u64 = 8;
    let asked = seen.words.has("debug");
    change(reference, |given| {
        let lacks = asked && given.call == Call::FileLoad && given.flags & DEBUG == 0;
        if lacks {
            given.flags |= DEBUG;
        }
        lacks
    })
}

/// A kernel below the address that it moves itself to.
pub fn low(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let refused = seen.words.has("mem-max") && seen.refuses(1, "too little memory");
    let by_load = reference.loads().all(|given| given.call == Call::Load);
    all(refused && by_load && reference.code == 0, reference, seen)
}

/// A binary number, which the older one's C library does not know.
pub fn binary(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let mut values = seen.words.options.iter().map(|(_, value)| value);
    let binary = values.any(|value| value.starts_with("0b1"));
    let refused = reference.did_nothing() && reference.code == 1;
    all(binary && refused && seen.ours.code == 0, reference, seen)
}

/// What starts nothing.
pub fn idle(reference: &mut Run, _: &Seen<'_>) -> bool {
    let before = reference.events.len();
    while let Some(Event::Sync | Event::Network) = reference.events.last() {
        reference.events.pop();
    }
    reference.events.len() != before
}

/// `-a` with what only kexec_load can do.
pub fn route(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let by_load = seen.ours.loads().all(|given| given.call == Call::Load);
    if !is_auto(seen) || !seen.words.any(&LOAD_ONLY) || !by_load {
        return false;
    }
    if seen.refuses(1, "leaves too little memory")
        || seen.refuses(1, "leave too little memory")
        || seen.refuses(255, "mem_min, the lowest")
    {
        return all(reference.loads().count() == 1, reference, seen);
    }
    let hotplug = seen.words.has("hotplug") && seen.words.has("load-panic");
    let more = if hotplug { UPDATE_ELFCOREHDR } else { 0 };
    change(reference, |given| {
        let by_file = given.call == Call::FileLoad;
        if by_file {
            given.call = Call::Load;
            given.flags = X86_64 | more;
        }
        by_file
    })
}

/// More than one initrd.
pub fn initrds(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let names: Vec<&str> = seen.words.values("initrd").collect();
    let joined = names.join("+");
    change(reference, |given| {
        let last = names.len() > 1 && names.last().is_some_and(|last| given.initrd == *last);
        if last {
            given.initrd.clone_from(&joined);
        }
        last
    })
}

/// A command line before one of three flags.
pub fn lost_line(reference: &mut Run, seen: &Seen<'_>) -> bool {
    const FLAGS: [&str; 3] = ["noefi", "pass-memmap-cmdline", "reuse-video-type"];
    let at = |names: &[&str]| names.iter().filter_map(|name| seen.words.place(name)).max();
    if at(&["append"]).is_none() || at(&["append"]) > at(&FLAGS) {
        return false;
    }
    let Some(line) = seen.ours.loads().map(|given| given.line.clone()).next() else {
        return false;
    };
    let append = seen.words.value("append").unwrap_or_default();
    change(reference, |given| {
        let lost = given.line != line
            && line
                .strip_suffix(append)
                .is_some_and(|rest| rest.trim_end() == given.line);
        if lost {
            given.line.clone_from(&line);
        }
        lost
    })
}

/// `--hotplug` without `-p`.
pub fn hotplug(reference: &mut Run, seen: &Seen<'_>) -> bool {
    if !seen.words.has("hotplug") {
        return false;
    }
    if reference.did_nothing() && reference.said.contains("CONFIG_CRASH_HOTPLUG") {
        return all(!seen.says("CONFIG_CRASH_HOTPLUG"), reference, seen);
    }
    change(reference, |given| {
        let flag = !given.crash && given.call == Call::Load && given.flags & UPDATE_ELFCOREHDR != 0;
        if flag {
            given.flags &= !UPDATE_ELFCOREHDR;
        }
        flag
    })
}

/// A busy kernel is asked again.
pub fn busy(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let mut once = seen.ours.events.clone();
    once.dedup();
    let again = once.len() < seen.ours.events.len() && once == reference.events;
    let busy = seen.line.setup.file_load == libc::EBUSY || seen.line.setup.load == libc::EBUSY;
    all(
        again && busy && reference.code == seen.ours.code,
        reference,
        seen,
    )
}

/// `--serial-baud` of 0.
pub fn baud(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let known =
        seen.words.has("serial-baud") && reference.code == SIGNALLED && reference.did_nothing();
    all(known, reference, seen)
}

/// `--mem-min` above `--mem-max`.
pub fn crossed(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let known = reference.did_nothing() && reference.code == 1;
    all(
        known && seen.refuses(255, "mem_min, the lowest"),
        reference,
        seen,
    )
}

/// A command line of cmdline_size bytes without its NUL.
pub fn longest(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let longest = seen
        .ours
        .loads()
        .any(|given| given.line.len() == 2047 && given.call == Call::Load);
    all(
        longest && reference.did_nothing() && reference.code == 255,
        reference,
        seen,
    )
}

/// ELF files.
pub fn elf(reference: &mut Run, seen: &Seen<'_>) -> bool {
    if seen.words.kernel() != Some("@vmlinux") || is_file_only(seen) {
        return false;
    }
    let refused = seen.ours.code == 255 && seen.says("--args-linux");
    let by_load = reference.loads().all(|given| given.call == Call::Load);
    all(refused && by_load, reference, seen)
}

/// An ELF file by kexec_load where kexec_file_load comes first.
pub fn vmlinux(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let said = ["args-linux", "args-elf", "args-none"];
    let auto = seen.words.kernel() == Some("@vmlinux")
        && is_auto(seen)
        && said.iter().any(|option| seen.words.has(option));
    let loaded = seen.ours.code == 0 && seen.ours.loads().all(|given| given.call == Call::Load);
    all(
        auto && loaded && reference.code == 1 && reference.did_nothing(),
        reference,
        seen,
    )
}

/// The running kernel would load what there is of a kernel.
pub fn cut(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let cut = seen.words.kernel() == Some("@cut");
    let refused = seen.ours.code == 255 && seen.ours.loads().next().is_none();
    all(cut && refused, reference, seen)
}

/// What kexec_file_load does not take is asked of the kernel, or not.
pub fn unfit(reference: &mut Run, seen: &Seen<'_>) -> bool {
    const UNFIT: [&str; 4] = ["@junk", "@old", "@vmlinux", "@initrd"];
    let unfit = seen
        .words
        .kernel()
        .is_some_and(|kernel| UNFIT.contains(&kernel));
    let nothing =
        |run: &Run| run.code != 0 && run.loads().all(|given| given.errno == libc::ENOEXEC);
    let by_kernel = !seen.words.has("type") && unfit;
    all(
        by_kernel && nothing(reference) && nothing(seen.ours),
        reference,
        seen,
    )
}

/// An option that kexec-tools' loader by kexec_file_load does not know.
pub fn entry_32(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let call = seen
        .words
        .last(&["kexec-syscall", "kexec-file-syscall", "kexec-syscall-auto"]);
    let by_load = call == Some("kexec-syscall");
    let asked = seen.words.any(&["entry-32bit", "real-mode"]);
    let asked = asked && (!by_load || seen.words.has("load-panic"));
    let code = if by_load { 1 } else { 255 };
    let refused = reference.code == code && reference.loads().next().is_none();
    all(asked && refused, reference, seen)
}

/// Kernels without a 64-bit entry.
pub fn old(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let old = seen.words.kernel() == Some("@old") && is_auto(seen);
    let nothing = reference.code == 1 && reference.loads().next().is_none();
    all(old && nothing, reference, seen)
}

/// A file that no type knows.
pub fn unknown(reference: &mut Run, seen: &Seen<'_>) -> bool {
    const UNKNOWN: [&str; 3] = ["@junk", "@xz", "@initrd"];
    let unknown = seen
        .words
        .kernel()
        .is_some_and(|kernel| UNKNOWN.contains(&kernel));
    let nothing =
        |run: &Run| run.code != 0 && run.loads().all(|given| given.errno == libc::ENOEXEC);
    let crash = reference.code == SIGNALLED && nothing(reference);
    all(unknown && crash && nothing(seen.ours), reference, seen)
}
