//! The library's version.

use core::ffi::c_char;

/// Major version of this header.
pub const KX_VERSION_MAJOR: u32 = 0;
/// Minor version of this header.
pub const KX_VERSION_MINOR: u32 = 1;
/// Patch version of this header.
pub const KX_VERSION_PATCH: u32 = 0;
/// Version of this header as one number: major << 16 | minor << 8 | patch.
pub const KX_VERSION_NUMBER: u32 = 0x0000_0100;

/// Version of the running library: major << 16 | minor << 8 | patch. Never fails.
///
/// While the major version is 0, a program must run with the minor version that it was built with.
/// Compare with KX_VERSION_NUMBER, ignoring the last 8 bits. (KX_VERSION_* are the header's.)
#[unsafe(no_mangle)]
pub extern "C" fn kx_version_number() -> u32 {
    KX_VERSION_NUMBER
}

/// Version of the running library as text: "0.1.0". Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_version_string() -> *const c_char {
    const TEXT: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(
        concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes(),
    ) {
        Ok(text) => text,
        Err(_) => c"",
    };
    TEXT.as_ptr()
}
