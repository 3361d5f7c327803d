//! Runs a command on a fake machine and reads out the kexec_load(2) it makes.
//!
//! The command gets a mount namespace of its own with the fake tree over /proc, /sys and /dev,
//! and runs under ptrace(2). Its kexec_load is recorded, turned into no system call at all and
//! answered with 0; kexec_file_load is answered with ENOSYS; reboot and everything that would
//! make a second process, which nobody would watch, with EPERM. That it never had
//! CAP_SYS_BOOT is a second wall behind the first.

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
use std::ffi::{CString, OsString};
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
    /// Bytes of memory; zero behind the loaded ones.
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

/// Everything seen of a run.
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

/// Gives this thread a mount namespace of its own with an empty tmpfs at `directory`: fake
/// machines lie there, whose directories then list their entries in a known order, and are gone
/// with the process.
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
/// dev in it) and answers what it did. `log` receives what it says.
///
/// # Errors
/// It cannot be run or traced.
pub fn run(program: &Program, arguments: &[OsString], tree: &Path, log: &Path) -> Outcome<Trace> {
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
    let mut trace = Trace::default();
    let followed = follow(pid, &mut trace);
    if followed.is_err() {
        // EXITKILL would do so at our end only.
        let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
    }
    trace.said = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    followed.map_err(|error| format!("{}: {error}\n{}", program.name, trace.said))?;
    Ok(trace)
}

/// What is mounted where.
type Mounts = [(CString, CString); 3];

fn mounts(tree: &Path) -> Outcome<Mounts> {
    let text = |path: &Path| {
        CString::new(path.as_os_str().as_bytes()).map_err(|_| "a path with a NUL".to_string())
    };
    let pair = |name: &str| -> Outcome<_> {
        Ok((text(&tree.join(name))?, text(&Path::new("/").join(name))?))
    };
    Ok([pair("sys")?, pair("dev")?, pair("proc")?])
}

/// In the child: the namespace, its mounts, no CAP_SYS_BOOT, limits.
fn enter(mounts: &Mounts) -> nix::Result<()> {
    private_namespace()?;
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

/// What is to become of a system call whose entry was seen.
enum Answer {
    /// The kernel's own.
    Kernel,
    /// This, and the kernel does not see the call.
    Ours(i64),
}

fn follow(pid: Pid, trace: &mut Trace) -> Outcome {
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
                None => entered = Some(entry(pid, trace)?),
                Some(Answer::Kernel) => {}
                Some(Answer::Ours(value)) => {
                    let mut registers = ptrace::getregs(pid).map_err(|e| fail("GETREGS", e))?;
                    registers.rax = value as u64;
                    ptrace::setregs(pid, registers).map_err(|e| fail("SETREGS", e))?;
                }
            },
            WaitStatus::PtraceEvent(..) => {}
            WaitStatus::Stopped(_, other) => signal = Some(other),
            WaitStatus::Exited(_, code) => {
                trace.code = Some(code);
                return Ok(());
            }
            WaitStatus::Signaled(..) => return Ok(()),
            other => return Err(format!("unexpected: {other:?}")),
        }
    }
}

/// At the entry of a system call: records what is of interest and takes away what must not be.
fn entry(pid: Pid, trace: &mut Trace) -> Outcome<Answer> {
    let mut registers = ptrace::getregs(pid).map_err(|error| format!("GETREGS: {error}"))?;
    let refuse = -i64::from(Errno::EPERM as i32);
    let answer = match registers.orig_rax as i64 {
        libc::SYS_kexec_load => {
            trace.loads.push(Load {
                entry: registers.rdi,
                flags: registers.r10,
                segments: segments(pid, registers.rdx, registers.rsi)?,
            });
            0
        }
        libc::SYS_kexec_file_load => {
            trace.file_loads.push(registers.r8);
            -i64::from(Errno::ENOSYS as i32)
        }
        number => match name_of_refused(number) {
            Some(name) => {
                trace.refused.push(name);
                refuse
            }
            None => return Ok(Answer::Kernel),
        },
    };
    registers.orig_rax = u64::MAX;
    ptrace::setregs(pid, registers).map_err(|error| format!("SETREGS: {error}"))?;
    Ok(Answer::Ours(answer))
}

fn name_of_refused(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_reboot => "reboot",
        libc::SYS_fork => "fork",
        libc::SYS_vfork => "vfork",
        libc::SYS_clone => "clone",
        libc::SYS_clone3 => "clone3",
        libc::SYS_ptrace => "ptrace",
        _ => return None,
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

fn memory(pid: Pid, address: u64, length: u64) -> Outcome<Vec<u8>> {
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
