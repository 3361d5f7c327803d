//! What the tests of the command share: a launcher that keeps kexec from happening, images, and
//! a directory for files.
#![allow(dead_code, unused_imports)] // Each test file is a crate and uses a part of this.

mod ask;
mod fake;

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use ask::Questions;
pub use fake::{Fake, boot_params};
/// System call numbers of x86_64 and AArch64 by their names.
pub use libc::{SYS_kexec_file_load as FILE_LOAD, SYS_kexec_load as LOAD};

/// A rule of the launcher: what a system call gives instead of being made.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its number.
    pub call: i64,
    /// Only if this argument has any of these bits in its lower half.
    pub bits: Option<(u8, u32)>,
    /// What it gives: a SECCOMP_RET_*.
    action: u32,
}

/// The call always gives `errno`.
pub const fn gives(call: i64, errno: i32) -> Rule {
    Rule {
        call,
        bits: None,
        action: libc::SECCOMP_RET_ERRNO | errno as u32,
    }
}

/// The call gives `errno` if the lower half of its argument number `argument`, from 0, has any bit
/// of `bits`.
pub const fn bits_give(call: i64, argument: u8, bits: u32, errno: i32) -> Rule {
    Rule {
        bits: Some((argument, bits)),
        ..gives(call, errno)
    }
}

/// The call waits until the test has replied, see [`Questions`].
pub const fn asks(call: i64) -> Rule {
    Rule {
        call,
        bits: None,
        action: libc::SECCOMP_RET_USER_NOTIF,
    }
}

/// kexec_file_load gives `errno` if `flags` has any bit of `bits`.
pub const fn flags_give(bits: u32, errno: i32) -> Rule {
    Rule {
        bits: Some((4, bits)),
        ..gives(FILE_LOAD, errno)
    }
}

/// Both calls succeed: what is refused, the command refuses.
pub const WILLING: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

/// No file that the command writes may have more than `bytes` bytes.
pub fn limit_files(command: &mut Command, bytes: u64) {
    let limits = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    let set = move || {
        // SAFETY: the kernel reads one rlimit.
        match unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limits) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec one system call is made.
    unsafe { command.pre_exec(set) };
}

/// What the command did.
pub struct Run {
    /// The exit code.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the command with no system call that loads, and the rules given: the first that fits
/// counts.
///
/// On every machine and with all arguments reboot(2) gives EPERM, and the network stays: a
/// test must not restart the machine it runs on.
pub fn kexec_with(rules: &[Rule], arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(arguments);
    guard(&mut command, rules);
    finish(&command.output().expect("the command can be started"))
}

/// Runs the command on a kernel that has no kexec.
pub fn kexec(arguments: &[&str]) -> Run {
    kexec_with(&[], arguments)
}

/// Checks that the command ended by itself.
pub fn finish(output: &Output) -> Run {
    assert_eq!(output.status.signal(), None, "{output:?}");
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout.clone()).unwrap(),
        stderr: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// What would be loaded: kernel, initrds and command line, in the report's order.
pub fn loaded(run: &Run) -> Vec<&str> {
    let rows = run.stdout.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        let value = value.rsplit_once(" (").map_or(value, |(value, _)| value);
        ["kernel", "initrd", "dtb", "command line"]
            .contains(&name)
            .then_some(value)
    });
    rows.collect()
}

/// Puts the filter before a command.
pub fn guard(command: &mut Command, rules: &[Rule]) {
    install(command, rules, filter(rules, true));
}

/// As [`guard`] for a command in a network namespace of its own, whose interfaces may go down.
pub fn guard_with_network(command: &mut Command, rules: &[Rule]) {
    install(command, rules, filter(rules, false));
}

fn install(command: &mut Command, rules: &[Rule], program: Vec<libc::sock_filter>) {
    let asks = rules
        .iter()
        .any(|rule| rule.action == libc::SECCOMP_RET_USER_NOTIF);
    let install = move || {
        let filter = libc::sock_fprog {
            len: program.len() as u16,
            filter: program.as_ptr().cast_mut(),
        };
        // SAFETY: takes no pointer.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        let flags = if asks {
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER
        } else {
            0
        };
        // SAFETY: the kernel reads the program, which outlives the call.
        let done = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const filter) };
        if done < 0 || (asks && !ask::keep(done as i32)) {
            return Err(std::io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made; nothing is allocated on success.
    unsafe { command.pre_exec(install) };
}

/// `no_network`: refuses the socket that takes interfaces down.
fn filter(rules: &[Rule], no_network: bool) -> Vec<libc::sock_filter> {
    const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let one = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let always = [
        gives(libc::SYS_reboot, libc::EPERM),
        gives(libc::SYS_sync, 0),
    ];
    let network = no_network.then_some(Rule {
        // Bit 4 is in AF_NETLINK (16), the family that takes interfaces down.
        bits: Some((0, libc::AF_NETLINK as u32)),
        ..gives(libc::SYS_socket, libc::EAFNOSUPPORT)
    });
    let never = [gives(FILE_LOAD, libc::ENOSYS), gives(LOAD, libc::ENOSYS)];
    let mut program = Vec::new();
    for rule in always.iter().chain(&network).chain(rules).chain(&never) {
        // The number is at offset 0 of struct seccomp_data, the arguments at 16.
        program.push(one(LOAD_WORD, 0, 0, 0));
        match rule.bits {
            None => program.push(one(EQUAL, rule.call as u32, 0, 1)),
            Some((argument, bits)) => program.extend([
                one(EQUAL, rule.call as u32, 0, 3),
                one(LOAD_WORD, 16 + 8 * u32::from(argument), 0, 0),
                one(ANY_BIT, bits, 0, 1),
            ]),
        }
        program.push(one(RETURN, rule.action, 0, 0));
    }
    program.push(one(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0));
    program
}

/// A directory of a test's own, removed at its end.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _absent = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A new one, and the path of a kernel in it.
    pub fn with_kernel(name: &str) -> (Self, String) {
        let directory = Self::new(name);
        let kernel = directory.file("kernel", &bzimage(64 << 10));
        (directory, kernel)
    }

    /// A fresh one where every user gets to: the build's directories may be closed to others.
    pub fn for_everyone(name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        kexec_testing::file(Path::new(&path), bytes).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// A bzImage by the boot protocol 2.15 with `payload` bytes after its 4 KiB of setup code; small,
/// so that it fits any machine (init_size 1 MiB).
pub fn bzimage(payload: usize) -> Vec<u8> {
    const SETUP: usize = 4096;
    let mut image = vec![0x90; SETUP + payload];
    image[..SETUP].fill(0);
    let mut put = |offset: usize, bytes: &[u8]| {
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x1f1, &[(SETUP / 512 - 1) as u8]); // setup_sects
    put(0x1f4, &((payload / 16) as u32).to_le_bytes()); // syssize
    put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a]); // boot_flag, jump
    put(0x202, b"HdrS");
    put(0x206, &0x020f_u16.to_le_bytes()); // version
    put(0x211, &[1]); // loadflags: LOADED_HIGH
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes()); // initrd_addr_max
    put(0x230, &0x20_0000_u32.to_le_bytes()); // kernel_alignment
    put(0x234, &[1, 21]); // relocatable_kernel, min_alignment
    put(0x236, &0x7f_u16.to_le_bytes()); // xloadflags
    put(0x238, &2047_u32.to_le_bytes()); // cmdline_size
    put(0x258, &0x100_0000_u64.to_le_bytes()); // pref_address
    put(0x260, &0x10_0000_u32.to_le_bytes()); // init_size
    put(0x268, &0x100_u32.to_le_bytes()); // kernel_info_offset
    put(SETUP + 0x100, b"LToP");
    put(SETUP + 0x104, &16_u32.to_le_bytes());
    put(SETUP + 0x108, &16_u32.to_le_bytes());
    put(SETUP + 0x10c, &0x8000_000a_u32.to_le_bytes()); // setup_type_max
    image
}
