//! Runs the command under ptrace(2): a system call is made to fail, and kexec, reboot and execve
//! never reach the kernel but get their results from a model of it.

use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::common::{Fake, gives, guard_with_network};
use crate::kernel::Kernel;
use crate::table::Fault;

/// System calls of a run at most: a hundred times what the longest makes. More is a hang.
const MOST_CALLS: usize = 20_000;
/// Seconds after which SIGALRM ends a command that makes no system call.
const SECONDS: u32 = 60;

/// Which calls a fault is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The call of this index, of all that are made.
    Call(usize),
    /// Each call of this number.
    Each(i64),
}

/// A fault, and where.
#[derive(Clone, Copy, Debug)]
pub struct Injection {
    pub at: At,
    pub fault: Fault,
}

/// A system call that was made.
#[derive(Clone, Debug)]
pub struct Call {
    pub number: i64,
    /// The first arguments; of openat the name is in `path`.
    pub arguments: [u64; 6],
    /// The file an openat names, and a read or mmap is of.
    pub path: String,
}

/// What was seen of a run.
#[derive(Debug, Default)]
pub struct Trace {
    pub calls: Vec<Call>,
    /// Whether the fault was put into a call.
    pub hit: bool,
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub hang: bool,
    pub stdout: String,
    pub stderr: String,
    /// Descriptors that were open where none of that kind may be.
    pub leaks: Vec<String>,
}

/// Runs the command in the thread's namespace, on a kernel.
#[allow(clippy::zombie_processes)] // The tracer waits, for stops too.
pub fn run(
    fake: &Fake,
    arguments: &[&str],
    kernel: &mut Kernel<'_>,
    injection: Option<Injection>,
) -> Trace {
    let (out, err) = (fake.path("stdout"), fake.path("stderr"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(arguments).env_clear().current_dir("/");
    command.stdin(Stdio::null());
    command.stdout(File::create(&out).unwrap());
    command.stderr(File::create(&err).unwrap());
    // The tracer is the first wall, this the second.
    guard_with_network(&mut command, &[gives(libc::SYS_execveat, libc::EPERM)]);
    let traced = || {
        // SAFETY: takes no pointer.
        unsafe { libc::alarm(SECONDS) };
        ptrace::traceme().map_err(std::io::Error::from)
    };
    // SAFETY: between fork and exec only system calls are made.
    unsafe { command.pre_exec(traced) };
    let child = command.spawn().expect("the command can be started");
    let mut tracer = Tracer {
        pid: Pid::from_raw(child.id() as i32),
        kernel,
        injection,
        trace: Trace::default(),
        open: Vec::new(),
    };
    tracer.follow();
    let mut trace = tracer.trace;
    let text = |path| String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    (trace.stdout, trace.stderr) = (text(&out), text(&err));
    trace
}

/// What becomes of a call whose entry was seen.
enum Reply {
    /// The kernel's.
    Kernel,
    /// This; the kernel does not see the call.
    Ours(i64),
    /// The kernel makes it, and this is returned all the same.
    Instead(i64),
}

/// An open descriptor.
struct Open {
    number: i64,
    name: String,
    cloexec: bool,
}

struct Tracer<'a, 'b> {
    pid: Pid,
    kernel: &'a mut Kernel<'b>,
    injection: Option<Injection>,
    trace: Trace,
    open: Vec<Open>,
}

impl Tracer<'_, '_> {
    fn follow(&mut self) {
        let pid = self.pid;
        // The stop that execve(2) makes for a process with a tracer.
        assert_eq!(
            waitpid(pid, None),
            Ok(WaitStatus::Stopped(pid, Signal::SIGTRAP))
        );
        let options = ptrace::Options::PTRACE_O_TRACESYSGOOD | ptrace::Options::PTRACE_O_EXITKILL;
        ptrace::setoptions(pid, options).unwrap();
        let (mut entered, mut signal) = (None, None);
        loop {
            if self.trace.calls.len() > MOST_CALLS {
                self.trace.hang = true;
                ptrace::kill(pid).unwrap();
                waitpid(pid, None).unwrap();
                return;
            }
            ptrace::syscall(pid, signal.take()).unwrap();
            match waitpid(pid, None).unwrap() {
                WaitStatus::PtraceSyscall(_) => match entered.take() {
                    None => entered = Some(self.entry()),
                    Some(reply) => self.exit(&reply),
                },
                WaitStatus::Stopped(_, other) => signal = Some(other),
                WaitStatus::Exited(_, code) => {
                    self.trace.code = Some(code);
                    return;
                }
                WaitStatus::Signaled(..) => return,
                other => panic!("{other:?}"),
            }
        }
    }

    /// At the entry of a call: the fault, or the model's reply.
    fn entry(&mut self) -> Reply {
        let mut registers = ptrace::getregs(self.pid).unwrap();
        let number = registers.orig_rax as i64;
        let arguments = [
            registers.rdi,
            registers.rsi,
            registers.rdx,
            registers.r10,
            registers.r8,
            registers.r9,
        ];
        let path = match number {
            libc::SYS_openat => self.string(arguments[1]),
            libc::SYS_memfd_create => "memfd".into(),
            libc::SYS_socket => "socket".into(),
            libc::SYS_read | libc::SYS_pread64 | libc::SYS_mmap => {
                // Of mmap the fifth argument, of the others the first.
                let argument = if number == libc::SYS_mmap { 4 } else { 0 };
                let of = |open: &&Open| open.number == arguments[argument] as i64;
                let open = self.open.iter().find(of);
                open.map_or_else(String::new, |open| open.name.clone())
            }
            _ => String::new(),
        };
        let index = self.trace.calls.len();
        self.trace.calls.push(Call {
            number,
            arguments,
            path,
        });
        let fault = self.injection.filter(|injection| match injection.at {
            At::Call(at) => at == index,
            At::Each(each) => each == number,
        });
        self.trace.hit |= fault.is_some();
        self.leaks(number);
        let reply = match (fault.map(|injection| injection.fault), number) {
            (Some(Fault::Gives(errno)), libc::SYS_close) => Reply::Instead(-i64::from(errno)),
            (Some(Fault::Gives(errno)), _) => {
                self.kernel.refused(number, &arguments, errno);
                Reply::Ours(-i64::from(errno))
            }
            (Some(Fault::Zero), _) => Reply::Ours(0),
            (Some(Fault::Short), _) => {
                // The length: of sendfile the fourth argument, of the others the third.
                let length = match number {
                    libc::SYS_sendfile => &mut registers.r10,
                    _ => &mut registers.rdx,
                };
                *length = (*length).min(1);
                ptrace::setregs(self.pid, registers).unwrap();
                Reply::Kernel
            }
            // Nothing is waited for.
            (None, libc::SYS_clock_nanosleep | libc::SYS_sync) => Reply::Ours(0),
            (None, libc::SYS_execve) => Reply::Ours(-i64::from(libc::ENOENT)),
            (None, _) => match self.kernel.call(number, &arguments, self.pid) {
                Some(value) => Reply::Ours(value),
                None => Reply::Kernel,
            },
        };
        if let Reply::Ours(_) = reply {
            registers.orig_rax = u64::MAX;
            ptrace::setregs(self.pid, registers).unwrap();
        }
        reply
    }

    /// At the exit: what is returned, and which descriptors come and go.
    fn exit(&mut self, reply: &Reply) {
        let mut registers = ptrace::getregs(self.pid).unwrap();
        if let Reply::Ours(value) | Reply::Instead(value) = reply {
            registers.rax = *value as u64;
            ptrace::setregs(self.pid, registers).unwrap();
        }
        let (Some(call), value) = (self.trace.calls.last(), registers.rax as i64) else {
            return;
        };
        match (call.number, reply) {
            (libc::SYS_close, _) => self
                .open
                .retain(|open| open.number != call.arguments[0] as i64),
            (libc::SYS_openat | libc::SYS_memfd_create | libc::SYS_socket, Reply::Kernel)
                if value >= 0 =>
            {
                let (argument, flag) = match call.number {
                    libc::SYS_openat => (2, libc::O_CLOEXEC as u64),
                    libc::SYS_socket => (1, libc::SOCK_CLOEXEC as u64),
                    _ => (1, u64::from(libc::MFD_CLOEXEC)),
                };
                self.open.push(Open {
                    number: value,
                    name: call.path.clone(),
                    cloexec: call.arguments[argument] & flag != 0,
                });
            }
            // The same seed in each run.
            (libc::SYS_getrandom, Reply::Kernel) if value > 0 => {
                let seed = vec![0x5a; value as usize];
                let remote = RemoteIoVec {
                    base: call.arguments[0] as usize,
                    len: seed.len(),
                };
                let local = [std::io::IoSlice::new(&seed)];
                process_vm_writev(self.pid, &local, &[remote]).unwrap();
            }
            _ => {}
        }
    }

    /// Looks for descriptors that should have been closed: those of files about the machine before
    /// any call for kexec and at the end, everything before a start, and what an execve hands on.
    fn leaks(&mut self, number: i64) {
        let of_machine = |name: &str| {
            let name = name.trim_start_matches('/');
            name.is_empty()
                || name == "socket"
                || ["proc/", "sys/"]
                    .iter()
                    .any(|top| name.starts_with(top) && !name.starts_with("proc/self/fd/"))
        };
        let leaked = |open: &&Open| match number {
            libc::SYS_kexec_load | libc::SYS_kexec_file_load | libc::SYS_exit_group => {
                of_machine(&open.name)
            }
            libc::SYS_reboot => true,
            libc::SYS_execve => !open.cloexec,
            _ => false,
        };
        let leaks = self.open.iter().filter(leaked);
        let leaks = leaks.map(|open| format!("{} at call {number}", open.name));
        self.trace.leaks.extend(leaks);
    }

    fn string(&self, address: u64) -> String {
        let mut bytes = Vec::new();
        // Not across the end of a page: the next one may not be mapped.
        while !bytes.contains(&0) {
            let at = address + bytes.len() as u64;
            bytes.extend(memory(self.pid, at, 64.min(4096 - at % 4096)));
        }
        let end = bytes.iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }
}

/// Bytes of the command.
pub fn memory(pid: Pid, address: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    let mut done = 0;
    while done < bytes.len() {
        let remote = RemoteIoVec {
            base: address as usize + done,
            len: bytes.len() - done,
        };
        let local = &mut [IoSliceMut::new(&mut bytes[done..])];
        let read = process_vm_readv(pid, local, &[remote]).unwrap();
        assert_ne!(read, 0, "no memory at {address:#x}");
        done += read;
    }
    bytes
}
