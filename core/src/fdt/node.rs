//! Reading: nodes, their properties, and the numbers in those.

use super::token::{Token, Tokens};
use super::{Fdt, u64_at, word_at};

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    fdt: Fdt<'a>,
    name: &'a [u8],
    /// After its name.
    tokens: Tokens<'a>,
}

impl<'a> Fdt<'a> {
    /// The root.
    #[must_use]
    pub fn root(&self) -> Node<'a> {
        let mut tokens = self.tokens();
        // `parse` found it.
        let _root = tokens.next();
        Node {
            fdt: *self,
            name: &[],
            tokens,
        }
    }

    /// Whether any node is compatible with this device.
    #[must_use]
    pub fn has_device(&self, compatible: &[u8]) -> bool {
        let mut tokens = self.tokens();
        while let Some(token) = tokens.next() {
            if let Token::Property { name, value } = token {
                let mut names = value.split(|byte| *byte == 0);
                if self.string(name) == Some(b"compatible") && names.any(|name| name == compatible)
                {
                    return true;
                }
            }
        }
        false
    }

    /// The node with this path: names after `/`, each with its unit address or without
    /// ("/chosen", "/cpus/cpu@0", "/"). Without one it is the first node of the name, whatever its
    /// unit address is.
    #[must_use]
    pub fn node(&self, path: &[u8]) -> Option<Node<'a>> {
        let names = path.strip_prefix(b"/")?.split(|byte| *byte == b'/');
        let mut names = names.filter(|name| !name.is_empty());
        names.try_fold(self.root(), |node, name| node.child(name))
    }
}

/// Whether a node with this name is meant by `wanted`.
pub(super) fn is_called(name: &[u8], wanted: &[u8]) -> bool {
    match name.strip_prefix(wanted) {
        Some([]) => true,
        // The unit address, where none is wanted.
        Some([b'@', ..]) => !wanted.contains(&b'@'),
        _ => false,
    }
}

impl<'a> Node<'a> {
    /// Its name, with the unit address; empty for the root.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// Its properties: name and value.
    #[must_use]
    pub const fn properties(&self) -> Properties<'a> {
        Properties {
            fdt: self.fdt,
            tokens: self.tokens,
        }
    }

    /// The value of the property with this name.
    #[must_use]
    pub fn property(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut properties = self.properties();
        let found = properties.find(|(found, _)| *found == name);
        found.map(|(_, value)| value)
    }

    /// A property with one number of one or two cells: QEMU gives the addresses of an initrd in one cell,
    /// Linux in two. `None` if there is none, or if it has another size.
    #[must_use]
    pub fn number(&self, name: &[u8]) -> Option<u64> {
        let value = self.property(name)?;
        match value.len() {
            4 => word_at(value, 0).map(u64::from),
            8 => u64_at(value, 0),
            _ => None,
        }
    }

    /// Its child with this name, as in [`Fdt::node`].
    #[must_use]
    pub fn child(&self, name: &[u8]) -> Option<Self> {
        self.children().find(|child| is_called(child.name, name))
    }

    /// Its children.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let (fdt, mut tokens) = (self.fdt, self.tokens);
        let mut depth = 0_u32;
        core::iter::from_fn(move || {
            loop {
                match tokens.next()? {
                    Token::Begin(name) => {
                        depth = depth.saturating_add(1);
                        if depth == 1 {
                            return Some(Self { fdt, name, tokens });
                        }
                    }
                    // The end of the node itself.
                    Token::End => depth = depth.checked_sub(1)?,
                    Token::Property { .. } => {}
                    Token::Finish => return None,
                }
            }
        })
    }
}

/// The properties of a node. A node's properties come before its children.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a> {
    fdt: Fdt<'a>,
    tokens: Tokens<'a>,
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.tokens;
        match self.tokens.next()? {
            Token::Property { name, value } => Some((self.fdt.string(name)?, value)),
            _ => {
                self.tokens = before;
                None
            }
        }
    }
}
