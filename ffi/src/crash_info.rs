//! What is known of a machine for a crash kernel.

use core::ffi::c_int;

use kexec_core::crash::ControlPages;
use kexec_core::machine::Known;

use crate::error::plain;
use crate::machine::{kx_machine, shared};
use crate::machine_info::kx_range;
use crate::versioned::{self, Versioned};

/// flags: elfcorehdr_size is known: the running kernel keeps the elfcorehdr up to date
/// (KX_REQUEST_CRASH_HOTPLUG).
pub const KX_CRASH_INFO_HOTPLUG: u32 = 1;
/// flags: direct_map is known.
pub const KX_CRASH_INFO_DIRECT_MAP: u32 = 2;
/// flags: there are more CPUs, or stretches of RAM, than there is room for; no crash kernel can
/// be planned.
pub const KX_CRASH_INFO_FULL: u32 = 4;
/// flags: the list of possible CPUs could not be read, or makes no sense: no CPU is known.
pub const KX_CRASH_INFO_CPUS_UNREAD: u32 = 8;
/// flags: the ranges of `crashkernel=...,cma` are there and could not be read.
pub const KX_CRASH_INFO_CMA_UNREAD: u32 = 16;

/// What a crash kernel is told of the running one, in numbers. Read by kx_machine_read() where
/// memory is reserved for a crash kernel (struct kx_machine_info, crash), or by
/// kx_machine_parse().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_crash_info {
    /// Set by the caller: sizeof(struct kx_crash_info).
    pub size: usize,
    /// KX_CRASH_INFO_* bits.
    pub flags: u32,
    /// CPUs whose registers will be in the dump.
    pub cpu_count: u32,
    /// CPUs that are possible but not there: a later one's registers will not be in the dump.
    pub cpu_absent: u32,
    /// CPUs that are there and whose note could not be read: their registers will not be in the
    /// dump.
    pub cpu_unread: u32,
    /// Bytes of each CPU's note.
    pub cpu_note_size: u64,
    /// Where the note with vmcoreinfo lies; both 0 if unknown.
    pub vmcoreinfo: kx_range,
    /// Bytes of RAM that will be dumped at most: all System RAM.
    pub ram: u64,
    /// Bytes the running kernel wants for an elfcorehdr it can rewrite; see flags.
    pub elfcorehdr_size: u64,
    /// Where it maps physical address 0; see flags.
    pub direct_map: u64,
    /// Pages of the reservation that it takes itself, at most: those that every machine needs.
    pub control_fixed: u64,
    /// The same: those for page tables, by this machine's memory.
    pub control_tables: u64,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_crash_info {}
const _: () = assert!(size_of::<kx_crash_info>() == 88);

/// Tells what is known of a machine for a crash kernel.
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
        let told = kx_crash_info {
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
        unsafe { versioned::write(info, size, &told) };
        Ok(0)
    })
}
