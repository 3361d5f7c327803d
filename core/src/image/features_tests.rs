use super::*;
use std::vec;
use std::vec::Vec;

/// A vmlinux of one part with these bytes in it, and `tail` after the part.
fn vmlinux(loaded: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut file = kexec_testing::elf_kernel(loaded);
    file.extend(tail);
    file
}

/// With a symbol table: names and the section each is defined in, 0 for none.
fn with_symbols(loaded: &[u8], symbols: &[(&str, u16)]) -> Vec<u8> {
    let mut names = vec![0];
    let mut table = vec![0; 24];
    for (name, section) in symbols {
        table.extend((names.len() as u32).to_le_bytes());
        table.extend([0x11, 0]);
        table.extend(section.to_le_bytes());
        table.extend([0; 16]);
        names.extend(name.as_bytes());
        names.push(0);
    }
    let at = 0x1000 + loaded.len();
    let section = |kind: u32, offset: usize, size: usize, link: u32| {
        let mut header = vec![0; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        header[40..44].copy_from_slice(&link.to_le_bytes());
        header
    };
    let tail = [
        section(0, 0, 0, 0),
        section(2, at + 3 * 64, table.len(), 2),
        section(3, at + 3 * 64 + table.len(), names.len(), 0),
        table,
        names,
    ]
    .concat();
    let mut file = vmlinux(loaded, &tail);
    file[40..48].copy_from_slice(&(at as u64).to_le_bytes());
    file[58] = 64;
    file[60] = 3;
    file
}

fn five_level(file: &[u8]) -> Known {
    Vmlinux::parse(file).unwrap().five_level(file)
}

#[test]
fn the_banner_says_the_version() {
    for (banner, version) in [
        (
            "Linux version 6.1.0-18-amd64 (debian-kernel@x) #1 SMP",
            Some((6, 1)),
        ),
        ("Linux version 3.14.0 (x", Some((3, 14))),
        ("Linux version 3.13.11 (x", Some((3, 13))),
        ("Linux version 7.3.4+deb13-amd64 (x", Some((7, 3))),
        // A format string, another's text, then the banner.
        (
            "Linux version %s (%s)\0needs Linux version 2.6 or later\0Linux version 5.10.0 (x",
            Some((5, 10)),
        ),
        ("Linux version 6.1.0", None),
        ("Linux version 6.1.0 ", None),
        ("Linux version 6 (x", None),
        ("Linux version ", None),
        ("linux version 6.1.0 (x", None),
        ("", None),
    ] {
        let file = vmlinux(&[b"\xcc\xcc\0", banner.as_bytes()].concat(), b"");
        let kernel = Vmlinux::parse(&file).unwrap();
        assert_eq!(kernel.version(), version, "{banner}");
        let efi = version.map(|version| version >= (3, 14));
        assert_eq!(kernel.efi_kexec(), Known::from(efi), "{banner}");
    }
    // What is not loaded is not the kernel's.
    let file = vmlinux(b"\xcc", b"Linux version 6.1.0 (x");
    assert_eq!(Vmlinux::parse(&file).unwrap().version(), None);
}

#[test]
fn exported_names_say_that_it_knows_five_levels() {
    for (names, known) in [
        ("\0pgdir_shift\0ptrs_per_p4d\0", Known::Yes),
        ("\0ptrs_per_p4d\0x\0pgdir_shift\0", Known::Yes),
        ("\0pgdir_shift\0", Known::Unknown),
        ("\0ptrs_per_p4d\0", Known::Unknown),
        ("\0my_pgdir_shift\0ptrs_per_p4d\0", Known::Unknown),
        ("\0pgdir_shift\0ptrs_per_p4d", Known::Unknown),
        ("Linux version 6.1.0 (x", Known::Unknown),
        ("Linux version 7.0.0 (x", Known::Yes),
        ("", Known::Unknown),
    ] {
        let names = [b"\xcc", names.as_bytes()].concat();
        assert_eq!(five_level(&vmlinux(&names, b"")), known, "{names:?}");
    }
    let outside = vmlinux(b"\xcc", b"\0pgdir_shift\0ptrs_per_p4d\0");
    assert_eq!(five_level(&outside), Known::Unknown);
}

#[test]
fn symbols_say_it_too() {
    let names = |names: &[(&str, u16)]| five_level(&with_symbols(b"\xcc", names));
    assert_eq!(names(&[("_text", 1), ("pgdir_shift", 2)]), Known::Yes);
    assert_eq!(names(&[("_text", 1), ("pgdir_shift", 0)]), Known::No);
    assert_eq!(names(&[("_text", 1), ("pgdir_shifts", 1)]), Known::No);
    assert_eq!(names(&[("_text", 1), ("__pgdir_shift", 1)]), Known::No);
    // The linker shares the ends of names.
    let mut shared = with_symbols(b"\xcc", &[("__ksymtab_pgdir_shift", 1)]);
    let symbol = 0x1001 + 3 * 64 + 24;
    assert_eq!(shared[symbol], 1);
    shared[symbol] += 10;
    assert_eq!(five_level(&shared), Known::Yes);
    // What is exported decides before.
    let both = with_symbols(b"\xcc\0pgdir_shift\0ptrs_per_p4d\0", &[("_text", 1)]);
    assert_eq!(five_level(&both), Known::Yes);
}

/// A table that is cut off or points elsewhere says nothing, or what it says by chance.
#[test]
fn damaged_symbol_tables() {
    let good = with_symbols(b"\xcc", &[("_text", 1), ("pgdir_shift", 2)]);
    assert_eq!(five_level(&good), Known::Yes);
    for length in 0x1001..good.len() {
        assert_ne!(five_level(&good[..length]), Known::Yes, "{length}");
    }
    let mut damaged = good;
    for at in (40..48).chain(58..62).chain(0x1001..damaged.len()) {
        let kept = damaged[at];
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            damaged[at] = value;
            let _ = five_level(&damaged);
        }
        damaged[at] = kept;
    }
}

/// No kernel is linked for more than 1 GiB: nothing is searched, so that it takes no time.
#[test]
fn what_is_too_large_for_a_kernel_is_not_searched() {
    let text = b"\0pgdir_shift\0ptrs_per_p4d\0Linux version 7.0.0 (x";
    let mut file = vmlinux(text, b"");
    for (size, known) in [(1_u64 << 30, Known::Yes), ((1 << 30) + 1, Known::Unknown)] {
        file[104..112].copy_from_slice(&size.to_le_bytes());
        assert_eq!(five_level(&file), known);
        assert_eq!(Vmlinux::parse(&file).unwrap().efi_kexec(), known);
    }
}
