//! The actions of the command, and how they end without a fault.

use crate::kernel::Refusals;

/// What an action is for, so what exit code 0 promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// A kernel is loaded, or a crash kernel.
    Load { crash: bool },
    /// None is.
    Unload { crash: bool },
    /// The exit code says whether one is loaded.
    Status,
    /// A kernel is started, which here nothing can do.
    Start,
    /// A kernel is loaded, and a shutdown started, which here there is none of.
    Shutdown,
    /// Standard output is the reference's.
    Print,
    /// Standard output has the plan.
    DryRun,
    /// Standard output has the verdict.
    Check,
}

/// Arguments, and what they do.
pub struct Action {
    pub name: &'static str,
    /// `@` stands for the directory of the files.
    pub arguments: &'static [&'static str],
    pub aim: Aim,
    /// What the kernel gives without a fault.
    pub refusals: Refusals,
    /// The exit code without a fault.
    pub code: i32,
    /// Whether most of its calls are those of another action.
    pub repeats: bool,
}

const KIND: Refusals = Refusals {
    load: 0,
    file_load: 0,
};

const fn action(
    name: &'static str,
    arguments: &'static [&'static str],
    aim: Aim,
    code: i32,
) -> Action {
    Action {
        name,
        arguments,
        aim,
        refusals: KIND,
        code,
        repeats: false,
    }
}

const fn repeats(action: Action) -> Action {
    Action {
        repeats: true,
        ..action
    }
}

const fn refused(action: Action, load: i32, file_load: i32) -> Action {
    Action {
        refusals: Refusals { load, file_load },
        ..action
    }
}

const LOAD: Aim = Aim::Load { crash: false };
const CRASH: Aim = Aim::Load { crash: true };
const UNLOAD: Aim = Aim::Unload { crash: false };
const UNLOAD_CRASH: Aim = Aim::Unload { crash: true };

#[rustfmt::skip]
pub const ACTIONS: &[Action] = &[
    action("-l -c", &["-l", "-c", "@/kernel", "--initrd=@/initrd", "--append=ro"], LOAD, 0),
    repeats(action("-l -c --reuse-cmdline", &["-l", "-c", "@/kernel", "--reuse-cmdline"], LOAD, 0)),
    action("-l -s", &["-l", "-s", "@/kernel", "--initrd=@/initrd", "--append=ro"], LOAD, 0),
    action("-l -s, two initrds",
        &["-l", "-s", "@/kernel", "--initrd=@/initrd", "--initrd=@/other"], LOAD, 0),
    action("-l -a", &["-l", "-a", "@/kernel", "--initrd=@/initrd"], LOAD, 0),
    repeats(refused(
        action("-l -a, falls back", &["-l", "@/kernel", "--initrd=@/initrd"], LOAD, 0),
        0, libc::EINVAL)),
    action("-p -c", &["-p", "-c", "@/kernel", "--initrd=@/initrd"], CRASH, 0),
    repeats(action("-p -s", &["-p", "-s", "@/kernel", "--initrd=@/initrd"], CRASH, 0)),
    repeats(action("-p -a", &["-p", "-a", "@/kernel", "--initrd=@/initrd"], CRASH, 0)),
    repeats(refused(action("-p -a, falls back", &["-p", "@/kernel"], CRASH, 0), 0, libc::EINVAL)),
    repeats(refused(action("-p -c, refused", &["-p", "-c", "@/kernel"], CRASH, 255),
        libc::EADDRNOTAVAIL, 0)),
    repeats(refused(action("-p -s, refused", &["-p", "-s", "@/kernel"], CRASH, 255),
        0, libc::ENOMEM)),
    action("-u", &["-u"], UNLOAD, 0),
    action("-u -c", &["-u", "-c"], UNLOAD, 0),
    action("-u -s", &["-u", "-s"], UNLOAD, 0),
    action("-u -p", &["-u", "-p"], UNLOAD_CRASH, 0),
    refused(action("-u, falls back", &["-u"], UNLOAD, 0), 0, libc::ENOSYS),
    action("-S", &["-S"], Aim::Status, 1),
    action("-S -l", &["-S", "-l"], Aim::Status, 1),
    repeats(action("--dry-run", &["--dry-run", "-l", "@/kernel", "--initrd=@/initrd"],
        Aim::DryRun, 0)),
    repeats(action("--dry-run -p", &["--dry-run", "-p", "-c", "@/kernel"], Aim::DryRun, 0)),
    repeats(action("--check", &["--check", "-l", "-c", "@/kernel", "--initrd=@/initrd"], Aim::Check, 0)),
    repeats(action("-e", &["-e"], Aim::Start, 255)),
    repeats(action("-f -c", &["-f", "-c", "@/kernel"], Aim::Start, 255)),
    action("a kernel only", &["@/kernel", "-s"], Aim::Shutdown, 255),
    action("--help", &["--help"], Aim::Print, 0),
    action("--version", &["--version"], Aim::Print, 0),
    repeats(action("--print-ckr-size", &["--print-ckr-size"], Aim::Print, 0)),
];
