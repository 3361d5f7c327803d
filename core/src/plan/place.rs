//! Where each segment goes: the kernel first, for it is the hardest to place, then the initrds
//! as one stretch, boot parameters and purgatory; all as high as they may.
//!
//! High, because the new kernel needs low memory for DMA buffers and trampolines, and because
//! the kernel's own loader does the same.

use heapless::Vec;

use super::{Request, SEGMENT_MAX};
use crate::boot::Ramdisk;
use crate::error::{Error, Result};
use crate::image::{Kernel, bzimage::xlf};
use crate::memory::{Direction, PAGE_SIZE, Range, RangeSet, Window, align_up, find_hole};
use crate::purgatory;

/// The last address a 32-bit pointer reaches.
const LAST_BELOW_4G: u64 = u32::MAX as u64;
/// Segments that are not initrds: kernel, boot parameters, purgatory.
pub const OTHERS: usize = 3;
const INITRDS_MAX: usize = SEGMENT_MAX - OTHERS;

/// The places found.
#[derive(Debug)]
pub struct Placement {
    pub kernel: Range,
    pub boot: Range,
    pub purgatory: Range,
    initrds: Vec<Range, INITRDS_MAX>,
    ramdisk: Ramdisk,
}

impl Placement {
    /// Places everything in `free`. `others` segments are not initrds.
    pub fn new(
        request: &Request<'_>,
        image: &Kernel<'_>,
        boot_size: usize,
        others: usize,
        free: &mut RangeSet,
    ) -> Result<Self> {
        let max = if image.xloadflags() & xlf::CAN_BE_LOADED_ABOVE_4G == 0 {
            LAST_BELOW_4G
        } else {
            u64::MAX
        };
        let kernel = kernel(image, max, free)?;
        let (initrds, ramdisk) = initrds(request.initrds, others, max, free)?;
        let boot = take(free, "the boot parameters", boot_size as u64, max)?;
        // Its code runs from anywhere the identity map reaches.
        let purgatory = take(free, "the purgatory", purgatory::MEMSZ as u64, u64::MAX)?;
        Ok(Self {
            kernel,
            boot,
            purgatory,
            initrds,
            ramdisk,
        })
    }

    /// The initrds' places, in order, one behind the other.
    pub fn initrds(&self) -> impl Iterator<Item = Range> {
        self.initrds.iter().copied()
    }

    /// The stretch the new kernel is told.
    pub const fn ramdisk(&self) -> Ramdisk {
        self.ramdisk
    }
}

fn kernel(image: &Kernel<'_>, max: u64, free: &mut RangeSet) -> Result<Range> {
    let pages = |size| align_up(size, PAGE_SIZE);
    let size = pages(image.size()).ok_or(Error::BadArgument {
        what: "init_size is too large",
    })?;
    // Below pref_address a relocatable kernel would move itself up to it and use memory there
    // that nobody reserved.
    let (min, max) = if image.relocatable() {
        (lowest(image), max)
    } else {
        let last = image.pref_address().saturating_add(size).saturating_sub(1);
        (image.pref_address(), last.min(max))
    };
    let window = Window {
        what: "the kernel (init_size)",
        size,
        align: if image.relocatable() {
            image.alignment().max(PAGE_SIZE)
        } else {
            PAGE_SIZE
        },
        min,
        max,
        direction: Direction::TopDown,
    };
    find_and_take(free, &window)
}

/// The lowest address a relocatable kernel is loaded to.
const fn lowest(image: &Kernel<'_>) -> u64 {
    match image {
        Kernel::BzImage(image) => image.pref_address(),
        Kernel::Vmlinux(_) => 0,
    }
}

/// One stretch for all initrds, each at a page of its own. What the kernel leaves zero between
/// them its unpacker skips (init/initramfs.c, unpack_to_rootfs), so that no copy is needed to
/// join them.
fn initrds(
    files: &[&[u8]],
    others: usize,
    max: u64,
    free: &mut RangeSet,
) -> Result<(Vec<Range, INITRDS_MAX>, Ramdisk)> {
    let too_large = Error::BadArgument {
        what: "the initrds are too large",
    };
    let mut places = Vec::new();
    if files.is_empty() {
        return Ok((places, Ramdisk::default()));
    }
    if files.len().saturating_add(others) > SEGMENT_MAX {
        return Err(Error::TooManySegments {
            count: files.len().saturating_add(others) as u64,
            max: SEGMENT_MAX as u64,
        });
    }
    let mut size = 0_u64;
    let mut end = 0_u64;
    for file in files {
        if file.is_empty() {
            return Err(Error::EmptyFile);
        }
        end = size.checked_add(file.len() as u64).ok_or(too_large)?;
        size = align_up(end, PAGE_SIZE).ok_or(too_large)?;
    }
    let all = take(free, "the initrd", size, max)?;
    let mut start = all.start();
    for file in files {
        let pages = align_up(file.len() as u64, PAGE_SIZE).ok_or(too_large)?;
        let range = Range::from_size(start, pages).ok_or(too_large)?;
        start = start.saturating_add(pages);
        // Counted above.
        let _ = places.push(range);
    }
    let ramdisk = Ramdisk {
        address: all.start(),
        size: end,
    };
    Ok((places, ramdisk))
}

pub fn take(free: &mut RangeSet, what: &'static str, size: u64, max: u64) -> Result<Range> {
    let size = align_up(size, PAGE_SIZE).ok_or(Error::BadArgument {
        what: "a segment is too large",
    })?;
    let window = Window {
        what,
        size,
        align: PAGE_SIZE,
        min: 0,
        max,
        direction: Direction::TopDown,
    };
    find_and_take(free, &window)
}

fn find_and_take(free: &mut RangeSet, window: &Window) -> Result<Range> {
    let hole = find_hole(free, window)?;
    free.remove(hole)?;
    Ok(hole)
}
