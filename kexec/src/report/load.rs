//! What would be done: the actions, and a load by either call.

use core::fmt::{Display, Result};

use kexec_core::plan::{Plan, SegmentKind};

use super::{Part, Sink};
use crate::command::Command;

/// A file of a load.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// kernel, initrd or dtb.
    pub role: &'static str,
    /// Its name as given.
    pub path: &'a [u8],
    /// Its bytes.
    pub size: u64,
}

/// The actions, in their order.
///
/// # Errors
/// What `out` says.
pub fn would(out: &mut dyn Sink, command: &Command<'_>) -> Result {
    let (actions, crash) = (&command.actions, command.crash());
    for (wanted, what) in [
        (actions.unload && !crash, "unload what is loaded"),
        (actions.unload && crash, "unload the crash kernel"),
        (actions.load && !crash, "load a kernel, see below"),
        (actions.load && crash, "load a crash kernel, see below"),
        (actions.load && actions.exec, "then start it at once"),
        (
            !actions.load && actions.exec,
            "start the loaded kernel at once",
        ),
        (actions.shutdown, "then run shutdown -r now"),
    ] {
        if wanted {
            out.fact("would", &[Part::Name("action", what)])?;
        }
    }
    Ok(())
}

/// A remark.
///
/// # Errors
/// What `out` says.
pub fn note(out: &mut dyn Sink, text: &dyn Display) -> Result {
    out.fact("note", &[Part::Shown("text", text)])
}

/// The files and the command line, by either call.
///
/// # Errors
/// What `out` says.
pub fn inputs<'a>(
    out: &mut dyn Sink,
    files: &mut dyn Iterator<Item = Listed<'a>>,
    line: &[u8],
) -> Result {
    for file in files {
        let parts = [
            Part::Text("path", file.path),
            Part::Words(" ("),
            Part::Number("size", file.size, "bytes"),
            Part::Words(")"),
        ];
        out.fact(file.role, &parts)?;
    }
    if line.is_empty() {
        return out.fact("command line", &[Part::Name("text", "empty")]);
    }
    let parts = [
        Part::Text("text", line),
        Part::Words(" ("),
        Part::Number("length", line.len() as u64, "bytes"),
        Part::Words(")"),
    ];
    out.fact("command line", &parts)
}

/// A load by kexec_file_load(2).
#[derive(Clone, Copy, Debug)]
pub struct FileLoad<'a> {
    /// The command line.
    pub line: &'a [u8],
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
/// What `out` says.
pub fn by_file<'a>(
    out: &mut dyn Sink,
    load: FileLoad<'_>,
    files: &mut dyn Iterator<Item = Listed<'a>>,
) -> Result {
    out.fact("method", &[Part::Name("call", "kexec_file_load")])?;
    inputs(out, files, load.line)?;
    out.fact("flags", &[Part::Hex("flags", load.flags)])?;
    if load.joined {
        note(
            out,
            &"the initrds are joined in memory, padded to 4 bytes between",
        )?;
    }
    if load.crash {
        note(
            out,
            &"the running kernel puts elfcorehdr= before the command line",
        )?;
    }
    note(
        out,
        &"the running kernel reads, verifies and places the files itself",
    )
}

/// A load by kexec_load(2).
///
/// # Errors
/// What `out` says.
pub fn by_plan<'a>(
    out: &mut dyn Sink,
    plan: &Plan<'_>,
    files: &mut dyn Iterator<Item = Listed<'a>>,
) -> Result {
    out.fact("method", &[Part::Name("call", "kexec_load")])?;
    inputs(out, files, plan.command_line())?;
    out.fact("entry", &[Part::Hex("address", plan.entry)])?;
    out.fact("kernel entry", &[Part::Hex("address", plan.kernel_entry)])?;
    out.fact("flags", &[Part::Hex("flags", plan.flags)])?;
    segments(out, plan)?;
    if let Some(digest) = &plan.digest {
        out.fact("digest", &[Part::Bytes("digest", digest)])?;
    }
    if let Some(control) = plan.control_pages() {
        let parts = [
            Part::Number("count", control.count(), ""),
            Part::Words(" left free for the running kernel, "),
            Part::Number("tables", control.tables, ""),
            Part::Words(" for page tables"),
        ];
        out.fact("control pages", &parts)?;
    }
    for kind in plan.setup_types() {
        let parts = [
            Part::Name("name", kind.name()),
            Part::Words(" ("),
            Part::Number("type", kind.0.into(), ""),
            Part::Words(")"),
        ];
        out.fact("setup_data", &parts)?;
    }
    for note in plan.notes() {
        self::note(out, note)?;
    }
    Ok(())
}

fn segments(out: &mut dyn Sink, plan: &Plan<'_>) -> Result {
    for (number, segment) in plan.segments().iter().enumerate() {
        let last = segment.mem.wrapping_add(segment.memsz).wrapping_sub(1);
        // Without spaces, for tools that split lines into words.
        let (kind, initrd) = match &segment.kind {
            SegmentKind::BootParams => (Part::Name("kind", "boot_params"), None),
            SegmentKind::Initrd(number) => (Part::Name("kind", "initrd"), Some(*number)),
            other => (Part::Shown("kind", other), None),
        };
        let parts = [
            Part::Address("mem", segment.mem),
            Part::Words("-"),
            Part::Address("last", last),
            Part::Words(" memsz "),
            Part::Number("memsz", segment.memsz, ""),
            Part::Words(" bufsz "),
            Part::Number("bufsz", segment.buf.len() as u64, ""),
            Part::Words(" "),
            kind,
            Part::Number("initrd", initrd.unwrap_or_default().into(), ""),
        ];
        // The last part is the number of an initrd.
        let used = if initrd.is_some() { 10 } else { 9 };
        let parts = parts.get(..used).unwrap_or(&parts);
        out.row("segment", Some(number), parts)?;
    }
    Ok(())
}
