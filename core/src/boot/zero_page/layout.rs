//! The offset of each part in the segment. Only sizes are needed, so that the segment can be placed
//! before it is written.

use heapless::Vec;

use super::setup_data::{EFI_DATA, NODE_HEADER, SetupType};
use crate::machine::Machine;
use crate::memory::MemoryMap;

/// The initrd as the new kernel sees it: one range of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ramdisk {
    /// Physical address; 0 with size 0 for none.
    pub address: u64,
    /// Bytes, from the start of the first initrd to the end of the last one.
    pub size: u64,
}

/// A setup_data node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub kind: SetupType,
    /// Offset of the header in the segment.
    pub offset: usize,
    /// Bytes of data.
    pub length: usize,
}

/// Offsets of all parts, in bytes from the segment's start.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) command_line: usize,
    pub(super) efi_map: Option<usize>,
    pub(super) nodes: Vec<Node, 4>,
    size: usize,
}

/// The parts of the request and the machine that the layout depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub command_line: &'a [u8],
    /// The memory map that is passed to the new kernel.
    pub memory: &'a MemoryMap,
    /// Whether to pass on EFI: the image supports it, the machine has it, and the request allows it.
    pub efi: bool,
    pub dtb: Option<&'a [u8]>,
    pub rng_seed: Option<[u8; 32]>,
}

impl Layout {
    /// Bytes of boot_params.
    pub const BOOT_PARAMS: usize = 4096;
    /// The most e820 entries in boot_params (E820_MAX_ENTRIES_ZEROPAGE).
    pub const E820_IN_PAGE: usize = 128;
    /// Bytes of one e820 entry.
    pub const E820_ENTRY: usize = 20;
    /// Bytes of one EFI memory descriptor as written here.
    pub const EFI_DESCRIPTOR: usize = 40;

    pub(crate) fn new(parts: &Parts<'_>, machine: &Machine) -> Self {
        let mut layout = Self {
            command_line: Self::BOOT_PARAMS,
            efi_map: None,
            nodes: Vec::new(),
            size: Self::BOOT_PARAMS,
        };
        layout.take(parts.command_line.len().saturating_add(1));
        if parts.efi {
            let bytes = machine.efi.map().len().saturating_mul(Self::EFI_DESCRIPTOR);
            layout.efi_map = Some(layout.take(bytes));
            layout.node(SetupType::EFI, EFI_DATA);
        }
        let beyond = parts
            .memory
            .entries()
            .len()
            .saturating_sub(Self::E820_IN_PAGE);
        if beyond > 0 {
            let bytes = beyond.saturating_mul(Self::E820_ENTRY);
            layout.node(SetupType::E820_EXT, bytes);
        }
        if let Some(dtb) = parts.dtb {
            layout.node(SetupType::DTB, dtb.len());
        }
        if let Some(seed) = parts.rng_seed {
            layout.node(SetupType::RNG_SEED, seed.len());
        }
        layout
    }

    /// Bytes of the whole segment.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Types of the setup_data nodes, in list order.
    pub fn setup_types(&self) -> impl Iterator<Item = SetupType> {
        self.nodes.iter().map(|node| node.kind)
    }

    /// Adds a part of `bytes`, padded to 16, and returns its offset. The size saturates at
    /// `usize::MAX`, which no workspace has.
    fn take(&mut self, bytes: usize) -> usize {
        let offset = self.size;
        self.size = offset.saturating_add(bytes).saturating_add(15) & !15;
        offset
    }

    fn node(&mut self, kind: SetupType, length: usize) {
        let offset = self.take(NODE_HEADER.saturating_add(length));
        let node = Node {
            kind,
            offset,
            length,
        };
        // There is room for one node of each type.
        let _ = self.nodes.push(node);
    }
}
