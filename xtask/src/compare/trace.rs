//! What a run asks of the kernel, by ptrace(2): system calls, bytes read, and the memory it
//! holds when it calls kexec_load(2).

use super::filter::guard;
use crate::Outcome;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What was seen.
#[derive(Debug, Default, Clone)]
pub struct Trace {
    /// How often each system call was made, by number.
    pub calls: BTreeMap<i64, u64>,
    /// Bytes that came by read(2) and pread64(2).
    pub read: u64,
    /// Memory at kexec_load(2), in bytes; all 0 if it was not called.
    pub memory: Memory,
}

/// Memory of a process, from /proc/PID/smaps_rollup.
#[derive(Debug, Default, Clone, Copy)]
pub struct Memory {
    /// Its own: not backed by a file.
    pub private: u64,
    /// All that is mapped, page cache included.
    pub resident: u64,
}

impl Trace {
    /// How many system calls, execve(2) not counted.
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// Runs a single-threaded program to its end, with kexec_load(2) returning 0.
pub fn trace(mut command: Command) -> Outcome<Trace> {
    let shown = format!("{command:?}");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    guard(&mut command, true);
    let child = command
        .spawn()
        .map_err(|error| format!("cannot trace {shown}: {error}"))?;
    let pid = child.id() as i32;
    let mut trace = Trace::default();
    if !libc::WIFSTOPPED(wait(pid)?) {
        return Err(format!("{shown} did not stop at its start"));
    }
    request(libc::PTRACE_SETOPTIONS, pid, libc::PTRACE_O_TRACESYSGOOD)?;
    let mut entering = true;
    let mut signal = 0;
    loop {
        request(libc::PTRACE_SYSCALL, pid, signal)?;
        signal = 0;
        let status = wait(pid)?;
        if libc::WIFEXITED(status) {
            return match libc::WEXITSTATUS(status) {
                0 => Ok(trace),
                code => Err(format!("{shown}: exit code {code}")),
            };
        }
        if libc::WIFSIGNALED(status) {
            return Err(format!("{shown}: status {status:#x}"));
        }
        if libc::WSTOPSIG(status) != libc::SIGTRAP | 0x80 {
            signal = libc::WSTOPSIG(status);
            continue;
        }
        let (call, result) = registers(pid)?;
        if entering {
            *trace.calls.entry(call).or_default() += 1;
            if call == libc::SYS_kexec_load && trace.memory.resident == 0 {
                trace.memory = memory(pid)?;
            }
        } else if matches!(call, libc::SYS_read | libc::SYS_pread64) {
            trace.read += u64::try_from(result).unwrap_or(0);
        }
        entering = !entering;
    }
}

fn wait(pid: i32) -> Outcome<i32> {
    let mut status = 0;
    // SAFETY: the kernel writes one status.
    match unsafe { libc::waitpid(pid, &raw mut status, 0) } {
        done if done == pid => Ok(status),
        _ => Err(format!("waitpid: {}", std::io::Error::last_os_error())),
    }
}

fn request(request: libc::c_uint, pid: i32, data: i32) -> Outcome {
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests take a number, no pointer.
    match unsafe { libc::ptrace(request, pid, none, data as libc::c_long) } {
        -1 => Err(format!("ptrace: {}", std::io::Error::last_os_error())),
        _ => Ok(()),
    }
}

/// The system call a stopped process is in, and what it returned, if it has.
fn registers(pid: i32) -> Outcome<(i64, i64)> {
    // SAFETY: all zeros are a value of the struct, which is integers only.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    let none = std::ptr::null_mut::<libc::c_void>();
    let to = &raw mut registers;
    // SAFETY: the kernel writes one struct of registers, which `to` is.
    match unsafe { libc::ptrace(libc::PTRACE_GETREGS, pid, none, to) } {
        -1 => Err(format!("ptrace: {}", std::io::Error::last_os_error())),
        _ => Ok((registers.orig_rax as i64, registers.rax as i64)),
    }
}

fn memory(pid: i32) -> Outcome<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.trim_end_matches("kB").trim().parse::<u64>().ok());
        number
            .map(|kib| kib << 10)
            .ok_or_else(|| format!("{path} has no {name}"))
    };
    Ok(Memory {
        private: field("Anonymous:")?,
        resident: field("Rss:")?,
    })
}
