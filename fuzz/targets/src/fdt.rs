//! Device trees: what is accepted is read as a second, recursive reader reads it, and a copy with edits
//! is the tree that was copied but for these.

use kexec_core::fdt::{Edits, Fdt, Node, Property, Reservation};

/// A tree with a property in each of two nodes, two reservations, and FDT_NOP; the same cut off and with
/// room after it; and its structure alone.
pub fn seeds() -> Vec<Vec<u8>> {
    let structure: &[u8] = b"\0\0\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x04\0\0\0\0\0\0\0\x02\0\0\0\x04\
        \0\0\0\x01chosen\0\0\0\0\0\x03\0\0\0\x02\0\0\0\x0fa\0\0\0\0\0\0\x01sub@1\0\0\0\
        \0\0\0\x02\0\0\0\x02\0\0\0\x02\0\0\0\x09";
    let strings: &[u8] = b"#address-cells\0bootargs\0";
    let blob = tree(
        &[0x4800_0000, 0x20_0000, 0, 0x1000, 0, 0],
        structure,
        strings,
    );
    let total = blob.len();
    let mut longer = blob.clone();
    longer.resize(total + 64, 0);
    let structure = [structure, strings].concat();
    vec![blob[..total - 1].to_vec(), longer, blob, structure]
}

/// A tree of these blocks.
fn tree(reserved: &[u64], structure: &[u8], strings: &[u8]) -> Vec<u8> {
    let start = 40 + reserved.len() * 8;
    let total = start + structure.len() + strings.len();
    let mut blob = Vec::new();
    for word in [
        0xd00d_feed,
        total,
        start,
        start + structure.len(),
        40,
        17,
        16,
        0,
        strings.len(),
        structure.len(),
    ] {
        blob.extend((word as u32).to_be_bytes());
    }
    blob.extend(reserved.iter().flat_map(|number| number.to_be_bytes()));
    blob.extend_from_slice(structure);
    blob.extend_from_slice(strings);
    blob
}

/// A node as the second reader has it.
#[derive(Debug, PartialEq)]
struct Second {
    name: Vec<u8>,
    properties: Vec<(Vec<u8>, Vec<u8>)>,
    children: Vec<Second>,
}

struct Reader<'b> {
    blob: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn word(&mut self) -> Option<usize> {
        let word = self.blob.get(self.at..self.at + 4)?;
        self.at += 4;
        Some(u32::from_be_bytes(word.try_into().ok()?) as usize)
    }

    fn string(&self, at: usize) -> Option<Vec<u8>> {
        let rest = self.blob.get(at..)?;
        Some(rest.split(|byte| *byte == 0).next()?.to_vec())
    }

    /// A token other than FDT_NOP.
    fn token(&mut self) -> Option<usize> {
        loop {
            match self.word()? {
                4 => {}
                token => return Some(token),
            }
        }
    }

    /// After its FDT_BEGIN_NODE.
    fn node(&mut self, strings: usize) -> Option<Second> {
        let name = self.string(self.at)?;
        self.at += (name.len() + 1).next_multiple_of(4);
        let mut node = Second {
            name,
            properties: Vec::new(),
            children: Vec::new(),
        };
        loop {
            match self.token()? {
                1 => node.children.push(self.node(strings)?),
                2 => return Some(node),
                3 => {
                    let length = self.word()?;
                    let name = strings + self.word()?;
                    let name = self.string(name)?;
                    let value = self.blob.get(self.at..self.at + length)?.to_vec();
                    self.at += length.next_multiple_of(4);
                    // Those after a child are nobody's.
                    if node.children.is_empty() {
                        node.properties.push((name, value));
                    }
                }
                _ => return None,
            }
        }
    }
}

/// The tree, and its reservations.
fn second(blob: &[u8]) -> Option<(Second, Vec<Reservation>)> {
    let mut reader = Reader { blob, at: 8 };
    let structure = reader.word()?;
    let strings = reader.word()?;
    let reserved = reader.word()?;
    let mut entries = Vec::new();
    for entry in blob.get(reserved..)?.chunks_exact(16) {
        let number = |at: usize| u64::from_be_bytes(entry[at..at + 8].try_into().unwrap());
        let (address, size) = (number(0), number(8));
        if address == 0 && size == 0 {
            break;
        }
        entries.push(Reservation { address, size });
    }
    reader.at = structure;
    let root = (reader.token()? == 1).then(|| reader.node(strings))??;
    Some((root, entries))
}

fn first(node: &Node<'_>) -> Second {
    let properties = node.properties();
    Second {
        name: node.name().to_vec(),
        properties: properties
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        children: node.children().map(|child| first(&child)).collect(),
    }
}

/// The target: the input as it is, and as the structure of a tree whose header is right.
pub fn run(input: &[u8]) {
    run_blob(input);
    // The seed with a structure alone has 84 bytes of it, and 24 of strings.
    let half = (input.len() / 9 * 7).next_multiple_of(4).min(input.len());
    run_blob(&tree(
        &[0x48_0000, 0x1000, 0, 0],
        &input[..half],
        &input[half..],
    ));
}

fn run_blob(blob: &[u8]) {
    let Ok(fdt) = Fdt::parse(blob) else { return };
    let reserved: Vec<_> = fdt.reservations().collect();
    let root = first(&fdt.root());
    assert_eq!(second(blob), Some((first(&fdt.root()), reserved.clone())));

    let value = &blob[..blob.len() % 7];
    let set = [Property {
        name: b"bootargs",
        value,
    }];
    let more = [Reservation {
        address: 0x1000,
        size: 0x1000,
    }];
    let edits = Edits {
        set: &set,
        remove: &[b"#address-cells"],
        reserve: &more,
        release: reserved.get(..1).unwrap_or_default(),
    };
    let mut out = vec![0; fdt.room(&edits)];
    let size = fdt.edit(&edits, &mut out).expect("there is room");
    let (mut copy, entries) = second(&out[..size]).expect("a tree");
    let kept = reserved
        .iter()
        .filter(|entry| Some(*entry) != reserved.first());
    assert_eq!(entries, kept.chain(&more).copied().collect::<Vec<_>>());

    // The first /chosen of both without what was edited.
    let is_chosen =
        |node: &&mut Second| node.name.split(|byte| *byte == b'@').next() == Some(b"chosen");
    let edited = |name: &[u8]| name == b"bootargs" || name == b"#address-cells";
    let mut expected = root;
    let was = expected.children.iter_mut().find(is_chosen);
    if let Some(chosen) = &was {
        assert!(!chosen.name.is_empty());
    }
    let had = was.map(|chosen| chosen.properties.retain(|(name, _)| !edited(name)));
    let is = copy.children.iter_mut().find(is_chosen).expect("/chosen");
    let found = is.properties.iter().filter(|(name, _)| name == b"bootargs");
    assert_eq!(
        found.map(|(_, value)| &value[..]).collect::<Vec<_>>(),
        [value]
    );
    is.properties.retain(|(name, _)| !edited(name));
    if had.is_none() {
        let made = copy.children.pop().expect("/chosen is the last");
        assert_eq!((made.properties.len(), made.children.len()), (0, 0));
    }
    assert_eq!(copy, expected);
}
