//! Shows what the purgatory is for: plans a kexec, changes one planned byte, then
//! loads and executes. The purgatory finds the change, says so on the first serial port, and
//! halts or resets the machine.
//!
//! `tamper HOW KERNEL INITRD COMMAND-LINE [32|16]`, for guests only. The kernel is entered in 32-bit or
//! real mode if the last argument says so. HOW is
//!
//! - `halt` or `reboot`: a byte of the initrd's file is changed, and the machine does that;
//! - `code` or `block`: a byte of the purgatory's own code, or of the address in its block at which
//!   the kernel is entered, is changed, and the machine resets;
//! - `none`: nothing is changed, and the new kernel starts.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use core::ffi::CStr;

use kexec_core::linux::{self, Copies, Environment, File, Standard};
use kexec_core::machine::Machine;
use kexec_core::plan::{
    self, Console, Entry, OnFailure, Options, Request, SEGMENT_MAX, SegmentKind, Workspace,
};
use kexec_core::purgatory::{PARAMETERS_OFFSET, SEGMENT_SIZE, layout::offset};
use kexec_core::{Error, Result};
use kexec_rt::{Arguments, Once};

static MACHINE: Once<Machine> = Once::new(Machine::new());
static WORKSPACE: Once<Workspace> = Once::new(Workspace::new());
static PURGATORY: Once<[u8; SEGMENT_SIZE]> = Once::new([0; SEGMENT_SIZE]);

kexec_rt::entry!(main);

fn main(mut arguments: Arguments, _: Environment) -> u8 {
    let mut next = || arguments.next();
    let (Some(how), Some(kernel), Some(initrd), Some(line)) = (next(), next(), next(), next())
    else {
        let _ = linux::write_all(
            Standard::Error,
            b"usage: tamper halt|reboot|code|block|none KERNEL INITRD COMMAND-LINE [32|16]\n",
        );
        return 1;
    };
    let entry = match next() {
        Some(bits) if bits == c"32" => Some(Entry::X86Protected),
        Some(_) => Some(Entry::X86Real),
        None => None,
    };
    match run(how, kernel, initrd, line, entry) {
        Ok(()) => 0,
        Err(_) => 255,
    }
}

fn run(how: &CStr, kernel: &CStr, initrd: &CStr, line: &CStr, entry: Option<Entry>) -> Result<()> {
    let (Some(machine), Some(workspace), Some(damaged)) =
        (MACHINE.take(), WORKSPACE.take(), PURGATORY.take())
    else {
        return Ok(());
    };
    linux::read_machine(machine);
    let copies = Copies::of_available_memory();
    let kernel = File::open(kernel)?.read(&copies)?;
    let planned = File::open(initrd)?.read(&copies)?;
    let secret = linux::random_secret();
    let request = Request {
        kernel: kernel.bytes(),
        initrds: &[planned.bytes()],
        command_line: line.to_bytes(),
        rng_seed: linux::random_seed(),
        digest_secret: secret.as_ref(),
        options: Options {
            entry,
            on_failure: if how == c"halt" {
                OnFailure::Halt
            } else {
                OnFailure::Reboot
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
    if how == c"halt" || how == c"reboot" {
        change_first_byte(initrd)?;
    }
    // The file as a plan of mapped files loads it after someone has written to it.
    let loaded = File::open(initrd)?.read(&copies)?;
    let Some(first) = plan.segments().first() else {
        return Ok(());
    };
    // The purgatory is the last segment.
    let purgatory = plan.segments().last().map_or(&[][..], |last| last.buf);
    let purgatory = copy(purgatory, how, damaged);
    let mut segments = [*first; SEGMENT_MAX];
    for (to, from) in segments.iter_mut().zip(plan.segments()) {
        *to = *from;
        match from.kind {
            SegmentKind::Initrd(_) => to.buf = loaded.bytes(),
            SegmentKind::Purgatory => to.buf = purgatory,
            _ => {}
        }
    }
    let segments = segments.get(..plan.segments().len()).unwrap_or_default();
    linux::kexec_load(plan.entry, segments, plan.flags)?;
    match linux::reboot_kexec()? {}
}

/// The purgatory, or a copy of it with one bit changed: in the instruction that sets R8 for the new
/// kernel (which would still start), or in the address at which the kernel is entered.
fn copy<'a>(sound: &'a [u8], how: &CStr, damaged: &'a mut [u8; SEGMENT_SIZE]) -> &'a [u8] {
    const POP_R8_R9_R10: &[u8] = b"\x41\x58\x41\x59\x41\x5a";
    const RIP: usize = PARAMETERS_OFFSET + offset::REGISTERS + 16 * 8;
    let at = if how == c"code" {
        let code = sound.windows(POP_R8_R9_R10.len());
        let found = code.enumerate().find(|(_, part)| *part == POP_R8_R9_R10);
        found.map(|(at, _)| at.saturating_add(1))
    } else if how == c"block" {
        Some(RIP)
    } else {
        return sound;
    };
    for (to, from) in damaged.iter_mut().zip(sound) {
        *to = *from;
    }
    match at.and_then(|at| damaged.get_mut(at)) {
        Some(byte) => *byte ^= 1,
        // There is no such instruction, so nothing was changed and nothing must start.
        None => return &[],
    }
    damaged
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
