//! The parameters that are added to a crash kernel's command line.

use core::fmt::{self, Write};

use crate::bytes::put_slice;
use crate::error::{Error, Result};
use crate::memory::{MemoryEntry, MemoryKind, Range};

/// The parameters added (Documentation/admin-guide/kernel-parameters.txt).
#[derive(Clone, Copy, Debug)]
pub struct Additions<'a> {
    /// `elfcorehdr=`: the address of the header. A kernel with this parameter is a crash kernel.
    pub header: Range,
    /// `acpi_rsdp=`, for a kernel that does not read the field in boot_params.
    pub acpi_rsdp: Option<u64>,
    /// `memmap=exactmap` and a `memmap=` for every entry, which replace the e820 table.
    pub memmap: Option<&'a [MemoryEntry]>,
}

/// Writes the parameters and then `command_line` to `out`, and returns the part written. The
/// parameters come first, because words after `--` are for init.
///
/// # Errors
/// [`Error::Full`] when `out` is too small.
pub fn add_to_command_line<'a>(
    command_line: &[u8],
    additions: &Additions<'_>,
    out: &'a mut [u8],
) -> Result<&'a [u8]> {
    let full = Error::Full {
        what: "the buffer for the crash kernel's command line",
        capacity: out.len() as u64,
    };
    let mut text = Text { out, length: 0 };
    parameters(&mut text, additions).map_err(|_| full)?;
    if !command_line.is_empty() {
        text.put(b" ").ok_or(full)?;
        text.put(command_line).ok_or(full)?;
    }
    let Text { out, length } = text;
    Ok(out.get(..length).unwrap_or_default())
}

struct Text<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Text<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        put_slice(self.out, self.length, bytes)?;
        self.length = self.length.saturating_add(bytes.len());
        Some(())
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes()).ok_or(fmt::Error)
    }
}

fn parameters(text: &mut Text<'_>, additions: &Additions<'_>) -> fmt::Result {
    write!(text, "elfcorehdr={}K", additions.header.start() >> 10)?;
    if let Some(address) = additions.acpi_rsdp {
        write!(text, " acpi_rsdp={address:#x}")?;
    }
    let Some(entries) = additions.memmap else {
        return Ok(());
    };
    text.write_str(" memmap=exactmap")?;
    for entry in entries {
        let (start, end) = (entry.range.start(), entry.range.last().saturating_add(1));
        // RAM is reduced to whole KiB, the other kinds are extended to whole KiB.
        let (mark, start, end) = match entry.kind {
            MemoryKind::RAM => ('@', start.saturating_add(1023) >> 10, end >> 10),
            MemoryKind::ACPI | MemoryKind::NVS => {
                ('#', start >> 10, end.saturating_add(1023) >> 10)
            }
            MemoryKind::PRAM => ('!', start >> 10, end.saturating_add(1023) >> 10),
            // The kernel avoids the other kinds without these parameters, and there are many.
            _ => continue,
        };
        let size = end.saturating_sub(start);
        if size != 0 {
            write!(text, " memmap={size}K{mark}{start}K")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec;

    fn line(command_line: &str, additions: &Additions<'_>) -> String {
        let mut out = vec![0; 512];
        let line = add_to_command_line(command_line.as_bytes(), additions, &mut out).unwrap();
        String::from_utf8(line.to_vec()).unwrap()
    }

    fn entry(start: u64, last: u64, kind: MemoryKind) -> MemoryEntry {
        MemoryEntry {
            range: Range::new(start, last).unwrap(),
            kind,
        }
    }

    #[test]
    fn the_header_comes_first() {
        let mut additions = Additions {
            header: Range::new(0x2_2fff_f000, 0x2_2fff_ffff).unwrap(),
            acpi_rsdp: None,
            memmap: None,
        };
        assert_eq!(line("", &additions), "elfcorehdr=9175036K");
        additions.acpi_rsdp = Some(0x7fb7_e014);
        assert_eq!(
            line("ro -- x", &additions),
            "elfcorehdr=9175036K acpi_rsdp=0x7fb7e014 ro -- x"
        );
    }

    #[test]
    fn memory_by_parameter() {
        let entries = [
            entry(0x100, 0x9_fbff, MemoryKind::RAM),
            entry(0x9_fc00, 0x9_ffff, MemoryKind::RESERVED),
            entry(0xbffd_0200, 0xbfff_ffff, MemoryKind::ACPI),
            entry(0x1_0000_0000, 0x1_0000_03ff, MemoryKind::PRAM),
        ];
        let additions = Additions {
            header: Range::new(0x1000, 0x1fff).unwrap(),
            acpi_rsdp: None,
            memmap: Some(&entries),
        };
        assert_eq!(
            line("quiet", &additions),
            "elfcorehdr=4K memmap=exactmap memmap=638K@1K memmap=192K#3145536K \
             memmap=1K!4194304K quiet"
        );
        let mut small = [0; 20];
        assert!(matches!(
            add_to_command_line(b"quiet", &additions, &mut small),
            Err(Error::Full { capacity: 20, .. })
        ));
    }
}
