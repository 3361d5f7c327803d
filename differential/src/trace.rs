//! Runs a command on a fake machine and reads out the kexec_load(2) it makes.
//!
//! The command gets a mount namespace of its own with the fake tree over /proc, /sys and /dev,
//! and runs under ptrace(2). Calls that load, start, or would make a second process, which nobody
//! would watch, never reach the kernel: [`Replies`] says what they give. That the command never
//! had CAP_SYS_BOOT, is in a network namespace of its own and finds no shutdown(8) is a second
//! protection.

use crate::Outcome;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Seconds of CPU time a command may take.
const CPU_SECONDS: u64 = 120;
/// The kernel's limit, KEXEC_SEGMENT_MAX; a command may wrongly ask for more.
const SEGMENTS_READ: u64 = 64;
/// Bytes of struct kexec_segment.
const SEGMENT_SIZE: usize = 32;

/// A command to run: the program, and arguments that come before all others.
#[derive(Debug, Clone)]
pub struct Program {
    /// Name in reports.
    pub name: String,
    /// What is executed.
    pub path: PathBuf,
    /// First arguments: for a program run through another system's dynamic loader.
    pub prefix: Vec<OsString>,
}

/// A segment given to kexec_load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The bytes loaded (bufsz of them).
    pub bytes: Vec<u8>,
    /// Physical address.
    pub mem: u64,
    /// Bytes of memory; zero after the loaded ones.
    pub memsz: u64,
}

/// The arguments of a kexec_load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Physical address of the first instruction.
    pub entry: u64,
    /// KEXEC_*.
    pub flags: u64,
    /// In the order given.
    pub segments: Vec<Segment>,
}

/// What becomes of a system call whose entry was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The kernel's own result.
    Kernel,
    /// This, and the kernel does not see the call.
    Ours(i64),
    /// The process does not come back from it: it ends there.
    Never,
}

impl Reply {
    /// An errno.
    #[must_use]
    pub const fn errno(errno: i32) -> Self {
        Self::Ours(-(errno as i64))
    }
}

/// What handles system calls in place of the kernel.
pub trait Replies {
    /// The reply to a call of `process`.
    ///
    /// # Errors
    /// What it points at cannot be read.
    fn call(&mut self, process: Pid, number: i64, arguments: [u64; 6]) -> Outcome<Reply>;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout and stderr.
    pub said: String,
}

/// Everything seen of a run in which each kexec_load goes well, and kexec_file_load gives ENOSYS.
#[derive(Debug, Default)]
pub struct Trace {
    /// The kexec_load calls.
    pub loads: Vec<Load>,
    /// Flags of the kexec_file_load calls.
    pub file_loads: Vec<u64>,
    /// Names of system calls refused with EPERM.
    pub refused: Vec<&'static str>,
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout and stderr.
    pub said: String,
}

/// Gives this thread a network of its own and a mount namespace with an empty tmpfs at
/// `directory`: fake machines lie there, whose directories then list their entries in a known
/// order, and are gone with the process.
///
/// # Errors
/// Not root, or the kernel refuses.
pub fn private_tmpfs(directory: &Path) -> Outcome {
    if !nix::unistd::geteuid().is_root() {
        return Err("a mount namespace with another /proc and /sys takes root".into());
    }
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    private_namespace()
        .and_then(|()| unshare(CloneFlags::CLONE_NEWNET))
        .and_then(|()| {
            mount(
                Some("tmpfs"),
                directory,
                Some("tmpfs"),
                MsFlags::empty(),
                NOTHING,
            )
        })
        .map_err(|error| format!("cannot make a mount namespace with a tmpfs: {error}"))
}

const NOTHING: Option<&str> = None;

fn private_namespace() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(
        NOTHING,
        "/",
        NOTHING,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        NOTHING,
    )
}

/// Runs `program` with `arguments` on the machine in the directory `tree` (with proc, sys and
/// dev in it, and boot or not) and returns what it did. `log` receives what it says.
///
/// # Errors
/// It cannot be run or traced.
pub fn run(program: &Program, arguments: &[OsString], tree: &Path, log: &Path) -> Outcome<Trace> {
    let mut trace = Trace::default();
    let end = run_with(program, arguments, tree, log, &mut trace)?;
    trace.code = end.code;
    trace.said = end.said;
    Ok(trace)
}

/// As [`run`], with the replies of `replies`.
///
/// # Errors
/// It cannot be run or traced.
pub fn run_with(
    program: &Program,
    arguments: &[OsString],
    tree: &Path,
    log: &Path,
    replies: &mut dyn Replies,
) -> Outcome<End> {
    let output = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let mut command = Command::new(&program.path);
    command
        .args(&program.prefix)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let mounts = mounts(tree)?;
    let enter = move || {
        enter(&mounts).map_err(std::io::Error::from)?;
        ptrace::traceme().map_err(std::io::Error::from)
    };
    // SAFETY: the closure makes system calls on memory prepared before the fork, and nothing else.
    unsafe { command.pre_exec(enter) };
    let child = command
        .spawn()
        .map_err(|error| format!("{}: {error}", program.path.display()))?;
    let pid = Pid::from_raw(child.id() as i32);
    let followed = follow(pid, replies);
    if followed.is_err() {
        // EXITKILL would do so at our end only.
        let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
    }
    let said = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let code = followed.map_err(|error| format!("{}: {error}\n{said}", program.name))?;
    Ok(End { code, said })
}

/// What is mounted where.
type Mounts = Vec<(CString, CString)>;

fn mounts(tree: &Path) -> Outcome<Mounts> {
    let text = |path: &Path| {
        CString::new(path.as_os_str().as_bytes()).map_err(|_| "a path with a NUL".to_string())
    };
    let pair = |name: &str| -> Outcome<_> {
        Ok((text(&tree.join(name))?, text(&Path::new("/").join(name))?))
    };
    // /proc comes last, because the paths of the others can lead through it.
    let names = ["boot", "sys", "dev", "proc"];
    let there = names.iter().filter(|name| tree.join(name).is_dir());
    there.map(|name| pair(name)).collect()
}

/// Where kexec looks for shutdown(8).
const SHUTDOWNS: [&CStr; 3] = [c"/sbin/shutdown", c"/etc/shutdown", c"/bin/shutdown"];

/// In the child: the namespace, its mounts, no shutdown(8), no CAP_SYS_BOOT, limits.
fn enter(mounts: &Mounts) -> nix::Result<()> {
    private_namespace()?;
    for path in SHUTDOWNS {
        let null = Some(c"/dev/null");
        match mount(null, path, NOTHING, MsFlags::MS_BIND, NOTHING) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(error) => return Err(error),
        }
    }
    for (from, to) in mounts {
        mount(
            Some(from.as_c_str()),
            to.as_c_str(),
            NOTHING,
            MsFlags::MS_BIND,
            NOTHING,
        )?;
    }
    const CAP_SYS_BOOT: libc::c_ulong = 22;
    // SAFETY: PR_CAPBSET_DROP takes a number and touches no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0) })?;
    setrlimit(Resource::RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS)
}

/// Returns the exit code, or `None` if it ended by a signal.
fn follow(pid: Pid, replies: &mut dyn Replies) -> Outcome<Option<i32>> {
    let fail = |what: &str, error: Errno| format!("{what}: {error}");
    // The stop that execve(2) makes for a process with a tracer.
    match waitpid(pid, None).map_err(|error| fail("waitpid", error))? {
        WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
        other => return Err(format!("did not start: {other:?}")),
    }
    let options = ptrace::Options::PTRACE_O_TRACESYSGOOD
        | ptrace::Options::PTRACE_O_EXITKILL
        | ptrace::Options::PTRACE_O_TRACEEXEC;
    ptrace::setoptions(pid, options).map_err(|error| fail("PTRACE_SETOPTIONS", error))?;
    let mut entered = None;
    let mut signal = None;
    loop {
        ptrace::syscall(pid, signal.take()).map_err(|error| fail("PTRACE_SYSCALL", error))?;
        match waitpid(pid, None).map_err(|error| fail("waitpid", error))? {
            WaitStatus::PtraceSyscall(_) => match entered.take() {
                None => {
                    let reply = entry(pid, replies)?;
                    if reply == Reply::Never {
                        return end(pid).map(|()| None);
                    }
                    entered = Some(reply);
                }
                Some(Reply::Kernel | Reply::Never) => {}
                Some(Reply::Ours(value)) => {
                    let mut registers = ptrace::getregs(pid).map_err(|e| fail("GETREGS", e))?;
                    registers.rax = value as u64;
                    ptrace::setregs(pid, registers).map_err(|e| fail("SETREGS", e))?;
                }
            },
            WaitStatus::PtraceEvent(..) => {}
            WaitStatus::Stopped(_, other) => signal = Some(other),
            WaitStatus::Exited(_, code) => return Ok(Some(code)),
            WaitStatus::Signaled(..) => return Ok(None),
            other => return Err(format!("unexpected: {other:?}")),
        }
    }
}

/// Ends the process in the middle of a system call, which is not made.
fn end(pid: Pid) -> Outcome {
    nix::sys::signal::kill(pid, Signal::SIGKILL).map_err(|error| format!("kill: {error}"))?;
    match waitpid(pid, None) {
        Ok(WaitStatus::Signaled(..) | WaitStatus::Exited(..)) => Ok(()),
        other => Err(format!("it does not end: {other:?}")),
    }
}

/// At the entry of a system call: replaces calls that must not reach the kernel.
fn entry(pid: Pid, replies: &mut dyn Replies) -> Outcome<Reply> {
    let mut registers = ptrace::getregs(pid).map_err(|error| format!("GETREGS: {error}"))?;
    let arguments = [
        registers.rdi,
        registers.rsi,
        registers.rdx,
        registers.r10,
        registers.r8,
        registers.r9,
    ];
    let number = registers.orig_rax as i64;
    let reply = match replies.call(pid, number, arguments)? {
        // What no run may do.
        Reply::Kernel if name_of_refused(number).is_some() => Reply::errno(libc::EPERM),
        other => other,
    };
    if reply != Reply::Kernel {
        registers.orig_rax = u64::MAX;
        ptrace::setregs(pid, registers).map_err(|error| format!("SETREGS: {error}"))?;
    }
    Ok(reply)
}

impl Replies for Trace {
    fn call(&mut self, process: Pid, number: i64, arguments: [u64; 6]) -> Outcome<Reply> {
        Ok(match number {
            libc::SYS_kexec_load => {
                self.loads.push(load(process, arguments)?);
                Reply::Ours(0)
            }
            libc::SYS_kexec_file_load => {
                self.file_loads.push(arguments[4]);
                Reply::errno(libc::ENOSYS)
            }
            _ => {
                self.refused.extend(name_of_refused(number));
                Reply::Kernel
            }
        })
    }
}

fn name_of_refused(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_kexec_load => "kexec_load",
        libc::SYS_kexec_file_load => "kexec_file_load",
        libc::SYS_reboot => "reboot",
        libc::SYS_fork => "fork",
        libc::SYS_vfork => "vfork",
        libc::SYS_clone => "clone",
        libc::SYS_clone3 => "clone3",
        libc::SYS_ptrace => "ptrace",
        _ => return None,
    })
}

/// The arguments of a kexec_load.
///
/// # Errors
/// A segment cannot be read.
pub fn load(process: Pid, arguments: [u64; 6]) -> Outcome<Load> {
    let [entry, count, table, flags, ..] = arguments;
    let segments = segments(process, table, count)?;
    Ok(Load {
        entry,
        flags,
        segments,
    })
}

fn segments(pid: Pid, address: u64, count: u64) -> Outcome<Vec<Segment>> {
    if count > SEGMENTS_READ {
        return Err(format!("kexec_load with {count} segments"));
    }
    let table = memory(pid, address, count * SEGMENT_SIZE as u64)?;
    table
        .chunks_exact(SEGMENT_SIZE)
        .map(|raw| {
            let word =
                |n: usize| u64::from_le_bytes(raw[n * 8..n * 8 + 8].try_into().unwrap_or_default());
            Ok(Segment {
                bytes: memory(pid, word(0), word(1))?,
                mem: word(2),
                memsz: word(3),
            })
        })
        .collect()
}

/// The memory of a traced process.
///
/// # Errors
/// Not all of it is there.
pub fn memory(pid: Pid, address: u64, length: u64) -> Outcome<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    let mut done = 0;
    while done < bytes.len() {
        let remote = RemoteIoVec {
            base: address as usize + done,
            len: bytes.len() - done,
        };
        let local = &mut [IoSliceMut::new(&mut bytes[done..])];
        match process_vm_readv(pid, local, &[remote]) {
            Ok(0) => return Err(format!("no memory at {:#x}", remote.base)),
            Ok(read) => done += read,
            Err(error) => return Err(format!("memory at {:#x}: {error}", remote.base)),
        }
    }
    Ok(bytes)
}
