//! The last segment: the purgatory, told what to verify and where to go.

use core::ops::ControlFlow;

use heapless::Vec;

use super::{Options, SEGMENT_MAX, Segment};
use crate::error::{Error, Result};
use crate::memory::Range;
use crate::purgatory::{
    self, Backup, Bare, BuildError, DEFAULT_SECRET, Digest, Parameters, Region, Registers,
    SEGMENT_SIZE, Secret, Serial,
};

/// Told the bytes digested so far and the bytes there are; may stop the plan.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// Bytes digested between two calls of the progress function: some milliseconds' worth, and a
/// multiple of the digest's stripe.
const PIECE: usize = 4 << 20;

/// The purgatory's bytes, and the digest it was given.
pub struct Sealed<'a> {
    pub bytes: &'a [u8],
    pub digest: Option<[u8; 16]>,
}

/// The digest over the segments' bytes; `None` if `progress` says to stop.
fn digest(secret: &Secret, segments: &[Segment<'_>], progress: Progress<'_>) -> Option<[u8; 16]> {
    let mut sum = Digest::new(secret);
    let total = segments.iter().fold(0, |sum: u64, segment| {
        sum.saturating_add(segment.buf.len() as u64)
    });
    let mut done: u64 = 0;
    for segment in segments {
        for piece in segment.buf.chunks(PIECE) {
            sum.update(piece);
            done = done.saturating_add(piece.len() as u64);
            if progress(done, total).is_break() {
                return None;
            }
        }
        sum.end_region();
    }
    Some(sum.finish())
}

/// What a purgatory is made for.
#[derive(Clone, Copy)]
pub struct Exit<'s> {
    pub options: &'s Options,
    /// What the digests are keyed with.
    pub secret: Option<&'s Secret>,
    /// What is to be verified.
    pub segments: &'s [Segment<'s>],
    /// Where the new kernel is entered.
    pub kernel_entry: u64,
    /// What it gets in RSI (boot.rst, "64-bit boot protocol").
    pub boot_params: u64,
    /// Where the purgatory lies.
    pub place: Range,
    /// Where it copies low memory to, if it does.
    pub backup: Option<Range>,
}

impl Exit<'_> {
    /// The kernel sets its own stack first of all; until then the end of the purgatory's segment
    /// is as good as any.
    const fn stack(&self) -> u64 {
        self.place.last().saturating_add(1)
    }
}

/// Writes the purgatory that verifies nothing.
pub fn bare<'a>(exit: Exit<'_>, buffer: &'a mut [u8; SEGMENT_SIZE]) -> Result<Sealed<'a>> {
    let told = Bare {
        rsi: exit.boot_params,
        rsp: exit.stack(),
        rip: exit.kernel_entry,
    };
    Ok(Sealed {
        // The buffer is that of the larger one.
        bytes: told.build(buffer).unwrap_or_default(),
        digest: None,
    })
}

/// Digests the segments unless told not to, and writes the purgatory.
pub fn seal<'a>(
    exit: Exit<'_>,
    buffer: &'a mut [u8; SEGMENT_SIZE],
    progress: Progress<'_>,
) -> Result<Sealed<'a>> {
    let options = exit.options;
    let mut regions: Vec<Region, SEGMENT_MAX> = Vec::new();
    let mut sum = None;
    let secret = exit.secret.unwrap_or(&DEFAULT_SECRET);
    if options.verify {
        for segment in exit.segments {
            let region = Region {
                start: segment.mem,
                length: segment.buf.len() as u64,
            };
            // Both lists hold as many.
            let _ = regions.push(region);
        }
        sum = Some(digest(secret, exit.segments, progress).ok_or(Error::Cancelled)?);
    }
    let console = options.console;
    let parameters = Parameters {
        skip_verify: !options.verify,
        serial: console.serial.then_some(Serial {
            base: console.serial_port,
            baud: console.serial_baud,
        }),
        vga: console.vga,
        reset_vga: console.reset_vga,
        on_failure: options.on_failure,
        registers: Registers {
            rsi: exit.boot_params,
            rsp: exit.stack(),
            rip: exit.kernel_entry,
            ..Registers::default()
        },
        regions: &regions,
        secret,
        digest: sum.unwrap_or_default(),
        backup: exit.backup.map_or(Backup::default(), |range| Backup {
            source: 0,
            target: range.start(),
            length: range.size(),
        }),
        ..Parameters::default()
    };
    // Regions are segments, of which there are no more than a block holds, placed above 1 MiB,
    // and the buffer has the size asked for: the speed alone can be wrong.
    purgatory::build(&parameters, buffer).map_err(|error| Error::BadArgument {
        what: match error {
            BuildError::BadBaud { .. } => {
                "the serial port's speed must be 115200 baud divided by a whole number, within 2 %, or \
                 0 to leave it"
            }
            _ => "the purgatory cannot be built",
        },
    })?;
    Ok(Sealed {
        bytes: buffer,
        digest: sum,
    })
}
