//! Reads what a check of a load depends on besides memory, and asks the kernel which calls it has.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::super::file::read_link_at;
use super::path::Path;
use super::{Fd, entries, fill, known, open_at, open_directory, stream};
use crate::machine::sources::{self, WATCHDOG_FILES};
use crate::machine::{
    ConfigParser, Host, Known, Lockdown, Machine, Watchdogs, first_pid_namespace,
    first_user_namespace, flag, has_lockdown, has_parameter, release, secure_boot, watchdog_runs,
    whole_number,
};

/// Fills in [`Machine::host`], from `root`, and the lockdown where the kernel cannot have one.
pub(super) fn host(root: &Fd, machine: &mut Machine) {
    let mut host = Host::NONE;
    namespaces(root, &mut host);
    if machine.kexec.lockdown == Lockdown::Unknown
        && known(root, &sources::SECURITY_MODULES, has_lockdown) == Known::No
    {
        machine.kexec.lockdown = Lockdown::None;
    }
    host.secure_boot = known(root, &sources::SECURE_BOOT, secure_boot);
    let mut text = [0; 64];
    let length = fill(root, sources::RELEASE.path, &mut text);
    let text = text.get(..length).unwrap_or_default().trim_ascii();
    host.release = release(text).unwrap_or_default();
    config(root, text, &mut host);
    handover(root, machine, &mut host);
    host.watchdogs = watchdogs(root);
    machine.host = host;
}

fn namespaces(root: &Fd, host: &mut Host) {
    let mut buffer = [0; 32];
    let mut link = |path, parse: fn(&[u8]) -> Option<bool>| {
        let text = read_link_at(root, path, &mut buffer).ok();
        Known::from(text.and_then(parse))
    };
    host.first_user_namespace = link(sources::USER_NAMESPACE.path, first_user_namespace);
    host.first_pid_namespace = link(sources::PID_NAMESPACE.path, first_pid_namespace);
}

/// The kernel's configuration. A file that cannot be read to its end says nothing.
fn config(root: &Fd, release: &[u8], host: &mut Host) {
    let path = Path::released(&sources::CONFIG, release);
    let mut config = ConfigParser::new();
    let whole = path.as_c_str().map(|path| {
        stream(root, path, &mut |piece| {
            config.feed(piece);
            false
        })
    });
    if whole == Some(Ok(())) {
        host.set_config(&config);
    }
}

/// Kexec handover, which came with Linux 6.16.
fn handover(root: &Fd, machine: &Machine, host: &mut Host) {
    let mut paths = sources::HANDOVER.paths();
    let off = machine.command_line.get();
    if paths.any(|path| open_directory(root, path).is_ok()) {
        host.handover = Known::Yes;
        host.handover_final = known(root, &sources::HANDOVER_FINAL, flag);
        entries(root, sources::HANDED_OVER.path, &mut |entry| {
            host.handed_over.add(entry.name.to_bytes());
            true
        });
    } else if host.release != (0, 0) && host.release < (6, 16)
        || off.is_some_and(|line| has_parameter(line, b"kho=off"))
    {
        host.handover = Known::No;
    }
    if open_directory(root, sources::LIVE_UPDATE.path).is_ok() {
        host.live_update = Known::Yes;
    }
}

fn watchdogs(root: &Fd) -> Watchdogs {
    let mut found = Watchdogs::NONE;
    let [state, timeout, no_way_out] = WATCHDOG_FILES;
    let whole = entries(root, sources::WATCHDOGS.path, &mut |entry| {
        let name = entry.name.to_bytes();
        let Some(number) = name.strip_prefix(b"watchdog").and_then(whole_number) else {
            return true;
        };
        let mut buffer = [0; 32];
        let mut value = |file: &CStr, parse: fn(&[u8]) -> Option<u64>| {
            parse(entry.attribute(file, &mut buffer)?)
        };
        match value(state, watchdog_runs) {
            None => found.unread = found.unread.saturating_add(1),
            Some(0) => {}
            Some(_) => {
                found.running = found.running.saturating_add(1);
                found.number = number;
                found.timeout = value(timeout, whole_number).unwrap_or_default();
                found.no_way_out = match value(no_way_out, whole_number) {
                    Some(0) => Known::No,
                    Some(_) => Known::Yes,
                    None => Known::Unknown,
                };
            }
        }
        true
    });
    // A kernel without watchdogs has no such directory in its /sys.
    if !whole && open_at(root, sources::WATCHDOGS.path, raw::O_PATH).is_ok() {
        found.unread = found.unread.max(1);
    }
    found
}
