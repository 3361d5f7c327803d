//! The parsed arguments.

use core::ffi::CStr;

use heapless::Vec;
use kexec_core::plan::{CrashOptions, ElfAs, Entry, OnFailure, Options};

/// `-a`, `-s` and `-c`: which system call loads.
pub use kexec_core::route::Method;

pub use crate::bad_usage::{BadUsage, MAX_ADDONS, MAX_INITRDS, MAX_MODULES, Refused};
use crate::getopt::{Getopt, Item, Mistake};
use crate::number::{self, Number};
use crate::table::{Honours, Id, OPTIONS, Opt, Unsupported};

/// The requested actions. Later options override earlier ones as in kexec(8): `-l -e` starts, `-e -l`
/// loads. An unload before a load is not made: the load replaces the loaded image, which stays until
/// the new one is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions {
    /// Report by exit code whether something is loaded, and nothing else.
    pub status: bool,
    /// Unload.
    pub unload: bool,
    /// Load.
    pub load: bool,
    /// Then shut down in the usual way, which ends with the start of the new kernel.
    pub shutdown: bool,
    /// Then start it at once.
    pub exec: bool,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One fact a line.
    #[default]
    Text,
    /// The verdict alone, or without a kernel that and the machine.
    Verdict,
    /// docs/plan.schema.json.
    Json,
    /// A picture of memory.
    Map,
}

impl Format {
    /// By its name; none is text.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"" | b"text" => Some(Self::Text),
            b"json" => Some(Self::Json),
            b"map" => Some(Self::Map),
            _ => None,
        }
    }
}

/// The arguments, understood.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// The actions.
    pub actions: Actions,
    /// The system call that loads.
    pub method: Method,
    /// The kernel's file.
    pub kernel: Option<&'a CStr>,
    /// The first word after the kernel that is not an option; it has no effect.
    pub ignored: Option<&'a CStr>,
    /// `--default`: the name of an entry, empty for the default.
    pub default: Option<&'a CStr>,
    /// The command line of that entry, before `--append`.
    pub line: Option<&'a CStr>,
    /// The initrds' files, in order.
    pub initrds: Vec<&'a CStr, MAX_INITRDS>,
    /// `--profile`: which profile of a unified kernel image, by number or ID.
    pub profile: Option<&'a CStr>,
    /// The files of addons to such an image, in order.
    pub addons: Vec<&'a CStr, MAX_ADDONS>,
    /// The modules, in order: a file's name, and behind a blank the rest of its line.
    pub modules: Vec<&'a CStr, MAX_MODULES>,
    /// `--append`, empty if not given.
    pub append: &'a CStr,
    /// The device tree's file.
    pub dtb: Option<&'a CStr>,
    /// `--type`.
    pub kind: Option<&'a CStr>,
    /// How the plan is shown, if nothing but that is done.
    pub plan: Option<Format>,
    /// Where the machine is saved to.
    pub capture: Option<&'a CStr>,
    /// The directory of the machine that is planned for, if it is not this one.
    pub machine: Option<&'a CStr>,
    /// How to plan for kexec_load(2).
    pub options: Options,
    given: [bool; OPTIONS.len()],
}

impl<'a> Command<'a> {
    /// As `--dtb`.
    pub fn give_dtb(&mut self, path: &'a CStr) {
        self.dtb = Some(path);
        self.give(Id::Dtb);
    }

    /// As `--reuse-cmdline`.
    pub fn give_running_line(&mut self) {
        self.give(Id::ReuseCmdline);
    }

    fn give(&mut self, id: Id) {
        if let Some(given) = self.given.get_mut(id as usize) {
            *given = true;
        }
    }

    /// Whether an option was given, by any of its names.
    #[must_use]
    pub fn given(&self, id: Id) -> bool {
        self.given.get(id as usize).copied().unwrap_or_default()
    }

    /// Whether the running kernel's verdict is asked for. A plan alone has none: it is the same for
    /// every caller, and on every machine.
    #[must_use]
    pub fn wants_verdict(&self) -> bool {
        self.given(Id::Check) || self.given(Id::DryRun) && self.machine.is_none()
    }

    /// Whether the actions are for the crash kernel.
    #[must_use]
    pub fn crash(&self) -> bool {
        self.given(Id::LoadPanic)
    }

    /// The options given that only one of the system calls can do.
    pub fn only_for(&self, honours: Honours) -> impl Iterator<Item = &'static Opt> {
        OPTIONS
            .iter()
            .filter(move |option| option.honours == honours && self.given(option.id))
    }
}

/// A parsed request.
#[derive(Debug)]
// There is only one, on the stack.
#[allow(clippy::large_enum_variant)]
pub enum Request<'a> {
    /// Print the usage text: its common part, or all of it.
    Help {
        /// All of it.
        all: bool,
    },
    /// Print the list of types.
    Types,
    /// Print the version.
    Version,
    /// Print the boot loader entries.
    List,
    /// Print the size of the crash reservation.
    CrashSize {
        /// As [`Command::machine`].
        machine: Option<&'a CStr>,
    },
    /// Work.
    Work(Command<'a>),
}

/// Parses the arguments after the program's name.
///
/// # Errors
/// [`Refused`]; the actions before the error on the command line are not performed either.
pub fn parse<'a>(arguments: impl Iterator<Item = &'a CStr>) -> Result<Request<'a>, Refused<'a>> {
    let mut items = Getopt::new(arguments);
    let mut reading = Reading::new();
    let why = match reading.all(&mut items) {
        Ok(Some(request)) => return Ok(request),
        Ok(None) => return Ok(Request::Work(reading.command)),
        Err(why) => why,
    };
    let is_status = |item| matches!(item, Ok(Item::Option(Id::Status, _)));
    let Actions { status, load, .. } = reading.command.actions;
    if status || items.any(is_status) {
        return Err(Refused {
            why,
            code: 255,
            crash_load: false,
        });
    }
    let late = matches!(why, BadUsage::NoKernel) || reading.late == Some(why);
    Err(Refused {
        why,
        code: why.code(),
        crash_load: late && load && reading.command.crash() && reading.command.machine.is_none(),
    })
}

/// The arguments parsed so far.
struct Reading<'a> {
    command: Command<'a>,
    /// Whether `-u` came before the last `-p`: it means the crash kernel as `-p -u` does; with a
    /// kernel's name it is a load.
    panic_after_unload: bool,
    /// The first error that kexec(8) reports only after it has read all arguments: `--help`,
    /// `--version` and every other error take precedence over it.
    late: Option<BadUsage<'a>>,
    /// The first option that is not supported here.
    unsupported: Option<&'static Unsupported>,
}

impl<'a> Reading<'a> {
    const fn new() -> Self {
        let command = Command {
            actions: Actions {
                status: false,
                unload: false,
                load: true,
                shutdown: true,
                exec: false,
            },
            method: Method::Auto,
            kernel: None,
            default: None,
            line: None,
            ignored: None,
            initrds: Vec::new(),
            profile: None,
            addons: Vec::new(),
            modules: Vec::new(),
            append: c"",
            dtb: None,
            kind: None,
            plan: None,
            capture: None,
            machine: None,
            options: Options::DEFAULT,
            given: [false; OPTIONS.len()],
        };
        Self {
            command,
            panic_after_unload: false,
            late: None,
            unsupported: None,
        }
    }

    /// Parses the arguments up to the first error or the first argument that is a request by itself;
    /// `None` if there is neither, and the command is complete.
    fn all(
        &mut self,
        items: &mut impl Iterator<Item = Result<Item<'a>, Mistake<'a>>>,
    ) -> Result<Option<Request<'a>>, BadUsage<'a>> {
        while let Some(item) = items.next() {
            let command = &mut self.command;
            match item.map_err(BadUsage::Mistake)? {
                Item::Option(Id::Help, word) => {
                    let all = !word.is_empty();
                    return Ok(Some(Request::Help { all }));
                }
                Item::Option(Id::Version, _) => return Ok(Some(Request::Version)),
                Item::Option(Id::List, _) => {
                    return match command.machine.or_else(|| machine_in(items)) {
                        Some(_) => Err(BadUsage::OtherDefault),
                        None => Ok(Some(Request::List)),
                    };
                }
                Item::Option(Id::PrintCkrSize, _) => {
                    let machine = command.machine.or_else(|| machine_in(items));
                    return Ok(Some(Request::CrashSize { machine }));
                }
                Item::Option(Id::Type, kind) if kind == c"help" => return Ok(Some(Request::Types)),
                Item::Option(id, value) => self.option(id, value)?,
                Item::Unsupported(option) => {
                    self.unsupported = self.unsupported.or(Some(option));
                }
                // kexec(8) takes the first and ignores the others.
                Item::Positional(path) if command.kernel.is_none() => command.kernel = Some(path),
                Item::Positional(word) => command.ignored = command.ignored.or(Some(word)),
            }
        }
        self.finish().map(|()| None)
    }

    fn option(&mut self, id: Id, value: &'a CStr) -> Result<(), BadUsage<'a>> {
        self.command.give(id);
        match id {
            Id::LoadPanic => self.panic_after_unload = self.command.actions.unload,
            Id::Unload => self.panic_after_unload = false,
            _ => {}
        }
        match apply(&mut self.command, id, value) {
            Err(why) if why.code() == BAD_SERIAL => {
                self.late = self.late.or(Some(why));
                Ok(())
            }
            other => other,
        }
    }

    /// The request that all arguments together make.
    fn finish(&mut self) -> Result<(), BadUsage<'a>> {
        let command = &mut self.command;
        if self.panic_after_unload && (command.kernel.is_some() || command.default.is_some()) {
            command.actions.load = true;
        }
        if command.crash() {
            command.options.crash = Some(CrashOptions {
                hotplug: command.given(Id::Hotplug),
                memmap: command.given(Id::PassMemmapCmdline),
            });
        }
        if let Some(late) = self.late {
            return Err(late);
        }
        check_machine(command)?;
        if command.actions.status || command.capture.is_some() {
            return Ok(());
        }
        match self.unsupported {
            Some(option) => Err(BadUsage::Unsupported(option)),
            None => check(command),
        }
    }
}

/// The machine in the arguments after one that ends their parsing.
fn machine_in<'a>(
    items: &mut impl Iterator<Item = Result<Item<'a>, Mistake<'a>>>,
) -> Option<&'a CStr> {
    items.find_map(|item| match item {
        Ok(Item::Option(Id::Machine, machine)) => Some(machine),
        _ => None,
    })
}

/// The actions that `--capture` does not go with.
const ACTIONS: [Id; 7] = [
    Id::Load,
    Id::LoadPanic,
    Id::Exec,
    Id::Force,
    Id::Unload,
    Id::Status,
    Id::Machine,
];

/// Rejects a capture with other actions, and another machine with actions that change or report this
/// one.
fn check_machine<'a>(command: &Command<'_>) -> Result<(), BadUsage<'a>> {
    let others = command.kernel.is_some()
        || command.default.is_some()
        || command.plan.is_some()
        || ACTIONS.iter().any(|id| command.given(*id));
    if command.capture.is_some() && others {
        return Err(BadUsage::MoreThanCapture);
    }
    let plans = command.plan.is_some() || command.given(Id::Check);
    let plans = plans && !command.actions.status;
    match command.machine {
        Some(_) if !plans => Err(BadUsage::OtherMachine),
        Some(_) if command.default.is_some() => Err(BadUsage::OtherDefault),
        _ => Ok(()),
    }
}

/// Rejects combinations that are contradictory, before any action.
fn check<'a>(command: &mut Command<'_>) -> Result<(), BadUsage<'a>> {
    let crash = command.crash();
    let check = command.given(Id::Check);
    if command.given(Id::Unpacked) && command.method == Method::File {
        return Err(BadUsage::UnpackedByFile);
    }
    match (check, command.given(Id::Json)) {
        (true, true) => command.plan = Some(Format::Json),
        (true, false) => command.plan = command.plan.or(Some(Format::Verdict)),
        (false, true) => return Err(BadUsage::JsonWithoutCheck),
        (false, false) => {}
    }
    let actions = &mut command.actions;
    if actions.exec && actions.unload && !actions.load {
        return Err(BadUsage::UnloadAndStart);
    }
    if actions.exec && crash {
        return Err(BadUsage::StartOfCrash);
    }
    if actions.load {
        actions.unload = false;
        match (command.kernel, command.default) {
            // Without a kernel, a check is about the machine.
            (None, None) if !check => return Err(BadUsage::NoKernel),
            (Some(_), Some(_)) => return Err(BadUsage::TwoKernels),
            _ => {}
        }
    }
    Ok(())
}

fn apply<'a>(command: &mut Command<'a>, id: Id, value: &'a CStr) -> Result<(), BadUsage<'a>> {
    let actions = &mut command.actions;
    let console = &mut command.options.console;
    match id {
        Id::Load => {
            actions.load = true;
            actions.exec = false;
            actions.shutdown = false;
        }
        Id::LoadPanic => {
            actions.load = !actions.unload;
            actions.exec = false;
            actions.shutdown = false;
        }
        Id::Exec => {
            actions.load = false;
            actions.exec = true;
            actions.shutdown = false;
        }
        Id::Force => {
            actions.load = true;
            actions.exec = true;
            actions.shutdown = false;
        }
        // An earlier request to start is not taken back: `check` rejects both.
        Id::Unload => {
            actions.unload = true;
            actions.load = false;
            actions.shutdown = false;
        }
        Id::Status => actions.status = true,
        Id::FileSyscall => command.method = Method::File,
        Id::LoadSyscall => command.method = Method::Load,
        Id::AutoSyscall => command.method = Method::Auto,
        Id::Initrd => command
            .initrds
            .push(value)
            .map_err(|_| BadUsage::TooManyInitrds)?,
        Id::Profile => command.profile = Some(value),
        Id::Addon => command.addons.push(value).map_err(|_| BadUsage::Value {
            option: "addon",
            value,
            need: "at most 8 of them",
            code: 1,
        })?,
        Id::Module => command
            .modules
            .push(value)
            .map_err(|_| BadUsage::TooManyModules)?,
        Id::Append => command.append = value,
        Id::Default => command.default = Some(value),
        Id::Dtb => command.dtb = Some(value),
        Id::MemMin => command.options.mem_min = address("mem-min", value)?,
        Id::MemMax => command.options.mem_max = address("mem-max", value)?,
        Id::NoChecks => command.options.verify = false,
        Id::OnMismatch => command.options.on_failure = on_mismatch(value)?,
        Id::Type => command.kind = Some(value),
        Id::Plan => command.plan = Some(format(value)?),
        // None of them alone may load or start.
        Id::DryRun | Id::Explain => command.plan = command.plan.or(Some(Format::Text)),
        Id::Ascii => command.plan = command.plan.or(Some(Format::Map)),
        Id::Capture => command.capture = Some(value),
        Id::Machine => command.machine = Some(value),
        // The last of the three counts.
        Id::ArgsLinux => command.options.elf = Some(ElfAs::Linux),
        Id::ArgsElf => command.options.elf = Some(ElfAs::BootNotes),
        Id::ArgsNone => command.options.elf = Some(ElfAs::Bare),
        // Without effect, but it must be a number.
        Id::Entry => _ = address("entry", value)?,
        Id::NoEfi => command.options.efi = false,
        // The last of the two counts.
        Id::Entry32 => command.options.entry = Some(Entry::X86Protected),
        Id::RealMode => command.options.entry = Some(Entry::X86Real),
        Id::ResetVga => console.reset_vga = true,
        Id::ConsoleVga => console.vga = true,
        Id::ConsoleSerial => console.serial = true,
        Id::Serial => console.serial_port = serial_port(value)?,
        Id::SerialBaud => console.serial_baud = serial_baud(value)?,
        // Queried with `given`, or without effect; Help, Version, List and PrintCkrSize never come here.
        Id::ReuseCmdline
        | Id::Unpacked
        | Id::ReuseVideoType
        | Id::Hotplug
        | Id::PassMemmapCmdline
        | Id::Elf32CoreHeaders
        | Id::Elf64CoreHeaders
        | Id::PrintCkrSize
        | Id::WithCmdline
        | Id::NoCma
        | Id::ForceDtb
        | Id::NoIfdown
        | Id::NoSync
        | Id::List
        | Id::Check
        | Id::Json
        | Id::ForceLoseHandover
        | Id::Debug
        | Id::Quiet
        | Id::Help
        | Id::Version => {}
    }
    Ok(())
}

fn address<'a>(option: &'static str, value: &'a CStr) -> Result<u64, BadUsage<'a>> {
    number::parse(value.to_bytes()).ok_or(BadUsage::Value {
        option,
        value,
        need: "an address is needed",
        code: 1,
    })
}

fn format(value: &CStr) -> Result<Format, BadUsage<'_>> {
    Format::named(value.to_bytes()).ok_or(BadUsage::Value {
        option: "plan",
        value,
        need: "text, json or map",
        code: 1,
    })
}

fn on_mismatch(value: &CStr) -> Result<OnFailure, BadUsage<'_>> {
    match value.to_bytes() {
        b"halt" => Ok(OnFailure::Halt),
        b"reboot" => Ok(OnFailure::Reboot),
        _ => Err(BadUsage::Value {
            option: "on-mismatch",
            value,
            need: "halt or reboot",
            code: 1,
        }),
    }
}

/// The exit code of kexec(8) for an invalid serial port or speed, which it checks last.
const BAD_SERIAL: u8 = 255;

/// ttyS0, ttyS1, or an I/O port in hexadecimal with 0x.
fn serial_port(value: &CStr) -> Result<u16, BadUsage<'_>> {
    let port = match value.to_bytes() {
        b"ttyS0" => Some(0x3f8),
        b"ttyS1" => Some(0x2f8),
        [b'0', b'x', digits @ ..] => {
            let Number { value, rest } = number::strtoul(digits, 16);
            // No digits are also 0.
            u16::try_from(value).ok().filter(|_| rest.is_empty())
        }
        _ => None,
    };
    port.ok_or(BadUsage::Value {
        option: "serial",
        value,
        need: "ttyS0, ttyS1 or an I/O port from 0x0 to 0xffff",
        code: BAD_SERIAL,
    })
}

/// A speed that a divisor of the UART's 115200 gives, and that is usable; 0 changes nothing.
fn serial_baud(value: &CStr) -> Result<u32, BadUsage<'_>> {
    const MAX: u32 = 115_200;
    let baud = number::parse(value.to_bytes()).and_then(|baud| u32::try_from(baud).ok());
    match baud {
        Some(0) if !value.is_empty() => Ok(0),
        Some(baud @ 9600..=MAX) if MAX.checked_rem(baud) == Some(0) => Ok(baud),
        _ => Err(BadUsage::Value {
            option: "serial-baud",
            value,
            need: "0, or 9600 to 115200 and a divisor of 115200",
            code: BAD_SERIAL,
        }),
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
