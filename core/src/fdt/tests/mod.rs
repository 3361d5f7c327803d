//! Trees are literal, or made by a second writer here.

mod edits;
mod random;

use super::*;
use std::vec::Vec;

/// A tree, token by token.
#[derive(Clone, Default)]
pub struct Tree {
    pub reserved: Vec<(u64, u64)>,
    pub structure: Vec<u8>,
    pub strings: Vec<u8>,
    /// Bytes after the strings, as QEMU's trees have.
    pub slack: usize,
}

impl Tree {
    pub fn word(mut self, word: u32) -> Self {
        self.structure.extend(word.to_be_bytes());
        self
    }

    fn padded(mut self, bytes: &[u8]) -> Self {
        self.structure.extend(bytes);
        while self.structure.len() % 4 != 0 {
            self.structure.push(0);
        }
        self
    }

    pub fn begin(self, name: &str) -> Self {
        let mut name = name.as_bytes().to_vec();
        name.push(0);
        self.word(1).padded(&name)
    }

    pub fn end(self) -> Self {
        self.word(2)
    }

    pub fn nop(self) -> Self {
        self.word(4)
    }

    pub fn property(mut self, name: &str, value: &[u8]) -> Self {
        let mut name = name.as_bytes().to_vec();
        name.push(0);
        let mut windows = self.strings.windows(name.len());
        let at = windows.position(|found| found == name);
        let at = at.unwrap_or_else(|| {
            let at = self.strings.len();
            self.strings.extend(&name);
            at
        });
        self.word(3)
            .word(value.len() as u32)
            .word(at as u32)
            .padded(value)
    }

    /// The blob; its blocks are in dtc's order.
    pub fn blob(self) -> Vec<u8> {
        let tree = self.word(9);
        let reserved = 40 + 16 * (tree.reserved.len() + 1);
        let strings = reserved + tree.structure.len();
        let total = strings + tree.strings.len() + tree.slack;
        let mut blob = Vec::new();
        let sizes = [tree.strings.len(), tree.structure.len()];
        for word in [0xd00d_feed, total, reserved, strings, 40, 17, 16, 3]
            .into_iter()
            .chain(sizes)
        {
            blob.extend((word as u32).to_be_bytes());
        }
        for (address, size) in tree.reserved.iter().chain([&(0, 0)]) {
            blob.extend(address.to_be_bytes());
            blob.extend(size.to_be_bytes());
        }
        blob.extend(&tree.structure);
        blob.extend(&tree.strings);
        blob.resize(total, 0);
        blob
    }
}

/// As a small board's, with what a running Linux leaves in /chosen.
pub fn board() -> Tree {
    let mut tree = Tree::default()
        .begin("")
        .property("#address-cells", &[0, 0, 0, 2])
        .property("compatible", b"linux,dummy-virt\0")
        .nop()
        .begin("memory@40000000")
        .property(
            "reg",
            &[0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0],
        )
        .end()
        .begin("chosen")
        .property("linux,initrd-end", &[0x48, 0x20, 0, 0])
        .property("linux,initrd-start", &[0x48, 0, 0, 0])
        .property("bootargs", b"quiet\0")
        .property("kaslr-seed", &[0; 8])
        .nop()
        .nop()
        .begin("framebuffer@1")
        .end()
        .end()
        .begin("chosen@1")
        .property("bootargs", b"second\0")
        .end()
        .end();
    tree.reserved = std::vec![(0x4800_0000, 0x20_0000), (0x9000_0000, 0x1000)];
    tree.slack = 100;
    tree
}

/// The same tree, literally: a root with one property, and one reservation.
const LITERAL: [u8; 104] = *b"\xd0\x0d\xfe\xed\0\0\0\x68\0\0\0\x48\0\0\0\x64\0\0\0\x28\
    \0\0\0\x11\0\0\0\x10\0\0\0\x05\0\0\0\x04\0\0\0\x1c\
    \0\0\0\0\x80\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x09abc\0";

#[test]
fn a_tree_is_read() {
    let fdt = Fdt::parse(&LITERAL).unwrap();
    let reserved: Vec<_> = fdt.reservations().collect();
    let (address, size) = (0x8000_0000, 0x1000);
    assert_eq!(reserved, [Reservation { address, size }]);
    assert_eq!((fdt.boot_cpu(), fdt.used()), (5, 104));
    let properties: Vec<_> = fdt.root().properties().collect();
    assert_eq!(properties, [(&b"abc"[..], &b""[..])]);
    assert_eq!(fdt.root().children().count(), 0);
}

#[test]
fn every_truncation_is_refused() {
    for length in 0..LITERAL.len() {
        let error = Fdt::parse(&LITERAL[..length]).unwrap_err();
        match error {
            Error::NotThisFormat { .. } => assert!(length < 4, "{length}"),
            Error::Truncated { have, .. } => assert_eq!(have, length as u64),
            other => panic!("{length}: {other:?}"),
        }
    }
    // The same by the header's own size.
    let whole = board().blob();
    for total in 0..whole.len() as u32 - 100 {
        let mut blob = whole.clone();
        blob[4..8].copy_from_slice(&total.to_be_bytes());
        assert!(Fdt::parse(&blob).is_err(), "{total}");
    }
}

#[test]
fn nodes_and_properties_are_found_by_path_and_name() {
    let blob = board().blob();
    let fdt = Fdt::parse(&blob).unwrap();
    let name = |path: &str| fdt.node(path.as_bytes()).map(|node| node.name());
    assert_eq!(name("/"), Some(&b""[..]));
    assert_eq!(name("/memory"), Some(&b"memory@40000000"[..]));
    assert_eq!(name("/memory@40000000"), Some(&b"memory@40000000"[..]));
    assert_eq!(name("/memory@4000000"), None);
    assert_eq!(name("/mem"), None);
    assert_eq!(name("chosen"), None);
    assert_eq!(name("/framebuffer"), None);
    assert_eq!(name("/chosen/framebuffer"), Some(&b"framebuffer@1"[..]));
    let chosen = fdt.node(b"/chosen").unwrap();
    assert_eq!(chosen.property(b"bootargs"), Some(&b"quiet\0"[..]));
    assert_eq!(chosen.number(b"linux,initrd-start"), Some(0x4800_0000));
    assert_eq!(chosen.number(b"kaslr-seed"), Some(0));
    assert_eq!(chosen.number(b"bootargs"), None);
    assert_eq!(chosen.property(b"reg"), None);
    assert_eq!(
        fdt.node(b"/chosen@1").unwrap().property(b"bootargs"),
        Some(&b"second\0"[..])
    );
    assert!(fdt.has_device(b"linux,dummy-virt") && !fdt.has_device(b"linux,dummy"));
    // A value of another property is no device.
    assert!(!fdt.has_device(b"quiet"));
    let names: Vec<_> = fdt.root().children().map(|node| node.name()).collect();
    assert_eq!(names, [&b"memory@40000000"[..], b"chosen", b"chosen@1"]);
}

/// A blob with one word of its header changed.
fn with(offset: usize, value: u32) -> Result<()> {
    let mut blob = board().blob();
    blob[offset..offset + 4].copy_from_slice(&value.to_be_bytes());
    Fdt::parse(&blob).map(drop)
}

#[test]
fn a_header_that_lies_is_refused() {
    let field = |error: Result<()>| match error.unwrap_err() {
        Error::BadField { offset, value, .. } => (offset, value),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(with(20, 16)), (20, 16));
    assert_eq!(field(with(24, 18)), (24, 18));
    assert_eq!(field(with(8, u32::MAX)), (8, u64::from(u32::MAX)));
    assert_eq!(field(with(36, u32::MAX)).0, 8);
    assert_eq!(field(with(12, 0x7fff_ffff)).0, 12);
    assert_eq!(field(with(16, u32::MAX)).0, 16);
    assert!(matches!(
        with(0, 0xd00d_feee),
        Err(Error::NotThisFormat { .. })
    ));
    assert!(matches!(with(4, u32::MAX), Err(Error::Truncated { .. })));
    // A newer version that says it can be read as 17.
    assert_eq!(with(20, 18), Ok(()));
    // No list of reservations ends there.
    let total = board().blob().len() as u32;
    assert_eq!(field(with(16, total - 15)).0, 16);
}

#[test]
fn a_structure_that_is_no_tree_is_refused() {
    let refused = |tree: Tree| match Fdt::parse(&tree.blob()) {
        Err(Error::BadField { offset, value, .. }) => (offset - 56, value),
        other => panic!("{other:?}"),
    };
    // Nothing, an end without a beginning, two roots, a root that does not end.
    assert_eq!(refused(Tree::default()), (0, 9));
    assert_eq!(refused(Tree::default().end()), (0, 2));
    let one = || Tree::default().begin("").end();
    assert_eq!(refused(one().begin("")), (12, 1));
    assert_eq!(refused(Tree::default().begin("")), (8, 9));
    // A root with a name, a node without.
    assert_eq!(refused(Tree::default().begin("a")), (0, 1));
    assert_eq!(refused(Tree::default().begin("").begin("")), (8, 1));
    // A property outside, one with a name outside of the strings, one longer than the structure.
    assert_eq!(refused(Tree::default().property("a", b"")), (0, 3));
    assert_eq!(refused(one().property("a", b"")), (12, 3));
    let property = |length, name| Tree::default().begin("").word(3).word(length).word(name);
    assert_eq!(refused(property(0, 0).end()), (8, 3));
    assert_eq!(refused(property(u32::MAX, 0).end()), (8, 3));
    assert_eq!(refused(property(9, 0).end()), (8, 3));
    // No token.
    assert_eq!(refused(Tree::default().begin("").word(5)), (8, 5));
    assert_eq!(refused(Tree::default().begin("").word(0)), (8, 0));
    // A name in the strings without an end.
    let mut tree = Tree::default().begin("").property("abc", b"").end();
    let _nul = tree.strings.pop();
    assert_eq!(refused(tree), (8, 3));
}
