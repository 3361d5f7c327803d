//! The purgatory without verification: a few instructions that enter the next program.

/// Bytes of its code.
const CODE_SIZE: usize = include!(concat!(env!("OUT_DIR"), "/bare.size"));

/// Its code, relocatable to any address without change. Entry is offset 0.
pub static BARE: &[u8; CODE_SIZE] = include_bytes!(concat!(env!("OUT_DIR"), "/bare.bin"));

/// Bytes of a finished segment (its `bufsz`): the code, and what it is told.
pub const BARE_SIZE: usize = CODE_SIZE + 3 * 8;

/// Memory the segment needs (its `memsz`), in bytes: a page, whose end is the stack.
pub const BARE_MEMSZ: usize = 4096;

const _: () = assert!(BARE_SIZE <= BARE_MEMSZ / 2);

/// What it is told: the registers the next program looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// RSI: boot_params.
    pub rsi: u64,
    /// RSP, its own stack until then.
    pub rsp: u64,
    /// Entry point, physical.
    pub rip: u64,
}

impl Bare {
    /// Writes the finished segment to the start of `out`; answers it, or `None` if there is less
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
