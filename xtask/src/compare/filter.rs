//! A launcher that lets a whole preparation run where nothing can be loaded: a seccomp filter
//! makes kexec_load(2) return 0 and keeps the machine from being restarted.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// System calls by number, and the errno each gives instead of being made.
const RESULTS: [(i64, i32); 3] = [
    (libc::SYS_kexec_load, 0),
    (libc::SYS_kexec_file_load, libc::ENOSYS),
    (libc::SYS_reboot, libc::EPERM),
];

/// Puts the filter before a command; with `traced`, it also stops at its first instruction for
/// a tracer.
pub fn guard(command: &mut Command, traced: bool) {
    let program = program();
    let install = move || {
        let filter = libc::sock_fprog {
            len: program.len() as u16,
            filter: program.as_ptr().cast_mut(),
        };
        // SAFETY: takes no pointer.
        check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
        let mode = libc::SECCOMP_MODE_FILTER;
        // SAFETY: the kernel reads the program, which outlives the call.
        check(unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter) })?;
        if traced {
            let none = std::ptr::null_mut::<libc::c_void>();
            // SAFETY: the request looks at no pointer.
            check(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, none, none) } as i32)?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made; nothing is allocated.
    unsafe { command.pre_exec(install) };
}

fn check(returned: i32) -> std::io::Result<()> {
    match returned {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

fn program() -> Vec<libc::sock_filter> {
    const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let one = |code, k, jf| libc::sock_filter { code, jt: 0, jf, k };
    // The number is at offset 0 of struct seccomp_data.
    let mut program = vec![one(LOAD_WORD, 0, 0)];
    for (call, errno) in RESULTS {
        program.push(one(EQUAL, call as u32, 1));
        program.push(one(RETURN, libc::SECCOMP_RET_ERRNO | errno as u32, 0));
    }
    program.push(one(RETURN, libc::SECCOMP_RET_ALLOW, 0));
    program
}
