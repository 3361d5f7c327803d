//! The contents of a kernel image.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::Error;
use kexec_core::image::{AN_ELF_FILE, ElfAs, Format, Image, Kernel};
use kexec_core::machine::Known;

use crate::arch;
use crate::error::{About, Failure, kx_error, plain, report};
use crate::files;
use crate::pointer;
use crate::versioned::{self, Versioned};

/// format: unknown to the library.
pub const KX_FORMAT_UNKNOWN: u32 = 0;
/// format: a Linux/x86 bzImage, or an image made like one. The member entries of kx_image has its entries.
pub const KX_FORMAT_BZIMAGE: u32 = 1;
/// format: an ELF file; a Linux kernel in one is KX_FORMAT_VMLINUX. A program that is no kernel known here
/// is planned only if the request asks for it (KX_REQUEST_ELF_NOTES, KX_REQUEST_ELF_BARE).
pub const KX_FORMAT_ELF: u32 = 2;
/// format: a Linux/arm64 Image.
pub const KX_FORMAT_ARM64_IMAGE: u32 = 3;
/// format: a Linux/riscv Image.
pub const KX_FORMAT_RISCV64_IMAGE: u32 = 4;
/// format: a compressed EFI kernel (CONFIG_EFI_ZBOOT).
pub const KX_FORMAT_ZBOOT: u32 = 5;
/// format: a unified kernel image: an EFI program with a kernel in its section .linux.
pub const KX_FORMAT_UKI: u32 = 6;
/// format: another EFI or Windows program (PE).
pub const KX_FORMAT_PE: u32 = 7;
/// format: compressed by gzip.
pub const KX_FORMAT_GZIP: u32 = 8;
/// format: compressed by bzip2.
pub const KX_FORMAT_BZIP2: u32 = 9;
/// format: compressed by lzma.
pub const KX_FORMAT_LZMA: u32 = 10;
/// format: compressed by xz.
pub const KX_FORMAT_XZ: u32 = 11;
/// format: compressed by lzop.
pub const KX_FORMAT_LZOP: u32 = 12;
/// format: compressed by lz4.
pub const KX_FORMAT_LZ4: u32 = 13;
/// format: compressed by zstd.
pub const KX_FORMAT_ZSTD: u32 = 14;
/// format: a cpio archive: an initrd.
pub const KX_FORMAT_CPIO: u32 = 15;
/// format: a flattened device tree.
pub const KX_FORMAT_DEVICE_TREE: u32 = 16;
/// format: a legacy U-Boot image (uImage).
pub const KX_FORMAT_UBOOT_IMAGE: u32 = 17;
/// format: text.
pub const KX_FORMAT_TEXT: u32 = 18;
/// format: a Linux kernel in an ELF file (vmlinux). It is recognised by Linux's notes, which may lie
/// anywhere in the file; one without them is planned only if the request asks for it (`format`, or
/// KX_REQUEST_VMLINUX).
pub const KX_FORMAT_VMLINUX: u32 = 19;
/// format: a multiboot kernel, of version 1.
pub const KX_FORMAT_MULTIBOOT1: u32 = 20;
/// format: a multiboot kernel, of version 2.
pub const KX_FORMAT_MULTIBOOT2: u32 = 21;
/// format: an archive of ar(1), as Debian packages are.
pub const KX_FORMAT_AR: u32 = 22;
/// format: an archive of tar(1).
pub const KX_FORMAT_TAR: u32 = 23;
/// format: a squashfs file system.
pub const KX_FORMAT_SQUASHFS: u32 = 24;
/// format: an ISO 9660 file system, the image of a CD.
pub const KX_FORMAT_ISO: u32 = 25;
/// format: a disk with a partition table (MBR, GPT), or a file system with a boot sector.
pub const KX_FORMAT_DISK: u32 = 26;
/// format: an addon of unified kernel images: an EFI program without a kernel, with a command line, a device
/// tree, microcode or an initrd.
pub const KX_FORMAT_UKI_ADDON: u32 = 27;
/// format: a boot image of VMware ESXi: multiboot, changed by VMware.
pub const KX_FORMAT_MUTIBOOT: u32 = 28;

/// xloadflags: it has a 64-bit entry.
pub const KX_XLF_KERNEL_64: u32 = 1;
/// xloadflags: it may be loaded above 4 GiB.
pub const KX_XLF_CAN_BE_LOADED_ABOVE_4G: u32 = 2;
/// xloadflags: it accepts EFI runtime services from a kexec.
pub const KX_XLF_EFI_KEXEC: u32 = 16;
/// xloadflags: it can be entered with 5-level page tables.
pub const KX_XLF_FIVE_LEVEL: u32 = 32;

/// setup_type_max: the image does not give it.
pub const KX_SETUP_TYPE_UNKNOWN: u32 = 0xffff_ffff;

/// Size in bytes of kx_image.version and of kx_image.banner, including the final NUL.
pub const KX_IMAGE_VERSION_SIZE: usize = 256;

/// Facts about a kernel image.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_image {
    /// Set by the caller: sizeof(struct kx_image).
    pub size: usize,
    /// KX_FORMAT_* of an image that can be planned; later versions add more.
    pub format: u32,
    /// The architecture that it runs on, KX_ARCH_*.
    pub arch: u32,
    /// The entries that it has: bit N stands for the KX_ENTRY_* with the value N. A request can
    /// ask for one of them.
    pub entries: u32,
    /// Linux/x86, 0 for others: boot protocol version, major << 8 | minor.
    pub protocol: u32,
    /// Linux/x86, 0 for others: KX_XLF_* bits. A vmlinux has no such field: KX_XLF_EFI_KEXEC and
    /// KX_XLF_FIVE_LEVEL are set if its version and its symbols show them, else clear.
    pub xloadflags: u32,
    /// 1 if it may be loaded at addresses other than pref_address, else 0.
    pub relocatable: u32,
    /// Alignment of the load address, a power of two.
    pub alignment: u64,
    /// Preferred load address; also 0 if there is none.
    pub pref_address: u64,
    /// Bytes of memory that it needs, from its load address on.
    pub init_size: u64,
    /// Longest command line that it accepts, in bytes without the NUL; UINT64_MAX for no limit.
    pub command_line_size: u64,
    /// Bytes that are loaded.
    pub kernel_size: u64,
    /// Linux/x86, 0 for others: highest setup_data type that it knows, or KX_SETUP_TYPE_UNKNOWN.
    pub setup_type_max: u32,
    /// Reserved: 0.
    pub reserved: u32,
    /// Its version as `uname -r` will print it: "6.1.0-18-amd64"; empty if the image does not give
    /// it.
    pub version: [c_char; KX_IMAGE_VERSION_SIZE],
    /// Its version, builder and build as the header gives them: "6.1.0-18-amd64
    /// (debian-kernel@lists.debian.org) #1 SMP ..."; empty if the image does not give them.
    pub banner: [c_char; KX_IMAGE_VERSION_SIZE],
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_image {}
const _: () = assert!(size_of::<kx_image>() == 80 + 2 * KX_IMAGE_VERSION_SIZE);

/// What only Linux/x86 has.
#[derive(Default)]
struct Linux {
    protocol: u32,
    xloadflags: u32,
    setup_type_max: u32,
}

fn linux(image: &Kernel<'_>, file: &[u8]) -> Linux {
    let mut xloadflags = u32::from(image.xloadflags());
    if let Kernel::Vmlinux(image) = image {
        if image.efi_kexec() == Known::Yes {
            xloadflags |= KX_XLF_EFI_KEXEC;
        }
        if image.five_level(file) == Known::Yes {
            xloadflags |= KX_XLF_FIVE_LEVEL;
        }
    }
    Linux {
        protocol: image.version().into(),
        xloadflags,
        setup_type_max: image.setup_type_max().unwrap_or(KX_SETUP_TYPE_UNKNOWN),
    }
}

fn describe(file: &[u8]) -> Result<kx_image, Failure> {
    let image = match Image::parse(file, None) {
        // What any other ELF file loads is the same, whatever it is told.
        Err(Error::NotBootable { why }) if why == AN_ELF_FILE => {
            Image::parse(file, Some(ElfAs::Bare))?
        }
        parsed => parsed?,
    };
    let facts = image.facts();
    let linux = match &image {
        Image::Linux(image) => linux(image, file),
        _ => Linux::default(),
    };
    let text = |bytes: &[u8]| {
        let mut text = [0; KX_IMAGE_VERSION_SIZE];
        // The image's string has at most 255 bytes, so the NUL stays.
        for (to, from) in text.iter_mut().zip(bytes) {
            *to = *from as c_char;
        }
        text
    };
    Ok(kx_image {
        size: 0,
        format: facts.format.number().into(),
        arch: arch::number(Some(facts.arch)),
        entries: facts.entries.iter().fold(0, |bits, entry| {
            bits | 1_u32.wrapping_shl(entry.number().into())
        }),
        protocol: linux.protocol,
        xloadflags: linux.xloadflags,
        relocatable: facts.relocatable.into(),
        alignment: facts.alignment,
        pref_address: facts.pref_address,
        init_size: facts.size,
        command_line_size: facts.command_line_max,
        kernel_size: facts.loaded,
        setup_type_max: linux.setup_type_max,
        reserved: 0,
        version: text(facts.release),
        banner: text(facts.version_string),
    })
}

/// Where an image is.
enum Place {
    Memory(*const c_void, usize),
    Path(*const c_char),
    Fd(c_int),
}

/// # Safety
/// `image`, `error` and what is in `place` are as documented in the header.
unsafe fn probe(image: *mut kx_image, error: *mut kx_error, place: &Place) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(image) }.about("image")?;
        let mapping = match *place {
            Place::Memory(..) => None,
            // SAFETY: the caller's promise.
            Place::Path(path) => Some(files::open_path(
                unsafe { pointer::string(path) }.about("path")?,
            )?),
            // SAFETY: the caller's promise.
            Place::Fd(fd) => Some(unsafe { files::open_fd(fd) }?),
        };
        let file = match (place, &mapping) {
            // SAFETY: the caller promises that nobody writes to the file during the call.
            (_, Some(mapping)) => unsafe { mapping.bytes() },
            (&Place::Memory(data, length), None) => {
                // SAFETY: the caller's promise.
                unsafe { pointer::bytes(data, length) }.about("data")?
            }
            (_, None) => &[],
        };
        let facts = describe(file)?;
        // SAFETY: `image` was checked, and `size` is its size.
        unsafe { versioned::write(image, size, &facts) };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Describes the kernel image in the `length` bytes at `data`.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT (the
/// first of the error's numbers and the message give the format it looks like), KX_E_TRUNCATED,
/// KX_E_PROTOCOL, KX_E_NOT_BOOTABLE, KX_E_BAD_FIELD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe(
    data: *const c_void,
    length: usize,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, &Place::Memory(data, length)) }
}

/// Like kx_image_probe(), for a file. Nobody may write to the file during the call.
///
/// Returns 0, the errors of kx_image_probe(), -errno of open, fstat or mmap, KX_E_EMPTY_FILE,
/// KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe_path(
    path: *const c_char,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, &Place::Path(path)) }
}

/// Like kx_image_probe(), for an open file, which stays open. Nobody may write to the file during
/// the call.
///
/// Returns 0, the errors of kx_image_probe(), -errno of fstat or mmap, KX_E_EMPTY_FILE,
/// KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_image_probe_fd(
    fd: c_int,
    image: *mut kx_image,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { probe(image, error, &Place::Fd(fd)) }
}

/// Detects the format of a file by the marks at its beginning. `data` points to the first `length`
/// bytes of the file; 32774 (0x8006) bytes suffice, but for KX_FORMAT_VMLINUX, which without the notes
/// in the rest of the file is KX_FORMAT_ELF. Nothing else is checked: see kx_image_probe().
///
/// Returns KX_FORMAT_*, or KX_E_NULL, KX_E_SIZE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_file_format(data: *const c_void, length: usize) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let file = unsafe { pointer::bytes(data, length) }?;
        Ok(c_int::from(kexec_core::image::probe(file).number()))
    })
}

/// Detects the architecture of an ELF file, a kernel or an EFI program, by the same marks as
/// kx_file_format().
///
/// Returns KX_ARCH_*; 0 if the marks do not give it, or the file is none of these; or KX_E_NULL,
/// KX_E_SIZE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_file_arch(data: *const c_void, length: usize) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let file = unsafe { pointer::bytes(data, length) }?;
        let arch = arch::number(kexec_core::image::probe_arch(file));
        // Small numbers.
        Ok(c_int::try_from(arch).unwrap_or(0))
    })
}

/// The name of a format (KX_FORMAT_*) with its article: "a gzip file"; "a file of an unknown
/// format" for other numbers. Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_format_name(format: u32) -> *const c_char {
    let format = Format::from_number(format.into()).unwrap_or_default();
    format.c_name().as_ptr()
}
