//! Small files of /sys and /proc/sys, and the running kernel's boot_params.

use std::cell::RefCell;

use kexec_core::machine::{
    Dump, E820_ENTRY_SIZE, Efi, RunningBootParams, cpu_list, crash_notes, decimal_size,
    e820_entries, efi_platform_size, flag, hex, hypervisor_is_xen, load_limit, lockdown,
    memmap_entry, release, vmcoreinfo, xen_control, xen_guest,
};

use crate::machine;

/// Each file as the kernel prints it, and a few that it does not.
pub fn seeds() -> Vec<Vec<u8>> {
    let files: &[&str] = &[
        "0\n",
        "1\n",
        "-1\n",
        "none [integrity] confidentiality\n",
        "PVH\n",
        "control_d\n",
        "xen\n",
        "0-3,7,9-11\n",
        "3-1\n",
        "3fc10400\n",
        "368\n",
        "0x0000000100c66000 1024\n",
        "6.12.107+deb13-amd64\n",
        "140000000-14fffffff\n160000000-16fffffff\n",
        "0x100000\n\u{1}0xbfffffff\n\u{1}System RAM\n",
        "64\n",
        "ACPI20=0x7fb7e014\nACPI=0x7fb7e000\nSMBIOS3=0x7f9a1000\nSMBIOS=0x7f9a3000\n",
        "18446744073709551615",
        "0xffffffffffffffff",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}

/// A number as strtoull reads it, followed by nothing but a line feed.
fn number(text: &str, base: u32) -> Option<u64> {
    let digits = text.strip_suffix('\n').unwrap_or(text);
    let digits = if base == 16 {
        digits.strip_prefix("0x").unwrap_or(digits)
    } else {
        digits
    };
    let plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    plain.then(|| u64::from_str_radix(digits, base).ok())?
}

/// The target.
pub fn run(file: &[u8]) {
    if let Ok(text) = std::str::from_utf8(file) {
        if let Some(value) = number(text, 16) {
            assert_eq!(hex(file), Some(value));
            assert_eq!(crash_notes(file), Some(value).filter(|value| *value != 0));
        }
        if let Some(value) = number(text, 10).filter(|value| *value <= i64::MAX as u64) {
            assert_eq!(decimal_size(file), Some(value));
            assert_eq!(load_limit(file), Some(value as i64));
            assert_eq!(
                flag(file),
                [Some(false), Some(true)]
                    .get(value as usize)
                    .copied()
                    .flatten()
            );
        }
    }
    let mut before = None;
    for cpu in cpu_list(file).into_iter().flatten().take(10_000) {
        before = Some(cpu);
    }
    let digit = |byte: &u8| byte.is_ascii_digit();
    assert!(
        before.is_none() || file.iter().any(digit),
        "a CPU from nowhere"
    );
    if let Some(range) = vmcoreinfo(file) {
        assert!(range.start() != 0);
    }
    if let Some((major, minor)) = release(file) {
        let text = String::from_utf8_lossy(file);
        let (first, rest) = text.split_once('.').expect("a dot");
        assert!(
            first
                .trim_start_matches('0')
                .starts_with(&major.to_string())
                || major == 0
        );
        assert!(rest.trim_start_matches('0').starts_with(&minor.to_string()) || minor == 0);
    }
    let _ = (
        lockdown(file),
        xen_guest(file),
        xen_control(file),
        hypervisor_is_xen(file),
    );
    assert!(matches!(efi_platform_size(file), 0 | 32 | 64));
    let mut parts = file.split(|byte| *byte == 1);
    let [start, end, kind] = [(); 3].map(|()| parts.next().unwrap_or_default());
    if let Some(entry) = memmap_entry(start, end, kind) {
        assert_eq!(
            (Some(entry.range.start()), Some(entry.range.last())),
            (hex(start), hex(end))
        );
        let ram = entry.kind.0 == 1;
        assert_eq!(ram, kind.trim_ascii() == b"System RAM", "taken for RAM");
    }
    ROOM.with_borrow_mut(|(efi, dump)| larger(file, efi, dump));
}

thread_local! {
    static ROOM: RefCell<(Box<Efi>, Box<Dump>)> = RefCell::default();
}

/// What fills in a part of a machine.
fn larger(file: &[u8], efi: &mut Efi, dump: &mut Dump) {
    efi.read_systab(file);
    let line = file
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"ACPI20="));
    assert_eq!(efi.acpi20, line.and_then(hex).unwrap_or(0));
    let lines = file.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty()).count();
    if dump.set_cma(file) {
        assert_eq!(dump.cma().len(), lines);
        assert!(lines <= Dump::CMA_CAPACITY);
    } else {
        // Too many, or one that is no range.
        assert!(dump.cma().is_empty() && lines != 0);
    }
}

/// Pages, whole and cut.
pub fn boot_params_seeds() -> Vec<Vec<u8>> {
    let efi = machine::boot_params(true).to_vec();
    let mut bios = machine::boot_params(false).to_vec();
    bios[0x1e8] = 3;
    bios[0x2d0..0x2d0 + 20].fill(0);
    bios[0x2d9] = 0xfc;
    bios[0x2e0] = 1;
    vec![efi.clone(), bios, efi[..4095].to_vec(), Vec::new()]
}

/// boot_params and e820 tables.
pub fn run_boot_params(data: &[u8]) {
    let mut params = Box::new(RunningBootParams::new());
    params.set(data);
    assert_eq!(params.get().is_some(), data.len() == 4096);
    let page = params.get().copied().unwrap_or([0; 4096]);
    assert_eq!(params.screen_info()[..], page[..0x40]);
    assert_eq!(params.edid_info()[..], page[0x140..0x1c0]);
    assert_eq!(params.acpi_rsdp_addr().to_le_bytes(), page[0x70..0x78]);
    assert_eq!(params.setup_data().to_le_bytes(), page[0x250..0x258]);
    assert_eq!(params.hardware_subarch().to_le_bytes(), page[0x23c..0x240]);
    assert_eq!(
        params.efi_info().loader_signature.to_le_bytes(),
        page[0x1c0..0x1c4]
    );
    assert_eq!(params.eddbuf()[..], page[0xd00..0xeec]);
    assert_eq!(
        params.e820_table().len(),
        usize::from(page[0x1e8].min(128)) * E820_ENTRY_SIZE
    );
    for table in [data, params.e820_table()] {
        let mut entries = e820_entries(table);
        for raw in table.chunks_exact(20) {
            let start = u64::from_le_bytes(raw[..8].try_into().expect("8 bytes"));
            let size = u64::from_le_bytes(raw[8..16].try_into().expect("8 bytes"));
            let end = u128::from(start) + u128::from(size);
            if size == 0 || end > 1 << 64 {
                continue;
            }
            let entry = entries.next().expect("an entry");
            assert_eq!(
                (entry.range.start(), u128::from(entry.range.last()) + 1),
                (start, end)
            );
            assert_eq!(entry.kind.0.to_le_bytes(), raw[16..20]);
        }
        assert!(entries.next().is_none(), "an entry from nowhere");
    }
}
