//! Which of the caller's limits narrow a search for memory.

/// Which of the caller's limits, `mem_min` and `mem_max` of the options, narrow a window more than
/// the image, the machine and a crash reservation do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Narrowed {
    /// Neither.
    #[default]
    No,
    /// `mem_min`.
    MemMin,
    /// `mem_max`.
    MemMax,
    /// Both.
    Both,
}

impl Narrowed {
    /// From whether each of the two narrows it.
    #[must_use]
    pub const fn by(mem_min: bool, mem_max: bool) -> Self {
        match (mem_min, mem_max) {
            (false, false) => Self::No,
            (true, false) => Self::MemMin,
            (false, true) => Self::MemMax,
            (true, true) => Self::Both,
        }
    }

    /// Whether `mem_min` does.
    #[must_use]
    pub const fn by_mem_min(self) -> bool {
        matches!(self, Self::MemMin | Self::Both)
    }

    /// Whether `mem_max` does.
    #[must_use]
    pub const fn by_mem_max(self) -> bool {
        matches!(self, Self::MemMax | Self::Both)
    }

    /// The end of a message about a window.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::No => "",
            Self::MemMin => "; mem_min excludes lower addresses",
            Self::MemMax => "; mem_max excludes higher addresses",
            Self::Both => "; mem_min and mem_max exclude the rest",
        }
    }
}
