//! Files kept as they are while their bytes are looked at.

use kexec_core::Result;
use kexec_core::linux::{Copies, File, Held, Mapping};

/// A file that is held, and its bytes.
#[derive(Debug)]
pub struct Kept<'a> {
    held: Held<'a>,
    mapping: Mapping,
}

impl<'a> Kept<'a> {
    /// Holds the file, by a copy of `holds` if need be, and maps it; of a file that cannot be
    /// mapped, a copy of `maps` is.
    pub fn new(file: &'a File, holds: &Copies, maps: &Copies) -> Result<Self> {
        let held = file.hold(holds)?;
        let mapping = held.map(maps)?;
        Ok(Self { held, mapping })
    }

    /// How it is held.
    pub const fn held(&self) -> &Held<'a> {
        &self.held
    }

    /// The file's bytes.
    #[allow(unsafe_code)]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: nobody can change a copy, and writers wait for the end of a lease. What neither
        // could be had for is loaded all the same, as kexec(8) does: `Opened::warn` tells the
        // operator, who alone can keep the promise then. So can only the operator, or the server
        // of a network file system, while a lease is ended by force after 45 s, or binds no
        // server. `Held::check` finds what changed against the promise, before and after
        // kexec_load, and the purgatory's digest the rest.
        unsafe { self.mapping.bytes() }
    }
}
