//! A machine as lists of entries: real ones, with changes, and arbitrary ones.

use arbitrary::{Arbitrary, Result, Unstructured};
use kexec_core::machine::{EfiMemoryDescriptor, KernelText, Known, Machine};
use kexec_core::memory::{MemoryKind, Range};

use crate::case::{Address, Region};
use crate::model::Entry;

/// QEMU's PC with 2 GiB.
const PC: &[Entry] = &[
    (0, 0x9_fbff, 1),
    (0x9_fc00, 0x9_ffff, 2),
    (0xf_0000, 0xf_ffff, 2),
    (0x10_0000, 0x7ffd_cfff, 1),
    (0x7ffd_d000, 0x7fff_ffff, 2),
    (0xb000_0000, 0xbfff_ffff, 2),
    (0xfeff_c000, 0xfeff_ffff, 2),
];

/// QEMU with OVMF and 6 GiB.
const UEFI: &[Entry] = &[
    (0, 0x9_ffff, 1),
    (0x10_0000, 0x7f_ffff, 1),
    (0x80_0000, 0x80_7fff, 4),
    (0x80_8000, 0x80_afff, 1),
    (0x80_b000, 0x80_bfff, 4),
    (0x80_c000, 0x81_0fff, 1),
    (0x81_1000, 0x8f_ffff, 4),
    (0x90_0000, 0x7e9e_cfff, 1),
    (0x7e9e_d000, 0x7eb6_cfff, 2),
    (0x7eb6_d000, 0x7eb7_efff, 3),
    (0x7eb7_f000, 0x7ebf_efff, 4),
    (0x7ebf_f000, 0x7fff_ffff, 1),
    (0x1_0000_0000, 0x1_7fff_ffff, 1),
    (0xfd_0000_0000, 0xff_ffff_ffff, 2),
];

/// A server with persistent and soft reserved memory.
const SERVER: &[Entry] = &[
    (0x1000, 0x9_efff, 1),
    (0x10_0000, 0x66bb_cfff, 1),
    (0x66bb_d000, 0x6bbb_cfff, 2),
    (0x6bbb_d000, 0x6f87_7fff, 4),
    (0x6f87_8000, 0x6fff_efff, 3),
    (0x6fff_f000, 0x6fff_ffff, 1),
    (0x7000_0000, 0x8fff_ffff, 2),
    (0x1_0000_0000, 0x20_7fff_ffff, 1),
    (0x20_8000_0000, 0x24_7fff_ffff, 7),
    (0x24_8000_0000, 0x28_7fff_ffff, 0xefff_ffff),
];

const KINDS: [u32; 8] = [1, 1, 1, 2, 3, 4, 0, 12];

/// What is known of a machine.
#[derive(Clone, Debug)]
pub struct MachineCase {
    /// The firmware's map.
    pub memory: Vec<Entry>,
    /// /proc/iomem; empty if it could not be read.
    pub iomem: Vec<Entry>,
    /// EFI runtime regions: address, pages.
    pub efi: Vec<(u64, u64)>,
    /// Whether EFI's addresses are known and the running kernel was started by it.
    pub efi_complete: bool,
    /// Whether the running kernel's boot_params are known.
    pub boot_params: bool,
    /// Whether 5-level page tables are used.
    pub five_level: bool,
    /// Whether pages of 1 GiB are used.
    pub gbpages: bool,
    /// MemTotal.
    pub total_ram: Option<u64>,
    /// The RSDP's address.
    pub acpi_rsdp: u64,
    /// For a dump.
    pub dump: DumpCase,
}

/// What is known for a dump.
#[derive(Clone, Debug)]
pub struct DumpCase {
    /// The crash reservation.
    pub region: Option<Region>,
    /// The one below 4 GiB.
    pub low: Option<Region>,
    /// CPUs' notes.
    pub cpus: Vec<u64>,
    /// The note with vmcoreinfo.
    pub vmcoreinfo: Option<Region>,
    /// crash_elfcorehdr_size.
    pub header_size: Option<u64>,
    /// PAGE_OFFSET, and the kernel's text.
    pub kcore: bool,
    /// Its version.
    pub release: (u16, u16),
    /// The GART.
    pub gart: Option<Region>,
}

fn entries(u: &mut Unstructured<'_>, out: &mut Vec<Entry>, most: u8) -> Result<()> {
    for _ in 0..u.arbitrary::<u8>()? % most {
        let Region { start, last } = u.arbitrary()?;
        out.push((start, last, KINDS[usize::from(u.arbitrary::<u8>()? & 7)]));
    }
    Ok(())
}

impl<'a> Arbitrary<'a> for MachineCase {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let bits: u16 = u.arbitrary()?;
        let is = |bit: u16| bits >> bit & 1 == 1;
        let base = [PC, UEFI, SERVER, &[]][usize::from(bits & 3)];
        let mut memory = base.to_vec();
        if is(2) || base.is_empty() {
            entries(u, &mut memory, 12)?;
        }
        let mut iomem = if is(3) { Vec::new() } else { memory.clone() };
        if is(4) {
            entries(u, &mut iomem, 8)?;
        }
        let mut efi = Vec::new();
        if bits & 3 == 1 {
            efi.extend([(0x7e9e_d000, 0x180), (0x80_0000, 8)]);
        }
        if is(5) {
            for _ in 0..u.arbitrary::<u8>()? & 3 {
                let (Address(start), Address(pages)): (Address, Address) = u.arbitrary()?;
                efi.push((start, if u.arbitrary()? { pages } else { pages >> 12 }));
            }
        }
        let total_ram = if is(6) && is(7) {
            Some(u.arbitrary::<Address>()?.0)
        } else {
            None
        };
        Ok(Self {
            memory,
            iomem,
            efi,
            efi_complete: is(8),
            boot_params: is(8) || is(9),
            five_level: is(10),
            gbpages: is(11),
            total_ram,
            acpi_rsdp: if is(12) { 0xf_52a0 } else { 0 },
            dump: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for DumpCase {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let bits: u16 = u.arbitrary()?;
        let is = |bit: u16| bits >> bit & 1 == 1;
        let region = match bits & 3 {
            0 | 1 => Some(Region {
                start: 0x4000_0000,
                last: 0x4fff_ffff,
            }),
            2 => Some(u.arbitrary()?),
            _ => {
                let Address(start) = u.arbitrary()?;
                Some(Region {
                    start,
                    last: start.saturating_add(0x1000_0000),
                })
            }
        };
        let option = |set: bool, u: &mut Unstructured<'a>| -> Result<Option<Region>> {
            if set {
                u.arbitrary().map(Some)
            } else {
                Ok(None)
            }
        };
        let mut cpus = vec![0x3fc1_0400, 0x3fc1_1400];
        if is(4) {
            cpus.push(u.arbitrary::<Address>()?.0);
        }
        Ok(Self {
            region: region.filter(|_| bits & 0xf0 != 0xf0),
            low: option(is(8) && is(9), u)?,
            cpus,
            vmcoreinfo: if is(10) && is(11) {
                u.arbitrary()?
            } else {
                Some(Region {
                    start: 0x1_00c6_6000,
                    last: 0x1_00c6_7023,
                })
            },
            header_size: if is(12) {
                Some(u64::from(u.arbitrary::<u16>()?))
            } else {
                None
            },
            kcore: is(13),
            release: if is(14) {
                (5, u.arbitrary::<u16>()? % 8)
            } else {
                (6, 12)
            },
            gart: option(is(15), u)?,
        })
    }
}

/// The boot_params the running kernel was started with: each field that is passed on has
/// a value of its own.
pub fn boot_params(efi: bool) -> [u8; 4096] {
    let mut page = [0; 4096];
    for (at, byte) in page.iter_mut().enumerate() {
        *byte = (at % 251) as u8;
    }
    page[0x1c0..0x1c4].copy_from_slice(if efi { b"EL64" } else { b"\0\0\0\0" });
    // hardware_subarch: a PC.
    page[0x23c..0x240].fill(0);
    page
}

fn range(region: Region) -> Option<Range> {
    Range::new(region.start, region.last)
}

impl MachineCase {
    /// Fills in what the library takes.
    pub fn fill(&self, machine: &mut Machine) {
        machine.clear();
        for (map, entries) in [
            (&mut machine.memory, &self.memory),
            (&mut machine.iomem, &self.iomem),
        ] {
            for (start, last, kind) in entries {
                let range = Range::new(*start, *last).expect("a region");
                map.add(range, MemoryKind(*kind)).expect("room");
            }
        }
        for (number, &(physical, pages)) in self.efi.iter().enumerate() {
            let descriptor = EfiMemoryDescriptor {
                kind: 5 + (number as u32 & 1),
                physical,
                virtual_: physical | 0xffff_0000_0000_0000,
                pages,
                attribute: 0x8000_0000_0000_000f,
            };
            machine.efi.add(descriptor).expect("room");
        }
        if self.efi_complete {
            machine.efi.present = true;
            machine.efi.platform_size = 64;
            machine.efi.fw_vendor = 0x7ee5_6018;
            machine.efi.runtime = 0xffff_fffe_fec3_1b98;
            machine.efi.config_table = 0x7ebf_e018;
        }
        if self.boot_params {
            machine.x86.boot_params.set(&boot_params(self.efi_complete));
        }
        machine.x86.five_level_paging = Known::of(self.five_level);
        machine.x86.gbpages = Known::of(self.gbpages);
        machine.platform.total_ram = self.total_ram;
        machine.platform.acpi_rsdp = self.acpi_rsdp;
        let dump = &self.dump;
        machine.crash.region = dump.region.and_then(range);
        machine.crash.low = dump.low.and_then(range);
        for (start, last, kind) in &self.iomem {
            if *kind == 1 {
                machine
                    .dump
                    .ram
                    .insert(Range::new(*start, *last).expect("a region"))
                    .expect("room");
            }
        }
        for &note in &dump.cpus {
            machine.dump.cpus.add(note);
        }
        machine.dump.cpus.size = 368;
        machine.dump.vmcoreinfo = dump.vmcoreinfo.and_then(range);
        machine.dump.elfcorehdr_size = dump.header_size;
        machine.dump.gart = dump.gart.and_then(range);
        machine.dump.release = dump.release;
        if dump.kcore {
            machine.dump.direct_map = Some(0xffff_8f4b_4000_0000);
            machine.dump.text = Some(KernelText {
                virt: 0xffff_ffff_a820_0000,
                phys: 0x1420_0000,
                size: 0x240_0000,
            });
        }
    }
}
