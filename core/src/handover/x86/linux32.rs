//! Linux, entered in 32-bit protected mode with boot_params (Documentation/arch/x86/boot.rst, "32-bit Boot
//! Protocol"): a bzImage without a 64-bit entry, or one whose 32-bit entry the caller asks for.

use super::Linux64;
use super::linux64::{LAST_BELOW_4G, OTHER_ENTRY, PARAMS, check_modules};
use crate::arch::Arch;
use crate::bytes::put_slice;
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover};
use crate::image::bzimage::field;
use crate::image::{BzImage, Entry};
use crate::machine::Machine;
use crate::memory::{PageSize, Window};
use crate::note::Remarks;
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Items, SegmentKind, anywhere};

/// The first version whose kernels read boot_params anywhere below 4 GiB. Those before may read them when
/// they have mapped little memory, and loaders have always put them below 640 KiB.
const ANYWHERE: u16 = 0x020c;
/// The first version whose kernels take the address of boot_params from ESI: those before may expect them
/// where the boot sector was.
const BY_ADDRESS: u16 = 0x0205;
/// The first version with setup_data.
const SETUP_DATA: u16 = 0x0209;
/// The first version with cmd_line_ptr.
const CMD_LINE_PTR: u16 = 0x0202;
/// Where Linux moved its boot sector to, and its parameters lay.
const BOOT_SECTOR: u64 = 0x9_0000;
/// Bytes that a real-mode segment register reaches.
const SEGMENT: u64 = 0x1_0000;
/// The last address of a 32-bit kernel: it maps itself at a fixed distance from its physical addresses, and
/// never moves itself beyond (arch/x86/boot/compressed/kaslr.c, KERNEL_IMAGE_SIZE).
const LAST_OF_32: u64 = (512 << 20) - 1;
/// boot_params of kernels before cmd_line_ptr: 0xa33f, and the command line's offset from boot_params, two
/// bytes each (boot.rst, "The Kernel Command Line").
const CL_MAGIC: usize = 0x20;

/// A kernel and its 32-bit entry.
#[derive(Clone, Debug)]
pub struct Linux32<'a> {
    /// For all that is alike.
    linux: Linux64<'a>,
    /// Where the entry is, from the image's first address.
    entry: u64,
    initrd_max: u64,
}

impl<'a> Linux32<'a> {
    /// Starts this image, of which `linux` was made; `None` if it has no 32-bit entry.
    #[must_use]
    pub fn new(image: &BzImage<'a>, mut linux: Linux64<'a>) -> Option<Self> {
        let entry = image.code32_offset()?;
        let is_64 = image.entries().contains(&Entry::X86Long);
        let last = if image.relocatable() && !is_64 {
            LAST_OF_32
        } else {
            LAST_BELOW_4G
        };
        linux.window.max = linux.window.max.min(last);
        if image.version() < SETUP_DATA {
            linux.setup_type_max = Some(0);
        }
        Some(Self {
            linux,
            entry,
            initrd_max: image.initrd_max().min(LAST_BELOW_4G),
        })
    }

    /// Where the image may be placed.
    pub(super) const fn window(&self) -> Window {
        self.linux.window
    }

    fn params(&self) -> Window {
        let version = self.linux.version;
        if version >= ANYWHERE {
            return anywhere(PARAMS, 0, LAST_BELOW_4G);
        }
        // All that is below is RAM of every PC, and no EBDA is so large that it reaches so low.
        let low = anywhere(PARAMS, 0, BOOT_SECTOR.saturating_sub(1));
        if version >= BY_ADDRESS {
            return low;
        }
        Window {
            align: SEGMENT,
            min: BOOT_SECTOR,
            max: BOOT_SECTOR.saturating_add(SEGMENT.saturating_sub(1)),
            ..low
        }
    }

    fn code32_start(&self, items: &Items<'a>) -> u64 {
        let kernel = items.start(SegmentKind::Kernel);
        kernel.saturating_add(self.entry)
    }
}

impl<'a> Handover<'a> for Linux32<'a> {
    fn arch(&self) -> Arch {
        self.linux.arch()
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash && self.linux.version < ANYWHERE {
            return Err(Error::NotBootable {
                why: "a kernel of a boot protocol before 2.12 reads its parameters below 640 KiB, \
                      outside of a crash kernel's reservation",
            });
        }
        if !matches!(request.options.entry, None | Some(Entry::X86Protected)) {
            return Err(OTHER_ENTRY);
        }
        check_modules(request)
    }

    /// Paging is off where it is entered: the levels of the running kernel's page tables do not
    /// matter.
    fn check(&self, _: &Machine) -> Result<()> {
        Ok(())
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        self.linux.check_command_line(line)
    }

    fn lowest(&self) -> u64 {
        if self.linux.version >= ANYWHERE {
            return self.linux.lowest();
        }
        // The interrupt vectors and the BIOS data area are in the first page.
        PageSize::K4.bytes()
    }

    fn reads_acpi(&self) -> bool {
        self.linux.reads_acpi()
    }

    fn gets_rsdp(&self, passed: &Passed<'_, 'a>) -> bool {
        self.linux.gets_rsdp(passed)
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        let last = self.initrd_max;
        self.linux
            .items_in(self.params(), last, passed, items, remarks)
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        self.linux.write(kind, passed, items, out)?;
        // Linux does not read it. Other images that are made like it find out from it where they are.
        let start = (self.code32_start(items) as u32).to_le_bytes();
        // boot_params have these bytes.
        let _ = put_slice(out, field::CODE32_START, &start);
        if self.linux.version < CMD_LINE_PTR {
            let (_, offset) = self.command_line();
            let [low, high] = (offset as u16).to_le_bytes();
            let _ = put_slice(out, CL_MAGIC, &[0x3f, 0xa3, low, high]);
        }
        Ok(())
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        self.linux.command_line()
    }

    fn exit_below(&self) -> u64 {
        LAST_BELOW_4G
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        Exit::X86Protected(Registers {
            rsi: items.start(SegmentKind::BootParams),
            rip: self.code32_start(items),
            ..Registers::default()
        })
    }
}
