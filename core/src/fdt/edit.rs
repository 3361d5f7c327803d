//! A copy with edits: in one pass, from slice to slice, packed.
//!
//! What a loader changes is in two places: the properties of /chosen, and the memory reservation block.

use super::node::is_called;
use super::token::{BEGIN_NODE, END, END_NODE, PROP, Token};
use super::{
    Fdt, HEADER, LAST_COMPATIBLE, MAGIC, RESERVATION, Reservation, VERSION, aligned, field,
};
use crate::bytes::put_slice;
use crate::error::{Error, Result};

const CHOSEN: &[u8] = b"chosen";
/// Node names, and property names that are written, end with this.
const NUL: &[u8] = b"\0";

/// A property to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property<'t> {
    /// Its name, without a NUL.
    pub name: &'t [u8],
    /// Its value; numbers are big-endian.
    pub value: &'t [u8],
}

/// What a copy has otherwise than the tree it was made of. [`Edits::NONE`] copies and packs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Edits<'t> {
    /// Properties of /chosen: a property of the same name goes. /chosen is made if there is none.
    pub set: &'t [Property<'t>],
    /// Names of properties of /chosen that go.
    pub remove: &'t [&'t [u8]],
    /// Entries of the memory reservation block that are added, after the others.
    pub reserve: &'t [Reservation],
    /// Entries that go: those that are equal to one of these.
    pub release: &'t [Reservation],
}

impl Edits<'_> {
    /// Nothing is changed.
    pub const NONE: Self = Self {
        set: &[],
        remove: &[],
        reserve: &[],
        release: &[],
    };

    fn replaces(&self, name: &[u8]) -> bool {
        self.remove.contains(&name) || self.set.iter().any(|property| property.name == name)
    }

    /// # Errors
    /// [`Error::BadArgument`] for a name that is empty, has a NUL, or is there twice, and for a
    /// reservation of no bytes at address 0, which would end the block.
    fn check(&self) -> Result<()> {
        let mut rest = self.set;
        while let [property, after @ ..] = rest {
            let twice = after.iter().any(|other| other.name == property.name);
            if twice || property.name.is_empty() || property.name.contains(&0) {
                return Err(Error::BadArgument {
                    what: "a property of a device tree has no name, a NUL in it, or is set twice",
                });
            }
            rest = after;
        }
        let nothing = |entry: &Reservation| entry.address == 0 && entry.size == 0;
        if self.reserve.iter().any(nothing) {
            return Err(Error::BadArgument {
                what: "a memory reservation of a device tree has no bytes and begins at address 0",
            });
        }
        Ok(())
    }
}

impl Fdt<'_> {
    /// Bytes that are enough for a copy with these edits.
    #[must_use]
    pub fn room(&self, edits: &Edits<'_>) -> usize {
        let chosen = aligned(CHOSEN.len().saturating_add(1)).saturating_add(8);
        let reserved = edits.reserve.len().saturating_mul(RESERVATION);
        let all = self.used().saturating_add(chosen).saturating_add(reserved);
        edits.set.iter().fold(all, |sum, property| {
            let value = aligned(property.value.len()).saturating_add(12);
            let name = property.name.len().saturating_add(1);
            sum.saturating_add(value).saturating_add(name)
        })
    }

    /// Writes a copy with these edits to the beginning of `out`, and returns its size. The copy is
    /// packed: its blocks follow each other, and it has no FDT_NOP. Its address must be a multiple of 8.
    ///
    /// # Errors
    /// [`Error::Full`] with the bytes of `out` if they are too few ([`Fdt::room`] always is enough);
    /// [`Error::BadArgument`] for edits that cannot be made.
    pub fn edit(&self, edits: &Edits<'_>, out: &mut [u8]) -> Result<usize> {
        edits.check()?;
        let full = Error::Full {
            what: "the room for a device tree",
            capacity: out.len() as u64,
        };
        let size = self.copy(edits, &mut Writer { out, at: 0 }).ok_or(full)?;
        // Trees end at a multiple of 4, so that a copy can be copied.
        Ok(size)
    }

    fn copy(&self, edits: &Edits<'_>, to: &mut Writer<'_>) -> Option<usize> {
        to.at = HEADER;
        let kept = self.reservations();
        let kept = kept.filter(|entry| !edits.release.contains(entry));
        let end = Reservation {
            address: 0,
            size: 0,
        };
        for entry in kept.chain(edits.reserve.iter().copied()).chain([end]) {
            to.bytes(&entry.address.to_be_bytes())?;
            to.bytes(&entry.size.to_be_bytes())?;
        }
        let structure = to.at;
        self.copy_structure(edits, to)?;
        let strings = to.at;
        to.bytes(self.strings)?;
        for property in edits.set {
            to.bytes(property.name)?;
            to.bytes(NUL)?;
        }
        let size = to.at;
        let mut word = |offset: usize, value: usize| {
            let value = u32::try_from(value).ok()?;
            put_slice(to.out, offset, &value.to_be_bytes())
        };
        word(field::MAGIC, MAGIC as usize)?;
        word(field::TOTAL_SIZE, size)?;
        word(field::OFF_DT_STRUCT, structure)?;
        word(field::OFF_DT_STRINGS, strings)?;
        word(field::OFF_MEM_RSVMAP, HEADER)?;
        word(field::VERSION, VERSION as usize)?;
        word(field::LAST_COMP_VERSION, LAST_COMPATIBLE as usize)?;
        word(field::BOOT_CPUID_PHYS, self.boot_cpu as usize)?;
        word(field::SIZE_DT_STRINGS, size.checked_sub(strings)?)?;
        word(field::SIZE_DT_STRUCT, strings.checked_sub(structure)?)?;
        Some(size)
    }

    fn copy_structure(&self, edits: &Edits<'_>, to: &mut Writer<'_>) -> Option<()> {
        let mut tokens = self.tokens();
        let mut depth = 0_u32;
        // Whether the next tokens are properties of /chosen, and whether it was found before: programs
        // read the first one.
        let (mut chosen, mut found) = (false, false);
        loop {
            let token = tokens.next()?;
            // Properties come before children: the new ones as well.
            if chosen && !matches!(token, Token::Property { .. }) {
                chosen = false;
                self.write_set(edits, to)?;
            }
            match token {
                Token::Begin(name) => {
                    to.begin(name)?;
                    depth = depth.saturating_add(1);
                    if depth == 2 && !found && is_called(name, CHOSEN) {
                        (chosen, found) = (true, true);
                    }
                }
                Token::End => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && !found && !edits.set.is_empty() {
                        to.begin(CHOSEN)?;
                        self.write_set(edits, to)?;
                        to.word(END_NODE)?;
                    }
                    to.word(END_NODE)?;
                }
                Token::Property { name, value } => {
                    if !(chosen && edits.replaces(self.string(name)?)) {
                        to.property(name, value)?;
                    }
                }
                Token::Finish => return to.word(END),
            }
        }
    }

    /// The properties that are set, whose names follow the strings of the tree in this order.
    fn write_set(&self, edits: &Edits<'_>, to: &mut Writer<'_>) -> Option<()> {
        let mut name = self.strings.len();
        for property in edits.set {
            to.property(u32::try_from(name).ok()?, property.value)?;
            name = name.saturating_add(property.name.len()).saturating_add(1);
        }
        Some(())
    }
}

/// Bytes that are written one after the other; `None` if they have no room.
struct Writer<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        put_slice(self.out, self.at, bytes)?;
        self.at = self.at.checked_add(bytes.len())?;
        Some(())
    }

    fn word(&mut self, word: u32) -> Option<()> {
        self.bytes(&word.to_be_bytes())
    }

    /// Fills up the last word with zeros.
    fn pad(&mut self) -> Option<()> {
        let zeros = aligned(self.at).checked_sub(self.at)?;
        self.bytes([0; 3].get(..zeros)?)
    }

    fn begin(&mut self, name: &[u8]) -> Option<()> {
        self.word(BEGIN_NODE)?;
        self.bytes(name)?;
        self.bytes(NUL)?;
        self.pad()
    }

    fn property(&mut self, name: u32, value: &[u8]) -> Option<()> {
        self.word(PROP)?;
        self.word(u32::try_from(value.len()).ok()?)?;
        self.word(name)?;
        self.bytes(value)?;
        self.pad()
    }
}
