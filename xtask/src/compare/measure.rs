//! What a run of a program costs, by wait4(2).

use super::filter::guard;
use crate::Outcome;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// CPU time, in user space and in the kernel, from fork to exit, in seconds.
    pub cpu: f64,
    /// Wall time, in seconds.
    pub wall: f64,
    /// The most bytes that were resident.
    pub resident: u64,
}

/// Runs a program to its end, with kexec_load(2) returning 0. What it prints is dropped; that it
/// fails is an error.
pub fn run(mut command: Command) -> Outcome<Cost> {
    let shown = format!("{command:?}");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    guard(&mut command, false);
    let start = Instant::now();
    let child = command
        .spawn()
        .map_err(|error| format!("cannot run {shown}: {error}"))?;
    let mut status = 0;
    // SAFETY: all zeros are a value of the struct, which is integers only.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let (pid, to) = (child.id() as i32, &raw mut usage);
    // SAFETY: the kernel writes one status and one rusage, which these are.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, to) };
    let wall = start.elapsed().as_secs_f64();
    if waited != pid {
        return Err(format!("wait4: {}", std::io::Error::last_os_error()));
    }
    if status != 0 {
        return Err(format!("{shown}: status {status:#x}"));
    }
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    Ok(Cost {
        cpu: cpu.as_secs_f64(),
        wall,
        resident: usage.ru_maxrss.unsigned_abs() << 10,
    })
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}
