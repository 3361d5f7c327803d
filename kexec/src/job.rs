//! A load: its files, its options and its system calls.

use core::ffi::CStr;
use core::fmt;

use kexec_cli::command::Command;
use kexec_cli::plan::name;
use kexec_cli::report::{self, FileLoad, Lines};
use kexec_cli::table::{Honours, Id};
use kexec_core::linux::file_flags;
use kexec_core::machine::Machine;
use kexec_core::route::{Call, Route};

use crate::by_file;
use crate::inputs::Inputs;
use crate::out::{caution, complain};

/// The inputs of a load.
#[derive(Clone, Copy)]
pub struct Job<'a, 'b> {
    pub command: &'b Command<'a>,
    pub inputs: &'b Inputs<'a>,
    pub line: &'b CStr,
}

impl Job<'_, '_> {
    /// Which call is made first, and which may follow, from the known facts about the machine.
    pub fn route(self, machine: &Machine) -> Route {
        let lockdown = machine.kexec.lockdown;
        Route::new(self.command.method, self.prefers_load(), lockdown)
    }

    /// Whether an option was given that kexec_file_load would ignore, or a kernel that it does not take.
    pub fn prefers_load(self) -> bool {
        self.inputs.is_elf() || self.command.only_for(Honours::Load).next().is_some()
    }

    /// With `-d`, reports what only kexec_load supports.
    pub fn tell_why_load_is_first(self) {
        if !self.command.given(Id::Debug) {
            return;
        }
        if self.inputs.is_elf() {
            complain!(
                "an ELF file, or multiboot: kexec_load comes first, for only it can load that"
            );
        }
        for option in self.command.only_for(Honours::Load) {
            complain!(
                "--{}: kexec_load comes first, for only it can do that",
                option.long()
            );
        }
    }

    /// The flags that kexec_file_load gets.
    pub fn file_flags(self) -> u64 {
        let flags = by_file::flags(self.command);
        if self.inputs.initrds.is_empty() {
            flags | file_flags::NO_INITRAMFS
        } else {
            flags
        }
    }

    /// Reports a load by kexec_file_load.
    #[inline(never)]
    pub fn report(self, out: &mut Lines<'_>) -> fmt::Result {
        let load = FileLoad {
            flags: self.file_flags(),
            joined: self.inputs.initrds.len() > 1,
            crash: self.command.crash(),
        };
        self.report_unified(out)?;
        report::by_file(out, load, &self.inputs.listed(), self.line.to_bytes())
    }

    /// Reports the unified kernel image that the kernel is in.
    #[inline(never)]
    pub fn report_unified(self, out: &mut Lines<'_>) -> fmt::Result {
        match &self.inputs.unified {
            Some(image) => report::unified(out, &image.facts),
            None => Ok(()),
        }
    }

    /// Warns about options that the call does not support.
    pub fn warn(self, call: Call) {
        let only_others = match call {
            Call::FileLoad => Honours::Load,
            Call::Load => Honours::File,
        };
        for option in self.command.only_for(only_others) {
            caution!("--{} is ignored by {}", option.long(), name(call));
        }
    }
}
