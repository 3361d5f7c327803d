//! Yes, no, or not known.

/// A fact from a file: yes, no, or unknown.
///
/// Used in place of `Option<bool>`, whose `None` is not zero: an unfilled
/// [`Machine`](crate::machine::Machine) is all zeros, so that a static one takes no room in the program's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Known {
    /// The source does not exist, is not readable, or has another value.
    #[default]
    Unknown,
    /// No, 0.
    No,
    /// Yes, 1.
    Yes,
}

impl Known {
    /// [`Known::Yes`] or [`Known::No`].
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
