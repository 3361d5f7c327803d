//! Multiboot kernels of both versions (Multiboot Specification 0.6.96, 3.2; Multiboot2 Specification 2.0, 3.3):
//! entered in 32-bit protected mode, with a magic number in EAX and the address of the information in EBX.

use super::linux64::{LAST_BELOW_4G, OTHER_ENTRY};
use crate::arch::Arch;
use crate::boot::multiboot::{
    FIRST_PAGE_SIZE, Info, Loaded, MAP_MAX, Memory, Screen, first_page, one, two,
};
use crate::error::{Error, Format, Result};
use crate::handover::{Exit, Handover, check_nul};
use crate::image::{self, Entry};
use crate::machine::{Firmware, Machine};
use crate::memory::{PageSize, Window};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Bytes, Items, SegmentKind, Wish, anywhere};

/// Below are the first page, and what a kernel takes for a stack or its trampolines before it has read
/// the information: none of it is used for anything that it is told of.
const HIGH: u64 = 1 << 20;

/// A multiboot kernel.
#[derive(Clone, Debug)]
pub struct Multiboot<'i, 'a> {
    image: &'i image::Multiboot<'a>,
    is_two: bool,
    /// Whether it gets a first page.
    first_page: bool,
    screen: Option<Screen>,
    efi_64: Option<u64>,
}

impl<'i, 'a> Multiboot<'i, 'a> {
    /// Starts this image on this machine.
    #[must_use]
    pub fn new(image: &'i image::Multiboot<'a>, machine: &Machine) -> Self {
        let wants = image.wants();
        let params = &machine.x86.boot_params;
        let info = params.get().map(|_| params.screen_info());
        let efi = wants.efi_64 && machine.booted_by_efi();
        Self {
            is_two: image.format() == Format::Multiboot2,
            // A page without a BIOS behind it serves with one too; not the other way round.
            first_page: machine.platform.firmware != Firmware::NotEfi,
            screen: info.filter(|_| wants.screen).and_then(Screen::of),
            efi_64: efi.then(|| params.efi_info().systab),
            image,
        }
    }

    fn window(&self) -> Window {
        let range = self.image.range();
        let fixed = Window {
            min: range.start(),
            max: range.last(),
            ..anywhere("the kernel", range.size(), LAST_BELOW_4G)
        };
        self.image.relocation().map_or(fixed, |to| Window {
            min: to.min,
            max: to.max,
            align: to.align,
            ..fixed
        })
    }

    /// How far it lies from where it is linked for.
    fn moved(&self, items: &Items<'a>) -> u64 {
        let kernel = items.start(SegmentKind::Kernel);
        kernel.wrapping_sub(self.image.range().start())
    }

    /// Writes the information, and returns its size.
    fn info(&self, passed: &Passed<'_, 'a>, items: &Items<'a>, out: &mut [u8]) -> usize {
        let module = &|number: usize| {
            let module = passed.modules.get(number).copied().unwrap_or_default();
            let start = items.start(SegmentKind::Module(number as u8));
            Loaded {
                start: start as u32,
                end: start.saturating_add(module.bytes.len() as u64) as u32,
                line: module.arguments,
            }
        };
        let moves = self.image.relocation().is_some();
        let info = Info {
            command_line: passed.command_line,
            memory: Memory { map: passed.memory },
            screen: self.screen,
            efi_64: self.efi_64,
            load_base: moves.then(|| items.start(SegmentKind::Kernel) as u32),
            modules: passed.modules.len(),
            module,
            base: items.start(SegmentKind::Info) as u32,
        };
        if self.is_two {
            two::write(&info, out)
        } else {
            one::write(&info, out)
        }
    }
}

impl<'a> Handover<'a> for Multiboot<'_, 'a> {
    fn arch(&self) -> Arch {
        Arch::X86_64
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash {
            return Err(Error::NotBootable {
                why: "a multiboot kernel is told of all memory and has to lie where it is linked for: it \
                      would overwrite what a crash kernel has to keep",
            });
        }
        if !matches!(request.options.entry, None | Some(Entry::X86Protected)) {
            return Err(OTHER_ENTRY);
        }
        let what = if !request.initrds.is_empty() {
            "a multiboot kernel takes modules, no initrds: an initrd is one of its modules"
        } else if request.dtb.is_some() {
            "a multiboot kernel gets no device tree"
        } else {
            return Ok(());
        };
        Err(Error::BadArgument { what })
    }

    fn check(&self, _: &Machine) -> Result<()> {
        if self.image.wants().needs_screen && self.screen.is_none() {
            return Err(Error::NotBootable {
                why: "the multiboot kernel requires a screen, and no frame buffer or text screen of the \
                      running kernel's is known (/sys/kernel/boot_params)",
            });
        }
        Ok(())
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        check_nul(line)
    }

    fn lowest(&self) -> u64 {
        let start = self.image.range().start();
        start.clamp(PageSize::K4.bytes(), HIGH)
    }

    fn reads_acpi(&self) -> bool {
        true
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
        if passed.efi && passed.machine.booted_by_efi() {
            remarks.note(Note::NoEfi {
                why: "multiboot kernels are told of EFI only while its boot services run",
            });
        }
        if passed.modules.iter().any(|module| module.bytes.is_empty()) {
            return Err(Error::EmptyFile);
        }
        for module in passed.modules {
            check_nul(module.arguments)?;
        }
        if (Memory { map: passed.memory }).count() > MAP_MAX {
            return Err(Error::Full {
                what: "the memory map of a multiboot kernel",
                capacity: MAP_MAX as u64,
            });
        }
        items.block(self.window());
        for load in self.image.loads() {
            let bytes = Bytes::Ready(load.bytes);
            items.piece(SegmentKind::Kernel, bytes, load.offset, load.size);
        }
        if self.image.relocation().is_some_and(|to| to.low) {
            items.wish(SegmentKind::Kernel, Wish::Lowest);
        }
        let high = |what, size| Window {
            min: HIGH,
            ..anywhere(what, size, LAST_BELOW_4G)
        };
        for (number, module) in passed.modules.iter().enumerate() {
            let size = module.bytes.len() as u64;
            items.block(high("a module", size));
            let kind = SegmentKind::Module(number as u8);
            items.piece(kind, Bytes::Ready(module.bytes), 0, size);
        }
        let size = self.info(passed, items, &mut []);
        items.block(high("the multiboot information", size as u64));
        items.piece(SegmentKind::Info, Bytes::Made(size), 0, size as u64);
        if self.first_page {
            items.fixed(0);
            let bytes = Bytes::Made(FIRST_PAGE_SIZE);
            items.piece(SegmentKind::FirstPage, bytes, 0, PageSize::K4.bytes());
            // The purgatory verifies nothing at address 0.
            items.unverified();
        }
        Ok(())
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        if kind == SegmentKind::FirstPage {
            first_page(Memory { map: passed.memory }.lower(), out);
        } else {
            self.info(passed, items, out);
        }
        Ok(())
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        let offset = if self.is_two { two::TEXT } else { one::TEXT };
        (SegmentKind::Info, offset)
    }

    fn exit_below(&self) -> u64 {
        LAST_BELOW_4G
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        let magic = if self.is_two { two::MAGIC } else { one::MAGIC };
        Exit::X86Protected(Registers {
            rax: magic.into(),
            rbx: items.start(SegmentKind::Info),
            rip: self.image.entry().wrapping_add(self.moved(items)),
            ..Registers::default()
        })
    }
}
