//! What would be done: the actions, and a load by either call.

use core::fmt::Result;

use kexec_core::plan::{Entry, Plan};

use super::Lines;
use crate::command::Command;
use crate::segment::Word;
use crate::text::Hex;

/// A file of a load.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// "kernel", "initrd" or "dtb".
    pub role: &'static str,
    /// Its name as given.
    pub path: &'a [u8],
    /// Its bytes.
    pub size: u64,
}

/// The actions, in their order.
///
/// # Errors
/// As `out` returns them.
pub fn would(out: &mut Lines<'_>, command: &Command<'_>) -> Result {
    let (actions, crash) = (&command.actions, command.crash());
    for (wanted, what) in [
        (actions.unload && !crash, "unload what is loaded"),
        (actions.unload && crash, "unload the crash kernel"),
        (actions.load && !crash, "load the kernel"),
        (actions.load && crash, "load the crash kernel"),
        (actions.load && actions.exec, "then start it at once"),
        (
            !actions.load && actions.exec,
            "start the loaded kernel at once",
        ),
        (actions.shutdown, "then run shutdown -r now"),
    ] {
        if wanted {
            out.word("would", what)?;
        }
    }
    Ok(())
}

/// The files and the command line, by either call.
///
/// # Errors
/// As `out` returns them.
pub fn inputs(out: &mut Lines<'_>, files: &[Listed<'_>], line: &[u8]) -> Result {
    for file in files {
        out.text(file.role, file.path, file.size)?;
    }
    if line.is_empty() {
        return out.word("command line", "empty");
    }
    out.text("command line", line, line.len() as u64)
}

/// A load by kexec_file_load(2).
#[derive(Clone, Copy, Debug)]
pub struct FileLoad {
    /// KEXEC_FILE_* as the call gets them.
    pub flags: u64,
    /// Whether several initrds are joined.
    pub joined: bool,
    /// Whether it is a crash kernel.
    pub crash: bool,
}

/// What is known of such a load.
///
/// # Errors
/// As `out` returns them.
pub fn by_file(out: &mut Lines<'_>, load: FileLoad, files: &[Listed<'_>], line: &[u8]) -> Result {
    out.word("method", "kexec_file_load")?;
    inputs(out, files, line)?;
    out.hex("flags", load.flags)?;
    for (is, note) in [
        (
            load.joined,
            "the initrds are joined in memory, padded to 4 bytes between",
        ),
        (
            load.crash,
            "the running kernel puts elfcorehdr= before the command line",
        ),
        (
            true,
            "the running kernel reads, verifies and places the files itself",
        ),
    ] {
        if is {
            out.word("note", note)?;
        }
    }
    Ok(())
}

/// A load by kexec_load(2).
///
/// # Errors
/// As `out` returns them.
pub fn by_plan(out: &mut Lines<'_>, plan: &Plan<'_>, files: &[Listed<'_>]) -> Result {
    out.word("method", "kexec_load")?;
    inputs(out, files, plan.command_line())?;
    out.hex("entry", plan.entry)?;
    let mode = match plan.mode {
        Entry::X86Protected => " in 32-bit mode",
        Entry::X86Real => " in real mode",
        _ => "",
    };
    out.fact(
        "kernel entry",
        format_args!("{:#x}{mode}", plan.kernel_entry),
    )?;
    out.hex("flags", plan.flags)?;
    segments(out, plan)?;
    if let Some(digest) = &plan.digest {
        out.fact("digest", format_args!("{}", Hex(digest)))?;
    }
    if let Some(control) = plan.control_pages() {
        out.fact(
            "control pages",
            format_args!(
                "{} left free for the running kernel, {} for page tables",
                control.count(),
                control.tables
            ),
        )?;
    }
    for kind in plan.setup_types() {
        out.fact(
            "setup_data",
            format_args!("{} (type {})", kind.name(), u64::from(kind.0)),
        )?;
    }
    for note in plan.notes() {
        out.fact("note", format_args!("{note}"))?;
    }
    Ok(())
}

fn segments(out: &mut Lines<'_>, plan: &Plan<'_>) -> Result {
    for (index, segment) in plan.segments().iter().enumerate() {
        let (mem, memsz, bufsz) = (segment.mem, segment.memsz, segment.buf.len());
        let kind = Word(segment.kind);
        out.row(
            "segment",
            index,
            format_args!("{mem:#x} memsz {memsz} bufsz {bufsz} {kind}"),
        )?;
    }
    Ok(())
}
