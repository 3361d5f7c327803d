//! Edits, each compared with a tree that is written as it should be.

use super::*;
use std::format;
use std::string::String;

fn edited(blob: &[u8], edits: &Edits<'_>) -> Vec<u8> {
    let fdt = Fdt::parse(blob).unwrap();
    let mut out = std::vec![0xa5; fdt.room(edits)];
    let size = fdt.edit(edits, &mut out).unwrap();
    assert!(out[size..].iter().all(|byte| *byte == 0xa5));
    // With a byte less there is no copy.
    let mut less = std::vec![0; size - 1];
    assert_eq!(
        fdt.edit(edits, &mut less),
        Err(Error::Full {
            what: "the room for a device tree",
            capacity: size as u64 - 1
        })
    );
    out.truncate(size);
    out
}

/// A tree as text, by the reader under test.
pub fn text(blob: &[u8]) -> String {
    let fdt = Fdt::parse(blob).unwrap();
    let mut text = String::new();
    for entry in fdt.reservations() {
        text += &format!("{:#x}+{:#x}\n", entry.address, entry.size);
    }
    node(&fdt.root(), "", &mut text);
    text
}

fn node(of: &Node<'_>, path: &str, text: &mut String) {
    let path = format!("{path}/{}", String::from_utf8_lossy(of.name()));
    for (name, value) in of.properties() {
        *text += &format!("{path} {} {value:02x?}\n", String::from_utf8_lossy(name));
    }
    for child in of.children() {
        *text += &format!("{path} {{\n");
        node(&child, &path, text);
        *text += "}\n";
    }
}

fn property<'t>(name: &'t str, value: &'t [u8]) -> Property<'t> {
    let name = name.as_bytes();
    Property { name, value }
}

#[test]
fn a_copy_is_the_same_tree_packed() {
    let blob = board().blob();
    let copy = edited(&blob, &Edits::NONE);
    assert_eq!(text(&copy), text(&blob));
    // Without the slack, and without three FDT_NOPs.
    assert_eq!(copy.len(), blob.len() - 100 - 12);
    assert_eq!(Fdt::parse(&copy).unwrap().used(), copy.len());
    assert_eq!(copy[4..8], (copy.len() as u32).to_be_bytes());
    assert_eq!(edited(&copy, &Edits::NONE), copy);
    assert_eq!(edited(&LITERAL, &Edits::NONE)[16..20], LITERAL[16..20]);
}

#[test]
fn properties_of_chosen_are_set_replaced_and_removed() {
    let set = [
        property("bootargs", b"root=/dev/vda\0"),
        property("rng-seed", &[1, 2, 3]),
        property("linux,initrd-start", &[0, 0, 0, 1, 0, 0, 0, 0]),
    ];
    let edits = Edits {
        set: &set,
        remove: &[b"linux,initrd-end", b"kaslr-seed", b"not-there"],
        ..Edits::NONE
    };
    let copy = edited(&board().blob(), &edits);
    let fdt = Fdt::parse(&copy).unwrap();
    let chosen = fdt.node(b"/chosen").unwrap();
    let properties: Vec<_> = chosen.properties().collect();
    assert_eq!(
        properties,
        [
            (&b"bootargs"[..], &b"root=/dev/vda\0"[..]),
            (b"rng-seed", &[1, 2, 3]),
            (b"linux,initrd-start", &[0, 0, 0, 1, 0, 0, 0, 0]),
        ]
    );
    // Before the children, and in the first of two such nodes only.
    assert!(chosen.child(b"framebuffer").is_some());
    let second = fdt.node(b"/chosen@1").unwrap();
    assert_eq!(second.property(b"bootargs"), Some(&b"second\0"[..]));
    let memory = fdt.node(b"/memory").unwrap();
    assert_eq!(memory.property(b"reg").map(<[u8]>::len), Some(16));
}

#[test]
fn chosen_is_made_if_there_is_none() {
    let blob = Tree::default().begin("").begin("a").end().end().blob();
    let set = [property("bootargs", b"x\0")];
    let edits = Edits {
        set: &set,
        ..Edits::NONE
    };
    let copy = edited(&blob, &edits);
    assert_eq!(text(&copy), "/ {\n}\n/ {\n//chosen bootargs [78, 00]\n}\n");
    // Not for a removal alone; and a node of that name elsewhere is another one.
    let none = Edits {
        remove: &[b"bootargs"],
        ..Edits::NONE
    };
    assert_eq!(edited(&blob, &none), blob);
    let deep = Tree::default().begin("").begin("a").begin("chosen");
    let deep = deep
        .property("bootargs", b"deep\0")
        .end()
        .end()
        .end()
        .blob();
    let copy = edited(&deep, &edits);
    let fdt = Fdt::parse(&copy).unwrap();
    let value = |path: &[u8]| fdt.node(path).unwrap().property(b"bootargs");
    assert_eq!(value(b"/a/chosen"), Some(&b"deep\0"[..]));
    assert_eq!(value(b"/chosen"), Some(&b"x\0"[..]));
}

#[test]
fn reservations_are_added_and_released() {
    let entry = |address, size| Reservation { address, size };
    let edits = Edits {
        reserve: &[entry(0x5000_0000, 0x1_0000), entry(0, 0x1000)],
        release: &[entry(0x4800_0000, 0x20_0000), entry(0x9000_0000, 0x2000)],
        ..Edits::NONE
    };
    let copy = edited(&board().blob(), &edits);
    let fdt = Fdt::parse(&copy).unwrap();
    let found: Vec<_> = fdt.reservations().collect();
    let expected = [
        entry(0x9000_0000, 0x1000),
        entry(0x5000_0000, 0x1_0000),
        entry(0, 0x1000),
    ];
    assert_eq!(found, expected);
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    let blob = board().blob();
    let fdt = Fdt::parse(&blob).unwrap();
    let refused = |edits: Edits<'_>| {
        let mut out = [0; 4096];
        let error = fdt.edit(&edits, &mut out).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
        assert_eq!(out, [0; 4096]);
    };
    for set in [
        &[property("", b"x")][..],
        &[property("a\0b", b"x")],
        &[property("a", b"x"), property("b", b""), property("a", b"y")],
    ] {
        refused(Edits { set, ..Edits::NONE });
    }
    refused(Edits {
        reserve: &[Reservation {
            address: 0,
            size: 0,
        }],
        ..Edits::NONE
    });
}
