//! As much of the machine as a plan for a reboot needs, with little code: for programs
//! that must be tiny.

use core::ffi::CStr;

use linux_raw_sys::general as raw;
use linux_raw_sys::system::sysinfo;

use super::super::arch;
use super::super::auxv::page_size;
use super::super::map::can_have;
use super::{Fd, efi, memory, open, rsdp, stream};
use crate::arch::Arch;
use crate::cstr;
use crate::machine::{
    Firmware, IomemAccess, IomemLine, IomemMapParser, KernelFacts, Known, Machine, MemorySource,
    sources,
};
use crate::memory::MemoryMap;

/// Fills in the facts that [`plan_to_boot`](crate::plan::plan_to_boot) needs, and leaves the rest of
/// `machine` unchanged. It must be new or [cleared](Machine::clear).
///
/// The facts are those of [`read_machine`](super::read_machine), except that
///
/// * [`Machine::memory`] comes from the running kernel's boot_params, else from /proc/iomem:
///   it lacks memory added since boot, and what `add_efi_memmap` adds;
/// * if it comes from /proc/iomem, adjacent ranges are not joined;
/// * the size of RAM and the levels of the page tables come from system calls, not from files.
pub fn read_machine_to_boot(machine: &mut Machine) {
    machine.platform.arch = arch::NATIVE;
    machine.platform.total_ram = total_ram();
    machine.x86.five_level_paging = five_level_paging();
    read_below(cstr!("/"), machine);
}

/// The facts from `<root>/proc` and `<root>/sys`.
pub(super) fn read_below(root: &CStr, machine: &mut Machine) {
    machine.memory.clear();
    machine.maps.source = MemorySource::None;
    machine.efi.clear();
    machine.platform.firmware = Firmware::Unknown;
    let Ok(root) = open(root, raw::O_PATH | raw::O_DIRECTORY) else {
        return;
    };
    let root = &root;
    super::boot_params(root, machine);
    efi::efi(root, machine);
    machine.platform.firmware = efi::started_by(machine);
    machine.platform.acpi_rsdp = rsdp(machine);
    machine.maps.iomem_access = iomem(root, &mut machine.iomem);
    machine.maps.full = machine.maps.iomem_access == IomemAccess::TooLong;
    if memory::boot_params(root, machine) && !machine.memory.is_empty() {
        machine.maps.source = MemorySource::BootParams;
    } else if iomem(root, &mut machine.memory) == IomemAccess::Read {
        machine.maps.source = MemorySource::Iomem;
    }
}

/// /proc/iomem's map, which stays empty if not all of it could be read.
fn iomem(root: &Fd, map: &mut MemoryMap) -> IomemAccess {
    map.clear();
    let mut parser = IomemMapParser::new(map);
    let whole = stream(root, sources::IOMEM.path, &mut |mut piece| {
        while !matches!(parser.next(&mut piece), IomemLine::End) {}
        false
    });
    let access = parser.finish();
    match whole {
        Ok(()) => access,
        Err(errno) => {
            map.clear();
            memory::unread(errno)
        }
    }
}

/// Bytes of RAM the kernel manages, by sysinfo(2): the same as MemTotal in /proc/meminfo.
fn total_ram() -> Option<u64> {
    let mut info = core::mem::MaybeUninit::<sysinfo>::uninit();
    let target = info.as_mut_ptr() as usize;
    // SAFETY: the kernel writes one `struct sysinfo` to `target`, which has that type.
    let done = unsafe { arch::syscall(raw::__NR_sysinfo, [target, 0, 0, 0, 0, 0]) };
    arch::result(done).ok()?;
    // SAFETY: the kernel filled all of it.
    let info = unsafe { info.assume_init() };
    info.totalram.checked_mul(info.mem_unit.into())
}

/// Whether the kernel uses page tables of five levels: only then can a process map
/// addresses above 2^47, on request (Documentation/arch/x86/x86_64/5level-paging.rst). For a kernel of
/// another architecture the result has no meaning.
fn five_level_paging() -> Known {
    match arch::NATIVE {
        Some(Arch::X86_64) => can_have(1 << 48).into(),
        _ => Known::Unknown,
    }
}

/// What system calls give.
pub(super) fn kernel_facts() -> KernelFacts {
    KernelFacts {
        arch: arch::NATIVE,
        page_size: page_size().unwrap_or_default(),
        total_ram: total_ram(),
        five_level_paging: five_level_paging(),
    }
}

/// Gets the facts that its files do not have from the running kernel.
pub(super) fn ask_kernel(machine: &mut Machine) {
    machine.platform.arch = arch::NATIVE;
    machine.platform.page_size = page_size().unwrap_or_default();
    if machine.x86.five_level_paging == Known::Unknown {
        machine.x86.five_level_paging = five_level_paging();
    }
    machine.platform.total_ram = machine.platform.total_ram.or_else(total_ram);
}
