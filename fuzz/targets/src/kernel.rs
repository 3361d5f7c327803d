//! Kernel images made of fields, and what follows from the fields.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::case::Address;

/// An image.
#[derive(Arbitrary, Clone, Debug)]
pub enum Image {
    /// A bzImage.
    BzImage(BzImage),
    /// An ELF kernel.
    Vmlinux(Vmlinux),
}

/// A bzImage's fields.
#[derive(Clone, Debug)]
pub struct BzImage {
    /// Bytes of protected-mode code.
    pub code: usize,
    /// kernel_alignment.
    pub alignment: u32,
    /// relocatable_kernel.
    pub relocatable: bool,
    /// xloadflags.
    pub xloadflags: u16,
    /// pref_address.
    pub pref_address: u64,
    /// init_size.
    pub init_size: u32,
    /// cmdline_size.
    pub cmdline_size: u32,
    /// version.
    pub version: u16,
    /// kernel_info's setup_type_max.
    pub setup_type_max: Option<u32>,
    /// Sectors of setup code.
    pub sectors: u8,
}

/// As Debian's kernels have them.
const BZIMAGE: BzImage = BzImage {
    code: 0x1000,
    alignment: 0x20_0000,
    relocatable: true,
    xloadflags: 0x7f,
    pref_address: 0x100_0000,
    init_size: 0x3c3_9000,
    cmdline_size: 2047,
    version: 0x020f,
    setup_type_max: Some(0x8000_000a),
    sectors: 4,
};

impl<'a> Arbitrary<'a> for BzImage {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut image = BZIMAGE;
        // What differs from a usual kernel: few fields at a time, or nothing would be planned.
        let differs: u16 = u.arbitrary()?;
        let is = |bit: u16| differs >> bit & 1 == 1;
        if is(0) {
            image.code = usize::from(u.arbitrary::<u16>()? & 0x3fff);
        }
        if is(1) {
            let shift = u32::from(u.arbitrary::<u8>()?);
            image.alignment = if shift == 255 {
                0x30_0000
            } else {
                1 << (shift & 31)
            };
        }
        if is(2) && is(3) {
            image.relocatable = false;
        }
        if is(4) {
            image.xloadflags ^= u.arbitrary::<u16>()? & 0x32;
        }
        if is(5) {
            image.pref_address = u.arbitrary::<Address>()?.0;
        }
        if is(6) {
            image.init_size = u.arbitrary::<u32>()? >> (u.arbitrary::<u8>()? & 31);
        }
        if is(7) {
            image.cmdline_size = u.arbitrary::<u16>()?.into();
        }
        if is(8) {
            image.version = 0x020c + u.arbitrary::<u16>()? % 5;
        }
        if is(9) {
            image.setup_type_max = u.arbitrary()?;
        }
        if is(10) {
            image.sectors = u.arbitrary()?;
        }
        Ok(image)
    }
}

impl BzImage {
    /// Offset of the protected-mode code.
    pub fn setup(&self) -> usize {
        let sectors = if self.sectors == 0 {
            4
        } else {
            usize::from(self.sectors)
        };
        (sectors + 1) * 512
    }

    /// The file (Documentation/arch/x86/boot.rst).
    pub fn file(&self) -> Vec<u8> {
        let setup = self.setup();
        let mut file = vec![0x5a; setup + self.code];
        file.resize(file.len().max(0x290), 0);
        let mut put = |offset: usize, bytes: &[u8]| {
            if let Some(place) = file.get_mut(offset..offset + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        put(0x1f1, &[self.sectors]);
        put(0x1f4, &((self.code / 16) as u32).to_le_bytes());
        put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a]);
        put(0x202, b"HdrS");
        put(0x206, &self.version.to_le_bytes());
        put(0x20e, &[0; 2]);
        put(0x211, &[1]);
        put(0x230, &self.alignment.to_le_bytes());
        put(0x234, &[self.relocatable.into()]);
        put(0x236, &self.xloadflags.to_le_bytes());
        put(0x238, &self.cmdline_size.to_le_bytes());
        put(0x250, &[0; 8]);
        put(0x258, &self.pref_address.to_le_bytes());
        put(0x260, &self.init_size.to_le_bytes());
        put(0x268, &[0; 4]);
        if let Some(max) = self.setup_type_max {
            put(0x268, &0x300_u32.to_le_bytes());
            put(setup + 0x300, b"LToP");
            put(setup + 0x30c, &max.to_le_bytes());
        }
        file
    }
}

/// A PT_LOAD.
#[derive(Clone, Debug)]
pub struct Load {
    /// p_paddr.
    pub address: u64,
    /// p_filesz.
    pub in_file: u64,
    /// p_memsz.
    pub in_memory: u64,
}

impl Load {
    /// The start of its first page, where its segment begins.
    pub const fn page(&self) -> u64 {
        self.address & !0xfff
    }
}

/// An ELF kernel's headers.
#[derive(Clone, Debug)]
pub struct Vmlinux {
    /// Its parts.
    pub loads: Vec<Load>,
    /// e_entry.
    pub entry: u64,
}

impl<'a> Arbitrary<'a> for Vmlinux {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let wild: u8 = u.arbitrary()?;
        let mut next = if wild & 1 == 0 {
            0x100_0000
        } else {
            u.arbitrary::<Address>()?.0
        };
        let mut loads = Vec::new();
        for _ in 0..=u.arbitrary::<u8>()? & 7 {
            let (gap, in_file, more): (u8, u16, u16) = u.arbitrary()?;
            let address = next.wrapping_add(u64::from(gap >> 1) << 12);
            let in_file = u64::from(in_file & 0x1fff);
            let in_memory = in_file + (u64::from(more) << ((gap & 1) * 8));
            loads.push(Load {
                address,
                in_file,
                in_memory,
            });
            next = address.wrapping_add(in_memory).wrapping_add(0xfff) & !0xfff;
        }
        let first = loads.first().map_or(0, |load| load.address);
        let entry = match wild >> 1 & 3 {
            0 | 1 => first.wrapping_add(u64::from(u.arbitrary::<u16>()? & 0xfff)),
            2 => first.wrapping_add(u64::from(u.arbitrary::<u32>()? & 0xf_ffff)),
            _ => u.arbitrary::<Address>()?.0,
        };
        Ok(Self { loads, entry })
    }
}

impl Vmlinux {
    /// The file: ELF header, program headers, contents.
    pub fn file(&self) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[16] = 2;
        file[18] = 62;
        file[24..32].copy_from_slice(&self.entry.to_le_bytes());
        file[32] = 64;
        file[54] = 56;
        file[56] = self.loads.len() as u8;
        let mut offset = 64 + 56 * self.loads.len() as u64;
        for load in &self.loads {
            file.extend([1, 0, 0, 0, 7, 0, 0, 0]);
            for word in [
                offset,
                0,
                load.address,
                load.in_file,
                load.in_memory,
                0x1000,
            ] {
                file.extend(word.to_le_bytes());
            }
            offset += load.in_file;
        }
        let at = file.len();
        file.extend((at..offset as usize).map(|at| (at % 251) as u8 | 1));
        file
    }

    /// Checks that these parts, from `start` on, put every byte of it where it must be: also the zeros.
    pub fn loads_as(&self, file: &[u8], start: u64, parts: &[kexec_core::image::elf::Load<'_>]) {
        let at = |address: u64| {
            let part = parts.iter().find_map(|part| {
                let inside = (address - start).checked_sub(part.offset)?;
                (inside < part.size).then_some((part, inside))
            });
            let (part, inside) = part.expect("memory that no part has");
            part.bytes.get(inside as usize).copied().unwrap_or(0)
        };
        let mut offset = 64 + 56 * self.loads.len();
        for load in &self.loads {
            let bytes = &file[offset..offset + load.in_file as usize];
            offset += bytes.len();
            // All of it would take long, and the ends are where it goes wrong.
            let size = load.in_memory;
            for inside in (0..size.min(0x1100)).chain(size.saturating_sub(0x1100)..size) {
                let wanted = bytes.get(inside as usize).copied().unwrap_or(0);
                assert_eq!(
                    at(load.address + inside),
                    wanted,
                    "{inside:#x} of {load:x?}"
                );
            }
        }
    }
}

impl Image {
    /// The file.
    pub fn file(&self) -> Vec<u8> {
        match self {
            Self::BzImage(image) => image.file(),
            Self::Vmlinux(image) => image.file(),
        }
    }

    /// Offset of the entry in the file's loaded bytes, if it lies in any: the part's number and
    /// the offset in it.
    pub fn entry(&self) -> Option<(usize, u64)> {
        match self {
            Self::BzImage(image) => (image.code > 0x200).then_some((0, 0x200)),
            Self::Vmlinux(image) => {
                let parts = image.loads.iter().filter(|load| load.in_memory != 0);
                let inside = |load: &Load| {
                    load.address <= image.entry && image.entry - load.address < load.in_file
                };
                let (number, load) = parts.enumerate().find(|(_, load)| inside(load))?;
                Some((number, image.entry - load.page()))
            }
        }
    }

    /// Whether everything but its own code may lie above 4 GiB.
    pub fn above_4g(&self) -> bool {
        match self {
            Self::BzImage(image) => image.xloadflags & 2 != 0,
            Self::Vmlinux(_) => true,
        }
    }
}
