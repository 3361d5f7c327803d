//! /proc/kcore: the running kernel's virtual memory as an ELF core file (fs/proc/kcore.c). Only
//! its headers are read. They show where the kernel maps itself and all of RAM; with KASLR no other
//! file shows the latter.

use super::KernelText;
use super::x86;
use crate::bytes::{u16_at, u32_at, u64_at};
use crate::elf::{EHDR, Ehdr, MAGIC_64_LE, PHDR, PT_LOAD, Phdr, offset_of};

/// p_paddr of a range without a single physical address: the vmalloc area.
const NO_ADDRESS: u64 = u64::MAX;
/// Reads the headers piece by piece.
#[derive(Clone, Debug)]
pub struct KcoreParser {
    record: [u8; EHDR],
    length: usize,
    /// Program headers not yet read; `None` before the ELF header.
    left: Option<u16>,
    /// Where physical address 0 is mapped.
    pub direct_map: Option<u64>,
    /// Where the kernel maps itself.
    pub text: Option<KernelText>,
}

impl KcoreParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            record: [0; EHDR],
            length: 0,
            left: None,
            direct_map: None,
            text: None,
        }
    }

    /// Takes the next piece of the file, of any size. Returns whether all headers were read.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        for &byte in piece {
            if self.left == Some(0) {
                return true;
            }
            if let Some(slot) = self.record.get_mut(self.length) {
                *slot = byte;
            }
            self.length = self.length.saturating_add(1);
            let whole = if self.left.is_none() { EHDR } else { PHDR };
            if self.length == whole {
                self.length = 0;
                self.left = Some(match self.left {
                    None => Self::elf_header(&self.record),
                    Some(left) => {
                        self.program_header();
                        left.saturating_sub(1)
                    }
                });
            }
        }
        self.left == Some(0)
    }

    /// Bytes of all headers, from the first [`KcoreParser::HEADER`] bytes of the file; no more than these
    /// if this is not such a file. After the headers come notes, and the kernel's memory.
    #[must_use]
    pub fn headers(start: &[u8]) -> usize {
        let count = usize::from(Self::elf_header(start));
        count.saturating_mul(PHDR).saturating_add(EHDR)
    }

    /// Bytes of the ELF header.
    pub const HEADER: usize = EHDR;

    /// How many program headers follow; 0 if this is not such a file.
    fn elf_header(header: &[u8]) -> u16 {
        let sound = header.starts_with(MAGIC_64_LE)
            && u64_at(header, offset_of!(Ehdr, e_phoff)) == Some(EHDR as u64)
            && u16_at(header, offset_of!(Ehdr, e_phentsize)) == Some(PHDR as u16);
        u16_at(header, offset_of!(Ehdr, e_phnum))
            .filter(|_| sound)
            .unwrap_or(0)
    }

    fn program_header(&mut self) {
        let field = |offset| u64_at(&self.record, offset).unwrap_or(0);
        let virt = field(offset_of!(Phdr, p_vaddr));
        let phys = field(offset_of!(Phdr, p_paddr));
        let size = field(offset_of!(Phdr, p_memsz));
        let kind = u32_at(&self.record, offset_of!(Phdr, p_type));
        if kind != Some(PT_LOAD) || phys == NO_ADDRESS || size == 0 {
            return;
        }
        if x86::is_kernel_text(virt) {
            self.text = self.text.or(Some(KernelText { virt, phys, size }));
            return;
        }
        if let Some(base) = x86::direct_map(virt, phys) {
            // Older kernels give 0 for a range without an address; the direct map is the lowest range.
            self.direct_map = Some(self.direct_map.unwrap_or(base).min(base));
        }
    }
}

impl Default for KcoreParser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn kcore(loads: &[(u32, u64, u64, u64)]) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend(b"\x7fELF\x02\x01\x01");
        file.resize(EHDR, 0);
        file[32] = 64;
        file[54] = 56;
        file[56..58].copy_from_slice(&(loads.len() as u16).to_le_bytes());
        for (kind, virt, phys, size) in loads {
            let at = file.len();
            file.resize(at + PHDR, 0);
            file[at..at + 4].copy_from_slice(&kind.to_le_bytes());
            for (offset, value) in [(16, virt), (24, phys), (32, size), (40, size)] {
                file[at + offset..at + offset + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn kernel_and_direct_map() {
        let mut file = kcore(&[
            (4, 0, 0, 0),
            (1, 0xffff_ffff_a820_0000, 0x2_1420_0000, 0x240_0000),
            (1, 0xffff_b1ac_c000_0000, u64::MAX, 0x1fff_ffff_ffff),
            (1, 0xffff_ffff_c000_0000, u64::MAX, 0x3f00_0000),
            (1, 0xffff_8f4b_4000_1000, 0x1000, 0x9_e000),
            (1, 0xffff_8f4b_4010_0000, 0x10_0000, 0x7fee_0000),
            (1, 0xffff_fdb1_c400_0000, u64::MAX, 0x200_0000),
        ]);
        file.extend([0xff; 300]);
        for size in [1, 3, 56, 64, 100, 4096] {
            let mut parser = KcoreParser::new();
            assert!(file.chunks(size).any(|piece| parser.feed(piece)));
            assert_eq!(parser.direct_map, Some(0xffff_8f4b_4000_0000));
            assert_eq!(
                parser.text,
                Some(KernelText {
                    virt: 0xffff_ffff_a820_0000,
                    phys: 0x2_1420_0000,
                    size: 0x240_0000
                })
            );
        }
    }

    #[test]
    fn what_is_no_kcore_says_nothing() {
        for file in [&b"\x7fELF\x01"[..], b"", &[0; 200]] {
            let mut parser = KcoreParser::new();
            parser.feed(file);
            assert_eq!((parser.direct_map, parser.text), (None, None));
        }
        let mut parser = KcoreParser::new();
        parser.feed(&kcore(&[
            (1, 0x1000, 0x1000, 0x1000),
            (1, 0xffff_8f4b_4000_1000, 0, 1),
        ]));
        assert_eq!((parser.direct_map, parser.text), (None, None));
    }
}
