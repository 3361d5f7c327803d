use std::boxed::Box;
use std::vec::Vec;

use super::*;
use crate::machine::Known;
use crate::refusal::Advice;
use crate::testing::bzimage;

/// A bzImage of protocol 2.15 with these xloadflags and this cmdline_size.
fn image(xloadflags: u16, cmdline_size: u32) -> Vec<u8> {
    let mut file = bzimage(8192);
    file[0x236..0x238].copy_from_slice(&xloadflags.to_le_bytes());
    file[0x238..0x23c].copy_from_slice(&cmdline_size.to_le_bytes());
    file
}

fn checked(file: &[u8], line: &[u8], machine: &Machine) -> Result<()> {
    check(&parse(file)?, line, machine)
}

/// boot_params with efi_loader_signature "EL32" (offset 0x1c0), and a command line.
fn efi_32(line: &[u8]) -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    let mut params = [0; 4096];
    params[0x1c0..0x1c4].copy_from_slice(b"EL32");
    machine.x86.boot_params.set(&params);
    machine.command_line.set(line);
    machine
}

#[test]
fn an_image_that_must_lie_low_is_refused() {
    let machine = Box::new(Machine::new());
    // XLF_KERNEL_64 and XLF_5LEVEL, with and without XLF_CAN_BE_LOADED_ABOVE_4G.
    assert_eq!(checked(&image(0x23, 2047), b"", &machine), Ok(()));
    let low = Error::NotBootable { why: NOT_ABOVE_4G };
    assert_eq!(checked(&image(0x21, 2047), b"", &machine), Err(low));
    assert_eq!(Advice::of(&low), Some(Advice::UseLoad));
}

#[test]
fn a_32_bit_efi_in_use_refuses_every_image() {
    let kernel = image(0x7f, 2047);
    let refused = Err(Error::NotBootable { why: EFI_32 });
    for (line, expected) in [
        (&b"quiet"[..], refused),
        (b"efi=debug", refused),
        (b"efi=debug,noruntime", Ok(())),
        (b"noefi", Ok(())),
    ] {
        assert_eq!(checked(&kernel, b"", &efi_32(line)), expected, "{line:?}");
    }
}

#[test]
fn five_level_paging_is_refused_where_it_is_known() {
    let mut machine = Box::new(Machine::new());
    // Without XLF_5LEVEL, and with it.
    for (paging, without, with) in [
        (Known::Yes, false, true),
        (Known::No, true, true),
        (Known::Unknown, true, true),
    ] {
        machine.x86.five_level_paging = paging;
        let taken = |flags| checked(&image(flags, 2047), b"", &machine).is_ok();
        assert_eq!((taken(0x03), taken(0x23)), (without, with), "{paging:?}");
    }
}

/// Line and NUL, and 30 bytes for elfcorehdr=, within cmdline_size.
#[test]
fn a_command_line_without_room_for_the_kernels_words_is_refused() {
    let machine = Box::new(Machine::new());
    let kernel = image(0x7f, 255);
    assert_eq!(checked(&kernel, &[b'x'; 224], &machine), Ok(()));
    let (length, limit) = (225, 224);
    assert_eq!(
        checked(&kernel, &[b'x'; 225], &machine),
        Err(Error::CommandLineTooLong { length, limit })
    );
}

#[test]
fn an_elf_file_is_refused() {
    let machine = Box::new(Machine::new());
    let file = kexec_testing::elf_kernel(&[0; 0x1000]);
    assert_eq!(checked(&file, b"", &machine), Err(AN_ELF_FILE));
    let image = Kernel::parse(&file, true).unwrap();
    assert_eq!(check(&image, b"", &machine), Err(AN_ELF_FILE));
}

#[test]
fn sizes() {
    assert_eq!(check_size(0x1_0000_0000), Ok(()));
    let Err(Error::File { errno, .. }) = check_size(0x1_0000_0001) else {
        panic!("taken");
    };
    assert_eq!(errno, Errno::EFBIG);
}
