//! The machine: an opaque object, filled from the running system or by hand.

use core::ffi::{c_char, c_int};

use kexec_core::linux::{read_machine, read_machine_at, read_machine_to_boot};
use kexec_core::machine::Machine;

use crate::code::Code;
use crate::error::plain;
use crate::object::{self, Storage};
use crate::pointer;

/// Size of a struct kx_machine in bytes. The library uses kx_machine_size() bytes of it;
/// kx_machine_init() writes zeros to these.
pub const KX_MACHINE_SIZE: usize = 2_097_152;
/// Number of 64-bit words in a struct kx_machine.
pub const KX_MACHINE_WORDS: usize = 262_144;

/// Facts about a machine: storage for an opaque object, which kx_machine_init() initialises. It
/// owns nothing outside itself: nothing needs to be freed, and it may be static. It is too large
/// for many stacks.
///
/// Functions that take it const may run at the same time on one object.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kx_machine {
    /// Private to the library.
    pub opaque: [u64; KX_MACHINE_WORDS],
}

impl core::fmt::Debug for kx_machine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("kx_machine")
    }
}

const _: () = assert!(KX_MACHINE_SIZE == size_of::<kx_machine>());

/// The contents of the storage.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Inner {
    /// The sources of the maps, so that the order of the calls does not matter.
    pub made_of: MadeOf,
    /// The machine.
    pub machine: Machine,
}

/// The sources from which kx_machine_add_memory() and kx_machine_parse() made the memory maps.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct MadeOf {
    /// KX_MAP_FIRMWARE overflowed. It stays empty.
    pub firmware_full: bool,
    /// KX_MAP_FIRMWARE: e820 tables.
    pub firmware_tables: bool,
    /// KX_MAP_IOMEM: entries added one by one.
    pub iomem_entries: bool,
    /// KX_MAP_IOMEM: /proc/iomem.
    pub iomem_file: bool,
}

// SAFETY: `Storage::FITS` checks size and alignment; a Machine is lists with their lengths
// first, numbers, and enums, bools and Options that all have a value of zeros (the test
// `zeros_are_a_machine` looks at each); MadeOf is bools.
unsafe impl Storage for kx_machine {
    type Inner = Inner;
    const MARK: u64 = u64::from_le_bytes(*b"kxmach01");
}

/// The object, for reading.
///
/// # Safety
/// As `object::find`, and nobody changes it during `'a`.
pub unsafe fn shared<'a>(machine: *const kx_machine) -> Result<&'a Machine, Code> {
    // SAFETY: the caller's promise.
    let found = unsafe { object::find(machine) }?;
    // SAFETY: it was initialised, and nobody changes it during `'a`.
    Ok(unsafe { &(*found).machine })
}

/// The object, for changing.
///
/// # Safety
/// As `object::find_mut`, and nobody else uses it during `'a`.
pub unsafe fn exclusive<'a>(machine: *mut kx_machine) -> Result<&'a mut Machine, Code> {
    // SAFETY: the caller's promise.
    Ok(&mut unsafe { whole(machine) }?.machine)
}

/// The object with all facts forgotten, for a reader to fill.
///
/// # Safety
/// As [`exclusive`].
unsafe fn emptied<'a>(machine: *mut kx_machine) -> Result<&'a mut Machine, Code> {
    // SAFETY: the caller's promise.
    let inner = unsafe { whole(machine) }?;
    inner.made_of = MadeOf::default();
    inner.machine.clear();
    Ok(&mut inner.machine)
}

/// The object with the sources of its maps.
///
/// # Safety
/// As [`exclusive`].
pub unsafe fn whole<'a>(machine: *mut kx_machine) -> Result<&'a mut Inner, Code> {
    // SAFETY: the caller's promise.
    let found = unsafe { object::find_mut(machine) }?;
    // SAFETY: it was initialised, and nobody else uses it during `'a`.
    Ok(unsafe { &mut *found })
}

/// Size in bytes of a machine object: at most KX_MACHINE_SIZE. For callers that allocate it. Never
/// fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_machine_size() -> usize {
    kx_machine::SIZE
}

/// The alignment a machine object needs, in bytes. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_machine_align() -> usize {
    align_of::<kx_machine>()
}

/// Initialises a machine in storage of `size` bytes: all zeros, and nothing is known. Use it as
/// kx_machine_init(&machine, sizeof(machine)).
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_machine_size()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_init(machine: *mut kx_machine, size: usize) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        unsafe { object::initialise(machine, size) }?;
        Ok(0)
    })
}

/// Forgets all facts, as after kx_machine_init().
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_clear(machine: *mut kx_machine) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        unsafe { emptied(machine) }?;
        Ok(0)
    })
}

/// Reads the running system: /proc and /sys, which should be mounted. Facts known before are
/// forgotten. If a file cannot be read, its facts stay unknown, which is not an error here;
/// kx_plan() fails if there is no memory map. Only root can read everything.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_read(machine: *mut kx_machine) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        read_machine(unsafe { emptied(machine) }?);
        Ok(0)
    })
}

/// Like kx_machine_read(), but reads only what kx_plan_to_boot() needs: nothing for a dump, and
/// nothing that explains a refused load. Facts known before are forgotten here too.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_read_to_boot(machine: *mut kx_machine) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        read_machine_to_boot(unsafe { emptied(machine) }?);
        Ok(0)
    })
}

/// Like kx_machine_read(), from `root`/proc and `root`/sys: another mount of them, or a copy of
/// another machine's files. If it is a capture, made by kexec(8) with --capture, the facts are those of
/// kx_machine_read() there; of other copies, what system calls give is unknown.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED; -errno of opening `root`,
/// -ENOENT also if it contains neither proc nor sys, -EOPNOTSUPP for a capture of another version.
/// Then nothing is known of the machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_read_below(
    machine: *mut kx_machine,
    root: *const c_char,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { emptied(machine) }?;
        // SAFETY: the caller's promise.
        read_machine_at(unsafe { pointer::string(root) }?, machine)?;
        Ok(0)
    })
}
