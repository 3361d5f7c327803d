//! What is in a kernel image.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::image::Kernel;
use kexec_core::linux::Mapping;

use crate::error::{Failure, kx_error, report};
use crate::files;
use crate::pointer;
use crate::versioned::{self, Versioned};

/// format: a Linux/x86 bzImage with a 64-bit entry.
pub const KX_IMAGE_BZIMAGE: u32 = 1;
/// format: a Linux/x86 ELF kernel, vmlinux; planned with KX_REQUEST_VMLINUX only.
pub const KX_IMAGE_VMLINUX: u32 = 2;

/// xloadflags: it has a 64-bit entry.
pub const KX_XLF_KERNEL_64: u32 = 1;
/// xloadflags: it may be loaded above 4 GiB.
pub const KX_XLF_CAN_BE_LOADED_ABOVE_4G: u32 = 2;
/// xloadflags: it takes EFI runtime services over from a kexec.
pub const KX_XLF_EFI_KEXEC: u32 = 16;
/// xloadflags: it can be entered with 5-level page tables.
pub const KX_XLF_FIVE_LEVEL: u32 = 32;

/// setup_type_max: the image does not say.
pub const KX_SETUP_TYPE_UNKNOWN: u32 = 0xffff_ffff;

/// Bytes of kx_image.version, with the final NUL.
pub const KX_IMAGE_VERSION_SIZE: usize = 256;

/// What is in a kernel image.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_image {
    /// Set by the caller: sizeof(struct kx_image).
    pub size: usize,
    /// KX_IMAGE_*.
    pub format: u32,
    /// Boot protocol version, major << 8 | minor.
    pub protocol: u32,
    /// KX_XLF_* bits.
    pub xloadflags: u32,
    /// 1 if it may be loaded at other addresses than pref_address, else 0.
    pub relocatable: u32,
    /// Alignment of the load address, a power of two.
    pub alignment: u64,
    /// Preferred load address.
    pub pref_address: u64,
    /// Bytes of memory it needs from its load address on.
    pub init_size: u64,
    /// Longest command line it takes, without the NUL.
    pub command_line_size: u64,
    /// Bytes that are loaded.
    pub kernel_size: u64,
    /// Highest setup_data type it knows, or KX_SETUP_TYPE_UNKNOWN.
    pub setup_type_max: u32,
    /// 0.
    pub reserved: u32,
    /// Its version, as `uname -r` begins; empty if it does not say.
    pub version: [c_char; KX_IMAGE_VERSION_SIZE],
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_image {}
const _: () = assert!(size_of::<kx_image>() == 72 + KX_IMAGE_VERSION_SIZE);

fn told(file: &[u8]) -> Result<kx_image, Failure> {
    let image = Kernel::parse(file, true)?;
    let (format, name, pref_address, kernel_size) = match &image {
        Kernel::BzImage(image) => (
            KX_IMAGE_BZIMAGE,
            image.version_string(),
            image.pref_address(),
            image.kernel().len() as u64,
        ),
        Kernel::Vmlinux(image) => {
            let loads = image.loads().iter();
            let sum = loads.fold(0, |sum: u64, load| {
                sum.saturating_add(load.bytes.len() as u64)
            });
            (KX_IMAGE_VMLINUX, &[][..], image.range().start(), sum)
        }
    };
    let mut version = [0; KX_IMAGE_VERSION_SIZE];
    // The image's string has at most 255 bytes: the NUL stays.
    for (to, from) in version.iter_mut().zip(name) {
        *to = *from as c_char;
    }
    Ok(kx_image {
        size: 0,
        format,
        protocol: image.version().into(),
        xloadflags: image.xloadflags().into(),
        relocatable: image.relocatable().into(),
        alignment: image.alignment(),
        pref_address,
        init_size: image.size(),
        command_line_size: image.cmdline_size(),
        kernel_size,
        setup_type_max: image.setup_type_max().unwrap_or(KX_SETUP_TYPE_UNKNOWN),
        reserved: 0,
        version,
    })
}

/// # Safety
/// `image` and `error` as the header says.
unsafe fn probe(
    image: *mut kx_image,
    error: *mut kx_error,
    file: impl FnOnce() -> Result<kx_image, Failure>,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(image) }?;
        let told = file()?;
        // SAFETY: `image` was checked, and `size` is its size.
        unsafe { versioned::write(image, size, &told) };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Says what is in a kernel image, of which `length` bytes lie at `data`.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_THIS_FORMAT, KX_E_TRUNCATED,
/// KX_E_PROTOCOL, KX_E_NOT_BOOTABLE, KX_E_BAD_FIELD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe(
    data: *const c_void,
    length: usize,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    let file = || told(unsafe { pointer::bytes(data, length) }?);
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, file) }
}

/// As kx_image_probe(), of a file, to which nobody may write during the call.
///
/// Returns what that does, -errno of open, fstat or mmap, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe_path(
    path: *const c_char,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    let file = || {
        // SAFETY: the caller's promise.
        let mapping: Mapping = files::open_path(unsafe { pointer::string(path) }?)?;
        // SAFETY: the caller promises that nobody writes to the file during the call.
        told(unsafe { mapping.bytes() })
    };
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, file) }
}

/// As kx_image_probe(), of an open file, which stays open, and to which nobody may write during
/// the call.
///
/// Returns what that does, -errno of fstat or mmap, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe_fd(
    fd: c_int,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    let file = || {
        // SAFETY: the caller's promise.
        let mapping = unsafe { files::open_fd(fd) }?;
        // SAFETY: the caller promises that nobody writes to the file during the call.
        told(unsafe { mapping.bytes() })
    };
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, file) }
}
