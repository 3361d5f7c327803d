//! What must be known of a machine before anything is placed on it.

use super::{Note, Request};
use crate::error::{Error, Result};
use crate::machine::{Firmware, IomemAccess, Known, Machine, MemorySource, refusal};

/// [`check`] or [`check_to_boot`].
pub type Check = fn(&Request<'_>, &Machine, &mut dyn FnMut(Note)) -> Result<()>;

/// Refuses what is not known and must not be guessed, and notes what else is not known.
pub fn check(request: &Request<'_>, machine: &Machine, note: &mut dyn FnMut(Note)) -> Result<()> {
    if !machine.check_acpi(request.options.efi, request.command_line)? {
        note(Note::NoRsdp);
    }
    if request.options.crash.is_none() {
        machine.check_iomem()?;
        if machine.iomem.is_empty() {
            note(Note::NoIomem);
        }
    }
    let line = machine.command_line.get();
    match machine.memory_source {
        MemorySource::Iomem if !machine.wants_iomem() => note(Note::MemoryFromIomem),
        MemorySource::FirmwareMemmap | MemorySource::BootParams if line.is_none() => {
            note(Note::NoCommandLine);
        }
        _ => {}
    }
    Ok(())
}

/// The same refusals in few words, and no notes, for programs that must be tiny. They read no
/// command line, and `acpi_rsdp=` on the new one helps them not.
pub fn check_to_boot(
    request: &Request<'_>,
    machine: &Machine,
    _note: &mut dyn FnMut(Note),
) -> Result<()> {
    let iomem = matches!(
        machine.iomem_access,
        IomemAccess::Missing | IomemAccess::Unprivileged | IomemAccess::Read
    );
    let acpi = match machine.firmware {
        Firmware::Efi => machine.acpi_rsdp != 0 || machine.efi.systab == Known::Yes,
        Firmware::Unreadable => !request.options.efi,
        Firmware::NotEfi | Firmware::Unknown => true,
    };
    if !(iomem && acpi) {
        return Err(Error::Unknown {
            what: refusal::TO_BOOT,
        });
    }
    Ok(())
}
