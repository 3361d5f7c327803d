use core::ffi::CStr;
use std::string::String;
use std::vec::Vec;

use super::*;

fn entry<'a>(path: &'a CStr, text: &'a str) -> Entry<'a> {
    let kind = match path.to_bytes() {
        [.., b'e', b'f', b'i'] => Kind::Image,
        [.., b'c', b'o', b'n', b'f'] => Kind::Text,
        _ => Kind::Kernel,
    };
    let mut entry = Entry {
        path,
        root: b"/boot",
        kind,
        text: Some(text.as_bytes()),
        late: 0,
    };
    entry.set_late(b"x64");
    entry
}

fn names<'a>(entries: &[Entry<'a>]) -> Vec<&'a str> {
    let mut list = List::new();
    for entry in entries {
        assert!(insert(&mut list, *entry));
    }
    let names = list
        .iter()
        .map(|entry| core::str::from_utf8(entry.name()).unwrap());
    names.collect()
}

#[test]
fn counters_are_no_part_of_a_name() {
    for (name, expected) in [
        ("a.conf", ("a", false)),
        ("a+3.conf", ("a", false)),
        ("a+3-1.CONF", ("a", false)),
        ("a+0-3.conf", ("a", true)),
        ("a+00.conf", ("a", true)),
        ("a+0-0.conf", ("a", true)),
        ("6.12.48+deb13-amd64.conf", ("6.12.48+deb13-amd64", false)),
        ("a+-3.conf", ("a+-3", false)),
        ("a+3-.conf", ("a+3-", false)),
        ("a+3-1-1.conf", ("a+3-1-1", false)),
        ("a-1.conf", ("a-1", false)),
        ("a+b+2.conf", ("a+b", false)),
        ("+2.conf", ("", false)),
        (".conf", ("", false)),
        ("a.efi", ("a.efi", false)),
    ] {
        let (stem, bad) = stem(name.as_bytes(), Kind::Text);
        assert_eq!(
            (core::str::from_utf8(stem).unwrap(), bad),
            expected,
            "{name}"
        );
    }
    let kernel = stem(b"vmlinuz-6.12+1", Kind::Kernel);
    assert_eq!(kernel, (&b"vmlinuz-6.12+1"[..], false));
}

/// Rule by rule of the Specification's "Sorting".
#[test]
fn entries_are_in_the_order_of_the_specification() {
    let sorted = names(&[
        entry(c"/e/none-10.conf", "title no sort key"),
        entry(c"/e/bad+0-1.conf", "sort-key a\nversion 99"),
        entry(c"/e/none-9.conf", ""),
        entry(c"/e/old.conf", "sort-key b\nversion 6.9"),
        entry(c"/e/arm.conf", "sort-key a\narchitecture aa64"),
        entry(c"/e/new.conf", "sort-key b\nversion 6.10\narchitecture X64"),
        entry(c"/e/m2.conf", "sort-key a\nmachine-id 2\nversion 2"),
        entry(c"/e/m1.conf", "sort-key a\nmachine-id 1\nversion 1"),
        entry(c"/e/m0.conf", "sort-key a\nversion 1"),
        entry(c"/e/uki.efi", "ID=b\nVERSION_ID=6.9.5"),
        entry(c"/e/x+2-1.conf", "sort-key c\nversion 1"),
        entry(c"/e/x2.conf", "sort-key c\nversion 1"),
    ]);
    assert_eq!(
        sorted,
        [
            "m0.conf",
            "m1.conf",
            "m2.conf",
            "new.conf",
            "uki.efi",
            "old.conf",
            "x2.conf",
            "x+2-1.conf",
            "none-10.conf",
            "none-9.conf",
            "bad+0-1.conf",
            "arm.conf",
        ]
    );
}

/// One partition at two places; and no more than there is room for.
#[test]
fn entries_are_added_once_and_up_to_a_limit() {
    let one = [
        entry(c"/boot/loader/entries/a.conf", "linux /a"),
        entry(c"/efi/loader/entries/a.conf", "linux /a"),
        entry(c"/boot/efi/loader/entries/a.conf", "linux /b"),
    ];
    assert_eq!(names(&one), ["a.conf", "a.conf"]);
    let texts: Vec<String> = (0..=MAX_ENTRIES)
        .map(|n| std::format!("linux {n}"))
        .collect();
    let mut list = List::new();
    for (text, n) in texts.iter().zip(1..) {
        assert_eq!(insert(&mut list, entry(c"/a.conf", text)), n <= MAX_ENTRIES);
    }
}

#[test]
fn fields() {
    let text = entry(
        c"a.conf",
        "title One\nversion 1\ntitle Two\narchitecture x64\nPRETTY_NAME=no",
    );
    assert_eq!(text.title(), Some(&b"Two"[..]));
    assert_eq!(text.version(), Some(&b"1"[..]));
    assert_eq!(text.value(b"linux"), None);
    let image = entry(
        c"a.efi",
        "NAME=Name\nPRETTY_NAME=\"A name\"\nVERSION_ID='3'\nVERSION=\nlinux no\n",
    );
    assert_eq!(image.title(), Some(&b"A name"[..]));
    assert_eq!(image.version(), Some(&b"3"[..]));
    assert_eq!(image.value(b"linux"), None);
    assert_eq!(entry(c"a.efi", "ID=x\nID=\"").title(), Some(&b"\""[..]));
}

#[test]
fn an_entry_is_found_by_pattern_or_number() {
    let list = [
        entry(c"/e/abc-6.8.conf", "title Debian [6.8]\n"),
        entry(c"/e/abc-6.7+2-1.conf", "title Debian [6.7]\n"),
        entry(c"/e/uki.efi", ""),
        entry(c"/boot/vmlinuz-6.1", ""),
    ];
    for (name, place) in [
        ("abc-6.8", Some(0)),
        ("abc-6.8.conf", Some(0)),
        ("ABC-6.8.conf", Some(0)),
        ("abc-*", Some(0)),
        ("abc-6.7", Some(1)),
        ("abc-6.7.conf", Some(1)),
        ("abc-6.7+2-1.conf", Some(1)),
        ("abc-6.7+3.conf", Some(1)),
        ("uki", Some(2)),
        ("uki.efi", Some(2)),
        ("uki.conf", None),
        ("*6.1", Some(3)),
        ("0", Some(0)),
        ("3", Some(3)),
        ("4", None),
        ("99999999999999999999", None),
        ("abc", None),
        ("abc-6.[0-7]", Some(1)),
        ("abc-6.[0-7].conf", Some(1)),
        ("Debian*", Some(0)),
        ("*6.7]", Some(1)),
        ("Debian", None),
    ] {
        assert_eq!(find(&list, name.as_bytes()), place, "{name}");
    }
}

#[test]
fn kernels_without_entries() {
    for (file, version) in [
        ("vmlinuz-6.12.48+deb13-amd64", Some("6.12.48+deb13-amd64")),
        ("vmlinux-6.1", Some("6.1")),
        ("kernel-6.1-gentoo", Some("6.1-gentoo")),
        ("vmlinuz-linux-lts", Some("linux-lts")),
        ("vmlinuz", None),
        ("vmlinuz-", None),
        ("vmlinuz.old", None),
        ("vmlinuz-6.1.old", None),
        ("vmlinuz-6.1.dpkg-new", None),
        ("vmlinuz-6.1.rpmsave", None),
        (".vmlinuz-6.1.hmac", None),
        ("initrd.img-6.1", None),
        ("config-6.1", None),
    ] {
        let found = kernel_version(file.as_bytes());
        assert_eq!(found, version.map(str::as_bytes), "{file}");
    }
    let text = |file: &str, version: &str| {
        let mut buffer = [0; 200];
        let mut store = Store::new(&mut buffer);
        write_text(file.as_bytes(), version.as_bytes(), &mut store);
        String::from_utf8(store.keep().unwrap().into()).unwrap()
    };
    assert_eq!(
        text("vmlinuz-6.1", "6.1"),
        "linux vmlinuz-6.1\nsort-key 1\nversion 6.1\ninitrd initrd.img-6.1\n\
         initrd initramfs-6.1.img\ninitrd initrd-6.1"
    );
    assert_eq!(
        text("vmlinuz", ""),
        "linux vmlinuz\nsort-key 0\ninitrd initrd.img\ninitrd initrd"
    );
}

#[test]
fn efi_variables() {
    let name = |contents: &[u8]| {
        let mut buffer = [0; 8];
        let mut store = Store::new(&mut buffer);
        efi_name(contents, &mut store).map(<[u8]>::to_vec)
    };
    assert_eq!(name(b"\x07\0\0\0a\0.\0b\0\0\0c\0"), Some(b"a.b".to_vec()));
    assert_eq!(name(b"\x07\0\0\0a\0b"), Some(b"a".to_vec()));
    assert_eq!(name(b"\x07\0\0\0\xe9\0a\x01"), Some(b"??".to_vec()));
    for none in [&b""[..], b"\x07\0\0", b"\x07\0\0\0", b"\x07\0\0\0\0\0a\0"] {
        assert_eq!(name(none), None);
    }
    assert_eq!(name(b"\x07\0\0\0a\0a\0a\0a\0a\0a\0a\0a\0a\0"), None);
}
