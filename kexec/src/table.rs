//! The options: one table for the parser, the usage text and the tests of the manual.

/// The identity of an option.
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
    Module,
    Dtb,
    Type,
    Profile,
    Addon,
    MemMin,
    MemMax,
    NoChecks,
    OnMismatch,
    NoEfi,
    Entry32,
    RealMode,
    Unpacked,
    ResetVga,
    ConsoleVga,
    ConsoleSerial,
    Serial,
    SerialBaud,
    ArgsLinux,
    ArgsElf,
    ArgsNone,
    Entry,
    ReuseVideoType,
    Hotplug,
    PassMemmapCmdline,
    Elf32CoreHeaders,
    Elf64CoreHeaders,
    PrintCkrSize,
    Capture,
    WithCmdline,
    Machine,
    NoCma,
    ForceDtb,
    NoIfdown,
    NoSync,
    Default,
    List,
    DryRun,
    Check,
    Json,
    ForceLoseHandover,
    Plan,
    Ascii,
    Explain,
    Debug,
    Quiet,
    Help,
    Version,
}

/// The system calls that support an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honours {
    /// Both, or the option is not about a load.
    Both,
    /// kexec_load(2) only.
    Load,
    /// kexec_file_load(2) only.
    File,
    /// Neither here: it is accepted with a warning.
    Neither,
}

/// The origin of an option's name. An abbreviation means an option of the reference if one begins with
/// it: newer names must not make it ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// kexec-tools 2.0.32.
    Reference,
    /// Later kexec-tools, or this command alone.
    Newer,
}

/// One option. Its texts are ranges of one text: three references would be 48 bytes a row, ranges are 8.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Its identity.
    pub id: Id,
    /// The letter, if it has one.
    pub short: Option<u8>,
    /// Whether the value may be left out. Only a sign then gives it: `--plan=map`.
    pub optional: bool,
    /// The system calls that support it.
    pub honours: Honours,
    /// The origin of its name.
    pub origin: Origin,
    /// Where the long name, the value's name and the help begin in `TEXTS`, and where the help ends.
    ends: [u16; 4],
}

impl Opt {
    #[inline(never)]
    fn text(&self, begin: usize) -> &'static str {
        match self.ends.get(begin..) {
            Some([begin, end, ..]) => TEXTS.get(usize::from(*begin)..usize::from(*end)),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// The long name, without dashes.
    #[must_use]
    pub fn long(&self) -> &'static str {
        self.text(0)
    }

    /// The name of its value in texts, if it takes one.
    #[must_use]
    pub fn value(&self) -> Option<&'static str> {
        Some(self.text(1)).filter(|value| !value.is_empty())
    }

    /// One line of help.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.text(2)
    }
}

/// An option as it is written here.
#[derive(Clone, Copy)]
struct Written {
    id: Id,
    short: Option<u8>,
    optional: bool,
    honours: Honours,
    origin: Origin,
    /// The long name, the value's name or nothing, and the help.
    texts: [&'static str; 3],
}

impl Written {
    /// The option, marked as one that kexec-tools 2.0.32 does not have.
    const fn newer(self) -> Self {
        Self {
            origin: Origin::Newer,
            ..self
        }
    }

    /// The option, whose value may be left out.
    const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The option, with a letter.
    const fn with_letter(self, letter: u8) -> Self {
        Self {
            short: Some(letter),
            ..self
        }
    }
}

const fn flag(
    id: Id,
    long: &'static str,
    short: Option<u8>,
    honours: Honours,
    help: &'static str,
) -> Written {
    Written {
        short,
        ..valued(id, long, "", honours, help)
    }
}

const fn valued(
    id: Id,
    long: &'static str,
    value: &'static str,
    honours: Honours,
    help: &'static str,
) -> Written {
    Written {
        id,
        short: None,
        optional: false,
        honours,
        origin: Origin::Reference,
        texts: [long, value, help],
    }
}

use Honours::{Both, File, Load, Neither};

/// All options, in the order of the usage text.
pub const OPTIONS: &[Opt] = &PACKED.0;

/// All texts of the options, one after the other.
const TEXTS: &str = match core::str::from_utf8(&PACKED.1) {
    Ok(texts) => texts,
    Err(_) => panic!("a text is not whole"),
};

/// [`WRITTEN`] as rows, and their texts. The compiler makes it.
const PACKED: ([Opt; WRITTEN.len()], [u8; LENGTH]) = {
    let mut texts = [0; LENGTH];
    let mut rows = [Opt {
        id: Id::Load,
        short: None,
        optional: false,
        honours: Both,
        origin: Origin::Reference,
        ends: [0; 4],
    }; WRITTEN.len()];
    let mut written = WRITTEN;
    let mut free: &mut [Opt] = &mut rows;
    let mut used = 0;
    while let ([from, others @ ..], [to, left @ ..]) = (written, free) {
        let [long, value, help] = from.texts;
        let begin = used;
        let long = add(&mut texts, begin, long);
        let value = add(&mut texts, long, value);
        used = add(&mut texts, value, help);
        to.id = from.id;
        to.short = from.short;
        to.optional = from.optional;
        to.honours = from.honours;
        to.origin = from.origin;
        to.ends = [begin as u16, long as u16, value as u16, used as u16];
        (written, free) = (others, left);
    }
    (rows, texts)
};

/// Bytes of all texts.
const LENGTH: usize = {
    let (mut written, mut length) = (WRITTEN, 0_usize);
    while let [first, others @ ..] = written {
        let [long, value, help] = first.texts;
        length += long.len() + value.len() + help.len();
        written = others;
    }
    assert!(length <= u16::MAX as usize);
    length
};

/// Adds a text after the bytes in use; returns the new number of them.
const fn add(texts: &mut [u8], used: usize, text: &str) -> usize {
    let (mut to, mut from) = (texts.split_at_mut(used).1, text.as_bytes());
    while let ([slot, slots @ ..], [byte, bytes @ ..]) = (to, from) {
        *slot = *byte;
        (to, from) = (slots, bytes);
    }
    used.saturating_add(text.len())
}

#[rustfmt::skip]
const WRITTEN: &[Written] = &[
    flag(Id::Load, "load", Some(b'l'), Both, "load the kernel, do no more"),
    flag(Id::LoadPanic, "load-panic", Some(b'p'), Both, "load the kernel that is started when this one crashes (with -u: unload it)"),
    flag(Id::Exec, "exec", Some(b'e'), Both, "start the loaded kernel at once, without shutdown"),
    flag(Id::Force, "force", Some(b'f'), Both, "load the kernel and start it at once, without shutdown"),
    flag(Id::Unload, "unload", Some(b'u'), Both, "unload the loaded kernel"),
    flag(Id::Status, "status", Some(b'S'), Both, "exit with 1 if a crash kernel (with -l: a kernel) is loaded, else 0"),
    flag(Id::PrintCkrSize, "print-ckr-size", None, Both, "print how many bytes are reserved for a crash kernel"),
    valued(Id::Capture, "capture", "DIR|FILE.tar", Both, "save what a plan reads of this machine (-: a tar to standard output)").newer(),
    flag(Id::WithCmdline, "with-cmdline", None, Both, "with --capture: the running kernel's command line, too").newer(),
    valued(Id::Machine, "machine", "DIR", Both, "plan for the machine captured there (with --plan)").newer(),
    flag(Id::List, "list", None, Both, "print the boot loader entries, and which is the default").newer(),
    flag(Id::DryRun, "dry-run", None, Both, "print what would be done and change nothing").newer(),
    valued(Id::Plan, "plan", "text|json|map", Both, "show what would be done, as text (default), JSON or a picture of memory").optional().newer(),
    flag(Id::Ascii, "ascii", None, Both, "show the map, drawn with ASCII characters only").newer(),
    flag(Id::Explain, "explain", None, Both, "show the plan, and why each segment lies where it lies").newer(),
    flag(Id::Check, "check", None, Both, "say whether this would be loaded, and every reason why not").newer(),
    flag(Id::Json, "json", None, Both, "with --check: as JSON").newer(),
    flag(Id::Debug, "debug", Some(b'd'), Both, "report each step on standard error"),
    flag(Id::Quiet, "quiet", None, Both, "print errors only: neither warnings nor progress").newer(),
    flag(Id::Help, "help", Some(b'h'), Both, "print the common options; --help=all: every option"),
    flag(Id::Version, "version", Some(b'v'), Both, "print the version"),
    flag(Id::FileSyscall, "kexec-file-syscall", Some(b's'), Both, "load by kexec_file_load only (signatures are checked)"),
    flag(Id::LoadSyscall, "kexec-syscall", Some(b'c'), Both, "load by kexec_load only"),
    flag(Id::AutoSyscall, "kexec-syscall-auto", Some(b'a'), Both, "kexec_file_load first, then kexec_load where that can help (default)"),
    valued(Id::Default, "default", "ID", Both, "the boot loader's default entry (or this one) in place of KERNEL").optional().newer(),
    valued(Id::Initrd, "initrd", "FILE", Both, "initial ramdisk; may be given more than once"),
    valued(Id::Initrd, "ramdisk", "FILE", Both, "the same as --initrd"),
    valued(Id::Module, "module", "\"FILE ARGS\"", Both, "module of a multiboot kernel; may be given more than once"),
    valued(Id::Append, "append", "STRING", Both, "command line of the new kernel"),
    valued(Id::Append, "command-line", "STRING", Both, "the same as --append; the last one counts"),
    flag(Id::ReuseCmdline, "reuse-cmdline", None, Both, "the running kernel's command line, then --append"),
    valued(Id::Type, "type", "TYPE", Both, "refuse a kernel of another type (kexec_load); --type=help lists them").with_letter(b't'),
    valued(Id::Profile, "profile", "N|ID", Both, "which profile of a unified kernel image (default: 0)").newer(),
    valued(Id::Addon, "addon", "FILE", Both, "addon of a unified kernel image; may be given more than once").newer(),
    flag(Id::ArgsLinux, "args-linux", None, Load, "take any ELF file for a Linux kernel (vmlinux)"),
    flag(Id::ArgsElf, "args-elf", None, Load, "take any ELF file for a program that gets ELF boot notes"),
    flag(Id::ArgsNone, "args-none", None, Load, "take any ELF file for a program that gets nothing"),
    valued(Id::Dtb, "dtb", "FILE", Load, "device tree blob for the new kernel"),
    flag(Id::ForceDtb, "force-dtb", None, File, "hand the running kernel's device tree on").newer(),
    valued(Id::MemMin, "mem-min", "ADDRESS", Load, "lowest address to load to"),
    valued(Id::MemMax, "mem-max", "ADDRESS", Load, "highest address to load to"),
    flag(Id::NoChecks, "no-checks", Some(b'i'), Both, "do not verify the loaded image before it starts (kexec_load)"),
    valued(Id::OnMismatch, "on-mismatch", "halt|reboot", Load, "what to do when that verification fails (default: halt)").newer(),
    flag(Id::NoEfi, "noefi", None, Load, "do not pass on EFI runtime services"),
    flag(Id::ResetVga, "reset-vga", None, Load, "put the VGA into text mode before the new kernel starts"),
    flag(Id::ConsoleVga, "console-vga", None, Load, "messages between the kernels to the VGA text screen"),
    flag(Id::ConsoleSerial, "console-serial", None, Load, "messages between the kernels to the serial port"),
    valued(Id::Serial, "serial", "PORT", Load, "that port: ttyS0 (default), ttyS1 or an I/O port, 0x..."),
    valued(Id::SerialBaud, "serial-baud", "RATE", Load, "its speed, 9600 to 115200; 0 leaves it as it is (default)"),
    flag(Id::ForceLoseHandover, "force-lose-handover", None, Both, "load although finalised state of kexec handover (KHO) is lost").newer(),
    flag(Id::NoCma, "no-cma", None, Both, "load to no memory of the contiguous memory allocator").newer(),
    flag(Id::NoIfdown, "no-ifdown", Some(b'x'), Both, "leave network interfaces up (with -e, -f)"),
    flag(Id::NoSync, "no-sync", Some(b'y'), Both, "do not write file systems out first (with -e, -f)"),
    flag(Id::Entry32, "entry-32bit", None, Load, "enter the new kernel in 32-bit mode"),
    flag(Id::RealMode, "real-mode", None, Load, "enter the new kernel in real mode (BIOS machines only)"),
    flag(Id::Unpacked, "unpacked", None, Load, "unpack the kernel now, so that it starts at once").newer(),
    flag(Id::Hotplug, "hotplug", None, Both, "with -p: let the kernel note CPUs and memory that come and go"),
    flag(Id::PassMemmapCmdline, "pass-memmap-cmdline", None, Load, "with -p: pass the memory map by memmap= instead of the e820 table"),
    flag(Id::Elf32CoreHeaders, "elf32-core-headers", None, Both, "ignored: headers of dumps are 64-bit here"),
    flag(Id::Elf64CoreHeaders, "elf64-core-headers", None, Both, "ignored: headers of dumps are 64-bit here"),
    flag(Id::ReuseVideoType, "reuse-video-type", None, Both, "ignored: the screen is always passed on"),
    valued(Id::Entry, "entry", "ADDRESS", Neither, "ignored: the file has the entry"),
];

/// The common options, by their first names, each with a line that is shorter than its help.
#[rustfmt::skip]
pub const COMMON: &[(Id, &str)] = &[
    (Id::Load, "load the kernel, do no more"),
    (Id::LoadPanic, "load the crash kernel (-p -u: unload it)"),
    (Id::Exec, "start the loaded kernel, without shutdown"),
    (Id::Unload, "unload the loaded kernel"),
    (Id::Plan, "show what would be done, and change nothing"),
    (Id::Check, "say whether it would be loaded, or why not"),
    (Id::FileSyscall, "load by kexec_file_load only (signatures)"),
    (Id::LoadSyscall, "load by kexec_load only"),
    (Id::Default, "the boot loader's default, in place of KERNEL"),
    (Id::Initrd, "initial ramdisk; may be given more than once"),
    (Id::Append, "command line of the new kernel"),
];

impl Opt {
    /// Whether no option before it has its id.
    #[must_use]
    #[inline(never)]
    pub fn is_first(&self) -> bool {
        let first = OPTIONS.iter().find(|other| other.id == self.id);
        first.is_some_and(|first| first.long() == self.long())
    }

    /// Its line in the common part, if it has one.
    #[must_use]
    #[inline(never)]
    pub fn common(&self) -> Option<&'static str> {
        let (_, line) = COMMON.iter().find(|(id, _)| *id == self.id)?;
        self.is_first().then_some(*line)
    }
}

/// Titles of the usage text's parts, each with its first option.
pub const TITLES: &[(Id, &str)] = &[
    (Id::Load, "What to do"),
    (Id::FileSyscall, "Which system call loads"),
    (Id::Default, "What to load"),
    (Id::MemMin, "How to load and start"),
    (Id::Hotplug, "Crash kernels"),
    (
        Id::Elf32CoreHeaders,
        "Taken from kexec-tools, without effect",
    ),
];

/// An option of kexec(8) that is known by name only. None of them has a letter or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The long name.
    pub long: &'static str,
    /// The exit code it is refused with.
    pub code: u8,
}

const fn unsupported(long: &'static str, code: u8) -> Unsupported {
    Unsupported { long, code }
}

/// Options of kexec(8) that are refused. They are known by name so that an abbreviation that
/// kexec(8) finds ambiguous is ambiguous here too, and so that the message can be specific.
/// The codes are those of kexec(8) where it refuses them too: without Xen or `retain_initrd`, and
/// by kexec_file_load(2).
#[rustfmt::skip]
pub const UNSUPPORTED: &[Unsupported] = &[
    unsupported("reuseinitrd", 1),
    unsupported("load-preserve-context", 1),
    unsupported("load-jump-back-helper", 1),
    unsupported("load-live-update", 1),
    unsupported("exec-live-update", 1),
];
