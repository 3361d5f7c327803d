//! The new kernel's command line.

use core::ffi::CStr;

use kexec_cli::command::Command;
use kexec_cli::table::Id;
use kexec_core::bytes::put_slice;
use kexec_core::machine::{Machine, reusable_words};
use kexec_core::{Errno, Error};

use kexec_cli::failure::Failure;

/// Room for the running kernel's line, or that of a boot loader entry, and `--append`: an argument has
/// at most 128 KiB (MAX_ARG_STRLEN). The new kernel's limit is checked later.
pub const CAPACITY: usize = 144 << 10;

/// `--append`; with `--reuse-cmdline` after the running kernel's line, and with `--default` after the
/// entry's.
pub fn command_line<'a>(
    command: &Command<'a>,
    machine: &Machine,
    buffer: &'a mut [u8; CAPACITY],
) -> Result<&'a CStr, Failure<'a>> {
    let before = match command.line {
        _ if command.given(Id::ReuseCmdline) => running(machine)?,
        Some(line) => line.to_bytes(),
        None => return Ok(command.append),
    };
    // What an EFI stub reads its initrds from: those of an entry are loaded.
    let old_initrd = |word: &&[u8]| command.default.is_some() && word.starts_with(b"initrd=");
    let words = reusable_words(before, command.crash()).filter(|word| !old_initrd(word));
    let append = Some(command.append.to_bytes()).filter(|append| !append.is_empty());
    let full = Failure::Other(
        "the command line",
        Error::Full {
            what: "the command line's buffer",
            capacity: CAPACITY as u64,
        },
    );
    let mut used = 0_usize;
    for word in words.chain(append) {
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
