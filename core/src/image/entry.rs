//! Where images are entered.

/// Where an image is entered. The discriminants are the C library's KX_ENTRY_*; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u16)]
pub enum Entry {
    /// Linux/x86, in 64-bit mode, with paging.
    X86Long = 1,
    /// Linux/x86 or a multiboot kernel, in 32-bit protected mode, without paging.
    X86Protected = 2,
    /// Linux/x86, in real mode.
    X86Real = 3,
    /// Linux/arm64, at its first byte.
    Arm64 = 4,
}

impl Entry {
    /// Every entry, by number.
    pub const ALL: &'static [Self] = &[
        Self::X86Long,
        Self::X86Protected,
        Self::X86Real,
        Self::Arm64,
    ];

    /// Its number, KX_ENTRY_* in C.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}
