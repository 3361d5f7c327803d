//! The kernel's side of kexec: what is loaded, and what a refused call takes away
//! (kernel/kexec.c, kernel/kexec_file.c).

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;

use nix::unistd::Pid;

use crate::common::Fake;
use crate::trace::memory;

/// What a kernel or crash kernel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    None,
    /// The one from before.
    Old,
    /// What the command loaded: the call's number, and a digest of all that it was given.
    New(i64, u64),
}

/// The errno of each of the two calls, 0 if it goes well.
#[derive(Clone, Copy, Debug)]
pub struct Refusals {
    pub load: i32,
    pub file_load: i32,
}

/// A kernel: it handles the calls, and /sys/kernel says what is loaded.
pub struct Kernel<'a> {
    fake: &'a Fake,
    refusals: Refusals,
    image: Image,
    crash: Image,
    /// Whether a call loaded something.
    pub loaded: bool,
}

const ON_CRASH_LOAD: u64 = 1;
const UNLOAD: u64 = 1;
const ON_CRASH_FILE: u64 = 2;

impl<'a> Kernel<'a> {
    /// One with a kernel and a crash kernel loaded.
    pub fn new(fake: &'a Fake, refusals: Refusals) -> Self {
        let kernel = Self {
            fake,
            refusals,
            image: Image::Old,
            crash: Image::Old,
            loaded: false,
        };
        kernel.show();
        kernel
    }

    /// The kernel that is loaded, or the crash kernel.
    pub const fn of(&self, crash: bool) -> Image {
        if crash { self.crash } else { self.image }
    }

    fn show(&self) {
        for (file, image) in [
            ("kexec_loaded", self.image),
            ("kexec_crash_loaded", self.crash),
        ] {
            let text = if image == Image::None { "0\n" } else { "1\n" };
            self.fake.put(&format!("sys/kernel/{file}"), text);
        }
    }

    fn set(&mut self, crash: bool, image: Image) {
        *(if crash {
            &mut self.crash
        } else {
            &mut self.image
        }) = image;
        self.show();
    }

    /// The result of a call for kexec or reboot; `None` for any other.
    pub fn call(&mut self, number: i64, arguments: &[u64; 6], pid: Pid) -> Option<i64> {
        let refusal = match number {
            libc::SYS_kexec_load => self.refusals.load,
            libc::SYS_kexec_file_load => self.refusals.file_load,
            libc::SYS_reboot => libc::EPERM,
            _ => return None,
        };
        let refusal = if refusal == 0 {
            probe(number, arguments)
        } else {
            refusal
        };
        if refusal != 0 {
            self.refused(number, arguments, refusal);
            return Some(-i64::from(refusal));
        }
        let crash = of_crash(number, arguments);
        let unload = !loads(number, arguments);
        let image = match (unload, number) {
            (true, _) => Image::None,
            (_, libc::SYS_kexec_load) => Image::New(number, segments(pid, arguments)),
            _ => Image::New(number, self.files(pid, arguments)),
        };
        self.loaded |= !unload;
        self.set(crash, image);
        Some(0)
    }

    /// A call gives an errno: of a new crash kernel, the old one has gone unless the kernel did
    /// not get that far.
    pub fn refused(&mut self, number: i64, arguments: &[u64; 6], errno: i32) {
        let early = [libc::EPERM, libc::EACCES, libc::EBUSY, libc::ENOSYS];
        if loads(number, arguments)
            && of_crash(number, arguments)
            && probe(number, arguments) == 0
            && !early.contains(&errno)
        {
            self.set(true, Image::None);
        }
    }

    /// A digest of the files and the command line of a kexec_file_load.
    fn files(&self, pid: Pid, arguments: &[u64; 6]) -> u64 {
        let mut digest = DefaultHasher::new();
        let [kernel, initrd, length, line, flags, _] = *arguments;
        memory(pid, line, length).hash(&mut digest);
        flags.hash(&mut digest);
        for number in [kernel, initrd] {
            let path = self.fake.path(&format!("real/{pid}/fd/{}", number as i32));
            std::fs::read(path).ok().hash(&mut digest);
        }
        digest.finish()
    }
}

/// Whether a call is one of the two, and not for an unload.
const fn loads(number: i64, arguments: &[u64; 6]) -> bool {
    match number {
        libc::SYS_kexec_load => arguments[1] != 0,
        libc::SYS_kexec_file_load => arguments[4] & UNLOAD == 0,
        _ => false,
    }
}

const fn of_crash(number: i64, arguments: &[u64; 6]) -> bool {
    match number {
        libc::SYS_kexec_load => arguments[3] & ON_CRASH_LOAD != 0,
        _ => arguments[4] & ON_CRASH_FILE != 0,
    }
}

/// What a call gives that only asks what the kernel knows; 0 for one that loads or unloads.
const fn probe(number: i64, arguments: &[u64; 6]) -> i32 {
    match number {
        libc::SYS_kexec_load if arguments[1] > 16 => libc::EINVAL,
        libc::SYS_kexec_file_load if arguments[4] & UNLOAD == 0 && (arguments[0] as i32) < 0 => {
            libc::EBADF
        }
        _ => 0,
    }
}

/// A digest of what a kexec_load is given.
fn segments(pid: Pid, arguments: &[u64; 6]) -> u64 {
    const SIZE: u64 = 32;
    let mut digest = DefaultHasher::new();
    let [entry, count, list, flags, ..] = *arguments;
    (entry, flags).hash(&mut digest);
    for raw in memory(pid, list, count * SIZE).chunks_exact(SIZE as usize) {
        let word = |n: usize| u64::from_le_bytes(raw[n * 8..n * 8 + 8].try_into().unwrap());
        memory(pid, word(0), word(1)).hash(&mut digest);
        (word(2), word(3)).hash(&mut digest);
    }
    digest.finish()
}
