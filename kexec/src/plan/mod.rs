//! A plan to look at: as JSON ([`json`]), as a picture of memory ([`map`]), and why each segment
//! lies where it lies ([`explain`]).

pub mod explain;
pub mod json;
pub mod map;
mod members;
mod rows;
pub mod size;

use kexec_core::image::Image;
use kexec_core::machine::Machine;
use kexec_core::plan::{Details, Plan, SegmentKind};

use crate::command::Actions;

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One fact a line.
    #[default]
    Text,
    /// docs/plan.schema.json.
    Json,
    /// A picture of memory.
    Map,
}

impl Format {
    /// By its name; none is text.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"" | b"text" => Some(Self::Text),
            b"json" => Some(Self::Json),
            b"map" => Some(Self::Map),
            _ => None,
        }
    }
}

/// A file that would be loaded.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// "kernel", "initrd" or "dtb".
    pub role: &'static str,
    /// As given.
    pub path: &'a [u8],
    /// Bytes.
    pub size: u64,
}

/// What is shown.
#[derive(Debug)]
pub struct View<'v> {
    /// The running system.
    pub machine: &'v Machine,
    /// What would be done.
    pub actions: Actions,
    /// Whether it concerns the crash kernel.
    pub crash: bool,
    /// The system calls that load, in the order in which they are tried; empty without a load.
    pub calls: &'v [&'static str],
    /// What would be loaded.
    pub files: &'v [Listed<'v>],
    /// The kernel, where it was looked into.
    pub image: Option<&'v Image<'v>>,
    /// The command line, as given.
    pub line: &'v [u8],
    /// What kexec_load would be given.
    pub plan: Option<&'v Plan<'v>>,
    /// Why it lies where it does, if that is shown too.
    pub details: Option<&'v Details>,
}

impl View<'_> {
    /// The command line that the new kernel gets.
    #[must_use]
    pub fn command_line(&self) -> &[u8] {
        self.plan.map_or(self.line, Plan::command_line)
    }
}

/// The name of a kind of segment, one word, and the initrd's number from 0.
#[must_use]
pub const fn word(kind: SegmentKind) -> (&'static str, Option<u8>) {
    match kind {
        SegmentKind::Kernel => ("kernel", None),
        SegmentKind::Initrd(number) => ("initrd", Some(number)),
        SegmentKind::BootParams => ("boot_params", None),
        SegmentKind::CommandLine => ("command_line", None),
        SegmentKind::Info => ("info", None),
        SegmentKind::CoreHeader => ("elfcorehdr", None),
        SegmentKind::Backup => ("backup", None),
        SegmentKind::Purgatory => ("purgatory", None),
        _ => ("other", None),
    }
}
