//! The report of `--dry-run` and `-d`: one fact a line, "name: value".

use core::fmt::{self, Result, Write};

use kexec_cli::command::Command;
use kexec_cli::text::Text;
use kexec_core::Error;
use kexec_core::linux::file_flags;
use kexec_core::machine::{
    Dump, Firmware, IomemAccess, Known, Lockdown, Machine, MemorySource, XenGuest,
};
use kexec_core::plan::{Plan, SegmentKind};

use crate::by_file;
use crate::inputs::Inputs;

/// Where values begin.
const COLUMN: usize = 16;

/// Writes "name:", and the value in its column.
fn fact(out: &mut dyn Write, name: &str, value: fmt::Arguments<'_>) -> Result {
    write!(out, "{name}:")?;
    for _ in name.len()..COLUMN {
        out.write_char(' ')?;
    }
    writeln!(out, "{value}")
}

/// What would be loaded, by either call.
fn inputs(out: &mut dyn Write, inputs: &Inputs<'_>, line: &[u8]) -> Result {
    let all = core::iter::once(("kernel", &inputs.kernel))
        .chain(inputs.initrds.iter().map(|input| ("initrd", input)))
        .chain(inputs.dtb.iter().map(|input| ("dtb", input)));
    for (name, input) in all {
        let (path, size) = (Text(input.path.to_bytes()), input.file.size());
        fact(out, name, format_args!("{path} ({size} bytes)"))?;
    }
    match line {
        [] => fact(out, "command line", format_args!("empty")),
        text => {
            let (shown, length) = (Text(text), text.len());
            fact(
                out,
                "command line",
                format_args!("{shown} ({length} bytes)"),
            )
        }
    }
}

/// A load by kexec_file_load(2).
pub fn by_file(
    out: &mut dyn Write,
    command: &Command<'_>,
    files: &Inputs<'_>,
    line: &[u8],
) -> Result {
    fact(out, "method", format_args!("kexec_file_load"))?;
    inputs(out, files, line)?;
    let mut flags = by_file::flags(command);
    if files.initrds.is_empty() {
        flags |= file_flags::NO_INITRAMFS;
    }
    fact(out, "flags", format_args!("{flags:#x}"))?;
    if files.initrds.len() > 1 {
        let text = "the initrds are joined in memory, padded to 4 bytes between";
        fact(out, "note", format_args!("{text}"))?;
    }
    if command.crash() {
        let text = "the running kernel puts elfcorehdr= before the command line";
        fact(out, "note", format_args!("{text}"))?;
    }
    let text = "the running kernel reads, verifies and places the files itself";
    fact(out, "note", format_args!("{text}"))
}

/// A load by kexec_load(2).
pub fn by_plan(out: &mut dyn Write, files: &Inputs<'_>, plan: &Plan<'_>) -> Result {
    fact(out, "method", format_args!("kexec_load"))?;
    inputs(out, files, plan.command_line())?;
    fact(out, "entry", format_args!("{:#x}", plan.entry))?;
    fact(
        out,
        "kernel entry",
        format_args!("{:#x}", plan.kernel_entry),
    )?;
    fact(out, "flags", format_args!("{:#x}", plan.flags))?;
    for (number, segment) in plan.segments().iter().enumerate() {
        let last = segment.mem.wrapping_add(segment.memsz).wrapping_sub(1);
        write!(out, "segment {number}:")?;
        for _ in if number < 10 { 9 } else { 10 }..COLUMN {
            out.write_char(' ')?;
        }
        writeln!(
            out,
            "{:#018x}-{last:#018x} memsz {} bufsz {} {}",
            segment.mem,
            segment.memsz,
            segment.buf.len(),
            Named(segment.kind),
        )?;
    }
    if let Some(digest) = plan.digest {
        write!(out, "digest:          ")?;
        for byte in digest {
            write!(out, "{byte:02x}")?;
        }
        out.write_char('\n')?;
    }
    if let Some(control) = plan.control_pages() {
        let (count, tables) = (control.count(), control.tables);
        fact(
            out,
            "control pages",
            format_args!("{count} left free for the running kernel, {tables} for page tables"),
        )?;
    }
    for kind in plan.setup_types() {
        fact(out, "setup_data", format_args!("{kind} ({})", kind.0))?;
    }
    for note in plan.notes() {
        fact(out, "note", format_args!("{note}"))?;
    }
    Ok(())
}

/// A segment's name without spaces, for tools that split lines into words.
struct Named(SegmentKind);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        match self.0 {
            SegmentKind::BootParams => f.write_str("boot_params"),
            SegmentKind::Initrd(number) => write!(f, "initrd{number}"),
            other => write!(f, "{other}"),
        }
    }
}

/// What was found on the machine.
pub fn machine(out: &mut dyn Write, machine: &Machine) -> Result {
    let source = match machine.maps.source {
        MemorySource::FirmwareMemmap => "/sys/firmware/memmap",
        MemorySource::BootParams => "/sys/kernel/boot_params",
        MemorySource::Iomem => "/proc/iomem",
        _ => "unknown",
    };
    let (entries, mib) = (machine.memory.entries().len(), machine.memory.ram() >> 20);
    fact(
        out,
        "memory",
        format_args!("{source}, {entries} ranges, {mib} MiB RAM"),
    )?;
    match (machine.maps.iomem_access, machine.iomem.entries().len()) {
        (IomemAccess::Missing, _) => fact(out, "iomem", format_args!("missing"))?,
        (IomemAccess::Unreadable, _) => fact(out, "iomem", format_args!("not readable"))?,
        (IomemAccess::Damaged, _) => fact(out, "iomem", format_args!("not the kernel's"))?,
        (IomemAccess::Unprivileged, _) => {
            fact(out, "iomem", format_args!("without addresses; run as root"))?;
        }
        (IomemAccess::TooLong, _) => fact(out, "iomem", format_args!("too long"))?,
        (IomemAccess::Read, count) => fact(out, "iomem", format_args!("{count} ranges"))?,
    }
    if let Some(total) = machine.platform.total_ram {
        let half = total >> 21;
        fact(
            out,
            "load limit",
            format_args!("{half} MiB, half of the RAM in use"),
        )?;
    }
    match machine.x86.boot_params.get() {
        Some(_) => fact(out, "boot_params", format_args!("readable"))?,
        None => fact(out, "boot_params", format_args!("not readable"))?,
    }
    let efi = &machine.efi;
    match (machine.platform.firmware, efi.runtime, efi.map().len()) {
        (Firmware::NotEfi, 0, 0) => fact(out, "efi", format_args!("none"))?,
        (Firmware::Efi, 0, 0) => fact(out, "efi", format_args!("runtime services unknown"))?,
        (Firmware::Unknown | Firmware::Unreadable, 0, 0) => {
            fact(out, "efi", format_args!("unknown"))?;
        }
        (_, runtime, count) => fact(
            out,
            "efi",
            format_args!("runtime services {runtime:#x}, {count} ranges"),
        )?,
    }
    match machine.platform.acpi_rsdp {
        0 => fact(out, "acpi rsdp", format_args!("unknown"))?,
        address => fact(out, "acpi rsdp", format_args!("{address:#x}"))?,
    }
    match machine.x86.five_level_paging {
        Known::Yes => fact(out, "paging", format_args!("5 levels"))?,
        Known::No => fact(out, "paging", format_args!("4 levels"))?,
        Known::Unknown => fact(out, "paging", format_args!("unknown"))?,
    }
    match (machine.crash.region, machine.crash.low) {
        (None, _) if machine.reservation() == Err(Error::NoCrashReservation) => {
            fact(out, "crash kernel", format_args!("no reservation"))?;
        }
        (None, _) => fact(out, "crash kernel", format_args!("unknown"))?,
        (Some(region), None) => fact(out, "crash kernel", format_args!("{region}"))?,
        (Some(region), Some(low)) => {
            fact(out, "crash kernel", format_args!("{region} and {low}"))?;
        }
    }
    if machine.crash.region.is_some() {
        dump(out, &machine.dump)?;
    }
    if machine.xen.domain {
        let kind = match machine.xen.guest {
            XenGuest::Pv => "PV: its kexec is the hypervisor's, which is not supported",
            XenGuest::Hvm => "HVM",
            XenGuest::Pvh => "PVH",
            _ => "yes",
        };
        fact(out, "xen", format_args!("{kind}"))?;
    }
    let state = &machine.kexec;
    let lockdown = match state.lockdown {
        Lockdown::None => "none",
        Lockdown::Integrity => "integrity",
        Lockdown::Confidentiality => "confidentiality",
        _ => "unknown",
    };
    fact(out, "lockdown", format_args!("{lockdown}"))?;
    fact(out, "cap_sys_boot", yes_or_no(state.cap_sys_boot.into()))?;
    fact(out, "load disabled", yes_or_no(state.load_disabled.into()))?;
    match state.load_limit_reboot {
        Some(limit) if limit >= 0 => fact(out, "loads left", format_args!("{limit}"))?,
        Some(_) => fact(out, "loads left", format_args!("no limit"))?,
        None => fact(out, "loads left", format_args!("unknown"))?,
    }
    fact(out, "loaded", yes_or_no(state.loaded.into()))?;
    fact(out, "crash loaded", yes_or_no(state.crash_loaded.into()))
}

/// What a crash kernel would be told.
fn dump(out: &mut dyn Write, dump: &Dump) -> Result {
    let (count, absent) = (dump.cpus.addresses().len(), dump.cpus.absent);
    let (size, unread) = (dump.cpus.size, dump.cpus.unread);
    match unread {
        0 => fact(
            out,
            "crash notes",
            format_args!("{count} CPUs, {size} bytes each, {absent} CPUs absent"),
        )?,
        _ => fact(
            out,
            "crash notes",
            format_args!(
                "{count} CPUs, {size} bytes each, {absent} CPUs absent, {unread} not readable"
            ),
        )?,
    }
    match dump.vmcoreinfo {
        Some(range) => fact(out, "vmcoreinfo", format_args!("{range}"))?,
        None => fact(out, "vmcoreinfo", format_args!("not readable"))?,
    }
    match (dump.text, dump.direct_map) {
        (Some(text), Some(map)) => fact(
            out,
            "kcore",
            format_args!("kernel at {:#x}, RAM at {map:#x}", text.virt),
        ),
        _ => fact(out, "kcore", format_args!("not readable")),
    }?;
    match dump.elfcorehdr_size {
        Some(size) => fact(out, "crash hotplug", format_args!("{size} bytes")),
        None => fact(out, "crash hotplug", format_args!("no")),
    }
}

const fn yes_or_no(answer: Option<bool>) -> fmt::Arguments<'static> {
    match answer {
        Some(true) => format_args!("yes"),
        Some(false) => format_args!("no"),
        None => format_args!("unknown"),
    }
}
