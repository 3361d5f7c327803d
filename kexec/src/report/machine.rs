//! What was found on the machine.

use core::fmt::Result;

use kexec_core::Error;
use kexec_core::machine::{
    Dump, Firmware, IomemAccess, Known, Lockdown, Machine, MemorySource, XenGuest,
};

use super::Lines;

/// A fact: writes its lines.
type Fact = fn(&Machine, &mut Lines<'_>) -> Result;

/// All of them, in their order.
const FACTS: &[Fact] = &[
    memory,
    iomem,
    load_limit,
    boot_params,
    efi,
    rsdp,
    paging,
    reservation,
    dump,
    xen,
    lockdown,
    kexec_state,
];

/// The machine's lines.
///
/// # Errors
/// As `out` returns them.
pub fn machine(out: &mut Lines<'_>, machine: &Machine) -> Result {
    FACTS.iter().try_for_each(|fact| fact(machine, out))
}

fn memory(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let source = match machine.maps.source {
        MemorySource::FirmwareMemmap => "/sys/firmware/memmap",
        MemorySource::BootParams => "/sys/kernel/boot_params",
        MemorySource::Iomem => "/proc/iomem",
        _ => "unknown",
    };
    let (ranges, mib) = (machine.memory.entries().len(), machine.memory.ram() >> 20);
    out.fact(
        "memory",
        format_args!("{source}, {ranges} ranges, {mib} MiB RAM"),
    )
}

fn iomem(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let state = match machine.maps.iomem_access {
        IomemAccess::Read => {
            let ranges = machine.iomem.entries().len();
            return out.fact("iomem", format_args!("{ranges} ranges"));
        }
        IomemAccess::Missing => "missing",
        IomemAccess::Unreadable => "not readable",
        IomemAccess::Damaged => "not the kernel's",
        IomemAccess::Unprivileged => "without addresses; run as root",
        IomemAccess::TooLong => "too long",
    };
    out.word("iomem", state)
}

fn load_limit(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let Some(total) = machine.platform.total_ram else {
        return Ok(());
    };
    let mib = total >> 21;
    out.fact(
        "load limit",
        format_args!("{mib} MiB, half of the RAM in use"),
    )
}

fn boot_params(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let state = match machine.x86.boot_params.get() {
        Some(_) => "readable",
        None => "not readable",
    };
    out.word("boot_params", state)
}

fn efi(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let efi = &machine.efi;
    let state = match (machine.platform.firmware, efi.runtime, efi.map().len()) {
        (Firmware::NotEfi, 0, 0) => "none",
        (Firmware::Efi, 0, 0) => "runtime services unknown",
        (Firmware::Unknown | Firmware::Unreadable, 0, 0) => "unknown",
        (_, runtime, ranges) => {
            return out.fact(
                "efi",
                format_args!("runtime services {runtime:#x}, {ranges} ranges"),
            );
        }
    };
    out.word("efi", state)
}

fn rsdp(machine: &Machine, out: &mut Lines<'_>) -> Result {
    match machine.platform.acpi_rsdp {
        0 => out.word("acpi rsdp", "unknown"),
        address => out.hex("acpi rsdp", address),
    }
}

fn paging(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let levels = match machine.x86.five_level_paging {
        Known::Yes => "5 levels",
        Known::No => "4 levels",
        Known::Unknown => "unknown",
    };
    out.word("paging", levels)
}

fn reservation(machine: &Machine, out: &mut Lines<'_>) -> Result {
    const NAME: &str = "crash kernel";
    match (machine.crash.region, machine.crash.low) {
        (None, _) if machine.reservation() == Err(Error::NoCrashReservation) => {
            out.word(NAME, "no reservation")
        }
        (None, _) => out.word(NAME, "unknown"),
        (Some(region), None) => out.fact(NAME, format_args!("{region}")),
        (Some(region), Some(low)) => out.fact(NAME, format_args!("{region} and {low}")),
    }
}

/// What a crash kernel would get, if there can be one.
fn dump(machine: &Machine, out: &mut Lines<'_>) -> Result {
    if machine.crash.region.is_none() {
        return Ok(());
    }
    let dump = &machine.dump;
    crash_notes(dump, out)?;
    match dump.vmcoreinfo {
        Some(range) => out.fact("vmcoreinfo", format_args!("{range}"))?,
        None => out.word("vmcoreinfo", "not readable")?,
    }
    match (dump.text, dump.direct_map) {
        (Some(text), Some(map)) => {
            let kernel = text.virt;
            out.fact(
                "kcore",
                format_args!("kernel at {kernel:#x}, RAM at {map:#x}"),
            )?;
        }
        _ => out.word("kcore", "not readable")?,
    }
    match dump.elfcorehdr_size {
        Some(size) => out.fact("crash hotplug", format_args!("{size} bytes")),
        None => out.word("crash hotplug", "no"),
    }
}

fn crash_notes(dump: &Dump, out: &mut Lines<'_>) -> Result {
    const NAME: &str = "crash notes";
    let cpus = &dump.cpus;
    let (count, size) = (cpus.addresses().len(), cpus.size);
    let (absent, unread) = (u64::from(cpus.absent), u64::from(cpus.unread));
    match format_args!("{count} CPUs, {size} bytes each, {absent} CPUs absent") {
        known if unread == 0 => out.fact(NAME, known),
        known => out.fact(NAME, format_args!("{known}, {unread} not readable")),
    }
}

fn xen(machine: &Machine, out: &mut Lines<'_>) -> Result {
    if !machine.xen.domain {
        return Ok(());
    }
    let guest = match machine.xen.guest {
        XenGuest::Pv => "PV: its kexec is the hypervisor's, which is not supported",
        XenGuest::Hvm => "HVM",
        XenGuest::Pvh => "PVH",
        _ => "yes",
    };
    out.word("xen", guest)
}

fn lockdown(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let state = match machine.kexec.lockdown {
        Lockdown::None => "none",
        Lockdown::Integrity => "integrity",
        Lockdown::Confidentiality => "confidentiality",
        _ => "unknown",
    };
    out.word("lockdown", state)
}

fn kexec_state(machine: &Machine, out: &mut Lines<'_>) -> Result {
    let state = &machine.kexec;
    out.known("cap_sys_boot", state.cap_sys_boot)?;
    out.known("load disabled", state.load_disabled)?;
    match state.load_limit_reboot {
        Some(limit) if limit >= 0 => {
            out.fact("loads left", format_args!("{}", limit.unsigned_abs()))?;
        }
        Some(_) => out.word("loads left", "no limit")?,
        None => out.word("loads left", "unknown")?,
    }
    out.known("loaded", state.loaded)?;
    out.known("crash loaded", state.crash_loaded)
}
