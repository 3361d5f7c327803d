//! Unified kernel images: PE files whose sections have a kernel and what belongs to it (UAPI.5).

use kexec_core::bytes::{slice_at, u16_at, u32_at};

/// Where a section's bytes are in the file: offset and length. `None` if `start`, the beginning of
/// the file, names no such section. (PE format, "COFF File Header" and "Section Table".)
#[must_use]
pub fn section(start: &[u8], name: &[u8; 8]) -> Option<(u64, usize)> {
    if !start.starts_with(b"MZ") {
        return None;
    }
    let header = start.get(u32_at(start, 0x3c)? as usize..)?;
    if slice_at(header, 0, 4)? != b"PE\0\0" {
        return None;
    }
    let sections = usize::from(u16_at(header, 6)?);
    let table = usize::from(u16_at(header, 20)?).saturating_add(24);
    let mut table = header.get(table..)?.chunks_exact(40).take(sections);
    let row = table.find(|row| row.starts_with(name))?;
    // The file has zeros up to a multiple of its alignment.
    let size = u32_at(row, 8)?.min(u32_at(row, 16)?);
    Some((u32_at(row, 20)?.into(), size as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_section() {
        let mut file = [0_u8; 0x40 + 24 + 240 + 2 * 40];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x40;
        let header = &mut file[0x40..];
        header[..4].copy_from_slice(b"PE\0\0");
        header[6] = 2;
        header[20] = 240;
        let row = &mut header[24 + 240 + 40..];
        row[..6].copy_from_slice(b".osrel");
        row[8] = 100;
        row[17] = 2;
        row[21] = 0x10;
        assert_eq!(section(&file, b".osrel\0\0"), Some((0x1000, 100)));
        assert_eq!(section(&file, b".cmdline"), None);
        for length in 0..file.len() {
            assert_eq!(section(&file[..length], b".osrel\0\0"), None, "{length}");
        }
        file[0] = b'm';
        assert_eq!(section(&file, b".osrel\0\0"), None);
    }
}
