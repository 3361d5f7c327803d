//! What was found on the machine.

use core::fmt::Result;

use kexec_core::Error;
use kexec_core::machine::{
    Dump, Firmware, IomemAccess, Known, Lockdown, Machine, MemorySource, XenGuest,
};

use super::{Part, Sink};

/// A fact: writes its rows.
type Fact = fn(&Machine, &mut dyn Sink) -> Result;

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

/// The machine's rows.
///
/// # Errors
/// What `out` says.
pub fn machine(out: &mut dyn Sink, machine: &Machine) -> Result {
    FACTS.iter().try_for_each(|fact| fact(machine, out))
}

fn memory(machine: &Machine, out: &mut dyn Sink) -> Result {
    let source = match machine.maps.source {
        MemorySource::FirmwareMemmap => Part::Name("source", "/sys/firmware/memmap"),
        MemorySource::BootParams => Part::Name("source", "/sys/kernel/boot_params"),
        MemorySource::Iomem => Part::Name("source", "/proc/iomem"),
        _ => Part::Unknown("source", "unknown"),
    };
    let (entries, mib) = (machine.memory.entries().len(), machine.memory.ram() >> 20);
    let parts = [
        source,
        Part::Words(", "),
        Part::Number("ranges", entries as u64, "ranges"),
        Part::Words(", "),
        Part::Number("ram", mib, "MiB"),
        Part::Words(" RAM"),
    ];
    out.fact("memory", &parts)
}

fn iomem(machine: &Machine, out: &mut dyn Sink) -> Result {
    let state = match machine.maps.iomem_access {
        IomemAccess::Read => {
            let count = machine.iomem.entries().len() as u64;
            return out.fact("iomem", &[Part::Number("ranges", count, "ranges")]);
        }
        IomemAccess::Missing => "missing",
        IomemAccess::Unreadable => "not readable",
        IomemAccess::Damaged => "not the kernel's",
        IomemAccess::Unprivileged => "without addresses; run as root",
        IomemAccess::TooLong => "too long",
    };
    out.fact("iomem", &[Part::Unknown("ranges", state)])
}

fn load_limit(machine: &Machine, out: &mut dyn Sink) -> Result {
    let Some(total) = machine.platform.total_ram else {
        return Ok(());
    };
    let parts = [
        Part::Number("limit", total >> 21, "MiB"),
        Part::Words(", half of the RAM in use"),
    ];
    out.fact("load limit", &parts)
}

fn boot_params(machine: &Machine, out: &mut dyn Sink) -> Result {
    let state = match machine.x86.boot_params.get() {
        Some(_) => "readable",
        None => "not readable",
    };
    out.fact("boot_params", &[Part::Name("state", state)])
}

fn efi(machine: &Machine, out: &mut dyn Sink) -> Result {
    let efi = &machine.efi;
    let part = match (machine.platform.firmware, efi.runtime, efi.map().len()) {
        (Firmware::NotEfi, 0, 0) => Part::Name("state", "none"),
        (Firmware::Efi, 0, 0) => Part::Unknown("runtime", "runtime services unknown"),
        (Firmware::Unknown | Firmware::Unreadable, 0, 0) => Part::Unknown("state", "unknown"),
        (_, runtime, count) => {
            let parts = [
                Part::Words("runtime services "),
                Part::Hex("runtime", runtime),
                Part::Words(", "),
                Part::Number("ranges", count as u64, "ranges"),
            ];
            return out.fact("efi", &parts);
        }
    };
    out.fact("efi", &[part])
}

fn rsdp(machine: &Machine, out: &mut dyn Sink) -> Result {
    let part = match machine.platform.acpi_rsdp {
        0 => Part::Unknown("address", "unknown"),
        address => Part::Hex("address", address),
    };
    out.fact("acpi rsdp", &[part])
}

fn paging(machine: &Machine, out: &mut dyn Sink) -> Result {
    let part = match machine.x86.five_level_paging {
        Known::Yes => Part::Number("levels", 5, "levels"),
        Known::No => Part::Number("levels", 4, "levels"),
        Known::Unknown => Part::Unknown("levels", "unknown"),
    };
    out.fact("paging", &[part])
}

fn reservation(machine: &Machine, out: &mut dyn Sink) -> Result {
    const NAME: &str = "crash kernel";
    match (machine.crash.region, machine.crash.low) {
        (None, _) if machine.reservation() == Err(Error::NoCrashReservation) => {
            out.fact(NAME, &[Part::Name("state", "no reservation")])
        }
        (None, _) => out.fact(NAME, &[Part::Unknown("region", "unknown")]),
        (Some(region), None) => out.fact(NAME, &[Part::Range("region", region)]),
        (Some(region), Some(low)) => {
            let parts = [
                Part::Range("region", region),
                Part::Words(" and "),
                Part::Range("low", low),
            ];
            out.fact(NAME, &parts)
        }
    }
}

/// What a crash kernel would be told, if there can be one.
fn dump(machine: &Machine, out: &mut dyn Sink) -> Result {
    if machine.crash.region.is_none() {
        return Ok(());
    }
    let dump = &machine.dump;
    crash_notes(dump, out)?;
    let vmcoreinfo = match dump.vmcoreinfo {
        Some(range) => Part::Range("range", range),
        None => Part::Unknown("range", "not readable"),
    };
    out.fact("vmcoreinfo", &[vmcoreinfo])?;
    match (dump.text, dump.direct_map) {
        (Some(text), Some(map)) => {
            let parts = [
                Part::Words("kernel at "),
                Part::Hex("kernel", text.virt),
                Part::Words(", RAM at "),
                Part::Hex("ram", map),
            ];
            out.fact("kcore", &parts)?;
        }
        _ => out.fact("kcore", &[Part::Unknown("kernel", "not readable")])?,
    }
    let hotplug = match dump.elfcorehdr_size {
        Some(size) => Part::Number("size", size, "bytes"),
        None => Part::Name("state", "no"),
    };
    out.fact("crash hotplug", &[hotplug])
}

fn crash_notes(dump: &Dump, out: &mut dyn Sink) -> Result {
    let cpus = &dump.cpus;
    let parts = [
        Part::Number("cpus", cpus.addresses().len() as u64, "CPUs"),
        Part::Words(", "),
        Part::Number("size", cpus.size, "bytes"),
        Part::Words(" each, "),
        Part::Number("absent", cpus.absent.into(), "CPUs"),
        Part::Words(" absent"),
        Part::Words(", "),
        Part::Number("unread", cpus.unread.into(), ""),
        Part::Words(" not readable"),
    ];
    let used = if cpus.unread == 0 { 6 } else { 9 };
    out.fact("crash notes", parts.get(..used).unwrap_or(&parts))
}

fn xen(machine: &Machine, out: &mut dyn Sink) -> Result {
    if !machine.xen.domain {
        return Ok(());
    }
    let part = match machine.xen.guest {
        XenGuest::Pv => Part::Name(
            "guest",
            "PV: its kexec is the hypervisor's, which is not supported",
        ),
        XenGuest::Hvm => Part::Name("guest", "HVM"),
        XenGuest::Pvh => Part::Name("guest", "PVH"),
        _ => Part::Unknown("guest", "yes"),
    };
    out.fact("xen", &[part])
}

fn lockdown(machine: &Machine, out: &mut dyn Sink) -> Result {
    let part = match machine.kexec.lockdown {
        Lockdown::None => Part::Name("state", "none"),
        Lockdown::Integrity => Part::Name("state", "integrity"),
        Lockdown::Confidentiality => Part::Name("state", "confidentiality"),
        _ => Part::Unknown("state", "unknown"),
    };
    out.fact("lockdown", &[part])
}

fn kexec_state(machine: &Machine, out: &mut dyn Sink) -> Result {
    let state = &machine.kexec;
    let flag = |value| [Part::Flag("state", value)];
    out.fact("cap_sys_boot", &flag(state.cap_sys_boot))?;
    out.fact("load disabled", &flag(state.load_disabled))?;
    let left = match state.load_limit_reboot.map(u64::try_from) {
        Some(Ok(limit)) => Part::Number("count", limit, ""),
        Some(Err(_)) => Part::Name("state", "no limit"),
        None => Part::Unknown("count", "unknown"),
    };
    out.fact("loads left", &[left])?;
    out.fact("loaded", &flag(state.loaded))?;
    out.fact("crash loaded", &flag(state.crash_loaded))
}
