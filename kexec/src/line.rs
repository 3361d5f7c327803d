//! The new kernel's command line.

use core::ffi::CStr;

use kexec_cli::command::Command;
use kexec_cli::table::Id;
use kexec_core::machine::{Machine, reuse_command_line};
use kexec_core::{Errno, Error};

use kexec_cli::failure::Failure;

/// Room for the running kernel's line and `--append`: an argument has at most 128 KiB
/// (MAX_ARG_STRLEN). The new kernel's limit is checked later.
pub const CAPACITY: usize = 144 << 10;

/// `--append`; with `--reuse-cmdline` after the running kernel's line.
pub fn command_line<'a>(
    command: &Command<'a>,
    machine: &Machine,
    buffer: &'a mut [u8; CAPACITY],
) -> Result<&'a CStr, Failure<'a>> {
    if !command.given(Id::ReuseCmdline) {
        return Ok(command.append);
    }
    let failed = |error| Failure::Other("--reuse-cmdline", error);
    let running = machine.command_line.get().ok_or(failed(Error::File {
        step: "read /proc/cmdline",
        errno: if machine.command_line.is_too_long() {
            Errno::E2BIG
        } else {
            Errno::ENOENT
        },
    }))?;
    let used = reuse_command_line(running, command.crash(), buffer)
        .map_err(failed)?
        .len();
    let append = command.append.to_bytes();
    let separator: &[u8] = if used == 0 || append.is_empty() {
        b""
    } else {
        b" "
    };
    let rest = buffer.get_mut(used..).unwrap_or_default();
    // The final NUL also needs room.
    if separator.len().saturating_add(append.len()) >= rest.len() {
        let full = Error::Full {
            what: "the command line's buffer",
            capacity: CAPACITY as u64,
        };
        return Err(failed(full));
    }
    let text = separator.iter().chain(append).chain(&[0]);
    for (to, from) in rest.iter_mut().zip(text) {
        *to = *from;
    }
    CStr::from_bytes_until_nul(buffer).map_err(|_| {
        // The NUL was written above.
        failed(Error::BadArgument {
            what: "the command line does not end",
        })
    })
}
