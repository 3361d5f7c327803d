//! The new kernel's command line.

use core::ffi::CStr;

use kexec_cli::command::Command;
use kexec_cli::table::Id;
use kexec_core::bytes::put_slice;
use kexec_core::image::uki::profile_prefix;
use kexec_core::machine::{Machine, reusable_words};
use kexec_core::{Errno, Error};

use crate::unify::Unified;
use kexec_cli::failure::Failure;

/// Room for the running kernel's line, or that of a boot loader entry, and `--append`: an argument has
/// at most 128 KiB (MAX_ARG_STRLEN). The new kernel's limit is checked later.
pub const CAPACITY: usize = 144 << 10;

/// `--append`; with `--reuse-cmdline` after the running kernel's line, and with `--default` after the
/// entry's. Without a line a unified kernel image has its own, and its addons append to any.
pub fn command_line<'a>(
    command: &Command<'a>,
    unified: Option<&Unified>,
    machine: &Machine,
    buffer: &'a mut [u8; CAPACITY],
) -> Result<&'a CStr, Failure<'a>> {
    let given = |line: &'a CStr| {
        let line = line.to_bytes();
        match unified.and_then(|_| profile_prefix(line)) {
            Some((_, rest)) => rest,
            None => line,
        }
    };
    let (append, entry) = (given(command.append), command.line.map(given));
    let own = unified.map(|image| image.line);
    // That of an entry is before --append, as is the image's own for an entry that has none.
    let adds = command.default.is_some() || append.is_empty();
    let before = match entry
        .filter(|line| !line.is_empty())
        .or(own.filter(|_| adds))
    {
        _ if command.given(Id::ReuseCmdline) => running(machine)?,
        Some(line) => line,
        None if unified.is_none() && entry.is_none() => return Ok(command.append),
        None => b"",
    };
    // What an EFI stub reads its initrds from: those of an entry are loaded.
    let old_initrd = |word: &&[u8]| command.default.is_some() && word.starts_with(b"initrd=");
    let words = reusable_words(before, command.crash()).filter(|word| !old_initrd(word));
    let added = unified
        .map(|image| image.added.trim_ascii())
        .unwrap_or_default();
    let last = [append, added]
        .into_iter()
        .filter(|words| !words.is_empty());
    let full = Failure::Other(
        "the command line",
        Error::Full {
            what: "the command line's buffer",
            capacity: CAPACITY as u64,
        },
    );
    let mut used = 0_usize;
    for word in words.chain(last) {
        let separator: &[u8] = if used == 0 { b"" } else { b" " };
        for part in [separator, word] {
            put_slice(buffer, used, part).ok_or(full)?;
            used = used.saturating_add(part.len());
        }
    }
    put_slice(buffer, used, b"\0").ok_or(full)?;
    CStr::from_bytes_until_nul(buffer).map_err(|_| full)
}

/// The running kernel's line.
fn running<'a>(machine: &Machine) -> Result<&[u8], Failure<'a>> {
    let line = &machine.command_line;
    let error = if line.is_partial() {
        Error::BadArgument {
            what: "it is not in the capture, which was made without --with-cmdline",
        }
    } else {
        Error::File {
            step: "read /proc/cmdline",
            errno: if line.is_too_long() {
                Errno::E2BIG
            } else {
                Errno::ENOENT
            },
        }
    };
    line.get()
        .ok_or(Failure::Other("the running kernel's command line", error))
}
