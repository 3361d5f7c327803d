//! The parameter block in memory, as the blob sees it: `docs/purgatory.md`, "Parameter block".
//!
//! Compiled by both sides. The blob reads the struct; the loader only takes the offsets, and
//! writes little-endian bytes, so that a plan for x86-64 can be made on any host.

use super::digest::{SECRET_SIZE, Secret};

/// First eight bytes of a parameter block: "KXPURG" and the version of the layout.
#[cfg(not(purgatory_blob))]
pub const MAGIC: u64 = u64::from_le_bytes(*b"KXPURG\0\x02");
/// The most regions in a block: as many as kexec_load(2) takes segments.
pub const MAX_REGIONS: usize = 16;
/// General registers, RSP among them, and RIP.
pub const REGISTERS: usize = 17;

/// `flags`: do not verify the regions.
pub const SKIP_VERIFY: u32 = 1 << 0;
/// `flags`: write to the serial port.
pub const CONSOLE_SERIAL: u32 = 1 << 1;
/// `flags`: write to VGA text memory.
pub const CONSOLE_VGA: u32 = 1 << 2;
/// `flags`: program the VGA registers for text mode 3 first.
pub const RESET_VGA: u32 = 1 << 3;

/// `on_failure`: stop.
#[cfg(not(purgatory_blob))]
pub const HALT: u32 = 0;
/// `on_failure`: reset the machine.
pub const REBOOT: u32 = 1;

/// `exit_mode`: jump in 64-bit mode.
pub const EXIT_64: u32 = 0;
/// `exit_mode`: jump in 32-bit protected mode, without paging. The others are reserved.
pub const EXIT_32: u32 = 1;

/// Physical memory to be verified.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Area {
    /// Physical address.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

/// How a failure is reported. The block has it twice, so that it can be trusted even if the rest of
/// the block cannot.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Report {
    /// [`SKIP_VERIFY`] and the following.
    pub flags: u32,
    /// [`HALT`] or [`REBOOT`]: what to do after a wrong digest or a fault.
    pub on_failure: u32,
    /// Baud rate to program; 0 leaves the port as it is.
    pub serial_baud: u32,
    /// I/O port of the UART.
    pub serial_base: u32,
}

/// The parameter block.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Block {
    /// [`MAGIC`].
    pub magic: u64,
    /// How a failure is reported.
    pub report: Report,
    /// `report` with every bit inverted.
    pub inverted: Report,
    /// [`EXIT_64`] or [`EXIT_32`].
    pub exit_mode: u32,
    /// Regions in use.
    pub region_count: u32,
    /// RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8 to R15, RIP at the jump.
    pub registers: [u64; REGISTERS],
    /// Source of the copy that is made after the verification.
    pub backup_source: u64,
    /// Destination of the copy.
    pub backup_target: u64,
    /// Bytes to copy, 0 for none.
    pub backup_length: u64,
    /// The regions to verify, in order.
    pub regions: [Area; MAX_REGIONS],
    /// The key of the digests.
    pub secret: Secret,
    /// The expected digest over the regions, low half first.
    pub digest: [u64; 2],
    /// The expected digest over the segment up to here, low half first.
    pub check: [u64; 2],
}

/// Offsets in the block, in bytes.
#[allow(missing_docs)]
pub mod offset {
    pub const MAGIC: usize = 0;
    pub const FLAGS: usize = 8;
    pub const ON_FAILURE: usize = 12;
    pub const SERIAL_BAUD: usize = 16;
    pub const SERIAL_BASE: usize = 20;
    pub const INVERTED: usize = 24;
    pub const EXIT_MODE: usize = 40;
    pub const REGION_COUNT: usize = 44;
    pub const REGISTERS: usize = 48;
    pub const BACKUP: usize = 184;
    pub const REGIONS: usize = 208;
    pub const SECRET: usize = 464;
    pub const DIGEST: usize = 656;
    pub const CHECK: usize = 672;
}

/// Bytes of the block.
pub const SIZE: usize = 688;

// The numbers above are what entry.s and the loader use.
const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(offset_of!(Block, magic) == offset::MAGIC);
    assert!(offset_of!(Block, report.flags) == offset::FLAGS);
    assert!(offset_of!(Block, report.on_failure) == offset::ON_FAILURE);
    assert!(offset_of!(Block, report.serial_baud) == offset::SERIAL_BAUD);
    assert!(offset_of!(Block, report.serial_base) == offset::SERIAL_BASE);
    assert!(offset_of!(Block, inverted) == offset::INVERTED);
    assert!(offset_of!(Block, exit_mode) == offset::EXIT_MODE);
    assert!(offset_of!(Block, region_count) == offset::REGION_COUNT);
    assert!(offset_of!(Block, registers) == offset::REGISTERS);
    assert!(offset_of!(Block, backup_source) == offset::BACKUP);
    assert!(offset_of!(Block, regions) == offset::REGIONS);
    assert!(offset_of!(Block, secret) == offset::SECRET);
    assert!(offset_of!(Block, digest) == offset::DIGEST);
    assert!(offset_of!(Block, check) == offset::CHECK);
    assert!(offset::SECRET + SECRET_SIZE == offset::DIGEST);
    assert!(size_of::<Block>() == SIZE);
};
