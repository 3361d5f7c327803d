//! The information of version 1 (Multiboot Specification 0.6.96, 3.3).

use super::{Info, LOADER, NAME, Out};

/// Bytes of the structure, with the frame buffer's fields.
const SIZE: usize = 116;
/// Where the line is, and where the caller's text in it.
const LINE: usize = 128;
pub(crate) const TEXT: usize = LINE + NAME.len();

/// What EAX holds.
pub(crate) const MAGIC: u32 = 0x2bad_b002;

mod flag {
    pub const MEMORY: u32 = 1 << 0;
    pub const LINE: u32 = 1 << 2;
    pub const MODULES: u32 = 1 << 3;
    pub const MAP: u32 = 1 << 6;
    pub const LOADER: u32 = 1 << 9;
    pub const SCREEN: u32 = 1 << 12;
}

mod field {
    pub const FLAGS: usize = 0;
    pub const LOWER: usize = 4;
    pub const UPPER: usize = 8;
    pub const LINE: usize = 16;
    pub const MODULES: usize = 20;
    pub const MODULE_TABLE: usize = 24;
    pub const MAP_SIZE: usize = 44;
    pub const MAP: usize = 48;
    pub const LOADER: usize = 64;
    pub const SCREEN: usize = 88;
}

/// Writes it, and returns its size, as far as there is room.
pub(crate) fn write(info: &Info<'_>, out: &mut [u8]) -> usize {
    let base = info.base;
    let address = |at: usize| base.saturating_add(at as u32);
    let mut out = Out::new(out);
    let mut flags = flag::MEMORY | flag::LINE | flag::MAP | flag::LOADER;
    if let Some(screen) = &info.screen {
        flags |= flag::SCREEN;
        out.at = field::SCREEN;
        out.long(screen.address);
        out.word(screen.pitch);
        out.word(screen.width);
        out.word(screen.height);
        out.put(&[screen.depth, screen.kind]);
        out.put(screen.colors());
    }
    debug_assert!(out.at <= SIZE);
    out.at = LINE;
    out.text(&[NAME, info.command_line]);
    let loader = out.at;
    out.text(&[LOADER]);
    let mut text = out.at;
    for number in 0..info.modules {
        out.text(&[(info.module)(number).line]);
    }
    out.pad(8);
    let table = out.at;
    for number in 0..info.modules {
        let module = (info.module)(number);
        out.word(module.start);
        out.word(module.end);
        out.word(address(text));
        out.word(0);
        text = text.saturating_add(module.line.len()).saturating_add(1);
    }
    let map = out.at;
    info.memory.each(&mut |range, kind| {
        // Bytes of the entry that follow.
        out.word(20);
        out.long(range.start());
        out.long(range.size());
        out.word(kind);
    });
    if info.modules != 0 {
        flags |= flag::MODULES;
        out.set(field::MODULES, info.modules as u32);
        out.set(field::MODULE_TABLE, address(table));
    }
    let end = out.at;
    out.set(field::FLAGS, flags);
    out.set(field::LOWER, info.memory.lower());
    out.set(field::UPPER, info.memory.upper());
    out.set(field::LINE, address(LINE));
    out.set(field::MAP_SIZE, end.saturating_sub(map) as u32);
    out.set(field::MAP, address(map));
    out.set(field::LOADER, address(loader));
    end
}
