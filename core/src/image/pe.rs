//! The section table of PE files: "COFF File Header" and "Section Table" of the PE format, and the UEFI
//! specification, 2.1.1.

use crate::arch::Arch;
use crate::bytes::{slice_at, u16_at, u32_at};
use crate::error::{Error, Format, Result};

/// Bytes of a row of the section table.
const ROW: usize = 40;
/// Bytes from the signature "PE" to the optional header.
const HEADER: usize = 24;

/// A section: its name, and its bytes in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    /// Its name, with NUL up to 8 bytes.
    pub name: [u8; 8],
    /// Where its bytes begin in the file.
    pub offset: usize,
    /// Its bytes: as many as the smaller one of its size in memory and its size in the file, which is
    /// rounded up to the file's alignment.
    pub bytes: &'a [u8],
}

impl core::fmt::Debug for Section<'_> {
    /// The size in place of the bytes.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Section")
            .field("name", &self.name)
            .field("offset", &self.offset)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// A PE file whose sections all lie inside of it.
#[derive(Clone, Copy)]
pub struct Pe<'a> {
    file: &'a [u8],
    /// Where the signature "PE" is.
    start: usize,
    machine: u16,
    /// The section table.
    rows: &'a [u8],
}

impl core::fmt::Debug for Pe<'_> {
    /// The size in place of the bytes.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pe")
            .field("file", &self.file.len())
            .field("machine", &self.machine)
            .field("sections", &self.sections().count())
            .finish()
    }
}

impl<'a> Pe<'a> {
    /// Checks a file: its marks, its section table, and that every section lies in the file.
    ///
    /// # Errors
    /// [`Error::EmptyFile`]; [`Error::NotThisFormat`] without the marks "MZ" and "PE", with
    /// [`Format::Unknown`]; [`Error::Truncated`] for a section table or a section past the end of the file.
    #[inline(never)]
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        if file.is_empty() {
            return Err(Error::EmptyFile);
        }
        let none = Error::NotThisFormat {
            what: "a PE file",
            found: Format::Unknown,
        };
        let start = u32_at(file, 0x3c).ok_or(none)? as usize;
        let header = slice_at(file, start, HEADER).ok_or(none)?;
        if !file.starts_with(b"MZ") || !header.starts_with(b"PE\0\0") {
            return Err(none);
        }
        let [machine, count, optional] = [4, 6, 20].map(|at| u16_at(header, at).unwrap_or(0));
        let table = start.saturating_add(HEADER).saturating_add(optional.into());
        let length = usize::from(count).saturating_mul(ROW);
        let rows = slice_at(file, table, length).ok_or(Error::Truncated {
            what: "the section table of the PE header",
            need: table.saturating_add(length) as u64,
            have: file.len() as u64,
        })?;
        let found = Self {
            file,
            start,
            machine,
            rows,
        };
        rows.chunks_exact(ROW)
            .try_for_each(|row| found.section_of(row).map(|_| ()))?;
        Ok(found)
    }

    /// The machine in the header: 0x8664 for x86-64.
    #[must_use]
    pub const fn machine(&self) -> u16 {
        self.machine
    }

    /// Where the machine is in the file.
    #[must_use]
    pub const fn machine_offset(&self) -> usize {
        self.start.saturating_add(4)
    }

    /// The architecture of that machine, if it has a name here. A program for 32-bit x86 firmware is for
    /// x86.
    #[must_use]
    pub const fn arch(&self) -> Option<Arch> {
        match self.machine {
            0x8664 | 0x14c => Some(Arch::X86_64),
            0xaa64 => Some(Arch::Arm64),
            0x5064 => Some(Arch::Riscv64),
            _ => None,
        }
    }

    /// Its sections, in the order of the table.
    pub fn sections(&self) -> impl Iterator<Item = Section<'a>> + Clone + use<'a> {
        let whole = *self;
        // All of them were checked.
        let rows = self.rows.chunks_exact(ROW);
        rows.filter_map(move |row| whole.section_of(row).ok())
    }

    #[inline(never)]
    fn section_of(&self, row: &[u8]) -> Result<Section<'a>> {
        let [in_memory, in_file, start] = [8, 16, 20].map(|at| u32_at(row, at).unwrap_or(0));
        let size = in_memory.min(in_file) as usize;
        // A section without bytes in the file has no place there.
        let offset = if size == 0 { 0 } else { start as usize };
        let bytes = slice_at(self.file, offset, size).ok_or(Error::Truncated {
            what: "a section of the PE file",
            need: u64::from(start).saturating_add(size as u64),
            have: self.file.len() as u64,
        })?;
        let name = row.first_chunk().copied().unwrap_or_default();
        Ok(Section {
            name,
            offset,
            bytes,
        })
    }
}

#[cfg(test)]
#[path = "pe_tests.rs"]
mod tests;
