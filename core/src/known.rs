//! Yes, no, or not known.

/// What a file said, if it could be read.
///
/// In place of `Option<bool>`, whose `None` is not zero: a [`Machine`](crate::machine::Machine) that
/// nobody has filled is all zeros, so that a static one takes no room in the program's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// The source is not there, not readable, or says neither.
    #[default]
    Unknown,
    /// No, 0.
    No,
    /// Yes, 1.
    Yes,
}

impl Known {
    /// What is known for sure.
    #[must_use]
    pub const fn of(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

impl From<Option<bool>> for Known {
    fn from(value: Option<bool>) -> Self {
        match value {
            None => Self::Unknown,
            Some(value) => Self::of(value),
        }
    }
}

impl From<Known> for Option<bool> {
    fn from(value: Known) -> Self {
        match value {
            Known::Unknown => None,
            Known::No => Some(false),
            Known::Yes => Some(true),
        }
    }
}
