//! Facts about a machine for a crash kernel.

use core::ffi::c_int;

use kexec_core::crash::ControlPages;
use kexec_core::machine::Known;

use crate::error::plain;
use crate::machine::{kx_machine, shared};
use crate::machine_info::kx_range;
use crate::versioned::{self, Versioned};

/// flags: elfcorehdr_size is known, because the running kernel keeps the elfcorehdr up to date
/// (KX_REQUEST_CRASH_HOTPLUG).
pub const KX_CRASH_INFO_HOTPLUG: u32 = 1;
/// flags: direct_map is known.
pub const KX_CRASH_INFO_DIRECT_MAP: u32 = 2;
/// flags: there are more CPUs, or more ranges of RAM, than the library has room for; no crash
/// kernel can be planned.
pub const KX_CRASH_INFO_FULL: u32 = 4;
/// flags: the list of possible CPUs could not be read, or is invalid: no CPU is known.
pub const KX_CRASH_INFO_CPUS_UNREAD: u32 = 8;
/// flags: the ranges of `crashkernel=...,cma` exist and could not be read.
pub const KX_CRASH_INFO_CMA_UNREAD: u32 = 16;

/// The facts about the running kernel that a crash kernel gets, as numbers. kx_machine_read() reads
/// them if memory is reserved for a crash kernel (crash in struct kx_machine_info);
/// kx_machine_parse() sets them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_crash_info {
    /// Set by the caller: sizeof(struct kx_crash_info).
    pub size: usize,
    /// KX_CRASH_INFO_* bits.
    pub flags: u32,
    /// Number of CPUs whose registers will be in the dump.
    pub cpu_count: u32,
    /// Number of CPUs that are possible but not present. If one is added later, its registers will
    /// not be in the dump.
    pub cpu_absent: u32,
    /// Number of present CPUs whose note could not be read: their registers will not be in the
    /// dump.
    pub cpu_unread: u32,
    /// Size of each CPU's note in bytes.
    pub cpu_note_size: u64,
    /// Addresses of the note with vmcoreinfo; both 0 if unknown.
    pub vmcoreinfo: kx_range,
    /// Largest number of bytes of RAM in the dump: all System RAM.
    pub ram: u64,
    /// Bytes that the running kernel wants for an elfcorehdr that it can rewrite; see flags.
    pub elfcorehdr_size: u64,
    /// Virtual address at which the running kernel maps physical address 0; see flags.
    pub direct_map: u64,
    /// Largest number of pages of the reservation that the running kernel takes itself: those that
    /// every machine needs.
    pub control_fixed: u64,
    /// The same for page tables; it depends on the memory of this machine.
    pub control_tables: u64,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_crash_info {}
const _: () = assert!(size_of::<kx_crash_info>() == 88);

/// Gets the facts about a machine for a crash kernel.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_crash(
    machine: *const kx_machine,
    info: *mut kx_crash_info,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(info) }?;
        let (dump, control) = (&machine.dump, ControlPages::of(machine));
        let flags = [
            (dump.elfcorehdr_size.is_some(), KX_CRASH_INFO_HOTPLUG),
            (dump.direct_map.is_some(), KX_CRASH_INFO_DIRECT_MAP),
            (dump.ram_full || dump.cpus.full, KX_CRASH_INFO_FULL),
            (dump.cpus.listed == Known::No, KX_CRASH_INFO_CPUS_UNREAD),
            (dump.cma_known == Known::No, KX_CRASH_INFO_CMA_UNREAD),
        ];
        let facts = kx_crash_info {
            size: 0,
            flags: flags
                .iter()
                .filter(|(set, _)| *set)
                .fold(0, |flags, (_, flag)| flags | flag),
            cpu_count: u32::try_from(dump.cpus.addresses().len()).unwrap_or(u32::MAX),
            cpu_absent: dump.cpus.absent,
            cpu_unread: dump.cpus.unread,
            cpu_note_size: dump.cpus.size,
            vmcoreinfo: dump
                .vmcoreinfo
                .map_or(kx_range::default(), |range| kx_range {
                    start: range.start(),
                    last: range.last(),
                }),
            ram: dump
                .ram
                .ranges()
                .iter()
                .fold(0, |sum: u64, range| sum.saturating_add(range.size())),
            elfcorehdr_size: dump.elfcorehdr_size.unwrap_or(0),
            direct_map: dump.direct_map.unwrap_or(0),
            control_fixed: control.fixed,
            control_tables: control.tables,
        };
        // SAFETY: `info` was checked, and `size` is its size.
        unsafe { versioned::write(info, size, &facts) };
        Ok(0)
    })
}
