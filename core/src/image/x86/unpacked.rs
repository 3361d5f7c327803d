//! The kernel proper of a bzImage, unpacked and moved before it is started, as its own decompressor would
//! do it (arch/x86/boot/compressed/misc.c and kaslr.c). docs/unpacked.md has each thing that the
//! decompressor does, and what is done in its place.

use heapless::Vec;

use super::relocs::{Lists, Relocs, split};
use crate::error::{Error, Result};
use crate::image::elf::{Elf, Headers, Load, bad};
use crate::image::{BzImage, Vmlinux};
use crate::memory::align_up;

/// MIN_KERNEL_ALIGN (arch/x86/include/asm/boot.h): of p_align, and of the kernel's size.
const MIN_ALIGN: u64 = 2 << 20;
/// KERNEL_IMAGE_SIZE of a kernel with CONFIG_RANDOMIZE_BASE (arch/x86/include/asm/page_64_types.h): the
/// virtual addresses that it may use.
const IMAGE_SIZE: u64 = 1 << 30;

/// How the addresses of an unpacked kernel are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Addresses {
    /// Those that it was linked for, if that memory is free: as with `nokaslr`.
    AsLinked,
    /// Drawn by two numbers, which must be fresh random ones for each load. Who knows them knows where
    /// the new kernel is.
    Drawn {
        /// For the place in physical memory.
        physical: u64,
        /// For the virtual addresses.
        virt: u64,
    },
    /// Exactly these: only to compare with a kernel that was started otherwise.
    Exactly {
        /// The physical address of the first byte.
        physical: u64,
        /// How far the virtual addresses are moved.
        offset: u64,
    },
}

impl core::fmt::Debug for Addresses {
    /// Without the numbers, which are secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AsLinked => "AsLinked",
            Self::Drawn { .. } => "Drawn",
            Self::Exactly { .. } => "Exactly",
        })
    }
}

/// An unpacked kernel. It has the setup header of its bzImage.
#[derive(Clone)]
pub struct Unpacked<'a> {
    image: BzImage<'a>,
    loads: Vec<Load<'a>, { Elf::LOADS_MAX }>,
    size: u64,
    entry: u64,
    lists: Option<Lists>,
    addresses: Addresses,
}

impl<'a> Unpacked<'a> {
    /// Checks the unpacked `payload` of `image`, and moves its virtual addresses in place.
    ///
    /// A kernel without a relocation table was built without CONFIG_RANDOMIZE_BASE: it stays as it was
    /// linked, whatever `addresses` are ([`Unpacked::lists`] is `None`).
    ///
    /// # Errors
    /// As [`Vmlinux::parse`] and [`Relocs::parse`]; [`Error::BadField`] for addresses that are not those of
    /// the bzImage's header, a p_align that the decompressor refuses, and an exact offset that cannot be.
    pub fn new(image: &BzImage<'a>, payload: &'a mut [u8], addresses: Addresses) -> Result<Self> {
        let length = payload.len() as u64;
        let (elf, table) = split(payload)?;
        let (size, entry) = check(image, elf)?;
        let relocs = if table.is_empty() {
            None
        } else {
            Some(Relocs::parse(table, elf)?)
        };
        let need = align_up(size.max(length), MIN_ALIGN).unwrap_or(u64::MAX);
        let room = IMAGE_SIZE.checked_sub(image.pref_address().saturating_add(need));
        let room = room.ok_or(Error::NotBootable {
            why: "the unpacked kernel is larger than a kernel can be (1 GiB of virtual addresses)",
        })?;
        let lists = relocs.as_ref().map(Relocs::lists);
        let addresses = match lists {
            None => Addresses::AsLinked,
            Some(_) => addresses,
        };
        if let Some(relocs) = &relocs {
            relocs.apply(elf, offset(addresses, room, image.alignment())?);
        }
        let elf: &'a [u8] = elf;
        let mut loads = Vec::new();
        for load in Vmlinux::parse(elf)?.loads() {
            // There is room for all of them.
            let _ = loads.push(Load {
                bytes: without_zeros(load.bytes),
                ..*load
            });
        }
        Ok(Self {
            image: *image,
            loads,
            size,
            entry,
            lists,
            addresses,
        })
    }

    /// The bzImage that it comes from.
    #[must_use]
    pub const fn image(&self) -> &BzImage<'a> {
        &self.image
    }

    /// Its parts, by ascending address, without the zeros at their ends.
    #[must_use]
    pub fn loads(&self) -> &[Load<'a>] {
        &self.loads
    }

    /// Bytes of memory from its first address on.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Where it is entered, from its first address.
    #[must_use]
    pub const fn entry_offset(&self) -> u64 {
        self.entry
    }

    /// The lists of its relocation table; `None` if it has no table, and cannot be moved.
    #[must_use]
    pub const fn lists(&self) -> Option<Lists> {
        self.lists
    }

    /// How its addresses are chosen.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }
}

/// The checks of the decompressor (misc.c, parse_elf), and those that hold between a bzImage and its
/// payload. Returns the kernel's size, and where it is entered, from its first address.
fn check(image: &BzImage<'_>, elf: &[u8]) -> Result<(u64, u64)> {
    let headers = Headers::parse(elf)?;
    let class = crate::elf::offset_of!(crate::elf::Phdr, p_align);
    for load in headers.loads() {
        if load.align % MIN_ALIGN != 0 {
            let what = "p_align, which must be a multiple of 2 MiB,";
            return Err(headers.bad(&load, what, class, load.align));
        }
    }
    let kernel = Vmlinux::parse(elf)?;
    let range = kernel.range();
    if range.start() != image.pref_address() || range.size() > image.init_size() {
        return Err(bad(
            "p_paddr, by which the unpacked kernel must begin at pref_address and end within init_size,",
            crate::elf::EHDR as u64,
            range.start(),
        ));
    }
    let size = align_up(range.size(), MIN_ALIGN).unwrap_or(u64::MAX);
    Ok((size, kernel.entry_offset()))
}

/// How far the virtual addresses are moved, at most by `room`.
fn offset(addresses: Addresses, room: u64, alignment: u64) -> Result<u32> {
    let offset = match addresses {
        Addresses::AsLinked => 0,
        Addresses::Drawn { virt, .. } => {
            // Slots from the first address on (kaslr.c, find_random_virt_addr).
            let slots = room.checked_div(alignment).unwrap_or(0).saturating_add(1);
            virt.checked_rem(slots).unwrap_or(0).wrapping_mul(alignment)
        }
        Addresses::Exactly { offset, .. } => offset,
    };
    // Less than 1 GiB.
    let narrow = u32::try_from(offset).ok();
    narrow
        .filter(|_| offset <= room && offset % MIN_ALIGN == 0)
        .ok_or(Error::BadArgument {
            what: "the exact offset of the unpacked kernel's virtual addresses is too large, or no \
                   multiple of 2 MiB",
        })
}

/// Without the zeros at its end: that memory is filled with zeros anyway.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((before, [0, 0, 0, 0, 0, 0, 0, 0])) = rest.split_last_chunk::<8>() {
        rest = before;
    }
    rest
}

impl core::fmt::Debug for Unpacked<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Unpacked")
            .field("loads", &self.loads)
            .field("size", &self.size)
            .field("lists", &self.lists)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "unpacked_tests.rs"]
mod tests;
