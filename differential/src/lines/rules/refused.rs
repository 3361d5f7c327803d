//! Differences in what is refused, and what is taken.

use super::{Seen, all};
use crate::lines::kernel::{Event, Run};
use crate::lines::{Version, Words};

/// Options of loaders, which kexec-tools refuses where nothing is loaded.
const OF_LOADERS: [&str; 12] = [
    "pass-memmap-cmdline",
    "noefi",
    "reuse-video-type",
    "append",
    "initrd",
    "reuse-cmdline",
    "args-elf",
    "args-linux",
    "args-none",
    "module",
    "dtb",
    "real-mode",
];

/// A start of the crash kernel.
pub fn start_of_crash(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let both = seen.words.has("load-panic") && seen.words.any(&["exec", "force"]);
    all(
        both && seen.refuses(1, "only a crash starts"),
        reference,
        seen,
    )
}

/// A start of what is unloaded.
pub fn unload_and_start(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let both = seen.words.has("unload") && seen.words.any(&["exec", "force"]);
    all(both && seen.refuses(1, "-u takes away"), reference, seen)
}

/// An unload before a load.
pub fn unload_first(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let unloads = matches!(reference.events.first(), Some(Event::Unload(..)));
    let loads = seen.ours.loads().next().is_some() || seen.refuses(255, "No kernel specified");
    let load = seen.words.place("unload") < seen.words.place("load")
        || seen.words.place("unload") < seen.words.place("force")
        || seen.words.place("unload") < seen.words.place("load-panic");
    all(
        seen.words.has("unload") && unloads && loads && load,
        reference,
        seen,
    )
}

/// `-u -p` without a kernel.
pub fn unload_crash(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let order =
        seen.words.has("unload") && seen.words.place("unload") < seen.words.place("load-panic");
    let unloaded = matches!(seen.ours.events[..], [Event::Unload(_, true, _)]);
    all(
        order && seen.words.kernel().is_none() && unloaded,
        reference,
        seen,
    )
}

/// Options that are not supported.
pub fn unsupported(reference: &mut Run, seen: &Seen<'_>) -> bool {
    const NAMES: [&str; 5] = [
        "reuseinitrd",
        "load-preserve-context",
        "load-jump-back-helper",
        "load-live-update",
        "exec-live-update",
    ];
    let said = "is not supported by this version";
    let refused = seen.refuses(1, said) || seen.refuses(255, said);
    all(seen.words.any(&NAMES) && refused, reference, seen)
}

/// Options of loads where nothing is loaded.
pub fn no_part(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let load = seen.words.any(&OF_LOADERS) || seen.words.has("entry-32bit");
    let no_load = seen.ours.loads().next().is_none();
    let usage = reference.did_nothing() && reference.code == 1 && reference.said.contains("Usage:");
    all(
        load && no_load && usage && seen.words.any(&["exec", "unload", "status"]),
        reference,
        seen,
    )
}

/// `-S` with `--hotplug`.
pub fn status_hotplug(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let both = seen.words.has("status") && seen.words.has("hotplug");
    all(
        both && reference.did_nothing() && seen.ours.did_nothing(),
        reference,
        seen,
    )
}

/// A bad serial port with what loads nothing.
pub fn bad_serial(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let bad = seen.refuses(255, "Bad option value in --serial");
    let other = seen.words.any(&["status", "unload"]);
    all(bad && other, reference, seen)
}

/// Names that kexec-tools 2.0.25 does not have, and 2.0.32 has.
pub fn newer_than_older(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let newest = Words::new(Version::Newest, &seen.line.words);
    let newer = newest.any(&["hotplug", "dtb"]) && seen.words.mistake;
    let unknown = reference.did_nothing() && reference.code == 1;
    all(newer && unknown, reference, seen)
}

/// Abbreviations of one name in 2.0.25, and of several in 2.0.32.
pub fn ambiguous(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let newest = Words::new(Version::Newest, &seen.line.words);
    let only = newest.mistake && !seen.words.mistake;
    all(only && seen.refuses(1, "ambiguous"), reference, seen)
}

/// A kernel that cannot be opened for kexec_file_load.
pub fn missing(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let known = reference.did_nothing() && reference.code == 255;
    let kernel = seen.words.kernel();
    let opened = kernel.is_some_and(|name| name.starts_with('@') && name != "@missing");
    all(
        known && !opened && seen.ours.did_nothing() && seen.ours.code == 1,
        reference,
        seen,
    )
}

/// Names that kexec-tools 2.0.32 does not have.
pub fn newer(reference: &mut Run, seen: &Seen<'_>) -> bool {
    const NAMES: [&str; 17] = [
        "--def",
        "--li",
        "--dry-run",
        "--plan",
        "--check",
        "--json",
        "--force-l",
        "--ascii",
        "--explain",
        "--capture",
        "--with-c",
        "--machine",
        "--q",
        "--on-mismatch",
        "--no-cm",
        "--force-d",
        "--help=",
    ];
    let newer = seen
        .line
        .words
        .iter()
        .any(|word| NAMES.iter().any(|name| word.starts_with(name)));
    let unknown = reference.did_nothing() && reference.code == 1;
    all(newer && seen.words.mistake && unknown, reference, seen)
}

/// `--type=help`
pub fn types(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let help = seen.words.values("type").any(|kind| kind == "help");
    all(
        help && seen.ours.did_nothing() && seen.ours.code == 0,
        reference,
        seen,
    )
}

/// An initrd that kexec-tools opens and does not look at.
pub fn bad_initrd(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let bad = seen
        .words
        .value("initrd")
        .is_some_and(|name| ["@empty", "@directory"].contains(&name));
    let refused =
        seen.refuses(255, "cannot use the initrd") || seen.refuses(1, "cannot use the initrd");
    all(bad && refused && reference.code == 0, reference, seen)
}

/// A device tree that kexec-tools does not read.
pub fn bad_dtb(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let bad = seen.words.has("dtb") && seen.ours.did_nothing() && seen.ours.code == 1;
    let said = seen.says("cannot use the dtb") || seen.says("is an empty name");
    all(bad && said && reference.code == 0, reference, seen)
}

/// A kernel without kexec.
pub fn no_kexec(reference: &mut Run, seen: &Seen<'_>) -> bool {
    let unreadable = !seen.line.setup.readable && seen.says("Nothing has been loaded");
    all(
        unreadable && matches!(reference.events.last(), Some(Event::Start(_))),
        reference,
        seen,
    )
}
