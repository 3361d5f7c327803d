//! The information of version 2 (Multiboot2 Specification 2.0, 3.6): tags, each at a multiple of 8.

use super::{Info, LOADER, NAME, Out};

/// Where the caller's text is in the line, whose tag is the first.
pub(crate) const TEXT: usize = 16 + NAME.len();

/// What EAX holds.
pub(crate) const MAGIC: u32 = 0x36d7_6289;

mod tag {
    pub const END: u32 = 0;
    pub const LINE: u32 = 1;
    pub const LOADER: u32 = 2;
    pub const MODULE: u32 = 3;
    pub const MEMORY: u32 = 4;
    pub const MAP: u32 = 6;
    pub const SCREEN: u32 = 8;
    pub const EFI_64: u32 = 12;
    pub const LOAD_BASE: u32 = 21;
}

impl Out<'_> {
    fn tag(&mut self, kind: u32, body: &mut dyn FnMut(&mut Self)) {
        self.pad(8);
        let start = self.at;
        self.word(kind);
        self.word(0);
        body(self);
        let size = self.at.saturating_sub(start);
        self.set(start.saturating_add(4), size as u32);
    }
}

/// Writes it, and returns its size, as far as there is room.
pub(crate) fn write(info: &Info<'_>, out: &mut [u8]) -> usize {
    let mut out = Out::new(out);
    out.long(0);
    out.tag(tag::LINE, &mut |out| out.text(&[NAME, info.command_line]));
    out.tag(tag::LOADER, &mut |out| out.text(&[LOADER]));
    for number in 0..info.modules {
        let module = (info.module)(number);
        out.tag(tag::MODULE, &mut |out| {
            out.word(module.start);
            out.word(module.end);
            out.text(&[module.line]);
        });
    }
    out.tag(tag::MEMORY, &mut |out| {
        out.word(info.memory.lower());
        out.word(info.memory.upper());
    });
    out.tag(tag::MAP, &mut |out| {
        // Bytes of an entry, and its version.
        out.word(24);
        out.word(0);
        info.memory.each(&mut |range, kind| {
            out.long(range.start());
            out.long(range.size());
            out.word(kind);
            out.word(0);
        });
    });
    if let Some(screen) = &info.screen {
        out.tag(tag::SCREEN, &mut |out| {
            out.long(screen.address);
            out.word(screen.pitch);
            out.word(screen.width);
            out.word(screen.height);
            out.put(&[screen.depth, screen.kind, 0, 0]);
            out.put(screen.colors());
        });
    }
    if let Some(table) = info.efi_64 {
        out.tag(tag::EFI_64, &mut |out| out.long(table));
    }
    if let Some(base) = info.load_base {
        out.tag(tag::LOAD_BASE, &mut |out| out.word(base));
    }
    out.tag(tag::END, &mut |_| {});
    let size = out.at;
    out.set(0, size as u32);
    size
}
