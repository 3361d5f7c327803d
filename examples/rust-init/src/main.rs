//! A PID 1 that is a boot loader: mounts /proc and /sys, then kexecs /boot/vmlinuz with
//! /boot/initrd and the command line in /boot/cmdline.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::ffi::CStr;

use kexec_core::bytes::put_decimal;
use kexec_core::linux::{self, Environment, File, Standard};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Request, Workspace};
use kexec_core::{Error, Result};
use kexec_rt::{Arguments, Once};

static MEMORY: Once<(Machine, Workspace)> = Once::new((Machine::new(), Workspace::new()));

kexec_rt::entry!(main);

fn main(_: Arguments, _: Environment) -> u8 {
    if let Some((machine, workspace)) = MEMORY.take() {
        let Err(error) = boot(machine, workspace);
        complain(&error);
    }
    // PID 1 must not end.
    loop {
        linux::sleep_milliseconds(u32::MAX);
    }
}

/// Prints the error as numbers: its text and the code that formats it would be a third of this
/// program. A program with more room prints `{error}`.
fn complain(error: &Error) {
    let mut text = *b"init: error 00000, errno 00000\n";
    let errno = match error {
        Error::File { errno, .. } | Error::Syscall { errno, .. } => errno.0,
        _ => 0,
    };
    for (end, number) in [(17, error.number()), (30, errno)] {
        put_decimal(text.get_mut(..end).unwrap_or_default(), number.into());
    }
    // If the message cannot be written, there is no other way to report it.
    let _unwritten = linux::write(&Standard::Error.fd(), &text);
}

/// A file's bytes; the program never unmaps it.
fn file(path: &CStr) -> Result<&'static [u8]> {
    let mapping = File::open(path)?.map()?;
    // SAFETY: nobody writes to the file: it is in the initramfs, and no other program runs.
    Ok(unsafe { mapping.leak() })
}

fn boot(machine: &mut Machine, workspace: &mut Workspace) -> Result<Infallible> {
    linux::mount(c"proc", c"/proc", c"proc")?;
    linux::mount(c"sysfs", c"/sys", c"sysfs")?;
    linux::read_machine_to_boot(machine);
    let request = Request {
        kernel: file(c"/boot/vmlinuz")?,
        initrds: &[file(c"/boot/initrd")?],
        command_line: file(c"/boot/cmdline")?.trim_ascii_end(),
        rng_seed: linux::random_seed(),
        ..Request::default()
    };
    let plan = plan::plan_to_boot(&request, machine, workspace)?;
    plan.check()?;
    linux::kexec_load(plan.entry, plan.segments(), plan.flags)?;
    linux::sync();
    linux::reboot_kexec()
}
