//! The options: one table for the parser, the usage text and the tests of the manual.

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is explained by its row in [`OPTIONS`].
#[repr(u8)]
pub enum Id {
    Load,
    LoadPanic,
    Exec,
    Force,
    Unload,
    Status,
    FileSyscall,
    LoadSyscall,
    AutoSyscall,
    Initrd,
    Append,
    ReuseCmdline,
    Dtb,
    MemMin,
    MemMax,
    NoChecks,
    OnMismatch,
    NoEfi,
    ResetVga,
    ConsoleVga,
    ConsoleSerial,
    Serial,
    SerialBaud,
    ArgsLinux,
    Hotplug,
    PassMemmapCmdline,
    Elf32CoreHeaders,
    Elf64CoreHeaders,
    PrintCkrSize,
    NoCma,
    ForceDtb,
    NoIfdown,
    NoSync,
    DryRun,
    Debug,
    Help,
    Version,
}

/// Which system call can do what an option asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honours {
    /// Both, or it concerns neither.
    Both,
    /// kexec_load(2) only.
    Load,
    /// kexec_file_load(2) only.
    File,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// What it does.
    pub id: Id,
    /// The long name, without dashes.
    pub long: &'static str,
    /// The letter, if it has one.
    pub short: Option<u8>,
    /// The name of its value in texts, if it takes one.
    pub value: Option<&'static str>,
    /// Which system call can do it.
    pub honours: Honours,
    /// One line of help.
    pub help: &'static str,
}

const fn flag(
    id: Id,
    long: &'static str,
    short: Option<u8>,
    honours: Honours,
    help: &'static str,
) -> Opt {
    Opt {
        id,
        long,
        short,
        value: None,
        honours,
        help,
    }
}

const fn valued(
    id: Id,
    long: &'static str,
    value: &'static str,
    honours: Honours,
    help: &'static str,
) -> Opt {
    Opt {
        id,
        long,
        short: None,
        value: Some(value),
        honours,
        help,
    }
}

use Honours::{Both, File, Load};

/// Every option there is, in the order of the usage text.
#[rustfmt::skip]
pub const OPTIONS: &[Opt] = &[
    flag(Id::Load, "load", Some(b'l'), Both, "load the kernel, do no more"),
    flag(Id::LoadPanic, "load-panic", Some(b'p'), Both, "load the kernel that is started when this one crashes (with -u: unload it)"),
    flag(Id::Exec, "exec", Some(b'e'), Both, "start the loaded kernel at once, without shutdown"),
    flag(Id::Force, "force", Some(b'f'), Both, "load the kernel and start it at once, without shutdown"),
    flag(Id::Unload, "unload", Some(b'u'), Both, "unload what is loaded"),
    flag(Id::Status, "status", Some(b'S'), Both, "exit with 1 if a crash kernel (with -l: a kernel) is loaded, else 0"),
    flag(Id::FileSyscall, "kexec-file-syscall", Some(b's'), Both, "load by kexec_file_load only (signatures are checked)"),
    flag(Id::LoadSyscall, "kexec-syscall", Some(b'c'), Both, "load by kexec_load only"),
    flag(Id::AutoSyscall, "kexec-syscall-auto", Some(b'a'), Both, "kexec_file_load first, then kexec_load where that can help (default)"),
    valued(Id::Initrd, "initrd", "FILE", Both, "initial ramdisk; may be given more than once"),
    valued(Id::Initrd, "ramdisk", "FILE", Both, "the same as --initrd"),
    valued(Id::Append, "append", "STRING", Both, "command line of the new kernel"),
    valued(Id::Append, "command-line", "STRING", Both, "the same as --append; the last one counts"),
    flag(Id::ReuseCmdline, "reuse-cmdline", None, Both, "the running kernel's command line, then --append"),
    valued(Id::Dtb, "dtb", "FILE", Load, "device tree blob for the new kernel"),
    valued(Id::MemMin, "mem-min", "ADDRESS", Load, "lowest address to load to"),
    valued(Id::MemMax, "mem-max", "ADDRESS", Load, "highest address to load to"),
    flag(Id::NoChecks, "no-checks", Some(b'i'), Both, "do not verify the loaded image before it starts (kexec_load)"),
    valued(Id::OnMismatch, "on-mismatch", "halt|reboot", Load, "what to do when that verification fails (default: halt)"),
    flag(Id::NoEfi, "noefi", None, Load, "do not hand EFI runtime services on"),
    flag(Id::ResetVga, "reset-vga", None, Load, "put the VGA into text mode before the new kernel starts"),
    flag(Id::ConsoleVga, "console-vga", None, Load, "messages between the kernels to the VGA text screen"),
    flag(Id::ConsoleSerial, "console-serial", None, Load, "messages between the kernels to the serial port"),
    valued(Id::Serial, "serial", "PORT", Load, "that port: ttyS0 (default), ttyS1 or an I/O port, 0x..."),
    valued(Id::SerialBaud, "serial-baud", "RATE", Load, "its speed, 9600 to 115200; 0 leaves it as it is (default)"),
    flag(Id::ArgsLinux, "args-linux", None, Load, "take an ELF file for a Linux kernel (vmlinux)"),
    flag(Id::Hotplug, "hotplug", None, Both, "with -p: let the kernel note CPUs and memory that come and go"),
    flag(Id::PassMemmapCmdline, "pass-memmap-cmdline", None, Load, "with -p: tell of memory by memmap= in place of the e820 table"),
    flag(Id::Elf32CoreHeaders, "elf32-core-headers", None, Both, "ignored: headers of dumps are 64-bit here"),
    flag(Id::Elf64CoreHeaders, "elf64-core-headers", None, Both, "ignored: headers of dumps are 64-bit here"),
    flag(Id::PrintCkrSize, "print-ckr-size", None, Both, "print how many bytes are reserved for a crash kernel"),
    flag(Id::NoCma, "no-cma", None, Both, "load to no memory of the contiguous memory allocator"),
    flag(Id::ForceDtb, "force-dtb", None, File, "hand the running kernel's device tree on"),
    flag(Id::NoIfdown, "no-ifdown", Some(b'x'), Both, "leave network interfaces up (with -e, -f)"),
    flag(Id::NoSync, "no-sync", Some(b'y'), Both, "do not write file systems out first (with -e, -f)"),
    flag(Id::DryRun, "dry-run", None, Both, "print what would be done and change nothing"),
    flag(Id::Debug, "debug", Some(b'd'), Both, "say on standard error what is done"),
    flag(Id::Help, "help", Some(b'h'), Both, "print this text"),
    flag(Id::Version, "version", Some(b'v'), Both, "print the version"),
];

/// An option of kexec(8) this version knows by name only.
#[derive(Clone, Copy, Debug)]
pub struct NotYet {
    /// The long name.
    pub long: &'static str,
    /// The letter, if it has one.
    pub short: Option<u8>,
}

const fn not_yet(long: &'static str, short: Option<u8>) -> NotYet {
    NotYet { long, short }
}

/// Options of kexec(8) that are refused. They are known by name so that an abbreviation that
/// kexec(8) finds ambiguous is ambiguous here too, and so that the message can say what is wrong.
#[rustfmt::skip]
pub const NOT_YET: &[NotYet] = &[
    not_yet("type", Some(b't')),
    not_yet("entry", None),
    not_yet("reuseinitrd", None),
    not_yet("load-preserve-context", None),
    not_yet("load-jump-back-helper", None),
    not_yet("load-live-update", None),
    not_yet("exec-live-update", None),
    not_yet("reuse-video-type", None),
    not_yet("module", None),
    not_yet("real-mode", None),
    not_yet("entry-32bit", None),
    not_yet("args-elf", None),
    not_yet("args-none", None),
];
