//! Unified kernel images.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::Error;
use kexec_core::image::uki::{DEVICE_TREES, EXTRA};
use kexec_core::image::{Addon, Section, Uki};

use crate::arch;
use crate::bytes::kx_bytes;
use crate::error::{About, Failure, kx_error, report, unknown};
use crate::pointer;
use crate::versioned::{self, Versioned};

/// flags of kx_uki: the image has a .pcrsig or .pcrpkey. systemd-stub passes them on, in files of /.extra in
/// the initrd; no function here does.
pub const KX_UKI_EXTRA: u32 = 1;
/// flags of kx_uki: the image has device trees, which are not used on x86.
pub const KX_UKI_DEVICE_TREE: u32 = 2;

/// What a new kernel gets of a unified kernel image (UKI, UAPI.5), or of an addon to one. The bytes are those
/// of the image's file, which must stay unchanged; what the image does not have is empty.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_uki {
    /// Set by the caller: sizeof(struct kx_uki).
    pub size: usize,
    /// The kernel (.linux), for kx_request.kernel. Empty for an addon.
    pub kernel: kx_bytes,
    /// Microcode (.ucode): the first initrd. That of an addon goes before that of the image.
    pub microcode: kx_bytes,
    /// The initrd (.initrd), which follows the microcode. That of an addon follows that of the image, and
    /// the caller's own initrds are the last.
    pub initrd: kx_bytes,
    /// The command line (.cmdline), without white space at its ends and without a NUL. The words of an
    /// addon follow the command line, with a blank between them.
    pub command_line: kx_bytes,
    /// The version of the kernel (.uname).
    pub release: kx_bytes,
    /// The whole os-release (.osrel).
    pub os_release: kx_bytes,
    /// The ID of the profile.
    pub profile_id: kx_bytes,
    /// The title of the profile.
    pub profile_title: kx_bytes,
    /// The number of the profile, from 0.
    pub profile: u32,
    /// How many profiles the image has, at least 1.
    pub profile_count: u32,
    /// The architecture that it is for, KX_ARCH_*.
    pub arch: u32,
    /// KX_UKI_* bits.
    pub flags: u32,
}

// SAFETY: integers and pointers; `size` comes first and there is no padding.
unsafe impl Versioned for kx_uki {}
const _: () = assert!(size_of::<kx_uki>() == 8 + 8 * 16 + 4 * 4);

const OS_RELEASE: &[u8; 8] = b".osrel\0\0";

fn text(section: Option<Section<'_>>) -> kx_bytes {
    section.map_or(kx_bytes::NONE, |section| kx_bytes::of(section.text()))
}

fn whole(section: Option<Section<'_>>) -> kx_bytes {
    section.map_or(kx_bytes::NONE, |section| kx_bytes::of(section.bytes))
}

/// What images and addons have.
#[inline(never)]
fn described<'f>(section: &dyn Fn(&[u8; 8]) -> Option<Section<'f>>) -> kx_uki {
    let has = |names: &[&[u8; 8]], flag: u32| {
        let any = names.iter().any(|name| section(name).is_some());
        u32::from(any).wrapping_mul(flag)
    };
    kx_uki {
        size: 0,
        kernel: kx_bytes::NONE,
        microcode: whole(section(b".ucode\0\0")),
        initrd: whole(section(b".initrd\0")),
        command_line: text(section(b".cmdline")),
        release: text(section(b".uname\0\0")),
        os_release: text(section(OS_RELEASE)),
        profile_id: kx_bytes::NONE,
        profile_title: kx_bytes::NONE,
        profile: 0,
        profile_count: 0,
        arch: 0,
        flags: has(&EXTRA, KX_UKI_EXTRA) | has(&DEVICE_TREES, KX_UKI_DEVICE_TREE),
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Opens the unified kernel image in the `length` bytes at `data`, and describes its profile with the number
/// or ID `profile`: a string, or NULL for the first profile, which every image has.
///
/// The members of `uki` go into a request: `kernel` is the kernel, `microcode` and `initrd` are initrds, and
/// `command_line` is the command line if the caller has none. No byte is copied.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT (also for an
/// addon: the first of the error's numbers is KX_FORMAT_UKI_ADDON), KX_E_TRUNCATED for a section past the
/// end, KX_E_BAD_FIELD for a machine that is not that of the kernel, KX_E_NOT_BOOTABLE for a profile
/// without a kernel, KX_E_BAD_ARGUMENT for a profile that the image does not have.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_uki_open(
    data: *const c_void,
    length: usize,
    profile: *const c_char,
    uki: *mut kx_uki,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(uki) }.about("uki")?;
        // SAFETY: the caller's promise.
        let file = unsafe { pointer::bytes(data, length) }.about("data")?;
        let mut image = Uki::parse(file)?;
        if !profile.is_null() {
            // SAFETY: the caller's promise.
            let name = unsafe { pointer::string(profile) }.about("profile")?;
            image = image.select(name.to_bytes())?;
        }
        let field = |key| image.profile_field(image.profile(), key);
        let described = kx_uki {
            kernel: kx_bytes::of(image.kernel()?.bytes),
            profile_id: field(b"ID").map_or(kx_bytes::NONE, kx_bytes::of),
            profile_title: field(b"TITLE").map_or(kx_bytes::NONE, kx_bytes::of),
            profile: small(image.profile()),
            profile_count: small(image.profiles()),
            arch: arch::number(Some(image.arch())),
            ..described(&|name| image.section(name))
        };
        // SAFETY: `uki` was checked, and `size` is its size.
        unsafe { versioned::write(uki, size, &described) };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Opens the addon in the `length` bytes at `data`, for an image with these `arch` and `release`: the members
/// of its kx_uki. A version that one of them does not have is no difference.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT, KX_E_TRUNCATED,
/// KX_E_BAD_FIELD, as kx_uki_open(); KX_E_UNKNOWN for an unknown `arch`; KX_E_NOT_BOOTABLE for an addon of another architecture or another version of the kernel (.uname) than the
/// image.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_uki_addon(
    data: *const c_void,
    length: usize,
    arch: u32,
    release: *const kx_bytes,
    addon: *mut kx_uki,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(addon) }.about("addon")?;
        // SAFETY: the caller's promise.
        let file = unsafe { pointer::bytes(data, length) }.about("data")?;
        pointer::usable(release).about("release")?;
        // SAFETY: the caller's promise.
        let release = unsafe { *release };
        // SAFETY: the caller's promise.
        let release = unsafe { pointer::bytes(release.data, release.length) }.about("release")?;
        let of_image = arch::of(arch).flatten();
        let of_image = of_image.ok_or(unknown("arch", arch))?;
        let found = Addon::parse(file)?;
        found.check(of_image, release)?;
        let described = kx_uki {
            arch,
            ..described(&|name| found.section(name))
        };
        // SAFETY: `addon` was checked, and `size` is its size.
        unsafe { versioned::write(addon, size, &described) };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Finds any section of a unified kernel image, as its profile with the number `profile` has it: `name` is
/// a string such as ".pcrsig". `section` becomes all bytes of the section; it is empty if the image does not
/// have it.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT, KX_E_TRUNCATED,
/// KX_E_BAD_FIELD for an unknown machine, KX_E_BAD_ARGUMENT for a profile that the image does not have and
/// for a name of more than eight bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_uki_section(
    data: *const c_void,
    length: usize,
    profile: u32,
    name: *const c_char,
    section: *mut kx_bytes,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        pointer::usable(section.cast_const()).about("section")?;
        // SAFETY: the caller's promise.
        let name = unsafe { pointer::string(name) }.about("name")?;
        // SAFETY: the caller's promise.
        let file = unsafe { pointer::bytes(data, length) }.about("data")?;
        let mut padded = [0; 8];
        let fits = kexec_core::bytes::put_slice(&mut padded, 0, name.to_bytes());
        fits.ok_or(Failure::from(Error::BadArgument {
            what: "the name of a section has at most eight bytes",
        }))?;
        let image = Uki::parse(file)?.with_profile(profile as usize)?;
        let found = whole(image.section(&padded));
        // SAFETY: it was checked, and is writable by the caller's promise.
        unsafe { *section = found };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}
