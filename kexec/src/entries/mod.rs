//! Boot loader entries: the Boot Loader Specification (UAPI.1), and what boot loaders keep beside it.
//!
//! Pure: the program reads the files, and these functions their contents.

mod entry;
mod glob;
pub mod grub;
mod line;
mod store;
#[cfg(test)]
mod tests;
pub mod uki;
mod version;

use core::cmp::Ordering;

use heapless::Vec;

pub use entry::{Entry, Kind, compare, stem, without_ending};
pub use glob::matches;
pub use line::{Between, cut, last_value, next_value};
pub use store::Store;
pub use version::compare as compare_versions;

use crate::number;

/// How many entries there may be.
pub const MAX_ENTRIES: usize = 128;

/// Entries in their order.
pub type List<'a> = Vec<Entry<'a>, MAX_ENTRIES>;

/// Adds an entry at its place; returns whether there was room. One partition may be mounted at two
/// places: an entry of the same name and text is added once.
pub fn insert<'a>(list: &mut List<'a>, entry: Entry<'a>) -> bool {
    let same = |other: &Entry<'_>| other.name() == entry.name() && other.text == entry.text;
    if list.iter().any(same) {
        return true;
    }
    if list.push(entry).is_err() {
        return false;
    }
    let mut end = list.len();
    while let Some([.., before, last]) = list.get_mut(..end) {
        if compare(before, last) != Ordering::Greater {
            break;
        }
        core::mem::swap(before, last);
        end = end.saturating_sub(1);
    }
    true
}

/// The place of the entry that a name means: the first that it matches as a pattern, with or without
/// ending and boot counters; else the first whose title it matches, which GRUB may save; else, as GRUB
/// counts, the entry of this number, from 0.
#[must_use]
pub fn find(list: &[Entry<'_>], name: &[u8]) -> Option<usize> {
    let named = |entry: &Entry<'_>| matches(stem(name, entry.kind).0, entry.stem().0);
    let titled = |entry: &Entry<'_>| entry.title().is_some_and(|title| matches(name, title));
    let number = || usize::try_from(number::parse(name)?).ok();
    let by_name = list.iter().position(named);
    let place = by_name
        .or_else(|| list.iter().position(titled))
        .or_else(number)?;
    (place < list.len()).then_some(place)
}

/// As [`find`], and the number of a profile, empty for none: systemd-boot names those of a unified kernel
/// image, from the second one on, by `@NUMBER` after the file's name.
#[must_use]
pub fn find_profile<'n>(list: &[Entry<'_>], name: &'n [u8]) -> Option<(usize, &'n [u8])> {
    if let Some(place) = find(list, name) {
        return Some((place, &[]));
    }
    let at = name.iter().rposition(|byte| *byte == b'@')?;
    let (file, [_, number @ ..]) = name.split_at_checked(at)? else {
        return None;
    };
    let place = find(list, file)?;
    let is_image = list.get(place)?.kind == Kind::Image;
    let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    (is_image && is_number).then_some((place, number))
}

/// The text of an entry for a kernel without one: of a file in /boot, or, without a version, of the
/// links that Debian has. Of the initrds the first that exists belongs to the kernel.
pub fn write_text(file: &[u8], version: &[u8], store: &mut Store<'_>) {
    const LINKS: &[u8] = b"\nsort-key 0\ninitrd initrd.img\ninitrd initrd";
    const FILES: &[u8] = b"\nsort-key 1\nversion %\n\
                           initrd initrd.img-%\ninitrd initramfs-%.img\ninitrd initrd-%";
    store.put(b"linux ");
    store.put(file);
    for byte in if version.is_empty() { LINKS } else { FILES } {
        store.put(match byte {
            b'%' => version,
            _ => core::slice::from_ref(byte),
        });
    }
}

/// The version in the name of a kernel's file; `None` for other files, and for copies of kernels and
/// what belongs to them, by their last endings.
#[must_use]
pub fn kernel_version(file: &[u8]) -> Option<&[u8]> {
    let mut kernels: &[u8] = b"vmlinuz- vmlinux- kernel-";
    let mut spare: &[u8] = b"*.old *.bak *.sig *.hmac *.rpm* *.dpkg-* *~ *-";
    while let Some(pattern) = cut(&mut spare, b' ') {
        if matches(pattern, file) {
            return None;
        }
    }
    while let Some(before) = cut(&mut kernels, b' ') {
        if let Some(version) = file.strip_prefix(before) {
            return Some(version);
        }
    }
    None
}

/// The name in an EFI variable of systemd-boot, as efivarfs has it: four bytes of attributes, then
/// UTF-16 and a NUL. A character that is not ASCII, which no name has, becomes a `?`.
#[must_use]
pub fn efi_name<'a>(contents: &[u8], store: &mut Store<'a>) -> Option<&'a [u8]> {
    for pair in contents.get(4..)?.chunks_exact(2) {
        store.put(match pair {
            [0, 0] => break,
            [byte, 0] if byte.is_ascii() => core::slice::from_ref(byte),
            _ => b"?",
        });
    }
    store.keep().filter(|name| !name.is_empty())
}
