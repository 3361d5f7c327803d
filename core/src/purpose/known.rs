//! Facts that must be known about a machine before a kernel is placed on it.

use super::Scene;
use crate::error::{Error, Result};
use crate::machine::{Firmware, IomemAccess, Known, MemorySource, refusal};
use crate::note::{Note, Remarks};

/// Returns an error for an unknown fact that must not be guessed, and notes other unknown facts.
pub fn check(scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()> {
    let machine = scene.machine;
    if scene.acpi && !machine.check_acpi(scene.options.efi, scene.command_line)? {
        remarks.note(Note::NoRsdp);
    }
    if !scene.memory_map {
        return Ok(());
    }
    let line = machine.command_line.parameters();
    match machine.maps.source {
        MemorySource::Iomem if !machine.wants_iomem() => remarks.note(Note::MemoryFromIomem),
        MemorySource::FirmwareMemmap | MemorySource::BootParams if line.is_none() => {
            remarks.note(Note::NoCommandLine);
        }
        _ => {}
    }
    Ok(())
}

/// The same for a reboot, which also needs /proc/iomem: it lists what the running kernel keeps.
pub fn check_iomem(scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()> {
    scene.machine.check_iomem()?;
    if scene.machine.iomem.is_empty() {
        remarks.note(Note::NoIomem);
    }
    Ok(())
}

/// The same errors with one short text, and without notes, for programs that must be tiny. They read
/// no command line, and `acpi_rsdp=` on the new kernel's makes no difference.
pub fn check_brief(scene: &Scene<'_>) -> Result<()> {
    let machine = scene.machine;
    let iomem = matches!(
        machine.maps.iomem_access,
        IomemAccess::Missing | IomemAccess::Unprivileged | IomemAccess::Read
    );
    let acpi = match machine.platform.firmware {
        Firmware::Efi => machine.platform.acpi_rsdp != 0 || machine.efi.systab == Known::Yes,
        Firmware::Unreadable => !scene.options.efi,
        Firmware::NotEfi | Firmware::Unknown => true,
    };
    if !(iomem && (acpi || !scene.acpi)) {
        return Err(Error::Unknown {
            what: refusal::TO_BOOT,
        });
    }
    Ok(())
}
