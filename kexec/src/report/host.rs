//! What a load depends on besides memory.

use core::fmt::Result;

use kexec_core::machine::Machine;

use super::{Lines, word};

/// The names of [`Host::flags`](kexec_core::machine::Host::flags), a line for each or for two of them: the
/// state of a machine is for a screen of 24 lines.
const FLAGS: [(&str, [&str; 2]); 5] = [
    ("kexec_load", [""; 2]),
    ("kexec_file_load", [""; 2]),
    ("signatures", ["checked ", ", demanded "]),
    ("secure boot", [""; 2]),
    ("first ns", ["user ", ", pid "]),
];

/// These lines of the machine, for a check.
///
/// # Errors
/// As `out` returns them.
pub fn host(out: &mut Lines<'_>, machine: &Machine) -> Result {
    let host = &machine.host;
    let mut facts = host.flags().into_iter().map(word);
    for (name, [one, other]) in FLAGS {
        let fact = facts.next().unwrap_or_default();
        if other.is_empty() {
            out.word(name, fact)?;
        } else {
            let second = facts.next().unwrap_or_default();
            out.fact(name, format_args!("{one}{fact}{other}{second}"))?;
        }
    }
    out.known("handover", host.handover)?;
    match machine.platform.available_ram {
        Some(bytes) => out.fact("available", format_args!("{} MiB", bytes >> 20))?,
        None => out.word("available", "unknown")?,
    }
    let watchdogs = &host.watchdogs;
    match (watchdogs.running, watchdogs.unread) {
        (0, 1..) => out.word("watchdogs", "unknown"),
        (running, _) => out.fact("watchdogs", format_args!("{running} running")),
    }
}
