//! One entry: its fields, its name, and its place among others.

use core::cmp::Ordering;
use core::ffi::CStr;

use super::line::{Between, cut, last_value};
use super::version;

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of loader/entries: type 1 of the Specification.
    Text,
    /// A unified kernel image in EFI/Linux: type 2. Its text is its os-release.
    Image,
    /// A kernel in /boot without an entry. Its text is made as that of type 1.
    Kernel,
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The file it was read from.
    pub path: &'a CStr,
    /// The directory of its partition, without a slash at the end.
    pub root: &'a [u8],
    /// Where it comes from.
    pub kind: Kind,
    /// Its text; `None` if it could not be read.
    pub text: Option<&'a [u8]>,
    /// 0; 1 for an entry that comes after those with 0, because boot counting has no tries left; 2
    /// for one that comes after all others, because it is for another architecture.
    pub late: u8,
}

impl<'a> Entry<'a> {
    /// Its text, empty if it could not be read.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.text.unwrap_or_default()
    }

    /// The value of a key of type 1: the last one counts, as in systemd-boot.
    #[must_use]
    pub fn value(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.field(key, b"")
    }

    /// The value of a key of type 1, or of the first of the variables of os-release, named with
    /// spaces between them, that is set.
    #[inline(never)]
    fn field(&self, key: &[u8], mut in_release: &[u8]) -> Option<&'a [u8]> {
        if self.kind != Kind::Image {
            return last_value(self.text(), key, Between::Space);
        }
        while let Some(variable) = cut(&mut in_release, b' ') {
            match last_value(self.text(), variable, Between::Sign) {
                Some([b'"', value @ .., b'"'] | [b'\'', value @ .., b'\'']) => return Some(value),
                None => {}
                value => return value,
            }
        }
        None
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> Option<&'a [u8]> {
        self.field(b"title", b"PRETTY_NAME NAME ID")
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Option<&'a [u8]> {
        self.field(b"version", b"IMAGE_VERSION VERSION VERSION_ID BUILD_ID")
    }

    /// Sets [`Entry::late`] on a machine of this architecture, in the names of EFI.
    pub fn set_late(&mut self, architecture: &[u8]) {
        self.late = match self.value(b"architecture") {
            Some(other) if !other.eq_ignore_ascii_case(architecture) => 2,
            _ => self.stem().1.into(),
        };
    }

    /// Its name: that of the file.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        let path = self.path.to_bytes();
        path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
    }

    /// The name without ending and boot counters, and whether no tries are left.
    #[must_use]
    pub fn stem(&self) -> (&'a [u8], bool) {
        stem(self.name(), self.kind)
    }
}

/// A name without the ending of the files of a kind, in any case of letters: the file system may be
/// VFAT.
#[must_use]
#[inline(never)]
pub fn without_ending(name: &[u8], kind: Kind) -> Option<&[u8]> {
    let ending: &[u8] = match kind {
        Kind::Text => b".conf",
        Kind::Image => b".efi",
        Kind::Kernel => b"",
    };
    let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(stem)
}

/// A name without ending and boot counters (`+LEFT` or `+LEFT-DONE` before it), and whether no tries
/// are left.
#[must_use]
#[inline(never)]
pub fn stem(name: &[u8], kind: Kind) -> (&[u8], bool) {
    let stem = without_ending(name, kind).unwrap_or(name);
    if kind == Kind::Kernel {
        return (stem, false);
    }
    // From the end: digits, and before them a plus, or a minus, digits and a plus.
    let mut name = stem;
    for _ in 0..2 {
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let at = name.len().saturating_sub(digits.count());
        let (before, digits) = name.split_at_checked(at).unwrap_or_default();
        match before {
            [before @ .., b'+'] if !digits.is_empty() => {
                return (before, digits.iter().all(|digit| *digit == b'0'));
            }
            [before @ .., b'-'] if !digits.is_empty() => name = before,
            _ => break,
        }
    }
    (stem, false)
}

/// The order of two entries: the Specification's, "Sorting". The first is the default if nothing
/// else is.
#[must_use]
pub fn compare(one: &Entry<'_>, other: &Entry<'_>) -> Ordering {
    for number in 0..6 {
        let (one, other) = (one.criterion(number), other.criterion(number));
        let order = match number {
            0..4 => one.cmp(other),
            _ => version::compare(other, one),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

impl<'a> Entry<'a> {
    /// What entries are compared by. Machine and version do so only where both have a sort key.
    #[inline(never)]
    fn criterion(&self, number: u8) -> &'a [u8] {
        let key = self.field(b"sort-key", b"IMAGE_ID ID");
        let value = match (number, key) {
            (0, _) => match self.late {
                0 => None,
                1 => Some(&b"1"[..]),
                _ => Some(&b"2"[..]),
            },
            (1, None) => Some(&b"without"[..]),
            (2, key) => key,
            (3, Some(_)) => self.value(b"machine-id"),
            (4, Some(_)) => self.version(),
            (5, _) => Some(self.stem().0),
            _ => None,
        };
        value.unwrap_or_default()
    }
}
