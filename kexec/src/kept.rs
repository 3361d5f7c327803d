//! Files kept unchanged while their bytes are used.

use kexec_core::Result;
use kexec_core::linux::{Copies, File, Held, Mapping};

/// A file that is held, and its bytes.
#[derive(Debug)]
pub struct Kept<'a> {
    held: Held<'a>,
    mapping: Mapping,
}

impl<'a> Kept<'a> {
    /// Holds the file, if necessary by a copy counted in `holds`, and maps it. A file that cannot be
    /// mapped is copied, counted in `maps`.
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
        // SAFETY: nobody can change a copy, and writers wait for the end of a lease. A file with
        // neither is loaded nevertheless, as by kexec(8): `Opened::warn` warns the operator, who
        // must then keep the file unchanged. The same holds for the operator, or the server of a
        // network file system, after a lease is ended by force (45 s) or if it does not bind the
        // server. `Held::check` detects changes before and after kexec_load, and the purgatory's
        // digest detects the rest.
        unsafe { self.mapping.bytes() }
    }
}
