//! A UEFI variable store with the certificate that a kernel is signed by in `db`, from which a
//! kernel takes keys that it trusts images by (security/integrity/platform_certs/load_uefi.c), and
//! with what firmware says of Secure Boot (drivers/firmware/efi/libstub/secureboot.c). The firmware
//! itself has no Secure Boot and verifies nothing: the two variables are for the kernel.
//!
//! Written by hand into the store of an OVMF that was never booted: a firmware volume whose one
//! content is a VARIABLE_STORE_HEADER followed by variables (EDK II,
//! MdeModulePkg/Include/Guid/VariableFormat.h, the authenticated format).

use crate::Outcome;
use crate::command::{read, write};
use std::ops::Range;
use std::path::Path;

/// EFI_IMAGE_SECURITY_DATABASE_GUID, EFI_GLOBAL_VARIABLE, EFI_CERT_X509_GUID,
/// gEfiAuthenticatedVariableGuid.
const DATABASE: [u8; 16] = guid(0xd719_b2cb, 0x3d3a, 0x4596, 0xa3bc_dad0_0e67_656f);
const GLOBAL: [u8; 16] = guid(0x8be4_df61, 0x93ca, 0x11d2, 0xaa0d_00e0_9803_2b8c);
const X509: [u8; 16] = guid(0xa5c0_59a1, 0x94e4, 0x4aa7, 0x87b5_ab15_5c2b_f072);
const STORE: [u8; 16] = guid(0xaaf3_2c78, 0x947b, 0x439a, 0xa180_2e14_4ec3_7792);

/// Bytes of VARIABLE_STORE_HEADER.
const STORE_HEADER: usize = 28;
/// StartId, State (VAR_ADDED), Reserved.
const VARIABLE_MARK: [u8; 4] = [0xaa, 0x55, 0x3f, 0];
/// Non-volatile, for boot services, at run time.
const ATTRIBUTES: u32 = 7;
/// The same with time based authentication.
const AUTHENTICATED: u32 = 0x27;

/// A GUID's bytes: the first three parts are little-endian.
const fn guid(first: u32, second: u16, third: u16, rest: u64) -> [u8; 16] {
    let (a, b, c, d) = (
        first.to_le_bytes(),
        second.to_le_bytes(),
        third.to_le_bytes(),
        rest.to_be_bytes(),
    );
    [
        a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6],
        d[7],
    ]
}

/// Adds `db` with the certificate in `image`, a signed kernel, to an empty store, and with `secure`
/// that Secure Boot is enabled and no setup mode.
pub fn trust(image: &Path, variables: &Path, secure: bool) -> Outcome {
    let mut store = read(variables)?;
    let file = read(image)?;
    let certificate = certificate(&file)
        .ok_or_else(|| format!("{}: no signature with a certificate", image.display()))?;
    let mut added = database(certificate);
    if secure {
        for (name, value) in [("SecureBoot", 1), ("SetupMode", 0)] {
            added.extend(variable(ATTRIBUTES, &GLOBAL, name, &[value]));
        }
    }
    place(&mut store, &added)
        .ok_or_else(|| format!("{}: not an empty store", variables.display()))?;
    write(variables, &store)
}

/// Puts variables where the first one goes.
fn place(store: &mut [u8], variables: &[u8]) -> Option<()> {
    let header = store.windows(STORE.len()).position(|at| at == STORE)?;
    let at = header.checked_add(STORE_HEADER)?;
    let room = store.get_mut(at..at.checked_add(variables.len())?)?;
    room.iter()
        .all(|byte| *byte == 0xff)
        .then(|| room.copy_from_slice(variables))
}

/// `db`: an EFI_SIGNATURE_LIST.
fn database(certificate: &[u8]) -> Vec<u8> {
    let mut list = X509.to_vec();
    for size in [certificate.len() + 44, 0, certificate.len() + 16] {
        list.extend(size.to_le_bytes().iter().take(4));
    }
    // The owner: anyone.
    list.extend([0; 16]);
    list.extend(certificate);
    variable(AUTHENTICATED, &DATABASE, "db", &list)
}

/// AUTHENTICATED_VARIABLE_HEADER, the name with its end, the value; padded.
fn variable(attributes: u32, vendor: &[u8; 16], name: &str, value: &[u8]) -> Vec<u8> {
    let name = name.encode_utf16().chain([0]);
    let name: Vec<u8> = name.flat_map(u16::to_le_bytes).collect();
    let mut variable = VARIABLE_MARK.to_vec();
    variable.extend(attributes.to_le_bytes());
    // MonotonicCount, TimeStamp, PubKeyIndex.
    variable.extend([0; 8 + 16 + 4]);
    for size in [name.len(), value.len()] {
        variable.extend(size.to_le_bytes().iter().take(4));
    }
    variable.extend(vendor);
    variable.extend(name);
    variable.extend(value);
    let end = variable.len().next_multiple_of(4);
    variable.resize(end, 0xff);
    variable
}

/// The first certificate in a PE file's signature (PE format, "The Attribute Certificate Table";
/// RFC 2315, SignedData).
fn certificate(file: &[u8]) -> Option<&[u8]> {
    let word = |offset: usize| {
        let bytes = file.get(offset..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    // PE32+: the fifth data directory. Its place is an offset in the file; WIN_CERTIFICATE has 8
    // bytes before the PKCS #7 message.
    let table = word(word(0x3c)?.checked_add(24 + 112 + 4 * 8)?)?;
    let message = file.get(table.checked_add(8)?..)?;
    let content_info = inside(message, 0x30)?;
    let content = inside(skip_tag(content_info, 0x06)?, 0xa0)?;
    let signed_data = inside(content, 0x30)?;
    // version, digestAlgorithms, contentInfo, certificates.
    let rest = skip_tag(skip_tag(skip_tag(signed_data, 0x02)?, 0x31)?, 0x30)?;
    let certificates = inside(rest, 0xa0)?;
    let (_, end) = element(certificates, 0x30)?;
    certificates.get(..end)
}

/// Where the contents of the DER element at the start are, and where it ends.
fn element(bytes: &[u8], tag: u8) -> Option<(Range<usize>, usize)> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let more = usize::from(first & 0x7f);
    let (start, length) = if first < 0x80 {
        (2, more)
    } else {
        let digits = rest.get(..more).filter(|digits| digits.len() <= 4)?;
        let length = digits
            .iter()
            .fold(0, |sum: usize, digit| sum << 8 | usize::from(*digit));
        (2 + more, length)
    };
    let end = start.checked_add(length)?;
    Some((start..end, end))
}

fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    bytes.get(element(bytes, tag)?.0)
}

fn skip_tag(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    bytes.get(element(bytes, tag)?.1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_elements_of_short_and_long_length() {
        let mut long = vec![0x30, 0x82, 0x01, 0x00];
        long.resize(4 + 256, 7);
        long.push(9);
        assert_eq!(inside(&long, 0x30).unwrap(), [7; 256]);
        assert_eq!(skip_tag(&long, 0x30).unwrap(), [9]);
        assert_eq!(inside(&[0x02, 1, 5], 0x02).unwrap(), [5]);
        assert_eq!(inside(&[0x02, 2, 5], 0x02), None);
        assert_eq!(inside(&[0x30, 1, 5], 0x02), None);
        assert_eq!(inside(&[0x30, 0x89], 0x30), None);
    }

    #[test]
    fn a_variable_goes_after_the_header_of_an_empty_store() {
        let mut store = vec![0; 72];
        store.extend(STORE);
        store.extend([0; STORE_HEADER - 16]);
        store.extend([0xff; 200]);
        let written = database(b"certificate");
        assert_eq!(written.len(), (60_usize + 6 + 44 + 11).next_multiple_of(4));
        assert_eq!(place(&mut store, &written), Some(()));
        assert_eq!(store[72 + STORE_HEADER..][..4], VARIABLE_MARK);
        // No longer empty.
        assert_eq!(place(&mut store, &written), None);
    }
}
