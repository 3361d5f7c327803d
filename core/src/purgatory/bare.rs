//! The purgatory without verification: a few instructions that enter the next program.

/// Bytes of its code.
const CODE_SIZE: usize = 128;

/// Its code, relocatable to any address without change. Entry is offset 0. These are the
/// assembled bytes of core/purgatory/src/bare.s, so that every host has them; a test compares the two.
#[rustfmt::skip]
pub static BARE: &[u8; CODE_SIZE] = &[
    0xfa, 0xfc, 0x48, 0x8b, 0x25, 0x7f, 0x00, 0x00, 0x00, 0x48, 0x8d, 0x05, 0x48, 0x00, 0x00, 0x00,
    0x50, 0x48, 0x83, 0xec, 0x02, 0x66, 0xc7, 0x04, 0x24, 0x1f, 0x00, 0x0f, 0x01, 0x14, 0x24, 0xb8,
    0x18, 0x00, 0x00, 0x00, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8, 0x48, 0x8b,
    0x25, 0x53, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x35, 0x44, 0x00, 0x00, 0x00, 0x6a, 0x10, 0xff, 0x35,
    0x4c, 0x00, 0x00, 0x00, 0x31, 0xc0, 0x31, 0xdb, 0x31, 0xc9, 0x31, 0xd2, 0x31, 0xff, 0x31, 0xed,
    0x48, 0xcb, 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x9b, 0xcf, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x9b, 0xaf, 0x00,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x93, 0xcf, 0x00, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
];

/// Bytes of a finished segment (its `bufsz`): the code and its parameters.
pub const BARE_SIZE: usize = CODE_SIZE + 3 * 8;

/// Memory the segment needs (its `memsz`), in bytes: a page, whose end is the stack.
pub const BARE_MEMSZ: usize = 4096;

const _: () = assert!(BARE_SIZE <= BARE_MEMSZ / 2);

/// Its parameters: the registers that the next program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// RSI: boot_params.
    pub rsi: u64,
    /// RSP; the bare purgatory uses its own stack until then.
    pub rsp: u64,
    /// Entry point, physical.
    pub rip: u64,
}

impl Bare {
    /// Writes the finished segment to the start of `out` and returns it; `None` if there is less
    /// room than [`BARE_SIZE`].
    #[must_use]
    pub fn build<'a>(&self, out: &'a mut [u8]) -> Option<&'a [u8]> {
        let out = out.get_mut(..BARE_SIZE)?;
        let numbers = [self.rsi, self.rsp, self.rip].map(u64::to_le_bytes);
        let bytes = BARE.iter().chain(numbers.as_flattened());
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = *from;
        }
        Some(out)
    }
}

/// Assembled by the build script, where it can.
#[cfg(all(test, not(no_purgatory_x86_64)))]
mod tests {
    use super::BARE;

    /// The end is padding by the linker, and is not executed.
    #[test]
    fn the_bytes_are_the_assembly() {
        const ASSEMBLED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bare-x86_64.bin"));
        const GDT_END: usize = 120;
        assert_eq!(ASSEMBLED.len(), BARE.len());
        assert!(
            ASSEMBLED[..GDT_END] == BARE[..GDT_END],
            "bare.s is assembled to {ASSEMBLED:#04x?}"
        );
    }
}
