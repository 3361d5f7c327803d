//! What images of all families have.

use super::Entry;
use crate::arch::Arch;
use crate::error::Format;

/// What images of all families have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Its format.
    pub format: Format,
    /// The architecture it is for.
    pub arch: Arch,
    /// Where it can be entered, the best first.
    pub entries: &'static [Entry],
    /// Whether it can be loaded elsewhere than at `pref_address`.
    pub relocatable: bool,
    /// Alignment of its first address.
    pub alignment: u64,
    /// Where it wants to be; 0 also if it does not say.
    pub pref_address: u64,
    /// Bytes of memory from its first address on.
    pub size: u64,
    /// Bytes of the file that are loaded.
    pub loaded: u64,
    /// Longest command line, in bytes without the NUL; [`u64::MAX`] for no limit.
    pub command_line_max: u64,
    /// Its version; empty if it does not say.
    pub release: &'a [u8],
    /// Its version, builder and build; empty if it does not say.
    pub version_string: &'a [u8],
}
