//! What a vmlinux says of itself, on machines where it matters.

use super::*;
use crate::machine::refusal;

const FIVE_LEVEL: &[u8] = b"\0pgdir_shift\0ptrs_per_p4d\0";
const NEW: &[u8] = b"Linux version 6.1.0 (x";
const OLD: &[u8] = b"Linux version 3.13.0 (x";

/// An ELF kernel of one part, with this text in it.
fn vmlinux(text: &[u8]) -> Vec<u8> {
    let mut part = vec![0; 0x1000];
    part[0x100..][..text.len()].copy_from_slice(text);
    kexec_testing::elf_kernel(&part)
}

fn vmlinux_request(kernel: &[u8]) -> Request<'_, '_> {
    let mut request = request(kernel, &[]);
    request.options.elf = Some(ElfAs::Linux);
    request
}

#[test]
fn five_levels_need_a_vmlinux_that_says_so() {
    let mut workspace = workspace();
    let mut machine = machine(&[(1, 1024)]);
    for (text, paging, fits) in [
        (FIVE_LEVEL, Known::Yes, true),
        (FIVE_LEVEL, Known::Unknown, true),
        (FIVE_LEVEL, Known::No, true),
        (NEW, Known::Yes, false),
        (NEW, Known::Unknown, false),
        (NEW, Known::No, true),
    ] {
        let kernel = vmlinux(text);
        machine.x86.five_level_paging = paging;
        let made = plan(&vmlinux_request(&kernel), &machine, &mut workspace);
        match (made, paging) {
            (Ok(plan), _) => {
                assert!(fits, "{paging:?}");
                plan.check().unwrap();
            }
            (Err(Error::Unknown { what }), Known::Unknown) => {
                assert_eq!((fits, what), (false, refusal::FIVE_LEVEL));
            }
            (Err(Error::NotBootable { why }), Known::Yes) => {
                assert!(!fits && why.contains("no5lvl") && why.contains("bzImage"));
            }
            (Err(error), _) => panic!("{paging:?}: {error}"),
        }
    }
}

#[test]
fn efi_goes_on_to_a_vmlinux_of_a_version_that_takes_it() {
    let mut workspace = workspace();
    let mut machine = machine(&[(1, 1024)]);
    let mut page = [0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    machine.x86.boot_params.set(&page);
    (
        machine.efi.fw_vendor,
        machine.efi.runtime,
        machine.efi.config_table,
    ) = (1, 2, 3);
    let descriptor = crate::machine::EfiMemoryDescriptor {
        kind: 6,
        physical: 0x3ff0_0000,
        virtual_: 0,
        pages: 256,
        attribute: 1 << 63,
    };
    machine.efi.add(descriptor).unwrap();
    for (text, handed_on) in [(NEW, true), (OLD, false), (FIVE_LEVEL, false)] {
        let kernel = vmlinux(text);
        let plan = plan(&vmlinux_request(&kernel), &machine, &mut workspace).unwrap();
        let why = "the new kernel is not known to take them";
        let noted = plan.notes().contains(&Note::NoEfi { why });
        let passed = plan.setup_types().contains(&SetupType::EFI);
        assert_eq!((passed, noted), (handed_on, !handed_on));
    }
}
