//! The running system, in static memory.

use kexec_core::machine::{KexecState, Machine};

/// What [`crate::MACHINE`] holds before it is read: nothing known, in bytes that are all zero, so
/// that its 0.4 MiB take no place in the program's file. `None` of a bool is not zero, hence
/// these; [`kexec_core::linux::read_machine`] and [`Machine::clear`] forget them.
pub const BLANK: Machine = {
    let mut machine = Machine::new();
    machine.kexec = KexecState {
        loaded: Some(false),
        crash_loaded: Some(false),
        load_disabled: Some(false),
        cap_sys_boot: Some(false),
        ..KexecState::UNKNOWN
    };
    machine
};
