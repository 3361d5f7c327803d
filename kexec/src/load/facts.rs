//! The machine, read once and only as far as needed.

use kexec_cli::command::{Command, Method};
use kexec_cli::table::Id;
use kexec_core::linux::{read_machine, read_machine_to_plan, read_xen};
use kexec_core::machine::Machine;

/// The facts about the machine.
pub struct Facts<'b> {
    machine: &'b mut Machine,
    read: bool,
}

impl<'b> Facts<'b> {
    /// `read`: whether all of it was already read.
    pub const fn new(machine: &'b mut Machine, read: bool) -> Self {
        Self { machine, read }
    }

    pub const fn machine(&self) -> &Machine {
        self.machine
    }

    pub const fn machine_mut(&mut self) -> &mut Machine {
        self.machine
    }

    /// Reads the facts for a plan, and all others if they are needed or printed.
    pub fn read(&mut self, command: &Command<'_>) {
        if self.read {
            return;
        }
        self.read = true;
        if command.method == Method::Load && !command.given(Id::Debug) {
            read_machine_to_plan(self.machine);
        } else {
            read_machine(self.machine);
        }
    }

    /// Reads whether this is a domain of Xen, if that is not known.
    pub fn read_xen(&mut self) {
        if !self.read {
            read_xen(self.machine);
        }
    }
}
