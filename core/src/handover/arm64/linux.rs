//! Linux, entered with the address of a device tree in X0 (Documentation/arch/arm64/booting.rst).

use super::tree::{self, Chosen};
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::fdt::Fdt;
use crate::handover::{Exit, FindLine, Handover, check_nul, initrds_near, initrds_size_in};
use crate::image::{Arm64Image, Entry};
use crate::machine::Machine;
use crate::memory::{Range, Window};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::request::Request;
use crate::segment::{Bytes, Items, Near, SegmentKind, anywhere};

/// Addresses end here: physical addresses have 48 bits unless all that is loaded is to know 52
/// (flags, bit 3).
const LAST: u64 = (1 << 48) - 1;
/// The largest tree that a kernel maps (arch/arm64/include/asm/boot.h, MAX_FDT_SIZE).
const TREE_MAX: u64 = 2 << 20;
/// An initrd lies with the kernel in one range of 32 GiB that begins at a multiple of 1 GiB.
const NEAR: Near = Near {
    to: SegmentKind::Kernel,
    unit: 1 << 30,
    within: 32 << 30,
};

/// An interrupt controller whose redistributors go on writing to tables in memory.
const ITS: &[u8] = b"arm,gic-v3-its";
/// A kernel in whose image they lie finds them reserved, takes them for its own, and overwrites 64 KiB of
/// itself (drivers/irqchip/irq-gic-v3-its.c, gic_check_reserved_range and gic_reset_prop_table). EFI keeps
/// a list of them, which /proc/iomem shows.
const LPI: Error = Error::NotBootable {
    why: "the interrupt controller (GICv3 with ITS) writes to tables in memory whose place is not known \
          here: without EFI no list has them, and a kernel that is placed over them destroys itself",
};

/// Whether EFI started the running kernel (drivers/firmware/efi/fdtparams.c).
fn booted_by_efi(tree: &Fdt<'_>) -> bool {
    let chosen = tree.node(b"/chosen");
    chosen.is_some_and(|chosen| chosen.property(b"linux,uefi-system-table").is_some())
}

/// A kernel and its entry.
#[derive(Clone, Debug)]
pub struct LinuxArm64<'a> {
    image: Arm64Image<'a>,
}

impl<'a> LinuxArm64<'a> {
    /// Starts this image.
    #[must_use]
    pub const fn new(image: &Arm64Image<'a>) -> Self {
        Self { image: *image }
    }

    fn tree<'t>(passed: &Passed<'t, 'a>) -> Result<Fdt<'t>> {
        let tree = passed.dtb.ok_or(Error::BadArgument {
            what: "an arm64 kernel needs a device tree: that of the running kernel is \
                   /sys/firmware/fdt",
        })?;
        Fdt::parse(tree)
    }

    /// `start`: the address of the first initrd, if there is one.
    fn chosen<'t>(passed: &'t Passed<'_, 'a>, start: u64) -> Result<Chosen<'t>> {
        let size = initrds_size_in(passed.initrds, passed.machine.platform.page_size)?;
        Ok(Chosen {
            command_line: passed.command_line,
            initrd: Range::from_size(start, size),
            seed: passed.rng_seed.as_ref(),
        })
    }
}

impl<'a> Handover<'a> for LinuxArm64<'a> {
    fn arch(&self) -> Arch {
        Arch::Arm64
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash {
            return Err(Error::NotBootable {
                why: "a crash kernel for arm64, which is not supported yet",
            });
        }
        if !matches!(request.options.entry, None | Some(Entry::Arm64)) {
            return Err(Error::BadArgument {
                what: "an arm64 kernel does not have the entry that is asked for",
            });
        }
        if !request.modules.is_empty() {
            return Err(Error::BadArgument {
                what: "a Linux image takes initrds, no modules",
            });
        }
        if !request.options.efi {
            return Err(Error::BadArgument {
                what: "an arm64 kernel gets the description of EFI in its device tree, and its memory \
                       map with it: it cannot be left out",
            });
        }
        Ok(())
    }

    fn check(&self, _: &Machine) -> Result<()> {
        Ok(())
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        let (length, limit) = (line.len() as u64, self.image.command_line_max());
        if length > limit {
            return Err(Error::CommandLineTooLong { length, limit });
        }
        check_nul(line)
    }

    fn lowest(&self) -> u64 {
        0
    }

    /// Their address is in the device tree.
    fn reads_acpi(&self) -> bool {
        false
    }

    /// It is in the device tree, or in EFI's tables.
    fn gets_memory_map(&self) -> bool {
        false
    }

    fn gets_rsdp(&self, _: &Passed<'_, 'a>) -> bool {
        true
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        let (offset, size) = (self.image.text_offset(), self.image.size());
        let what = "the kernel (image_size)";
        items.block(Window {
            align: self.image.facts().alignment,
            ..anywhere(what, offset.saturating_add(size), LAST)
        });
        items.piece(
            SegmentKind::Kernel,
            Bytes::Ready(self.image.file()),
            offset,
            size,
        );
        let page = passed.machine.platform.page_size;
        initrds_near(passed.initrds, LAST, page, NEAR, items)?;
        let tree = Self::tree(passed)?;
        if tree.has_device(ITS) && !booted_by_efi(&tree) {
            return Err(LPI);
        }
        let room = tree::room(&tree, passed.command_line);
        let size = page.up(room as u64);
        if size > TREE_MAX {
            return Err(Error::Full {
                what: "the device tree of an arm64 kernel",
                capacity: TREE_MAX,
            });
        }
        items.block(Window {
            // So it lies in one range of 2 MiB, which kernels before 4.2 map it with.
            align: size.checked_next_power_of_two().unwrap_or(TREE_MAX),
            ..anywhere("the device tree", size, LAST)
        });
        items.piece(SegmentKind::DeviceTree, Bytes::Made(room), 0, size);
        if passed.rng_seed.is_none() {
            remarks.note(Note::NoRngSeed);
        }
        Ok(())
    }

    fn write(
        &self,
        _: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        let start = items.start(SegmentKind::Initrd(0));
        let page = passed.machine.platform.page_size;
        let chosen = Self::chosen(passed, start)?;
        tree::write(&Self::tree(passed)?, &chosen, page, out)
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::DeviceTree, 0)
    }

    fn find_command_line(&self) -> Option<FindLine> {
        Some(|tree| {
            let tree = Fdt::parse(tree).ok();
            let chosen = tree.and_then(|tree| tree.node(b"/chosen"));
            let line = chosen.and_then(|chosen| chosen.property(b"bootargs"));
            line.unwrap_or_default()
        })
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        Exit::Arm64 {
            entry: items.start(SegmentKind::Kernel),
            x0: items.start(SegmentKind::DeviceTree),
        }
    }
}
