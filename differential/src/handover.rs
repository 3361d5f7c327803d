//! What a load hands to the next kernel: the boot parameters, with every address followed into
//! the segments.

use crate::Outcome;
use crate::image::Image;
use crate::trace::{Load, Segment};

/// setup_data types (kernel: arch/x86/include/uapi/asm/setup_data.h).
pub const SETUP_E820_EXT: u32 = 1;
/// EFI addresses.
pub const SETUP_EFI: u32 = 4;
/// Random bytes.
pub const SETUP_RNG_SEED: u32 = 9;
/// Bytes of an EFI memory descriptor as both write it.
const EFI_DESCRIPTOR: u32 = 40;
/// More nodes than anyone makes: a list in a circle.
const NODES_MAX: usize = 64;

/// An e820 entry: address, bytes, kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct E820 {
    /// First address.
    pub start: u64,
    /// Bytes.
    pub size: u64,
    /// E820 type.
    pub kind: u32,
}

/// The next kernel's view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// boot_params, 4096 bytes.
    pub page: Vec<u8>,
    /// What cmd_line_ptr points at, without the NUL.
    pub command_line: Option<Vec<u8>>,
    /// What ramdisk_image points at.
    pub initrd: Option<Vec<u8>>,
    /// The setup_data list in its order: type and data.
    pub setup_data: Vec<(u32, Vec<u8>)>,
    /// e820_table and what SETUP_E820_EXT adds.
    pub e820: Vec<E820>,
    /// The EFI memory map in its order.
    pub efi_map: Vec<[u8; EFI_DESCRIPTOR as usize]>,
    /// The kernel's segment, as loaded.
    pub kernel: Segment,
    /// Flags of kexec_load.
    pub flags: u64,
    /// Whether the entry lies in a segment that has the addresses of kernel entry and
    /// boot_params in it, as a purgatory must.
    pub purgatory: bool,
}

impl Handover {
    /// Finds everything of a load of `image`.
    ///
    /// # Errors
    /// There is no boot_params, an address leads out of the segments, or what is there is not
    /// well-formed.
    pub fn read(load: &Load, image: &Image) -> Outcome<Self> {
        check_segments(&load.segments)?;
        let memory = Memory(&load.segments);
        let kernel = memory.kernel(image)?;
        let (base, page) = memory.boot_params()?;
        let word = |offset: usize| number(&page[offset..offset + 4]);
        let wide = |low: usize, high: usize| word(low) | word(high) << 32;

        let command_line = match wide(0x228, 0x0c8) {
            0 => None,
            address => Some(memory.string(address)?),
        };
        let initrd = match (wide(0x218, 0x0c0), wide(0x21c, 0x0c4)) {
            (0, 0) => None,
            (address, size) => Some(memory.bytes(address, size)?),
        };
        let setup_data = memory.setup_data(number(&page[0x250..0x258]))?;
        let efi_map = memory.efi_map(
            wide(0x1d0, 0x1dc),
            word(0x1d4),
            word(0x1c8),
            &page[0x1c0..0x1c4],
        )?;
        let entries = usize::from(page[0x1e8]);
        if entries > 128 {
            return Err(format!("{entries} e820 entries in boot_params"));
        }
        let mut e820 = e820_entries(&page[0x2d0..0x2d0 + entries * 20]);
        for (_, data) in setup_data
            .iter()
            .filter(|(kind, _)| *kind == SETUP_E820_EXT)
        {
            e820.extend(e820_entries(data));
        }
        let wanted = [kernel.mem + 0x200, base].map(u64::to_le_bytes);
        let purgatory = memory.segment(load.entry, 1).is_ok_and(|segment| {
            let has = |address: &[u8; 8]| segment.bytes.windows(8).any(|word| word == address);
            wanted.iter().all(has)
        });
        Ok(Self {
            page,
            command_line,
            initrd,
            setup_data,
            e820,
            efi_map,
            kernel,
            flags: load.flags,
            purgatory,
        })
    }
}

/// What every kexec_load must keep to (kernel: kernel/kexec_core.c, sanity_check_segment_list).
fn check_segments(segments: &[Segment]) -> Outcome {
    if segments.len() > 16 {
        return Err(format!("{} segments, 16 are allowed", segments.len()));
    }
    let mut sorted: Vec<&Segment> = segments.iter().collect();
    sorted.sort_by_key(|segment| segment.mem);
    for segment in &sorted {
        if segment.mem % 4096 != 0 || segment.memsz % 4096 != 0 {
            return Err(format!("segment at {:#x}: not in pages", segment.mem));
        }
        if segment.bytes.len() as u64 > segment.memsz {
            return Err(format!("segment at {:#x}: bufsz > memsz", segment.mem));
        }
    }
    for pair in sorted.windows(2) {
        if pair[0].mem + pair[0].memsz > pair[1].mem {
            return Err(format!("segments overlap at {:#x}", pair[1].mem));
        }
    }
    Ok(())
}

/// Physical memory, as far as segments fill it.
struct Memory<'a>(&'a [Segment]);

impl Memory<'_> {
    /// The segment that has `length` bytes at `address`.
    fn segment(&self, address: u64, length: u64) -> Outcome<&Segment> {
        self.0
            .iter()
            .find(|segment| {
                let end = address.checked_add(length);
                address >= segment.mem && end.is_some_and(|end| end <= segment.mem + segment.memsz)
            })
            .ok_or_else(|| format!("{length} bytes at {address:#x}: in no segment"))
    }

    /// Bytes; after a segment's loaded bytes there are zeros.
    fn bytes(&self, address: u64, length: u64) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        // Several initrds are several segments, side by side.
        while bytes.len() as u64 != length {
            let (at, rest) = (address + bytes.len() as u64, length - bytes.len() as u64);
            let segment = self.segment(at, 1)?;
            let from = (at - segment.mem) as usize;
            let inside = rest.min(segment.mem + segment.memsz - at) as usize;
            let loaded = segment.bytes.iter().skip(from).take(inside);
            let end = bytes.len() + inside;
            bytes.extend(loaded.copied());
            bytes.resize(end, 0);
        }
        Ok(bytes)
    }

    fn string(&self, address: u64) -> Outcome<Vec<u8>> {
        let segment = self.segment(address, 1)?;
        let rest = self.bytes(address, segment.mem + segment.memsz - address)?;
        match rest.iter().position(|byte| *byte == 0) {
            Some(end) => Ok(rest[..end].to_vec()),
            None => Err(format!("the command line at {address:#x} has no end")),
        }
    }

    fn kernel(&self, image: &Image) -> Outcome<Segment> {
        let start = &image.kernel()[..4096];
        let mut found = self
            .0
            .iter()
            .filter(|segment| segment.bytes.starts_with(start));
        match (found.next(), found.next()) {
            (Some(segment), None) => Ok(segment.clone()),
            (None, _) => Err("no segment starts with the kernel".into()),
            (Some(_), Some(_)) => Err("two segments start with the kernel".into()),
        }
    }

    /// The page, and where it lies: at the start of a segment, and distinguished from a
    /// bzImage's own setup sectors by the loader's type, which those do not have.
    fn boot_params(&self) -> Outcome<(u64, Vec<u8>)> {
        let mut found = self.0.iter().filter(|segment| {
            segment.bytes.len() >= 4096
                && &segment.bytes[0x202..0x206] == b"HdrS"
                && segment.bytes[0x210] != 0
        });
        match (found.next(), found.next()) {
            (Some(segment), None) => Ok((segment.mem, segment.bytes[..4096].to_vec())),
            (None, _) => Err("no segment starts with boot_params".into()),
            (Some(_), Some(_)) => Err("two segments start with boot_params".into()),
        }
    }

    fn setup_data(&self, mut address: u64) -> Outcome<Vec<(u32, Vec<u8>)>> {
        let mut nodes = Vec::new();
        while address != 0 {
            let header = self.bytes(address, 16)?;
            let kind = number(&header[8..12]) as u32;
            nodes.push((kind, self.bytes(address + 16, number(&header[12..16]))?));
            if nodes.len() > NODES_MAX {
                return Err("the setup_data list does not end".into());
            }
            address = number(&header[..8]);
        }
        Ok(nodes)
    }

    fn efi_map(
        &self,
        address: u64,
        size: u64,
        descriptor: u64,
        signature: &[u8],
    ) -> Outcome<Vec<[u8; EFI_DESCRIPTOR as usize]>> {
        if signature == [0; 4] {
            return Ok(Vec::new());
        }
        if descriptor != u64::from(EFI_DESCRIPTOR) || !size.is_multiple_of(descriptor) {
            return Err(format!("an EFI map of {size} bytes, {descriptor} each"));
        }
        let bytes = self.bytes(address, size)?;
        let (descriptors, _) = bytes.as_chunks();
        Ok(descriptors.to_vec())
    }
}

fn e820_entries(table: &[u8]) -> Vec<E820> {
    table
        .chunks_exact(20)
        .map(|raw| E820 {
            start: number(&raw[..8]),
            size: number(&raw[8..16]),
            kind: number(&raw[16..]) as u32,
        })
        .collect()
}

/// A little-endian number of at most 8 bytes.
#[must_use]
pub fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
