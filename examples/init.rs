//! A PID 1 that is a boot loader: mounts /proc and /sys, then kexecs /boot/vmlinuz with
//! /boot/initrd and the command line in /boot/cmdline.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use core::convert::Infallible;

use kexec_core::linux::{self, Environment, File, Standard};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Request, Workspace};
use kexec_core::{Error, Result};
use kexec_rt::{Arguments, Once};

static MACHINE: Once<Machine> = Once::new(Machine::new());
static WORKSPACE: Once<Workspace> = Once::new(Workspace::new());

kexec_rt::entry!(main);

fn main(_: Arguments, _: Environment) -> u8 {
    if let (Some(machine), Some(workspace)) = (MACHINE.take(), WORKSPACE.take()) {
        let Err(error) = boot(machine, workspace);
        complain(&error);
    }
    // PID 1 must not end.
    loop {
        linux::sleep_milliseconds(u32::MAX);
    }
}

/// Says the error by its numbers: its text, and what formats it, would be a third of this
/// program. Whoever has the room writes `{error}`.
fn complain(error: &Error) {
    let mut text = *b"init: cannot boot: error 00000, errno 00000\n";
    let errno = match error {
        Error::File { errno, .. } | Error::Syscall { errno, .. } => errno.0,
        _ => 0,
    };
    for (end, number) in [(30, error.number()), (43, errno)] {
        let (mut at, mut rest) = (end, number);
        while rest != 0 {
            at = usize::wrapping_sub(at, 1);
            if let Some(digit) = text.get_mut(at) {
                *digit = b'0'.wrapping_add((rest % 10) as u8);
            }
            rest /= 10;
        }
    }
    // There is nobody to tell that it cannot be told.
    let _unwritten = linux::write_all(Standard::Error, &text);
}

fn boot(machine: &mut Machine, workspace: &mut Workspace) -> Result<Infallible> {
    linux::mount(c"proc", c"/proc", c"proc")?;
    linux::mount(c"sysfs", c"/sys", c"sysfs")?;
    linux::read_machine_to_boot(machine);
    let kernel = File::open(c"/boot/vmlinuz")?.map()?;
    let initrd = File::open(c"/boot/initrd")?.map()?;
    let mut buffer = [0; 4096];
    let command_line =
        linux::read_file(c"/boot/cmdline", &mut buffer).map_err(|errno| Error::File {
            step: "read",
            errno,
        })?;
    let request = Request {
        kernel: kernel.bytes(),
        initrds: &[initrd.bytes()],
        command_line: command_line.trim_ascii_end(),
        rng_seed: linux::random_seed(),
        ..Request::default()
    };
    let plan = plan::plan_to_boot(&request, machine, workspace)?;
    plan.check()?;
    linux::kexec_load(plan.entry, plan.segments(), plan.flags)?;
    linux::sync();
    linux::reboot_kexec()
}
