//! Damaged input: no parser panics on any bytes.

use super::*;
use crate::memory::MemoryMap;
use std::boxed::Box;
use std::vec::Vec;

/// Xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

const SAMPLES: [&[u8]; 18] = [
    b"0x100000\n",
    b"ACPI Non-volatile Storage\n",
    b"ACPI20=0x7fb7e014\nACPI=0x7fb7e000\nSMBIOS3=0x7f95a000\nSMBIOS=0x7f95c000\n",
    b"processor\t: 0\nflags\t\t: fpu vme la57 sha_ni\nbugs\t\t:\n",
    b"none [integrity] confidentiality\n",
    b"Name:\tkexec\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n",
    b"MemTotal:       49343160 kB\nMemFree:        1 kB\n",
    b"-1\n",
    b"00100000-7ffdafff : System RAM\n  2e000000-3dffffff : Crash kernel\n",
    b"BOOT_IMAGE=/vmlinuz ro \"a b\"=c crashkernel=1G -- single\n",
    b"\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\xf0\x7f\x00\x00\x00\x00\x01\x00\x00\x00",
    b"control_d\n",
    b"PVH\n",
    b"0-3,8,10-11\n",
    b"0x0000000100c66000 1024\n",
    b"140000000-14fffffff\n",
    b"SRAT\x58\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x28",
    b"",
];

/// Every parser over the same bytes, in pieces of `size`.
fn all(bytes: &[u8], size: usize, map: &mut MemoryMap) {
    map.clear();
    let mut dump = Box::new(Dump::new());
    dump.set_cma(bytes);
    let mut kcore = KcoreParser::new();
    let mut iomem = IomemParser::new(map).with_dump(&mut dump);
    let (mut cpu, mut status) = (CpuFlags::new(), StatusParser::new());
    let mut meminfo = MeminfoParser::new();
    for piece in bytes.chunks(size) {
        iomem.feed(piece);
        cpu.feed(piece);
        status.feed(piece);
        meminfo.feed(piece);
        kcore.feed(piece);
    }
    iomem.finish();
    cpu.finish();
    let mut hot_plug = HotPlug::new();
    let mut srat = SratParser::new(&mut hot_plug);
    bytes.chunks(size).any(|piece| srat.feed(piece));
    srat.finish();
    assert!(e820_entries(bytes).count() <= bytes.len() / E820_ENTRY_SIZE);
    let mut efi = Efi::new();
    efi.read_systab(bytes);
    let _ = (
        memmap_entry(bytes, bytes, bytes),
        memmap_entry(b"0x0", b"0x1", bytes),
        (hex(bytes), efi_platform_size(bytes)),
        (flag(bytes), load_limit(bytes), lockdown(bytes)),
        xen_guest(bytes),
        (xen_control(bytes), hypervisor_is_xen(bytes)),
        has_parameter(bytes, b"quiet"),
        (crash_notes(bytes), decimal_size(bytes)),
        (vmcoreinfo(bytes), release(bytes)),
        cpu_list(bytes).map(|list| list.take(100).count()),
    );
    let mut params = RunningBootParams::new();
    params.set(bytes);
    assert_eq!(params.get(), None);
    let mut buffer = std::vec![0; bytes.len()];
    assert!(reuse_command_line(bytes, true, &mut buffer).is_ok());
}

#[test]
fn every_truncation_of_every_sample() {
    let mut map = Box::new(MemoryMap::new());
    for sample in SAMPLES {
        for length in 0..=sample.len() {
            all(&sample[..length], 1 + length / 3, &mut map);
        }
    }
}

#[test]
fn damaged_and_spliced_samples() {
    let mut map = Box::new(MemoryMap::new());
    let mut random = Random(0x0dd_ba11_cafe_f00d);
    for _ in 0..1_500 {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..=random.below(6) {
            let sample = SAMPLES[random.below(SAMPLES.len())];
            let from = random.below(sample.len() + 1);
            bytes.extend(&sample[from..]);
        }
        for _ in 0..random.below(8) {
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] = random.below(256) as u8;
            }
        }
        all(&bytes, 1 + random.below(70), &mut map);
    }
}

#[test]
fn any_page_is_read_within_its_bounds() {
    let mut random = Random(0xfeed_0123_4567_89ab);
    let mut params = RunningBootParams::new();
    for _ in 0..200 {
        params.fill(|page| {
            page.iter_mut()
                .for_each(|byte| *byte = random.below(256) as u8);
            page.len()
        });
        assert!(params.e820().count() <= 128);
        assert!(params.eddbuf_entries() <= 6 && params.edd_mbr_sig_buf_entries() <= 16);
        let _ = params.efi_info();
    }
}
