//! The parameters of the purgatory, and the finished segment.

use super::digest::{DEFAULT_SECRET, Digest, Secret};
use super::layout;
use super::{BLOB, PARAMETERS_OFFSET};

/// What the purgatory does if the digest is wrong, or if the purgatory itself faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Stop forever, with interrupts off.
    #[default]
    Halt,
    /// Reset the machine: keyboard controller, then port 0xcf9, then a triple fault.
    Reboot,
}

/// The CPU mode in which the next program is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitMode {
    /// 64-bit mode, paging as the running kernel left it (identity).
    #[default]
    Long,
    /// 32-bit protected mode without paging: the low halves of RAX to RSP, and of RIP. The segment and
    /// all it jumps to lie below 4 GiB; the four bytes below RSP are overwritten.
    Protected,
}

/// A 16550-compatible serial port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial {
    /// First I/O port: 0x3f8 is the PC's first.
    pub base: u16,
    /// Bits a second to program, 8n1; 0 keeps the running kernel's setting.
    pub baud: u32,
}

/// CPU registers at the jump into the next program. CS is 0x10, the data segments are 0x18,
/// interrupts are off, the direction flag is clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Registers {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    /// Entry point, physical.
    pub rip: u64,
}

/// Physical memory the purgatory verifies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// Physical address; not 0.
    pub start: u64,
    /// Bytes that were loaded, without padding.
    pub length: u64,
}

/// Physical memory that the purgatory copies after it has verified the regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// Physical address of the source; may be 0.
    pub source: u64,
    /// Physical address of the copy.
    pub target: u64,
    /// Bytes; 0 for none.
    pub length: u64,
}

/// Why a segment was not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// More regions than the block holds ([`layout::MAX_REGIONS`]).
    TooManyRegions {
        /// How many were covered.
        count: usize,
    },
    /// A region at physical address 0, or one that passes the end of the address space.
    BadRegion {
        /// Its physical address.
        start: u64,
        /// Its bytes.
        length: u64,
    },
    /// A baud rate that the UART's 16-bit divisor of 115200 Hz misses by more than 2 %.
    BadBaud {
        /// Bits a second asked for.
        baud: u32,
    },
    /// The output is too small.
    TooSmall {
        /// Bytes needed.
        needed: usize,
        /// Bytes available.
        given: usize,
    },
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::TooManyRegions { count } => {
                write!(
                    f,
                    "purgatory: {count} regions, at most {}",
                    layout::MAX_REGIONS
                )
            }
            Self::BadRegion { start, length } => {
                write!(
                    f,
                    "purgatory: cannot verify {length:#x} bytes at {start:#x}"
                )
            }
            Self::BadBaud { baud } => {
                write!(f, "purgatory: no UART divisor for {baud} baud")
            }
            Self::TooSmall { needed, given } => {
                write!(f, "purgatory: needs {needed} bytes, has {given}")
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// The parameters of the purgatory.
///
/// With the default no kernel starts: verification is on and the digest is all zeros, so the
/// purgatory halts without output. Set the digest of `regions`, or `skip_verify`.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// Jump without verifying the regions; code and block are verified in any case.
    pub skip_verify: bool,
    /// The serial port for progress and error messages.
    pub serial: Option<Serial>,
    /// Also write to VGA text memory at 0xb8000.
    pub vga: bool,
    /// Program VGA text mode 3 first.
    pub reset_vga: bool,
    /// What to do after a wrong digest or a fault.
    pub on_failure: OnFailure,
    /// The mode in which the next program is entered.
    pub exit_mode: ExitMode,
    /// The registers at its entry.
    pub registers: Registers,
    /// The regions to verify, in the order in which they were digested.
    pub regions: &'a [Region],
    /// The key of the digests.
    pub secret: &'a Secret,
    /// [`Digest`] with `secret` over the contents of `regions`.
    pub digest: [u8; 16],
    /// The copy to make after that.
    pub backup: Backup,
}

/// Whether the purgatory's UART supports this speed: its clock is 115200 Hz divided by a whole
/// number of 16 bits, and a receiver tolerates a speed that is off by 2 % (both ends together may
/// be off by half a bit in the ten of a character).
const fn has_divisor(baud: u32) -> bool {
    // The purgatory's own division: the remainder is never negative.
    let Some(divisor) = CLOCK.checked_div(baud) else {
        return false;
    };
    let exact = divisor.saturating_mul(baud);
    let error = CLOCK.saturating_sub(exact);
    divisor != 0 && divisor <= 0xffff && error.saturating_mul(50) <= exact
}

/// Bits a second at divisor 1.
const CLOCK: u32 = 115_200;

impl Parameters<'_> {
    fn check(&self) -> Result<(), BuildError> {
        let count = self.regions.len();
        if count > layout::MAX_REGIONS {
            return Err(BuildError::TooManyRegions { count });
        }
        for &Region { start, length } in self.regions {
            // A Rust slice can neither begin at 0 nor be longer than isize::MAX; no memory can.
            let fits = length <= i64::MAX.unsigned_abs() && start.checked_add(length).is_some();
            if length != 0 && (start == 0 || !fits) {
                return Err(BuildError::BadRegion { start, length });
            }
        }
        match self.serial {
            Some(Serial { baud, .. }) if baud != 0 && !has_divisor(baud) => {
                Err(BuildError::BadBaud { baud })
            }
            _ => Ok(()),
        }
    }

    /// Writes the block as little-endian bytes, [`layout::Block::check`] as zeros: [`build`] has
    /// the rest of the segment and fills it in.
    ///
    /// # Errors
    /// [`BuildError::TooManyRegions`], [`BuildError::BadRegion`], [`BuildError::BadBaud`];
    /// `out` is untouched then.
    pub(super) fn write_to(&self, out: &mut [u8; layout::SIZE]) -> Result<(), BuildError> {
        self.check()?;
        let mut flags = 0;
        for (set, flag) in [
            (self.skip_verify, layout::SKIP_VERIFY),
            (self.serial.is_some(), layout::CONSOLE_SERIAL),
            (self.vga, layout::CONSOLE_VGA),
            (self.reset_vga, layout::RESET_VGA),
        ] {
            if set {
                flags |= flag;
            }
        }
        let on_failure = match self.on_failure {
            OnFailure::Halt => layout::HALT,
            OnFailure::Reboot => layout::REBOOT,
        };
        let exit_mode = match self.exit_mode {
            ExitMode::Long => layout::EXIT_64,
            ExitMode::Protected => layout::EXIT_32,
        };
        let serial = self.serial.unwrap_or(Serial { base: 0, baud: 0 });
        let r = &self.registers;
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let report = [
            pair(flags, on_failure),
            pair(serial.baud, u32::from(serial.base)),
        ];
        let [one, other] = report;
        // The block from its first field to its last, as 64-bit words.
        let numbers = [
            layout::MAGIC,
            one,
            other,
            !one,
            !other,
            pair(exit_mode, self.regions.len() as u32),
            r.rax,
            r.rbx,
            r.rcx,
            r.rdx,
            r.rsi,
            r.rdi,
            r.rbp,
            r.rsp,
            r.r8,
            r.r9,
            r.r10,
            r.r11,
            r.r12,
            r.r13,
            r.r14,
            r.r15,
            r.rip,
            self.backup.source,
            self.backup.target,
            self.backup.length,
        ];
        out.fill(0);
        let mut words = out.chunks_exact_mut(8);
        let mut put = |number: u64| {
            if let Some(word) = words.next().and_then(<[u8]>::first_chunk_mut) {
                *word = number.to_le_bytes();
            }
        };
        for number in numbers {
            put(number);
        }
        for region in self.regions {
            put(region.start);
            put(region.length);
        }
        // Room for unused regions.
        for _ in self.regions.len()..layout::MAX_REGIONS {
            put(0);
            put(0);
        }
        let secret = self.secret.chunks_exact(8);
        for word in secret.filter_map(<[u8]>::first_chunk) {
            put(u64::from_le_bytes(*word));
        }
        let digest = u128::from_be_bytes(self.digest);
        put(digest as u64);
        put((digest >> 64) as u64);
        Ok(())
    }
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self {
            skip_verify: false,
            serial: None,
            vga: false,
            reset_vga: false,
            on_failure: OnFailure::default(),
            exit_mode: ExitMode::default(),
            registers: Registers::default(),
            regions: &[],
            secret: &DEFAULT_SECRET,
            digest: [0; 16],
            backup: Backup::default(),
        }
    }
}

/// Bytes of a finished segment (its `bufsz`): the blob and the parameter block.
pub const SEGMENT_SIZE: usize = PARAMETERS_OFFSET + layout::SIZE;

/// Writes the finished segment, blob and parameter block, to the start of `out` and returns
/// its length, always [`SEGMENT_SIZE`]. The segment needs [`MEMSZ`](super::MEMSZ) bytes of
/// memory at any page-aligned address; its entry is its first byte.
///
/// # Errors
/// Those of [`BuildError`]; `out` is unchanged then.
pub fn build(parameters: &Parameters<'_>, out: &mut [u8]) -> Result<usize, BuildError> {
    let too_small = BuildError::TooSmall {
        needed: SEGMENT_SIZE,
        given: out.len(),
    };
    let (code, rest) = out
        .split_at_mut_checked(PARAMETERS_OFFSET)
        .ok_or(too_small)?;
    let block = rest.first_chunk_mut().ok_or(too_small)?;
    parameters.write_to(block)?;
    for (to, from) in code.iter_mut().zip(BLOB) {
        *to = *from;
    }
    let mut digest = Digest::new(parameters.secret);
    let (covered, check) = block.split_at_mut(layout::offset::CHECK);
    digest.update(code);
    digest.update(covered);
    let sum = u128::from_be_bytes(digest.finish());
    for (to, from) in check.iter_mut().zip(sum.to_le_bytes()) {
        *to = from;
    }
    Ok(SEGMENT_SIZE)
}
