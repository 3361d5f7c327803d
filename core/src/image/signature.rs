//! Whether an image has a signature: an Authenticode certificate of a PE file.
//!
//! As the running kernel looks for it (crypto/asymmetric_keys/verify_pefile.c), so far as bytes show:
//! neither the digest nor the key is looked at.

use crate::bytes::{u16_at, u32_at};

/// Whether an image has a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signature {
    /// It is not a PE file, so it can have none.
    NotPe,
    /// A PE file without a certificate.
    None,
    /// A PE file whose certificate is not in the file, or is of a kind that the kernel does not take.
    Damaged,
    /// A PE file with a certificate. Whether it fits the file, and whether its key is trusted, is not
    /// known.
    Present,
}

/// Offsets in the optional header of PE32 and PE32+: of the number of data directories, and of the
/// entry for certificates, the fifth.
const PE32: (u16, usize, usize) = (0x10b, 92, 96 + 4 * 8);
const PE32_PLUS: (u16, usize, usize) = (0x20b, 108, 112 + 4 * 8);

impl Signature {
    /// Of a file.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        Self::parse(file).unwrap_or(Self::NotPe)
    }

    fn parse(file: &[u8]) -> Option<Self> {
        if !file.starts_with(b"MZ") {
            return None;
        }
        let header = file.get(u32_at(file, 0x3c)? as usize..)?;
        if !header.starts_with(b"PE\0\0") {
            return None;
        }
        let optional = header.get(24..)?;
        let magic = u16_at(optional, 0)?;
        let (_, count, entry) = [PE32, PE32_PLUS]
            .into_iter()
            .find(|(number, ..)| *number == magic)?;
        if u32_at(optional, count)? <= 4 {
            return Some(Self::None);
        }
        let start = u32_at(optional, entry)? as usize;
        let size = u32_at(optional, entry.checked_add(4)?)? as usize;
        if start == 0 || size == 0 {
            return Some(Self::None);
        }
        let certificate = file.get(start..).and_then(|rest| rest.get(..size));
        let known = certificate.is_some_and(is_known);
        Some(if known { Self::Present } else { Self::Damaged })
    }
}

/// WIN_CERTIFICATE of revision 2.0 with PKCS#7 SignedData: its length, 0x0200, 2.
fn is_known(certificate: &[u8]) -> bool {
    u32_at(certificate, 0).is_some_and(|length| length > 8)
        && u16_at(certificate, 4) == Some(0x0200)
        && u16_at(certificate, 6) == Some(2)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
