//! Kinds of segments in one word, for tools.

use core::fmt;

use kexec_core::plan::SegmentKind;

/// A kind of segment in one word, with the number of an initrd or a module.
#[derive(Clone, Copy, Debug)]
pub struct Word(pub SegmentKind);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, number) = word(self.0);
        f.write_str(word)?;
        match number {
            Some(number) => write!(f, "{}", u64::from(number)),
            None => Ok(()),
        }
    }
}

/// The name of a kind of segment, one word, and the initrd's or module's number from 0.
#[must_use]
pub const fn word(kind: SegmentKind) -> (&'static str, Option<u8>) {
    match kind {
        SegmentKind::Kernel => ("kernel", None),
        SegmentKind::Initrd(number) => ("initrd", Some(number)),
        SegmentKind::BootParams => ("boot_params", None),
        SegmentKind::CommandLine => ("command_line", None),
        SegmentKind::Info => ("info", None),
        SegmentKind::DeviceTree => ("device_tree", None),
        SegmentKind::Module(number) => ("module", Some(number)),
        SegmentKind::FirstPage => ("first_page", None),
        SegmentKind::CoreHeader => ("elfcorehdr", None),
        SegmentKind::Backup => ("backup", None),
        SegmentKind::Purgatory => ("purgatory", None),
        _ => ("other", None),
    }
}
