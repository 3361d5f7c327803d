//! `machine [DIRECTORY]`: reads the machine whose /proc and /sys lie below the directory, for a
//! program that counts system calls; without a directory nothing but the program itself is counted.

use kexec_core::linux::read_machine_at;
use kexec_core::machine::Machine;
use std::ffi::CString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut machine = Box::new(Machine::new());
    if let Some(directory) = std::env::args().nth(1) {
        let Ok(directory) = CString::new(directory) else {
            return ExitCode::FAILURE;
        };
        let read = read_machine_at(&directory, &mut machine);
        if read.is_err() || machine.memory.entries().is_empty() || !machine.efi.is_complete() {
            eprintln!("machine: not what was made");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
