//! Where each segment goes: the kernel first, for it is the hardest to place, then the initrds
//! as one stretch, boot parameters and purgatory; all as high as they may.
//!
//! High, because the new kernel needs low memory for DMA buffers and trampolines, and because
//! the kernel's own loader does the same.

use super::{Options, Request};
use crate::boot::Ramdisk;
use crate::error::{Error, Narrowed, Result};
use crate::image::{Kernel, bzimage::xlf};
use crate::memory::{PAGE_SIZE, Range, RangeSet, Window, align_up, find_hole};

/// The last address a 32-bit pointer reaches.
const LAST_BELOW_4G: u64 = u32::MAX as u64;

/// Bytes of memory of what is made for the plan.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub boot: usize,
    pub purgatory: usize,
}

/// The addresses that any segment may use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The lowest that the machine, or a crash reservation, has for segments.
    pub min: u64,
    /// The highest, inclusive.
    pub max: u64,
    /// The caller's limits.
    pub mem_min: u64,
    pub mem_max: u64,
}

impl Bounds {
    /// From what the machine has, and the caller's limits.
    pub const fn new(min: u64, max: u64, options: &Options) -> Self {
        Self {
            min,
            max,
            mem_min: options.mem_min,
            mem_max: options.mem_max,
        }
    }

    /// Finds a place in the part of the window that is inside the bounds, and takes it out of
    /// `free`, which has nothing outside of the bounds.
    pub fn take(&self, free: &mut RangeSet, window: &Window) -> Result<Range> {
        let (min, max) = (window.min.max(self.min), window.max.min(self.max));
        let by = Narrowed::by(self.mem_min > min, self.mem_max < max);
        let inside = (min.max(self.mem_min), max.min(self.mem_max));
        // Where the caller's limits leave nothing of the window, the error has the window.
        let (min, max) = if inside.0 <= inside.1 {
            inside
        } else {
            (min, max)
        };
        let mut found = find_hole(
            free,
            &Window {
                min,
                max,
                ..*window
            },
        );
        if let Err(Error::NoHole { narrowed, .. }) = &mut found {
            *narrowed = by;
        }
        let hole = found?;
        free.remove(hole)?;
        Ok(hole)
    }
}

/// The places found.
#[derive(Debug)]
pub struct Placement {
    pub kernel: Range,
    pub boot: Range,
    pub purgatory: Range,
    /// The stretch the new kernel is told.
    pub ramdisk: Ramdisk,
}

impl Placement {
    /// Places everything in `free`.
    pub fn new(
        request: &Request<'_>,
        image: &Kernel<'_>,
        sizes: Sizes,
        bounds: &Bounds,
        free: &mut RangeSet,
    ) -> Result<Self> {
        let max = if image.xloadflags() & xlf::CAN_BE_LOADED_ABOVE_4G == 0 {
            LAST_BELOW_4G
        } else {
            u64::MAX
        };
        let ramdisk_size = ramdisk_size(request.initrds)?;
        let windows = [
            kernel(image, max),
            anywhere("the initrd", ramdisk_size, max),
            anywhere("the boot parameters", sizes.boot as u64, max),
            // Its code runs from anywhere the identity map reaches.
            anywhere("the purgatory", sizes.purgatory as u64, u64::MAX),
        ];
        let mut places = [Range::ZERO; 4];
        for (place, window) in places.iter_mut().zip(&windows) {
            // Without an initrd there is nothing to place.
            if window.size != 0 {
                *place = bounds.take(free, window)?;
            }
        }
        let [kernel, initrd, boot, purgatory] = places;
        Ok(Self {
            kernel,
            boot,
            purgatory,
            ramdisk: Ramdisk {
                address: initrd.start(),
                size: ramdisk_size,
            },
        })
    }
}

/// `size` rounded up to whole pages; a size nobody has room for if that is past all numbers.
pub fn pages(size: u64) -> u64 {
    align_up(size, PAGE_SIZE).unwrap_or(u64::MAX)
}

fn kernel(image: &Kernel<'_>, max: u64) -> Window {
    let size = pages(image.size());
    let what = "the kernel (init_size)";
    if image.relocatable() {
        // Below pref_address a relocatable bzImage would move itself up to it and use memory
        // there that nobody reserved.
        let min = match image {
            Kernel::BzImage(image) => image.pref_address(),
            Kernel::Vmlinux(_) => 0,
        };
        Window {
            what,
            size,
            align: image.alignment().max(PAGE_SIZE),
            min,
            max,
        }
    } else {
        let min = image.pref_address();
        let last = min.saturating_add(size).saturating_sub(1);
        Window {
            min,
            ..anywhere(what, size, last.min(max))
        }
    }
}

/// Bytes from the first initrd's first to the last one's last, each at a page of its own. What
/// the kernel leaves zero between them its unpacker skips (init/initramfs.c, unpack_to_rootfs),
/// so that no copy is needed to join them.
fn ramdisk_size(files: &[&[u8]]) -> Result<u64> {
    let mut end = 0_u64;
    for file in files {
        if file.is_empty() {
            return Err(Error::EmptyFile);
        }
        end = pages(end).saturating_add(file.len() as u64);
    }
    Ok(end)
}

/// Room for whole pages up to `max`.
pub fn anywhere(what: &'static str, size: u64, max: u64) -> Window {
    Window {
        what,
        size: pages(size),
        align: PAGE_SIZE,
        min: 0,
        max,
    }
}
