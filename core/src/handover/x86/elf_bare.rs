//! An ELF program that is entered with nothing: at its e_entry, in 64-bit mode if it is of 64 bits, else in
//! 32-bit protected mode. The general registers are 0, the stack is one that nobody uses any more.

use super::linux64::{LAST_BELOW_4G, OTHER_ENTRY};
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover};
use crate::image::Program;
use crate::machine::Machine;
use crate::memory::{PageSize, Window};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Bytes, Items, SegmentKind, anywhere};

/// A program that gets nothing.
#[derive(Clone, Copy, Debug)]
pub struct ElfBare<'i, 'a> {
    program: &'i Program<'a>,
}

impl<'i, 'a> ElfBare<'i, 'a> {
    /// Starts this program.
    #[must_use]
    pub const fn new(program: &'i Program<'a>) -> Self {
        Self { program }
    }

    /// Adds the program itself.
    pub(super) fn program(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) {
        if passed.efi && passed.machine.booted_by_efi() {
            let why = "an ELF program is not known to take them";
            remarks.note(Note::NoEfi { why });
        }
        items.block(self.window());
        for load in self.program.elf().loads() {
            let bytes = Bytes::Ready(load.bytes);
            items.piece(SegmentKind::Kernel, bytes, load.offset, load.size);
        }
    }

    fn window(&self) -> Window {
        let elf = self.program.elf();
        let range = elf.range();
        let window = anywhere("the ELF program", range.size(), LAST_BELOW_4G);
        if self.program.relocatable() {
            return Window {
                align: elf.alignment(),
                ..window
            };
        }
        Window {
            min: range.start(),
            max: range.last(),
            ..window
        }
    }

    /// How it is entered with these registers.
    pub(super) fn enter(&self, items: &Items<'a>, registers: Registers) -> Exit {
        let start = items.start(SegmentKind::Kernel);
        let registers = Registers {
            rip: start.saturating_add(self.program.entry_offset()),
            ..registers
        };
        if self.program.elf().is_64() {
            Exit::X86Long(registers)
        } else {
            Exit::X86Protected(registers)
        }
    }
}

impl<'a> Handover<'a> for ElfBare<'_, 'a> {
    fn arch(&self) -> Arch {
        Arch::X86_64
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash {
            return Err(Error::NotBootable {
                why: "an ELF program is no crash kernel: it does not know where the dump is",
            });
        }
        let mut entries = self.program.entries().iter();
        let wanted = request.options.entry;
        if wanted.is_some_and(|wanted| entries.all(|entry| *entry != wanted)) {
            return Err(OTHER_ENTRY);
        }
        if request.initrds.is_empty() && request.modules.is_empty() && request.dtb.is_none() {
            return Ok(());
        }
        Err(Error::BadArgument {
            what: "an ELF program takes neither initrds nor modules nor a device tree",
        })
    }

    /// Which page tables it is entered with is its own business: they map all memory.
    fn check(&self, _: &Machine) -> Result<()> {
        Ok(())
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        Err(Error::BadArgument {
            what: "an ELF program that is entered with nothing gets no command line: leave it out, or \
                   have it get boot notes",
        })
    }

    fn lowest(&self) -> u64 {
        // The interrupt vectors and the BIOS data area are in the first page.
        let first = PageSize::K4.bytes();
        if self.program.relocatable() {
            return 1 << 20;
        }
        self.program.elf().range().start().clamp(first, 1 << 20)
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
        self.program(passed, items, remarks);
        Ok(())
    }

    /// There is nothing to write.
    fn write(&self, _: SegmentKind, _: &Passed<'_, 'a>, _: &Items<'a>, _: &mut [u8]) -> Result<()> {
        Ok(())
    }

    /// It has none: past the end of any piece.
    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::CommandLine, 0)
    }

    fn exit_below(&self) -> u64 {
        LAST_BELOW_4G
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        self.enter(items, Registers::default())
    }
}
