//! The last segment: the purgatory, told what to verify and where to go.

use core::ops::ControlFlow;

use heapless::Vec;

use super::{Options, SEGMENT_MAX, Segment};
use crate::error::{Error, Result};
use crate::memory::Range;
use crate::purgatory::{
    self, Backup, BuildError, Digest, Parameters, Region, Registers, SEGMENT_SIZE, Serial,
};

/// Told the bytes digested so far and the bytes there are; may stop the plan.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// Bytes digested between two calls of the progress function: some milliseconds' worth, and a
/// multiple of the digest's stripe.
const PIECE: usize = 4 << 20;

/// The purgatory's bytes, and the digest it was given.
pub struct Sealed<'a> {
    pub bytes: &'a [u8],
    pub digest: Option<[u8; 32]>,
}

/// Digests the segments unless told not to, and builds the purgatory that will enter
/// `kernel_entry` with `boot_params` in RSI (boot.rst, "64-bit boot protocol"), after `backup`.
#[allow(clippy::too_many_arguments)]
pub fn seal<'a>(
    options: &Options,
    segments: &[Segment<'_>],
    kernel_entry: u64,
    boot_params: u64,
    place: Range,
    backup: Backup,
    buffer: &'a mut [u8; SEGMENT_SIZE],
    progress: Progress<'_>,
) -> Result<Sealed<'a>> {
    let mut regions: Vec<Region, SEGMENT_MAX> = Vec::new();
    let mut digest = None;
    if options.verify {
        let mut sum = Digest::new();
        let total = segments.iter().fold(0, |sum: u64, segment| {
            sum.saturating_add(segment.buf.len() as u64)
        });
        let mut done: u64 = 0;
        for segment in segments {
            for piece in segment.buf.chunks(PIECE) {
                sum.update(piece);
                done = done.saturating_add(piece.len() as u64);
                if progress(done, total).is_break() {
                    return Err(Error::Cancelled);
                }
            }
            sum.end_region();
            let region = Region {
                start: segment.mem,
                length: segment.buf.len() as u64,
            };
            regions.push(region).map_err(|_| Error::TooManySegments {
                count: segments.len() as u64,
                max: SEGMENT_MAX as u64,
            })?;
        }
        digest = Some(sum.finish());
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
            rsi: boot_params,
            // The kernel sets its own stack first of all; until then this one, at the end of
            // the purgatory's segment, is as good as any.
            rsp: place.last().saturating_add(1),
            rip: kernel_entry,
            ..Registers::default()
        },
        regions: &regions,
        digest: digest.unwrap_or_default(),
        backup,
        ..Parameters::default()
    };
    purgatory::build(&parameters, buffer).map_err(|error| match error {
        BuildError::BadBaud { .. } => Error::BadArgument {
            what: "the serial port's speed must be 2 to 115200 baud, or 0 to leave it",
        },
        BuildError::TooManyRegions { count } => Error::TooManySegments {
            count: count as u64,
            max: SEGMENT_MAX as u64,
        },
        // Regions are segments placed above 1 MiB, and the buffer has the size asked for.
        _ => Error::BadArgument {
            what: "the purgatory cannot be built",
        },
    })?;
    Ok(Sealed {
        bytes: buffer,
        digest,
    })
}
