//! What a load depends on besides memory.

use core::fmt::Result;

use kexec_core::machine::Machine;

use super::Lines;

/// The names of [`Host::flags`](kexec_core::machine::Host::flags).
const FLAGS: [&str; 7] = [
    "kexec_load",
    "kexec_file_load",
    "signatures",
    "sig. demanded",
    "secure boot",
    "first user ns",
    "first pid ns",
];

/// These lines of the machine, for a check.
///
/// # Errors
/// As `out` returns them.
pub fn host(out: &mut Lines<'_>, machine: &Machine) -> Result {
    let host = &machine.host;
    for (name, fact) in FLAGS.iter().zip(host.flags()) {
        out.known(name, fact)?;
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
