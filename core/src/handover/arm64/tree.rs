//! The device tree of the next kernel: the running one's with edits in /chosen and in the memory
//! reservations, as drivers/of/kexec.c makes them (of_kexec_alloc_and_setup_fdt).

use heapless::Vec;

use crate::bytes::put_slice;
use crate::error::{Error, Result};
use crate::fdt::{Edits, Fdt, Property, Reservation};
use crate::memory::{PageSize, Range};
use crate::purgatory::{DEFAULT_SECRET, Digest};

const INITRD_START: &[u8] = b"linux,initrd-start";
const INITRD_END: &[u8] = b"linux,initrd-end";

/// Properties of the running kernel only: where its initrd and its dump are, the state that it got from
/// the kernel before it, and the random numbers it began with.
const OLD: [&[u8]; 9] = [
    INITRD_START,
    INITRD_END,
    b"linux,elfcorehdr",
    b"linux,usable-memory-range",
    b"linux,ima-kexec-buffer",
    b"linux,kho-fdt",
    b"linux,kho-scratch",
    KASLR_SEED,
    RNG_SEED,
];
const KASLR_SEED: &[u8] = b"kaslr-seed";
const RNG_SEED: &[u8] = b"rng-seed";
const BOOTARGS: &[u8] = b"bootargs";

/// Longest command line with its NUL.
const LINE: usize = 2048;

/// What the next kernel is passed in /chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'t> {
    pub command_line: &'t [u8],
    /// All initrds, once they are placed; before, any range of the same emptiness.
    pub initrd: Option<Range>,
    /// Fresh random numbers.
    pub seed: Option<&'t [u8; 32]>,
}

/// Bytes that all properties but the command line, a reservation and /chosen itself take at most.
const MORE: usize = 400;

/// Bytes that are enough for the tree.
pub(super) fn room(tree: &Fdt<'_>, command_line: &[u8]) -> usize {
    let more = command_line.len().saturating_add(MORE);
    tree.room(&Edits::NONE).saturating_add(more)
}

/// Writes the tree, and zeros after it.
pub(super) fn write(
    tree: &Fdt<'_>,
    chosen: &Chosen<'_>,
    page: PageSize,
    out: &mut [u8],
) -> Result<()> {
    let mut line = [0; LINE];
    let length = chosen.command_line.len().saturating_add(1);
    let line = put_slice(&mut line, 0, chosen.command_line).and_then(|()| line.get(..length));
    let line = line.ok_or(Error::CommandLineTooLong {
        length: chosen.command_line.len() as u64,
        limit: LINE.saturating_sub(1) as u64,
    })?;
    let addresses = chosen.initrd.map(|range| {
        let end = range.last().saturating_add(1);
        [range.start(), end].map(u64::to_be_bytes)
    });
    let kaslr = chosen.seed.map(kaslr_seed);
    let mut set: Vec<Property<'_>, 6> = Vec::new();
    let mut add = |name, value| {
        // There is room for all six.
        let _fits = set.push(Property { name, value });
    };
    add(BOOTARGS, line);
    add(b"linux,booted-from-kexec", &[]);
    if let Some([start, end]) = &addresses {
        add(INITRD_START, start);
        add(INITRD_END, end);
    }
    if let (Some(kaslr), Some(seed)) = (&kaslr, chosen.seed) {
        add(KASLR_SEED, kaslr);
        add(RNG_SEED, seed);
    }
    let reserve = chosen.initrd.map(|range| Reservation {
        address: range.start(),
        size: range.size(),
    });
    let edits = Edits {
        set: &set,
        remove: &OLD,
        reserve: reserve.as_slice(),
        release: &old_initrd(tree, page),
    };
    let size = tree.edit(&edits, out)?;
    out.iter_mut().skip(size).for_each(|byte| *byte = 0);
    Ok(())
}

/// The number that places the kernel. The other seed has 256 bits, of which an attacker who learns the
/// place, some 20 bits of this hash, has hardly fewer to guess.
fn kaslr_seed(seed: &[u8; 32]) -> [u8; 8] {
    let mut sum = Digest::new(&DEFAULT_SECRET);
    sum.update(seed);
    sum.end_region();
    let [a, b, c, d, e, f, g, h, ..] = sum.finish();
    [a, b, c, d, e, f, g, h]
}

/// The entries that may reserve the running kernel's initrd: its bytes, or its pages. Both are nothing if
/// there is none, which no entry is.
fn old_initrd(tree: &Fdt<'_>, page: PageSize) -> [Reservation; 2] {
    let chosen = tree.node(b"/chosen");
    let number = |name| chosen.as_ref().and_then(|chosen| chosen.number(name));
    let (start, end) = number(INITRD_START)
        .zip(number(INITRD_END))
        .unwrap_or((0, 0));
    let size = end.saturating_sub(start);
    let down = start & !page.bytes().saturating_sub(1);
    let pages = page.up(end).saturating_sub(down);
    [(start, size), (down, pages)].map(|(address, size)| Reservation { address, size })
}
