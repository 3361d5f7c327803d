//! Images with one profile and with several, addons, and what is none of both.

use super::{Addon, Uki, profile_prefix};
use crate::arch::Arch;
use crate::error::{Error, Format};
use kexec_testing::pe;
use std::vec;
use std::vec::Vec;

/// Three profiles over a base; the second one has a kernel and a command line of its own.
fn profiles() -> Vec<u8> {
    pe(&[
        (".text", b"stub"),
        (".osrel", b"ID=x\nNAME=\"Some System\"\n"),
        (".uname", b"6.12.1-test\n\0"),
        (".cmdline", b"base line\n\0\0"),
        (".initrd", b"070701base"),
        (".linux", b"kernel"),
        (".linux", b"a second one"),
        (".profile", b"ID=main\nTITLE='The first'\n"),
        (".profile", b"TITLE=Second\nID=2\n"),
        (".cmdline", b" of two "),
        (".initrd", b""),
        (".ucode", b"070701ucode"),
        (".linux", b"kernel two"),
        (".pcrsig", b"{}"),
        (".profile", b"ID=last"),
        (".initrd", b"070701last"),
    ])
}

fn texts(uki: &Uki<'_>) -> (Vec<u8>, Vec<Vec<u8>>, Option<Vec<u8>>) {
    (
        uki.kernel().unwrap().bytes.to_vec(),
        uki.initrds()
            .map(|section| section.bytes.to_vec())
            .collect(),
        uki.command_line().map(<[u8]>::to_vec),
    )
}

#[test]
fn an_image_without_profiles_has_one() {
    let file = pe(&[
        (".initrd", b"070701"),
        (".linux", b"kernel"),
        (".ucode", b"070701u"),
    ]);
    let uki = Uki::parse(&file).unwrap();
    assert_eq!((uki.profiles(), uki.profile()), (1, 0));
    assert_eq!(uki.arch(), Arch::X86_64);
    assert_eq!(
        texts(&uki),
        (
            b"kernel".to_vec(),
            vec![b"070701u".to_vec(), b"070701".to_vec()],
            None
        )
    );
    assert_eq!((uki.release(), uki.os_release(b"ID")), (&b""[..], None));
    let kernel = uki.kernel().unwrap();
    assert_eq!(&file[kernel.offset..][..6], b"kernel");
    // The first profile is there without a section of its own; there is no second one.
    assert_eq!(uki.select(b"0").unwrap().profile(), 0);
    assert!(uki.select(b"1").is_err());
}

#[test]
fn profiles_replace_sections_of_the_base() {
    let file = profiles();
    let uki = Uki::parse(&file).unwrap();
    assert_eq!((uki.profiles(), uki.profile()), (3, 0));
    // Not selected: the first profile.
    let base = (
        b"kernel".to_vec(),
        vec![b"070701base".to_vec()],
        Some(b"base line".to_vec()),
    );
    assert_eq!(texts(&uki), base);
    for name in [&b"0"[..], b"main", b"00"] {
        assert_eq!(texts(&uki.select(name).unwrap()), base);
    }
    assert_eq!(uki.section(b".pcrsig\0"), None);

    // By its ID "2", which is not the number 2. Its .initrd has no bytes, which is none.
    let two = uki.select(b"2").unwrap();
    assert_eq!(two.profile(), 1);
    assert_eq!(texts(&uki.select(b"1").unwrap()), texts(&two));
    assert_eq!(
        texts(&two),
        (
            b"kernel two".to_vec(),
            vec![b"070701ucode".to_vec(), b"070701base".to_vec()],
            Some(b"of two".to_vec())
        )
    );
    assert_eq!(two.section(b".pcrsig\0").unwrap().bytes, b"{}");
    assert_eq!(two.release(), b"6.12.1-test");
    assert_eq!(two.os_release(b"NAME"), Some(&b"Some System"[..]));
    assert_eq!(two.os_release(b"NA"), None);

    let last = uki.select(b"last").unwrap();
    assert_eq!(
        texts(&last),
        (
            b"kernel".to_vec(),
            vec![b"070701last".to_vec()],
            Some(b"base line".to_vec())
        )
    );
    let fields = |number| [b"ID".as_slice(), b"TITLE"].map(|key| uki.profile_field(number, key));
    assert_eq!(fields(0), [Some(&b"main"[..]), Some(b"The first")]);
    assert_eq!(fields(1), [Some(&b"2"[..]), Some(b"Second")]);
    assert_eq!(fields(2), [Some(&b"last"[..]), None]);
    assert_eq!(fields(3), [None, None]);
    for name in [
        &b""[..],
        b"3",
        b"-1",
        b"+1",
        b"1 ",
        b"99999999999999999999",
        b"LAST",
    ] {
        let refused = uki.select(name).map(|_| ()).unwrap_err();
        assert!(matches!(refused, Error::BadArgument { .. }), "{name:?}");
    }
}

#[test]
fn a_profile_without_a_kernel_is_refused() {
    let file = pe(&[
        (".profile", b"ID=a"),
        (".cmdline", b"x"),
        (".profile", b"ID=b"),
        (".linux", b"kernel"),
    ]);
    let uki = Uki::parse(&file).unwrap();
    assert!(matches!(uki.kernel(), Err(Error::NotBootable { .. })));
    assert_eq!(uki.select(b"b").unwrap().kernel().unwrap().bytes, b"kernel");
}

#[test]
fn addons_are_not_images() {
    let addon = pe(&[
        (".cmdline", b"more words\0"),
        (".ucode", b"070701u"),
        (".initrd", b"070701i"),
        (".uname", b"6.12"),
    ]);
    let not_a_uki = |found| {
        Err(Error::NotThisFormat {
            what: "a unified kernel image",
            found,
        })
    };
    let parse = |file: &[u8]| Uki::parse(file).map(|_| ());
    assert_eq!(parse(&addon), not_a_uki(Format::UkiAddon));
    assert_eq!(parse(&pe(&[(".text", b"x")])), not_a_uki(Format::Pe));
    assert_eq!(parse(&pe(&[(".linux", b"")])), not_a_uki(Format::Pe));
    assert_eq!(parse(b"#!/bin/sh\n"), not_a_uki(Format::Text));
    assert_eq!(parse(b""), Err(Error::EmptyFile));

    let found = Addon::parse(&addon).unwrap();
    assert_eq!(found.command_line(), Some(&b"more words"[..]));
    assert_eq!(found.microcode().unwrap().bytes, b"070701u");
    assert_eq!(found.initrd().unwrap().bytes, b"070701i");
    assert_eq!(
        Addon::parse(&profiles()).map(|_| ()),
        Err(Error::NotThisFormat {
            what: "an addon of unified kernel images",
            found: Format::Uki,
        })
    );

    // Its kernel's version, where both have one, is the image's.
    let image = |uname: &[u8]| pe(&[(".linux", b"kernel"), (".uname", uname)]);
    for (uname, fits) in [(&b"6.12\n"[..], true), (b"", true), (b"6.13", false)] {
        let image = image(uname);
        let image = Uki::parse(&image).unwrap();
        let checked = found.check(image.arch(), image.release());
        assert_eq!(checked.is_ok(), fits, "{uname:?}");
    }
    let mut foreign = image(b"");
    foreign[0x7c..0x7e].copy_from_slice(b"\x64\xaa");
    let foreign = Uki::parse(&foreign).unwrap();
    assert!(found.check(foreign.arch(), b"").is_err());
}

#[test]
fn the_machine_must_be_that_of_the_kernel() {
    let mut kernel = vec![0; 0x210];
    kernel[0x1fe..0x206].copy_from_slice(b"\x55\xaa\xeb\x6aHdrS");
    let mut file = pe(&[(".linux", &kernel)]);
    assert_eq!(Uki::parse(&file).unwrap().kernel().unwrap().bytes, kernel);
    // A stub for 32-bit firmware may have a kernel for a 64-bit CPU.
    file[0x7c..0x7e].copy_from_slice(b"\x4c\x01");
    assert!(Uki::parse(&file).unwrap().kernel().is_ok());
    let bad = |value| Error::BadField {
        what: "the machine in the PE header, which is not that of a kernel that it can contain,",
        offset: 0x7c,
        value,
    };
    file[0x7c..0x7e].copy_from_slice(b"\x64\xaa");
    let uki = Uki::parse(&file).unwrap();
    assert_eq!((uki.arch(), uki.kernel()), (Arch::Arm64, Err(bad(0xaa64))));
    file[0x7c..0x7e].copy_from_slice(b"\xc0\x01");
    assert_eq!(Uki::parse(&file).map(|_| ()), Err(bad(0x1c0)));
}

#[test]
fn a_prefix_of_the_command_line_names_a_profile() {
    for (line, expected) in [
        (&b"@1 quiet"[..], Some((1, &b"quiet"[..]))),
        // One blank only.
        (b"@12  quiet", Some((12, b" quiet"))),
        (b"@0", Some((0, b""))),
        (b"@3 ", Some((3, b""))),
        (b"@", None),
        (b"@ 1", None),
        (b"@1x", None),
        (b"@-1 x", None),
        (b"@99999999999999999999 x", None),
        (b" @1 x", None),
        (b"quiet", None),
        (b"", None),
    ] {
        assert_eq!(profile_prefix(line), expected, "{line:?}");
    }
}

/// Whatever is cut off is an error, or leaves a part of the file.
#[test]
fn every_cut_is_refused_or_inside() {
    let file = profiles();
    for length in 0..file.len() {
        let Ok(uki) = Uki::parse(&file[..length]) else {
            continue;
        };
        // Only the padding of the last section may be missing.
        assert!(length > file.len() - 512, "{length}");
        assert_eq!(texts(&uki), texts(&Uki::parse(&file).unwrap()));
    }
}
