//! An ELF program that gets ELF boot notes (E. Biederman, "ELF Boot Proposal", 2001), as kexec-tools
//! passes them: their address is in RDI in 64-bit mode, and in 32-bit protected mode the argument of a C
//! function, on the stack above a return address of 0.
//!
//! Elf_Bhdr is the signature, the size of all in bytes, a checksum as in IP's header, and the number of
//! notes. Each note has an empty name, and its text ends in NUL.

use super::ElfBare;
use super::linux64::LAST_BELOW_4G;
use crate::arch::Arch;
use crate::bytes::{put_slice, put_u16, put_u32, u16_at};
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover, check_nul};
use crate::image::Program;
use crate::machine::Machine;
use crate::note::Remarks;
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Bytes, Items, SegmentKind, anywhere};

const SIGNATURE: u32 = 0x0e1f_b007;
/// Bytes of Elf_Bhdr, and of a note's header.
const HEADER: usize = 12;
/// Offset of the checksum, and of the number of notes after it.
const CHECKSUM: usize = 8;
/// EBN_BOOTLOADER_NAME, EBN_BOOTLOADER_VERSION, EBN_COMMAND_LINE.
const KINDS: [u32; 3] = [2, 3, 4];
const NAME: &[u8] = b"kexec\0";
const VERSION: &[u8] = concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes();
/// Offset of the command line in the notes.
const LINE: usize = HEADER * 4 + up(NAME.len()) + up(VERSION.len());

/// The stack, which the notes follow: below what the program finds on it there is room for its own.
const STACK: usize = 4096;
/// The return address and the argument.
const ARGUMENTS: usize = 8;

const fn up(size: usize) -> usize {
    size.next_multiple_of(4)
}

/// A program that gets boot notes.
#[derive(Clone, Copy, Debug)]
pub struct ElfNotes<'i, 'a> {
    bare: ElfBare<'i, 'a>,
    is_64: bool,
}

impl<'i, 'a> ElfNotes<'i, 'a> {
    /// Starts this program.
    #[must_use]
    pub const fn new(program: &'i Program<'a>) -> Self {
        Self {
            bare: ElfBare::new(program),
            is_64: program.elf().is_64(),
        }
    }

    /// Bytes of the notes with this command line.
    fn size(line: &[u8]) -> usize {
        line.len().saturating_add(LINE).saturating_add(1)
    }
}

/// The sum of IP's header (RFC 1071), with an odd last byte padded.
fn checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0_u32, |sum, two| {
        let word = u16_at(two, 0).unwrap_or_else(|| two.first().copied().unwrap_or(0).into());
        let sum = sum.wrapping_add(word.into());
        // At most 0x1fffe.
        (sum & 0xffff).wrapping_add(sum >> 16)
    });
    !(sum as u16)
}

/// Writes the notes to the start of `out`, which has their size, rounded up to a multiple of four.
fn write(out: &mut [u8], line: &[u8]) -> Option<()> {
    out.fill(0);
    put_u32(out, 0, SIGNATURE)?;
    put_u32(out, 4, u32::try_from(out.len()).ok()?)?;
    put_u16(out, CHECKSUM.wrapping_add(2), KINDS.len() as u16)?;
    let mut at = HEADER;
    let sizes = [NAME.len(), VERSION.len(), line.len().checked_add(1)?];
    for ((kind, text), size) in KINDS.into_iter().zip([NAME, VERSION, line]).zip(sizes) {
        put_u32(out, at.checked_add(4)?, u32::try_from(size).ok()?)?;
        put_u32(out, at.checked_add(8)?, kind)?;
        at = at.checked_add(HEADER)?;
        put_slice(out, at, text)?;
        at = at.checked_add(size)?.checked_next_multiple_of(4)?;
    }
    let sum = checksum(out);
    put_u16(out, CHECKSUM, sum)
}

impl<'a> Handover<'a> for ElfNotes<'_, 'a> {
    fn arch(&self) -> Arch {
        self.bare.arch()
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        self.bare.check_request(request, crash)
    }

    fn check(&self, machine: &Machine) -> Result<()> {
        self.bare.check(machine)
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        check_nul(line)
    }

    fn lowest(&self) -> u64 {
        self.bare.lowest()
    }

    fn reads_acpi(&self) -> bool {
        false
    }

    fn gets_rsdp(&self, _: &Passed<'_, 'a>) -> bool {
        false
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        self.bare.program(passed, items, remarks);
        let notes = up(Self::size(passed.command_line));
        let size = notes.saturating_add(STACK).saturating_add(ARGUMENTS);
        items.block(anywhere("the boot notes", size as u64, LAST_BELOW_4G));
        items.piece(SegmentKind::Info, Bytes::Made(size), 0, size as u64);
        Ok(())
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        let notes = items.start(kind).saturating_add((STACK + ARGUMENTS) as u64);
        let written = out.split_at_mut_checked(STACK).and_then(|(stack, rest)| {
            let (arguments, out) = rest.split_at_mut_checked(ARGUMENTS)?;
            stack.fill(0);
            put_u32(arguments, 0, 0)?;
            // Below 4 GiB.
            put_u32(arguments, 4, notes as u32)?;
            write(out, passed.command_line)
        });
        written.ok_or(Error::BadArgument {
            what: "the boot notes do not have the size of their layout",
        })
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::Info, STACK + ARGUMENTS + LINE)
    }

    fn exit_below(&self) -> u64 {
        self.bare.exit_below()
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        let stack = items.start(SegmentKind::Info).saturating_add(STACK as u64);
        let notes = stack.saturating_add(ARGUMENTS as u64);
        let registers = if self.is_64 {
            Registers {
                rdi: notes,
                ..Registers::default()
            }
        } else {
            Registers {
                rsp: stack,
                ..Registers::default()
            }
        };
        self.bare.enter(items, registers)
    }
}
