//! The kernel's side of a command line: it handles the calls for kexec, and records them in a
//! form that does not depend on who made them.

use super::setup::{Place, Setup, show};
use crate::Outcome;
use crate::handover::Handover;
use crate::trace::{self, Load, Replies, Reply};
use nix::unistd::Pid;
use std::fmt;
use std::path::Path;

/// What is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loaded {
    /// A kernel.
    pub kernel: bool,
    /// A crash kernel.
    pub crash: bool,
}

/// Which of the two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// kexec_load(2).
    Load,
    /// kexec_file_load(2).
    FileLoad,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "kexec_load",
            Self::FileLoad => "kexec_file_load",
        })
    }
}

/// What was given to a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// By which call.
    pub call: Call,
    /// Whether it is the crash kernel.
    pub crash: bool,
    /// All other flags.
    pub flags: u64,
    /// The kernel: the name of the file with its bytes.
    pub kernel: String,
    /// The initrd: the same, or several, joined.
    pub initrd: String,
    /// The command line, without what a loader of crash kernels adds.
    pub line: String,
    /// 0, or the errno it returned.
    pub errno: i32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A load.
    Load(Given),
    /// An unload of the kernel or the crash kernel, and its result.
    Unload(Call, bool, i32),
    /// sync(2).
    Sync,
    /// Interfaces are to go down.
    Network,
    /// The loaded kernel is started, if there is one.
    Start(bool),
    /// shutdown(8) is run.
    Shutdown,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |crash: bool| if crash { "crash kernel" } else { "kernel" };
        match self {
            Self::Load(given) => {
                let Given {
                    call,
                    crash,
                    flags,
                    kernel,
                    initrd,
                    line,
                    errno,
                } = given;
                write!(f, "{call}({}, {flags:#x}, {kernel}", of(*crash))?;
                write!(f, ", {initrd}, {line:?}) = {errno}")
            }
            Self::Unload(call, crash, errno) => {
                write!(f, "{call}(unload {}) = {errno}", of(*crash))
            }
            Self::Sync => f.write_str("sync()"),
            Self::Network => f.write_str("network down"),
            Self::Start(true) => f.write_str("reboot(kexec)"),
            Self::Start(false) => f.write_str("reboot(kexec) = EINVAL"),
            Self::Shutdown => f.write_str("shutdown -r now"),
        }
    }
}

/// Exit code of a run that a signal ended, as a shell says it is above these.
pub const SIGNALLED: i32 = -1;
/// Exit code of a run that ended because another kernel was started.
pub const STARTED: i32 = -2;

/// What a command did with a line.
#[derive(Debug, Clone)]
pub struct Run {
    /// In order.
    pub events: Vec<Event>,
    /// Exit code, [`SIGNALLED`] or [`STARTED`].
    pub code: i32,
    /// What it wrote.
    pub said: String,
}

impl Run {
    /// The loads.
    pub fn loads(&self) -> impl Iterator<Item = &Given> {
        self.events.iter().filter_map(|event| match event {
            Event::Load(given) => Some(given),
            _ => None,
        })
    }

    /// Whether another run did the same, and exited so.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.events == other.events && self.code == other.code
    }

    /// Whether nothing was done.
    #[must_use]
    pub fn did_nothing(&self) -> bool {
        self.events.is_empty()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            write!(f, "{event}; ")?;
        }
        match self.code {
            SIGNALLED => f.write_str("a signal"),
            STARTED => f.write_str("gone"),
            code => write!(f, "exit {code}"),
        }
    }
}

/// KEXEC_SEGMENT_MAX.
const SEGMENT_MAX: u64 = 16;
/// Flags of kexec_file_load that kernel 6.12 knows: UNLOAD, ON_CRASH, NO_INITRAMFS, DEBUG.
const FILE_FLAGS: u64 = 0xf;

/// A kernel.
#[derive(Debug)]
pub struct Kernel<'a> {
    place: &'a Place,
    tree: &'a Path,
    setup: Setup,
    loaded: Loaded,
    events: Vec<Event>,
    started: bool,
}

impl<'a> Kernel<'a> {
    /// One in the state that `setup` says.
    #[must_use]
    pub const fn new(place: &'a Place, tree: &'a Path, setup: Setup) -> Self {
        Self {
            place,
            tree,
            loaded: setup.loaded,
            setup,
            events: Vec::new(),
            started: false,
        }
    }

    /// What happened, and how it ended.
    #[must_use]
    pub fn run(self, end: trace::End) -> Run {
        let code = end
            .code
            .unwrap_or(if self.started { STARTED } else { SIGNALLED });
        Run {
            events: self.events,
            code,
            said: end.said,
        }
    }

    /// What is loaded changes, if the call goes well.
    fn set(&mut self, crash: bool, loaded: bool, errno: i32) -> Outcome {
        if errno == 0 {
            let of = if crash {
                &mut self.loaded.crash
            } else {
                &mut self.loaded.kernel
            };
            *of = loaded;
            show(self.tree, self.loaded, self.setup.readable)?;
        }
        Ok(())
    }

    /// kexec_load(2).
    fn load(&mut self, load: &Load) -> Outcome<Reply> {
        const ON_CRASH: u64 = 1;
        let crash = load.flags & ON_CRASH != 0;
        let errno = self.setup.load;
        self.set(crash, !load.segments.is_empty(), errno)?;
        if load.segments.is_empty() {
            self.events.push(Event::Unload(Call::Load, crash, errno));
            return Ok(Reply::errno(errno));
        }
        let mut given = Given {
            call: Call::Load,
            crash,
            flags: load.flags & !ON_CRASH,
            kernel: "something".into(),
            initrd: "?".into(),
            line: String::new(),
            errno,
        };
        if let Ok(handover) = Handover::read(load, &self.place.image) {
            given.kernel = "@kernel".into();
            given.initrd = self.name_of(handover.initrd.as_deref());
            let line =
                String::from_utf8_lossy(handover.command_line.as_deref().unwrap_or_default());
            let added = |word: &&str| {
                crash
                    && ["elfcorehdr=", "memmap=", "acpi_rsdp="]
                        .iter()
                        .any(|name| word.starts_with(name))
            };
            let kept: Vec<&str> = line.split(' ').filter(|word| !added(word)).collect();
            given.line = kept.join(" ").trim_start().into();
        }
        self.events.push(Event::Load(given));
        Ok(Reply::errno(errno))
    }

    /// kexec_file_load(2).
    fn file_load(&mut self, process: Pid, arguments: [u64; 6]) -> Outcome<Reply> {
        const UNLOAD: u64 = 1;
        const ON_CRASH: u64 = 2;
        const NO_INITRAMFS: u64 = 4;
        let [kernel, initrd, length, line, flags, _] = arguments;
        let crash = flags & ON_CRASH != 0;
        if flags & UNLOAD != 0 {
            let errno = self.setup.file_load;
            self.set(crash, false, errno)?;
            self.events
                .push(Event::Unload(Call::FileLoad, crash, errno));
            return Ok(Reply::errno(errno));
        }
        // Nothing can be loaded of it: it asks whether the flags are known.
        if (kernel as i32) < 0 {
            let known = flags & !FILE_FLAGS == 0;
            return Ok(Reply::errno(if known { libc::EBADF } else { libc::EINVAL }));
        }
        let read = |number: u64| {
            let path = format!("/proc/{process}/fd/{}", number as i32);
            // What cannot be read, a directory, is nothing that loads.
            std::fs::read(&path).unwrap_or_default()
        };
        let kernel = read(kernel);
        let initrd = match flags & NO_INITRAMFS {
            0 => Some(read(initrd)),
            _ => None,
        };
        let errno = match self.setup.file_load {
            0 if flags & !FILE_FLAGS != 0 => libc::EINVAL,
            0 if !is_bzimage64(&kernel) => libc::ENOEXEC,
            given => given,
        };
        let line = trace::memory(process, line, length)?;
        self.events.push(Event::Load(Given {
            call: Call::FileLoad,
            crash,
            flags: flags & !ON_CRASH,
            kernel: self.name_of(Some(&kernel)),
            initrd: self.name_of(initrd.as_deref()),
            line: String::from_utf8_lossy(line.strip_suffix(b"\0").unwrap_or(&line)).into(),
            errno,
        }));
        self.set(crash, true, errno)?;
        Ok(Reply::errno(errno))
    }

    /// The file that has these bytes, or the files that have them joined, with zeros between.
    fn name_of(&self, bytes: Option<&[u8]>) -> String {
        let Some(bytes) = bytes else {
            return "none".into();
        };
        let files = &self.place.files;
        if let Some((name, _)) = files.iter().find(|(_, file)| file == bytes) {
            return format!("@{name}");
        }
        let mut names = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let starts = |file: &&(&str, Vec<u8>)| !file.1.is_empty() && rest.starts_with(&file.1);
            match files.iter().find(starts) {
                Some((name, file)) => {
                    names.push(format!("@{name}"));
                    rest = &rest[file.len()..];
                    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
                    rest = &rest[zeros..];
                }
                None => return format!("{} bytes", bytes.len()),
            }
        }
        names.join("+")
    }
}

/// As bzImage64_probe in arch/x86/kernel/kexec-bzimage64.c, as far as files here differ.
fn is_bzimage64(kernel: &[u8]) -> bool {
    kernel.len() > 0x1000 && kernel[0x202..0x206] == *b"HdrS" && kernel[0x236] & 3 == 3
}

impl Replies for Kernel<'_> {
    fn call(&mut self, process: Pid, number: i64, arguments: [u64; 6]) -> Outcome<Reply> {
        let (event, reply) = match number {
            // More than there can be: it asks whether there is such a call.
            libc::SYS_kexec_load if arguments[1] > SEGMENT_MAX => {
                return Ok(Reply::errno(match self.setup.load {
                    libc::ENOSYS => libc::ENOSYS,
                    _ => libc::EINVAL,
                }));
            }
            libc::SYS_kexec_load => return self.load(&trace::load(process, arguments)?),
            libc::SYS_kexec_file_load => return self.file_load(process, arguments),
            libc::SYS_reboot if self.loaded.kernel => {
                self.started = true;
                (Event::Start(true), Reply::Never)
            }
            libc::SYS_reboot => (Event::Start(false), Reply::errno(libc::EINVAL)),
            libc::SYS_sync => (Event::Sync, Reply::Ours(0)),
            libc::SYS_socket => (Event::Network, Reply::errno(libc::EAFNOSUPPORT)),
            // The only program that either runs, which is looked for in several places.
            libc::SYS_execve => (Event::Shutdown, Reply::errno(libc::ENOENT)),
            _ => return Ok(Reply::Kernel),
        };
        if self.events.last() != Some(&event) {
            self.events.push(event);
        }
        Ok(reply)
    }
}
