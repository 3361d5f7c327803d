//! Shows what the purgatory is for: plans a kexec, changes one byte of the initrd's file, then
//! loads and executes. The purgatory finds the change, says so on the first serial port, and
//! halts or resets the machine.
//!
//! `tamper halt|reboot|none KERNEL INITRD COMMAND-LINE`; `none` changes nothing, and the new
//! kernel starts. For guests only.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use core::ffi::CStr;

use kexec_core::linux::{self, Copies, Environment, File, Standard};
use kexec_core::machine::Machine;
use kexec_core::plan::{
    self, Console, OnFailure, Options, Request, SEGMENT_MAX, SegmentKind, Workspace,
};
use kexec_core::{Error, Result};
use kexec_rt::{Arguments, Once};

static MACHINE: Once<Machine> = Once::new(Machine::new());
static WORKSPACE: Once<Workspace> = Once::new(Workspace::new());

kexec_rt::entry!(main);

fn main(mut arguments: Arguments, _: Environment) -> u8 {
    let mut next = || arguments.next();
    let (Some(how), Some(kernel), Some(initrd), Some(line)) = (next(), next(), next(), next())
    else {
        let _ = linux::write_all(
            Standard::Error,
            b"usage: tamper halt|reboot|none KERNEL INITRD COMMAND-LINE\n",
        );
        return 1;
    };
    match run(how, kernel, initrd, line) {
        Ok(()) => 0,
        Err(_) => 255,
    }
}

fn run(how: &CStr, kernel: &CStr, initrd: &CStr, line: &CStr) -> Result<()> {
    let (Some(machine), Some(workspace)) = (MACHINE.take(), WORKSPACE.take()) else {
        return Ok(());
    };
    linux::read_machine(machine);
    let copies = Copies::of_available_memory();
    let kernel = File::open(kernel)?.read(&copies)?;
    let planned = File::open(initrd)?.read(&copies)?;
    let request = Request {
        kernel: kernel.bytes(),
        initrds: &[planned.bytes()],
        command_line: line.to_bytes(),
        rng_seed: linux::random_seed(),
        options: Options {
            on_failure: if how == c"reboot" {
                OnFailure::Reboot
            } else {
                OnFailure::Halt
            },
            console: Console {
                serial: true,
                ..Console::DEFAULT
            },
            ..Options::DEFAULT
        },
        ..Request::default()
    };
    let plan = plan::plan(&request, machine, workspace)?;
    plan.check()?;
    if how != c"none" {
        change_first_byte(initrd)?;
    }
    // What a plan of mapped files loads when somebody writes to one.
    let loaded = File::open(initrd)?.read(&copies)?;
    let Some(first) = plan.segments().first() else {
        return Ok(());
    };
    let mut segments = [*first; SEGMENT_MAX];
    for (to, from) in segments.iter_mut().zip(plan.segments()) {
        *to = *from;
        if let SegmentKind::Initrd(_) = from.kind {
            to.buf = loaded.bytes();
        }
    }
    let segments = segments.get(..plan.segments().len()).unwrap_or_default();
    linux::kexec_load(plan.entry, segments, plan.flags)?;
    match linux::reboot_kexec()? {}
}

/// Writes to the file.
fn change_first_byte(path: &CStr) -> Result<()> {
    let failed = |errno| Error::File {
        step: "write",
        errno,
    };
    let fd = linux::open(path, linux::O_WRONLY).map_err(failed)?;
    linux::write(&fd, b"\xff").map_err(failed)?;
    Ok(())
}
