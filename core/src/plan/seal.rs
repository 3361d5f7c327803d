//! How a plan is sealed: by a purgatory that verifies, or by one that only enters the new kernel.

use core::fmt;
use core::ops::ControlFlow;

use heapless::Vec;

use super::{Options, Request, SEGMENT_MAX, Segment};
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::handover::Exit;
use crate::memory::Range;
use crate::passed::Passed;
use crate::purgatory::{
    self, Backup, BareArm64, BuildError, DEFAULT_SECRET, Digest, ExitMode, Parameters, Region,
    Registers, SEGMENT_SIZE, Secret, Serial,
};
use crate::segment::{Bounds, Bytes, Items, SegmentKind, anywhere};

/// Gets the bytes digested so far and the bytes there are; may stop the plan.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// Bytes digested between two calls of the progress function: some milliseconds' worth, and a
/// multiple of the digest's stripe.
const PIECE: usize = 4 << 20;

/// A finished purgatory.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The digest it compares with, unless it verifies nothing.
    pub digest: Option<[u8; 16]>,
}

/// What lies between the jump of the running kernel and the new kernel. A program links the seals
/// it names.
pub trait Seal<'a> {
    /// Whether there is one in this build for kernels of this architecture and these options.
    ///
    /// # Errors
    /// [`Error::NotBuilt`].
    fn check(&self, arch: Arch, options: &Options) -> Result<()> {
        let _ = (arch, options);
        Ok(())
    }

    /// Whether it can enter the new kernel so.
    ///
    /// # Errors
    /// [`Error::BadArgument`].
    fn check_exit(&self, exit: &Exit) -> Result<()> {
        let _ = exit;
        Ok(())
    }

    /// Adds its segment, the last one, up to the address `below`; its bytes come from
    /// [`Seal::seal`].
    fn items(&self, items: &mut Items<'a>, below: u64);

    /// Writes the segment.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::BadArgument`] for options that no purgatory has.
    fn seal(
        &mut self,
        orders: &Orders<'_, 'a>,
        segments: &[Segment<'a>],
        code: &'a mut [u8; SEGMENT_SIZE],
    ) -> Result<Sealed<'a>>;
}

/// What a purgatory is made for.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'o, 'a> {
    /// How the new kernel is entered.
    pub exit: &'o Exit,
    /// How to plan.
    pub options: &'o Options,
    /// The segments' sources, and where they were placed.
    pub items: &'o Items<'a>,
    /// The addresses that segments may use.
    pub bounds: &'o Bounds,
    /// Where the purgatory starts; 0 if there is none.
    pub purgatory: u64,
    /// Where it copies low memory to, if it does.
    pub backup: Option<Range>,
    /// What the digests are keyed with.
    pub secret: &'o Secret,
}

impl<'o, 'a> Orders<'o, 'a> {
    /// From what was planned so far.
    pub(super) fn new(
        exit: &'o Exit,
        request: &'o Request<'_, 'a>,
        passed: &Passed<'_, 'a>,
        items: &'o Items<'a>,
        bounds: &'o Bounds,
    ) -> Self {
        Self {
            exit,
            options: &request.options,
            items,
            bounds,
            purgatory: items.start(SegmentKind::Purgatory),
            backup: passed.crash.and_then(|crash| crash.backup),
            secret: request.digest_secret.unwrap_or(&DEFAULT_SECRET),
        }
    }

    /// The registers the new kernel is entered with, as its handover has them.
    fn registers(&self) -> Registers {
        match *self.exit {
            Exit::X86Long(registers)
            | Exit::X86Protected(registers)
            | Exit::X86Real { by: registers, .. } => registers,
            // There are none of an x86.
            Exit::Arm64 { .. } => Registers::default(),
        }
    }

    /// A stack for it, which sets its own first of all: until then the end of the purgatory's `memsz`
    /// bytes is as good as any.
    const fn stack(&self, memsz: usize) -> u64 {
        self.purgatory.saturating_add(memsz as u64)
    }
}

/// Enters the new kernel and verifies nothing. Of the registers it sets RSI, RSP and RIP; sealing for
/// others is [`Error::BadArgument`].
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl<'a> Seal<'a> for Bare {
    #[inline]
    fn check_exit(&self, exit: &Exit) -> Result<()> {
        // By reference, so that nothing is left of it where the handover is known to the compiler.
        #[rustfmt::skip]
        let Exit::X86Long(Registers {
            rsi: _, rsp: _, rip: _,
            rax, rbx, rcx, rdx, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15,
        }) = exit else {
            return Err(Error::BadArgument {
                what: "a bare purgatory enters kernels in 64-bit mode only",
            });
        };
        let low = rax | rbx | rcx | rdx | rdi | rbp;
        let high = r8 | r9 | r10 | r11 | r12 | r13 | r14 | r15;
        if low | high == 0 {
            return Ok(());
        }
        Err(Error::BadArgument {
            what: "a bare purgatory sets RSI, RSP and RIP only",
        })
    }

    fn items(&self, items: &mut Items<'a>, below: u64) {
        add(items, purgatory::BARE_MEMSZ, below);
    }

    // Where the seal is known to the compiler, it is a few stores.
    #[inline(always)]
    fn seal(
        &mut self,
        orders: &Orders<'_, 'a>,
        _: &[Segment<'a>],
        code: &'a mut [u8; SEGMENT_SIZE],
    ) -> Result<Sealed<'a>> {
        let Registers { rsi, rip, .. } = orders.registers();
        let rsp = orders.stack(purgatory::BARE_MEMSZ);
        let passed = purgatory::Bare { rsi, rsp, rip };
        Ok(Sealed {
            // The buffer is that of the larger one.
            bytes: passed.build(code).unwrap_or_default(),
            digest: None,
        })
    }
}

/// Adds a purgatory of so many bytes of memory, up to the address `below`. Its code runs from anywhere
/// the identity map reaches; an exit may need it lower.
fn add(items: &mut Items<'_>, memsz: usize, below: u64) {
    items.block(anywhere("the purgatory", memsz as u64, below));
    items.piece(SegmentKind::Purgatory, Bytes::Zero, 0, memsz as u64);
    items.unverified();
}

const NO_X86_64: &str = "this build has no purgatory for x86_64, the code that verifies what is loaded: \
                         run `rustup target add x86_64-unknown-linux-gnu` and build again";
const NO_OTHER: &str = "there is no purgatory yet that verifies kernels of other architectures than x86_64: \
                        load without verification";

/// Verifies the other segments first, unless the request says not to.
pub struct Verifying<'p> {
    /// Called while segments are digested.
    pub progress: Progress<'p>,
}

impl fmt::Debug for Verifying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifying").finish_non_exhaustive()
    }
}

impl<'a> Seal<'a> for Verifying<'_> {
    fn check(&self, arch: Arch, options: &Options) -> Result<()> {
        let what = match arch {
            Arch::X86_64 if purgatory::BUILT => return Ok(()),
            Arch::X86_64 => NO_X86_64,
            _ if !options.verify => return Ok(()),
            _ => NO_OTHER,
        };
        Err(Error::NotBuilt { what })
    }

    fn items(&self, items: &mut Items<'a>, below: u64) {
        add(items, purgatory::MEMSZ, below);
    }

    fn seal(
        &mut self,
        orders: &Orders<'_, 'a>,
        segments: &[Segment<'a>],
        code: &'a mut [u8; SEGMENT_SIZE],
    ) -> Result<Sealed<'a>> {
        if let Exit::Arm64 { entry, x0 } = *orders.exit {
            return Ok(Sealed {
                // The buffer has room for it.
                bytes: BareArm64 { x0, entry }.build(code).unwrap_or_default(),
                digest: None,
            });
        }
        let mut verified: Vec<Segment<'a>, SEGMENT_MAX> = Vec::new();
        for (piece, segment) in orders.items.pieces().iter().zip(segments) {
            if piece.verified && orders.options.verify {
                // Both lists hold as many.
                let _ = verified.push(*segment);
            }
        }
        verifying(orders, &verified, code, &mut *self.progress)
    }
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

/// Digests the segments unless the request says not to, and writes the purgatory.
fn verifying<'a>(
    orders: &Orders<'_, 'a>,
    segments: &[Segment<'a>],
    buffer: &'a mut [u8; SEGMENT_SIZE],
    progress: Progress<'_>,
) -> Result<Sealed<'a>> {
    let options = orders.options;
    let mut regions: Vec<Region, SEGMENT_MAX> = Vec::new();
    let mut sum = None;
    if options.verify {
        for segment in segments {
            let region = Region {
                start: segment.mem,
                length: segment.buf.len() as u64,
            };
            // Both lists hold as many.
            let _ = regions.push(region);
        }
        sum = Some(digest(orders.secret, segments, progress).ok_or(Error::Cancelled)?);
    }
    let console = options.console;
    let mut registers = orders.registers();
    if registers.rsp == 0 {
        registers.rsp = orders.stack(purgatory::MEMSZ);
    }
    let parameters = Parameters {
        skip_verify: !options.verify,
        serial: console.serial.then_some(Serial {
            base: console.serial_port,
            baud: console.serial_baud,
        }),
        vga: console.vga,
        reset_vga: console.reset_vga,
        on_failure: options.on_failure,
        exit_mode: match orders.exit {
            Exit::X86Long(_) => ExitMode::Long,
            Exit::X86Protected(_) | Exit::X86Real { .. } => ExitMode::Protected,
            // Sealed by another purgatory.
            Exit::Arm64 { .. } => ExitMode::Long,
        },
        registers,
        regions: &regions,
        secret: orders.secret,
        digest: sum.unwrap_or_default(),
        backup: orders.backup.map_or(Backup::default(), |range| Backup {
            source: 0,
            target: range.start(),
            length: range.size(),
        }),
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
