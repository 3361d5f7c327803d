//! Linux, entered in 64-bit mode with boot_params (Documentation/arch/x86/boot.rst, "64-bit Boot
//! Protocol"): a bzImage at its 64-bit entry, or a vmlinux.

use heapless::Vec;

use crate::arch::Arch;
use crate::boot::{self, Layout, Parts, Ramdisk, SetupType};
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover, check_nul, initrds, initrds_size};
use crate::image::elf::Load;
use crate::image::{Elf, Entry, Kernel, bzimage::xlf};
use crate::machine::{Known, Machine, refusal};
use crate::memory::{PageSize, Window};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Bytes, Items, SegmentKind, anywhere};

/// The last address a 32-bit pointer reaches.
pub(super) const LAST_BELOW_4G: u64 = u32::MAX as u64;

/// Kernels with this boot protocol or a later one read boot_params.acpi_rsdp_addr (Linux 5.5). Linux
/// 5.0 to 5.4 read it too, but their headers do not show it.
const RSDP_IN_BOOT_PARAMS: u16 = 0x020f;

/// A kernel and its 64-bit entry.
#[derive(Clone, Debug)]
pub struct Linux64<'a> {
    setup_header: &'a [u8],
    pub(super) version: u16,
    xloadflags: u16,
    cmdline_size: u64,
    pub(super) setup_type_max: Option<u32>,
    pub(super) window: Window,
    /// Offset of the entry from the image's first address.
    entry: u64,
    parts: Vec<Load<'a>, { Elf::LOADS_MAX }>,
}

/// The name of the block with boot_params.
pub(super) const PARAMS: &str = "the boot parameters";

impl<'a> Linux64<'a> {
    /// Starts this image. If the compiler knows its format, the program has only the code for that
    /// format.
    #[must_use]
    #[inline]
    pub fn new(image: &Kernel<'a>) -> Self {
        let mut parts = Vec::new();
        for (bytes, offset, size) in image.parts() {
            // There is room for all parts of an image.
            let _ = parts.push(Load {
                bytes,
                offset,
                size,
            });
        }
        Self {
            setup_header: image.setup_header(),
            version: image.version(),
            xloadflags: image.xloadflags(),
            cmdline_size: image.cmdline_size(),
            setup_type_max: image.setup_type_max(),
            window: window(image),
            entry: image.entry_offset(),
            parts,
        }
    }

    /// Starts the request's image on this machine. The flags that a vmlinux has no header for are
    /// taken from its version and symbols.
    ///
    /// # Errors
    /// As `Vmlinux::flags_for`.
    pub fn requested(
        image: &Kernel<'a>,
        request: &Request<'_, 'a>,
        machine: &Machine,
    ) -> Result<Self> {
        let mut linux = Self::new(image);
        if let Kernel::Vmlinux(kernel) = image {
            let efi = request.options.efi && machine.booted_by_efi();
            let five_level = machine.x86.five_level_paging;
            linux.supports(kernel.flags_for(request.kernel, five_level, efi)?);
        }
        Ok(linux)
    }

    /// Adds XLF_* flags ([`xlf`]) that the image's header does not have.
    pub const fn supports(&mut self, flags: u16) {
        self.xloadflags |= flags;
    }

    /// Adds the blocks and pieces: boot_params in the window `params`, whatever its size, and the
    /// initrds up to the address `last`.
    pub(super) fn items_in(
        &self,
        params: Window,
        last: u64,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        let takes_seed = self
            .setup_type_max
            .is_none_or(|max| SetupType::RNG_SEED.0 <= max);
        if passed.rng_seed.is_none() && takes_seed {
            remarks.note(Note::NoRngSeed);
        }
        if passed.machine.x86.boot_params.get().is_none() {
            remarks.note(Note::NoBootParams);
        }
        let layout = Layout::new(&self.parts(passed, Some(remarks)), passed.machine);
        for kind in layout.setup_types() {
            remarks.setup_type(kind);
        }
        items.block(self.window);
        for part in &self.parts {
            let bytes = Bytes::Ready(part.bytes);
            items.piece(SegmentKind::Kernel, bytes, part.offset, part.size);
        }
        // The kernel fills the gaps between them with zeros, which its unpacker skips
        // (init/initramfs.c, unpack_to_rootfs), so no copy is needed to join them.
        initrds(passed.initrds, last, items)?;
        let size = layout.size();
        items.block(Window {
            size: size as u64,
            ..params
        });
        items.piece(SegmentKind::BootParams, Bytes::Made(size), 0, size as u64);
        Ok(())
    }

    /// Decides what is passed on, and notes what is not.
    fn parts<'t>(&self, passed: &Passed<'t, 'a>, mut remarks: Option<&mut Remarks>) -> Parts<'t> {
        let mut note = |note| {
            if let Some(remarks) = &mut remarks {
                remarks.note(note);
            }
        };
        let mut known = |kind: SetupType| match self.setup_type_max {
            Some(max) if kind.0 > max => {
                note(Note::SetupTypeLeftOut { kind, max });
                false
            }
            _ => true,
        };
        let dtb = passed.dtb.filter(|_| known(SetupType::DTB));
        let rng_seed = passed.rng_seed.filter(|_| known(SetupType::RNG_SEED));
        let efi = match self.efi_refusal(passed) {
            None => true,
            Some(refusal) => {
                refusal.map(note);
                false
            }
        };
        Parts {
            command_line: passed.command_line,
            memory: passed.memory,
            efi,
            dtb,
            rng_seed,
        }
    }

    /// Why EFI is not passed on: `None` if it is, `Some(None)` on machines without EFI.
    fn efi_refusal(&self, passed: &Passed<'_, 'a>) -> Option<Option<Note>> {
        let efi = &passed.machine.efi;
        let why = if !passed.machine.booted_by_efi() {
            return Some(None);
        } else if !passed.efi {
            "as asked (noefi)"
        } else if self.xloadflags & xlf::EFI_KEXEC == 0 {
            "the new kernel is not known to take them"
        } else if efi.is_complete() {
            return None;
        } else if efi.has_map == Known::No {
            "the running kernel does not use them"
        } else {
            return Some(Some(Note::EfiUnread));
        };
        Some(Some(Note::NoEfi { why }))
    }
}

/// The highest address that an image with these flags, and the data for it, may have.
const fn last(xloadflags: u16) -> u64 {
    if xloadflags & xlf::CAN_BE_LOADED_ABOVE_4G == 0 {
        LAST_BELOW_4G
    } else {
        u64::MAX
    }
}

/// The request is for another entry than that of the handover.
pub(super) const OTHER_ENTRY: Error = Error::BadArgument {
    what: "the entry that is asked for is not the one that is planned for",
};

/// Refuses modules.
pub(super) const fn check_modules(request: &Request<'_, '_>) -> Result<()> {
    if request.modules.is_empty() {
        return Ok(());
    }
    Err(Error::BadArgument {
        what: "a Linux image takes initrds, no modules: those are for multiboot kernels",
    })
}

/// Checks a command line of which the image takes `limit` bytes, without the NUL.
#[inline]
pub(super) fn check_line(line: &[u8], limit: u64) -> Result<()> {
    let length = line.len() as u64;
    if length > limit {
        return Err(Error::CommandLineTooLong { length, limit });
    }
    check_nul(line)
}

/// Where the image may be placed.
#[inline]
fn window(image: &Kernel<'_>) -> Window {
    let window = anywhere(
        "the kernel (init_size)",
        image.size(),
        last(image.xloadflags()),
    );
    let min = image.pref_address();
    if !image.relocatable() {
        let end = min.saturating_add(PageSize::K4.up(image.size()));
        let max = window.max.min(end.saturating_sub(1));
        return Window { min, max, ..window };
    }
    Window {
        align: image.alignment(),
        // Below pref_address a relocatable bzImage would move itself up to it and use memory
        // there that nobody reserved.
        min: match image {
            Kernel::BzImage(_) | Kernel::Unpacked(_) => min,
            Kernel::Vmlinux(_) => 0,
        },
        ..window
    }
}

impl<'a> Handover<'a> for Linux64<'a> {
    fn arch(&self) -> Arch {
        Arch::X86_64
    }

    fn check_request(&self, request: &Request<'_, 'a>, _: bool) -> Result<()> {
        if !matches!(request.options.entry, None | Some(Entry::X86Long)) {
            return Err(OTHER_ENTRY);
        }
        check_modules(request)
    }

    fn check(&self, machine: &Machine) -> Result<()> {
        if self.xloadflags & xlf::FIVE_LEVEL != 0 {
            return Ok(());
        }
        // CR4.LA57 cannot be cleared in long mode: the new kernel is entered with it.
        match machine.x86.five_level_paging {
            Known::No => Ok(()),
            Known::Yes => Err(Error::NotBootable {
                why: "5-level paging is in use and the new kernel has no XLF_5LEVEL; boot with \
                      no5lvl first",
            }),
            Known::Unknown => Err(Error::Unknown {
                what: refusal::FIVE_LEVEL,
            }),
        }
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        check_line(line, self.cmdline_size)
    }

    fn reads_acpi(&self) -> bool {
        true
    }

    fn gets_rsdp(&self, passed: &Passed<'_, 'a>) -> bool {
        self.version >= RSDP_IN_BOOT_PARAMS || self.efi_refusal(passed).is_none()
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        let last = last(self.xloadflags);
        let params = anywhere(PARAMS, 0, last);
        self.items_in(params, last, passed, items, remarks)
    }

    fn write(
        &self,
        _: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        let parts = self.parts(passed, None);
        let layout = Layout::new(&parts, passed.machine);
        let contents = boot::Contents {
            setup_header: self.setup_header,
            machine: passed.machine,
            parts,
            ramdisk: Ramdisk {
                address: items.start(SegmentKind::Initrd(0)),
                size: initrds_size(passed.initrds)?,
            },
            base: items.start(SegmentKind::BootParams),
        };
        // `out` has the layout's size.
        boot::write(out, &layout, &contents).ok_or(Error::BadArgument {
            what: "the boot parameters do not have the size of their layout",
        })
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::BootParams, Layout::BOOT_PARAMS)
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        let kernel = items.start(SegmentKind::Kernel);
        Exit::X86Long(Registers {
            rsi: items.start(SegmentKind::BootParams),
            rip: kernel.saturating_add(self.entry),
            ..Registers::default()
        })
    }
}
