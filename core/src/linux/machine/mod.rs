//! Reads the running system into a [`Machine`].
//!
//! Every file is read once, in pieces if it can be large, with a few KiB of stack. The facts of a
//! file that is missing or not readable stay unknown; that is not an error.

mod capture;
mod dump;
mod efi;
mod host;
mod memory;
mod path;
mod state;
mod to_boot;

use core::ffi::CStr;

use linux_raw_sys::general as raw;

pub use capture::{Captured, capture};
pub use path::each_source;
pub use to_boot::read_machine_to_boot;

use super::calls::ask_for_calls;
use super::fd::Fd;
use super::file::{open, open_at, open_numbered, read, read_attribute_at, read_file_at};
use super::loaded::kernel_has_kexec;
use crate::Errno;
use crate::bytes::put_slice;
use crate::cstr;
use crate::machine::{E820_ENTRY_SIZE, FACTS, KernelFacts, Known, Machine, PARAMETERS, hex};
use crate::machine::{sources, sources::Source};

/// Fills `machine` from the running system's /proc and /sys; its old contents are forgotten.
pub fn read_machine(machine: &mut Machine) {
    let _facts_unknown = below(cstr!("/"), machine, From::State);
    to_boot::ask_kernel(machine);
}

/// As [`read_machine`], without [`Machine::kexec`]. That part explains why a load is refused; no plan
/// needs it, and it costs about twenty system calls.
pub fn read_machine_to_plan(machine: &mut Machine) {
    let _facts_unknown = below(cstr!("/"), machine, From::Running);
    to_boot::ask_kernel(machine);
}

/// As [`read_machine`], with [`Machine::host`] as well: for a check whether a load would be taken. It
/// also asks the kernel, without a load and without using up a limit, which of the two calls it has.
#[inline(never)]
pub fn read_machine_to_check(machine: &mut Machine) {
    read_machine(machine);
    // Not a part of `below`: programs that do not check have none of it.
    if let Ok(root) = open(cstr!("/"), raw::O_PATH | raw::O_DIRECTORY) {
        host::host(&root, machine);
    }
    ask_for_calls(&mut machine.host);
    // A kernel without kexec has no file that says whether one is loaded.
    if machine.kexec.loaded == Known::Unknown && kernel_has_kexec() == Ok(false) {
        machine.kexec.loaded = Known::No;
    }
}

/// Fills in the facts for [`Machine::check_xen`], and leaves the rest of `machine` unchanged.
pub fn read_xen(machine: &mut Machine) {
    let Ok(root) = open(cstr!("/"), raw::O_PATH | raw::O_DIRECTORY) else {
        return;
    };
    boot_params(&root, machine);
    state::xen(&root, machine);
}

/// As [`read_machine`], from `<root>/proc` and `<root>/sys`: another mount of them, or a copy of
/// another machine's files. If it is a [`capture`](capture()), what system calls gave there is read
/// from it, and the facts are those of [`read_machine`] there; otherwise they are unknown.
///
/// # Errors
/// The errno of opening `root`; ENOENT if it contains neither `proc` nor `sys`; EOPNOTSUPP for a
/// capture of another version. The machine is then empty. A missing file below them is not an error.
pub fn read_machine_at(root: &CStr, machine: &mut Machine) -> Result<(), Errno> {
    machine.clear();
    let directory = open(root, raw::O_PATH | raw::O_DIRECTORY)?;
    open_directory(&directory, cstr!("proc")).or(open_directory(&directory, cstr!("sys")))?;
    let facts = facts(&directory)?;
    below(root, machine, From::Copy)?;
    if let Some(facts) = facts {
        facts.complete(machine);
    }
    Ok(())
}

/// What a capture has of system calls; `None` for other copies.
fn facts(root: &Fd) -> Result<Option<KernelFacts>, Errno> {
    let mut buffer = [0; 512];
    match read_file_at(root, FACTS, &mut buffer) {
        Ok(text) => match KernelFacts::parse(text) {
            Some(facts) => Ok(Some(facts)),
            None => Err(Errno::EOPNOTSUPP),
        },
        Err(_) => Ok(None),
    }
}

/// What is read; each of the running machine's includes those before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// What a plan needs of the running machine.
    Running,
    /// [`Machine::kexec`] as well.
    State,
    /// A copy of the running machine's files, all of them but those for a check.
    Copy,
}

fn below(root: &CStr, machine: &mut Machine, from: From) -> Result<(), Errno> {
    machine.clear();
    let root = &open(root, raw::O_PATH | raw::O_DIRECTORY)?;
    if from != From::Running {
        machine.kexec = state::kexec(root);
    }
    state::xen(root, machine);
    machine
        .command_line
        .fill(|buffer| fill(root, sources::COMMAND_LINE.path, buffer));
    let line = &mut machine.command_line;
    if from == From::Copy && line.get().is_none() && !line.is_too_long() {
        line.fill_parameters(|buffer| fill(root, PARAMETERS, buffer));
    }
    state::meminfo(root, machine);
    state::cpu(root, machine);
    boot_params(root, machine);
    efi::efi(root, machine);
    machine.platform.firmware = efi::firmware(root, machine);
    memory::hot_plug(root, machine);
    memory::iomem(root, machine);
    memory::choose(root, machine);
    machine.platform.acpi_rsdp = rsdp(machine);
    if machine.crash.region.is_some() {
        dump::dump(root, &mut machine.dump);
    }
    Ok(())
}

/// The address in boot_params, else that from EFI. On a BIOS machine the kernel's decompressor stores
/// the address there that it found in the BIOS area; otherwise it is 0, and the new kernel searches.
fn rsdp(machine: &Machine) -> u64 {
    let first = |address, other| if address != 0 { address } else { other };
    let from_efi = first(machine.efi.acpi20, machine.efi.acpi);
    first(machine.x86.boot_params.acpi_rsdp_addr(), from_efi)
}

/// Reads a file from its start into `buffer`; returns the number of bytes, 0 if it cannot be read.
fn fill(directory: &Fd, path: &CStr, buffer: &mut [u8]) -> usize {
    read_file_at(directory, path, buffer).map_or(0, <[u8]>::len)
}

/// The running kernel's boot_params.
fn boot_params(root: &Fd, machine: &mut Machine) {
    machine.x86.boot_params.fill(|page| {
        let page = read_attribute_at(root, sources::BOOT_PARAMS.path, page);
        page.unwrap_or_default().len()
    });
}

/// Passes an attribute to a parser.
fn small<T>(directory: &Fd, path: &CStr, parse: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let (mut parse, mut parsed) = (Some(parse), None);
    pass_small(directory, path, &mut |text| {
        parsed = parse.take().map(|parse| parse(text));
    });
    parsed
}

/// [`small`] without a type of what is parsed: one copy of it.
#[inline(never)]
fn pass_small(directory: &Fd, path: &CStr, parse: &mut dyn FnMut(&[u8])) {
    let mut buffer = [0; 128];
    if let Some(text) = read_attribute_at(directory, path, &mut buffer) {
        parse(text);
    }
}

/// A fact of yes or no: the first of a source's files that can be read has it.
fn known(root: &Fd, source: &Source, parse: fn(&[u8]) -> Option<bool>) -> Known {
    let mut found = source.paths().filter_map(|path| small(root, path, parse));
    found.next().flatten().into()
}

/// The number in an attribute, hexadecimal.
fn hex_at(directory: &Fd, path: &CStr) -> Option<u64> {
    hex_of(&open_at(directory, path, raw::O_RDONLY).ok()?)
}

/// The number in an open attribute, hexadecimal.
fn hex_of(attribute: &Fd) -> Option<u64> {
    let mut buffer = [0; 32];
    let got = read(attribute, &mut buffer).ok()?;
    hex(buffer.get(..got)?)
}

/// Bytes of a file that are read at once: whole entries of an e820 table, and small enough to leave
/// room for other buffers on the same page of the stack.
const PIECE: usize = 200 * E820_ENTRY_SIZE;

/// Passes a file to `piece` in pieces until that returns true.
fn stream(directory: &Fd, path: &CStr, piece: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Errno> {
    let fd = open_at(directory, path, raw::O_RDONLY)?;
    let mut buffer = [0; PIECE];
    loop {
        match read_piece(&fd, &mut buffer) {
            None => return Err(Errno::EIO),
            Some(next) if next.is_empty() || piece(next) => return Ok(()),
            Some(_) => {}
        }
    }
}

/// The next bytes of a file, none at its end; `None` if it cannot be read.
fn read_piece<'a>(fd: &Fd, buffer: &'a mut [u8; PIECE]) -> Option<&'a [u8]> {
    let got = read(fd, buffer).ok()?;
    buffer.get(..got)
}

/// Opens a directory that others are opened in.
fn open_directory(directory: &Fd, path: &CStr) -> Result<Fd, Errno> {
    open_at(directory, path, raw::O_PATH | raw::O_DIRECTORY)
}

/// A directory's entry that is a directory itself. It is not opened: with the path of a file in
/// it two system calls are saved.
struct Entry<'a> {
    directory: &'a Fd,
    name: &'a CStr,
}

impl Entry<'_> {
    /// Reads an attribute.
    fn attribute<'b>(&self, file: &CStr, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let path = self.path(file)?;
        let path = CStr::from_bytes_until_nul(&path).ok()?;
        read_attribute_at(self.directory, path, buffer)
    }

    /// `None` for names longer than the kernel's, which are numbers.
    fn path(&self, file: &CStr) -> Option<[u8; 64]> {
        let (name, mut path) = (self.name.to_bytes(), [0; 64]);
        put_slice(&mut path, 0, name)?;
        put_slice(&mut path, name.len(), b"/")?;
        put_slice(
            &mut path,
            name.len().checked_add(1)?,
            file.to_bytes_with_nul(),
        )?;
        Some(path)
    }
}

/// Passes every entry of a directory to `each` until that returns false. Returns whether the
/// directory could be read to its end.
fn entries(directory: &Fd, path: &CStr, each: &mut dyn FnMut(Entry<'_>) -> bool) -> bool {
    let Ok(fd) = open_at(directory, path, raw::O_RDONLY | raw::O_DIRECTORY) else {
        return false;
    };
    let mut entries = super::dir::Entries::new(&fd);
    loop {
        match entries.next_name() {
            Ok(None) => return true,
            Ok(Some(name)) => {
                if !each(Entry {
                    directory: &fd,
                    name,
                }) {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests;
