//! What is to be started.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::linux::{random_secret, random_seed};
use kexec_core::machine::reusable_words;
use kexec_core::plan::{Console, CrashOptions, Entry, Format, OnFailure, Options};
use kexec_core::purgatory::Secret;
use kexec_core::{Errno, Error};

use crate::arch;
use crate::bytes::kx_bytes;
use crate::code::{KX_E_BAD_ARGUMENT, KX_E_NULL, KX_E_UNKNOWN};
use crate::error::{Failure, plain, unknown};
use crate::module::kx_module;
use crate::pointer;
use crate::text;
use crate::versioned::Versioned;

// These bits, those of kx_reuse_command_line(), kx_unload() and kx_load_files() are different ones,
// so that a flag of one function is refused by the others.

/// flags: do not hand EFI runtime services on.
pub const KX_REQUEST_NO_EFI: u32 = 256;
/// flags: do not have the purgatory verify what was loaded; no byte is read for a digest.
pub const KX_REQUEST_NO_VERIFY: u32 = 512;
/// flags: the purgatory prints to the VGA text screen.
pub const KX_REQUEST_CONSOLE_VGA: u32 = 1_024;
/// flags: the purgatory prints to a serial port.
pub const KX_REQUEST_CONSOLE_SERIAL: u32 = 2_048;
/// flags: the purgatory puts the VGA back into text mode first.
pub const KX_REQUEST_RESET_VGA: u32 = 4_096;
/// flags: plan a crash kernel, inside the memory reserved for it.
pub const KX_REQUEST_CRASH: u32 = 8_192;
/// flags, with KX_REQUEST_CRASH: the running kernel keeps the elfcorehdr up to date when CPUs or
/// memory come and go.
pub const KX_REQUEST_CRASH_HOTPLUG: u32 = 16_384;
/// flags, with KX_REQUEST_CRASH: tell the crash kernel of its memory on the command line.
pub const KX_REQUEST_CRASH_MEMMAP: u32 = 32_768;
/// flags: an ELF file is a Linux kernel, a vmlinux. With `format` 0; unlike KX_FORMAT_VMLINUX there
/// it leaves files of other formats what they are.
pub const KX_REQUEST_VMLINUX: u32 = 65_536;

/// entry: Linux/x86, in 64-bit mode.
pub const KX_ENTRY_X86_64: u32 = 1;
/// entry: Linux/x86, in 32-bit protected mode. Refused with KX_E_BAD_ARGUMENT: not started yet.
pub const KX_ENTRY_X86_32: u32 = 2;
/// entry: Linux/x86, in real mode. Refused as KX_ENTRY_X86_32.
pub const KX_ENTRY_X86_16: u32 = 3;

/// serial_kind: a UART 8250 or 16550 at an I/O port. There is no other yet.
pub const KX_SERIAL_PORT: u32 = 0;

/// on_failure: stop with interrupts off.
pub const KX_ON_FAILURE_HALT: u32 = 0;
/// on_failure: reset the machine.
pub const KX_ON_FAILURE_REBOOT: u32 = 1;

/// A progress function: called now and then with the bytes digested so far, the bytes there
/// are, and what the request says. It returns 0 to go on; anything else stops the plan with
/// KX_E_CANCELLED. It must return (no longjmp).
///
/// It runs inside kx_plan(), which is using the request, the machine and the workspace. Functions
/// that take the workspace return KX_E_BUSY; after kx_workspace_init() of it kx_plan() does. The
/// machine may be looked at, by functions that take it const, and must not be changed; neither
/// must the request's files. Other objects may be used.
pub type kx_progress =
    Option<unsafe extern "C" fn(done: u64, total: u64, context: *mut c_void) -> c_int>;

/// What is to be started, and how. Set all to zero, then `size` and what is wanted: zero is the
/// default everywhere. The library copies no file: all bytes must stay as they are until the
/// plan is loaded.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_request {
    /// sizeof(struct kx_request).
    pub size: usize,
    /// The kernel image, the whole file.
    pub kernel: kx_bytes,
    /// Array of initrds, each a whole file, in the order the new kernel unpacks them.
    pub initrds: *const kx_bytes,
    /// How many.
    pub initrd_count: usize,
    /// Array of modules, for images that take them. No Linux image does: KX_E_BAD_ARGUMENT.
    pub modules: *const kx_module,
    /// How many.
    pub module_count: usize,
    /// The command line, without a NUL in `length`.
    pub command_line: kx_bytes,
    /// A device tree blob to hand over; usually empty.
    pub dtb: kx_bytes,
    /// Seed for the new kernel's random numbers: 32 bytes (kx_random_seed()), or empty.
    pub rng_seed: kx_bytes,
    /// What the purgatory's digest is keyed with: KX_SECRET_SIZE fresh random bytes
    /// (kx_random_secret()), or empty for the default, with which equal plans are equal bytes.
    pub digest_secret: kx_bytes,
    /// Lowest address to use.
    pub mem_min: u64,
    /// Highest address to use; 0 for no limit.
    pub mem_max: u64,
    /// Called while bytes are digested, or NULL.
    pub progress: kx_progress,
    /// Handed to it.
    pub progress_context: *mut c_void,
    /// KX_REQUEST_* bits.
    pub flags: u32,
    /// KX_ON_FAILURE_*: what the purgatory does when what it verifies is damaged.
    pub on_failure: u32,
    /// The format that the image must have: KX_FORMAT_BZIMAGE or KX_FORMAT_VMLINUX; a file of another
    /// one is KX_E_NOT_THIS_FORMAT, other formats are KX_E_BAD_ARGUMENT. 0 looks which one it is.
    pub format: u32,
    /// The architecture that the image must be for, KX_ARCH_*; KX_E_NOT_BOOTABLE if it is for another
    /// one. 0 for that of the image.
    pub arch: u32,
    /// Where the image is entered, KX_ENTRY_*; 0 chooses.
    pub entry: u32,
    /// What serial_address is of: KX_SERIAL_*.
    pub serial_kind: u32,
    /// Where the serial port is: an I/O port below 0x10000; 0 for 0x3f8 (ttyS0).
    pub serial_address: u64,
    /// Its speed in baud; 0 leaves it as it is. 115200 divided by a whole number (115200, 57600,
    /// 38400, 19200, 9600 ...), or a speed that such a quotient exceeds by at most 2 %; others are
    /// KX_E_BAD_ARGUMENT.
    pub serial_baud: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: integers and pointers (NULL functions are None); `size` comes first and there is no
// padding.
unsafe impl Versioned for kx_request {}
const _: () = assert!(size_of::<kx_request>() == 8 * 24);

impl kx_request {
    /// The options it asks for.
    pub fn options(&self) -> Result<Options, Failure> {
        const KNOWN: u32 = KX_REQUEST_NO_EFI
            | KX_REQUEST_NO_VERIFY
            | KX_REQUEST_CONSOLE_VGA
            | KX_REQUEST_CONSOLE_SERIAL
            | KX_REQUEST_RESET_VGA
            | KX_REQUEST_CRASH
            | KX_REQUEST_CRASH_HOTPLUG
            | KX_REQUEST_CRASH_MEMMAP
            | KX_REQUEST_VMLINUX;
        let has = |flag| self.flags & flag != 0;
        if self.flags & !KNOWN != 0 {
            return Err(unknown("request.flags", self.flags & !KNOWN));
        }
        let of_crash = has(KX_REQUEST_CRASH_HOTPLUG | KX_REQUEST_CRASH_MEMMAP);
        if of_crash && !has(KX_REQUEST_CRASH) {
            let what = "flags of a crash kernel come with KX_REQUEST_CRASH";
            return Err(Error::BadArgument { what }.into());
        }
        if self.reserved != 0 {
            return Err(unknown("request.reserved", self.reserved));
        }
        if self.serial_kind != KX_SERIAL_PORT {
            return Err(unknown("request.serial_kind", self.serial_kind));
        }
        let serial_port = match u16::try_from(self.serial_address) {
            Ok(0) => Console::DEFAULT.serial_port,
            Ok(port) => port,
            Err(_) => {
                let what = "the serial port's I/O port must be below 0x10000";
                return Err(Error::BadArgument { what }.into());
            }
        };
        Ok(Options {
            format: self.format()?,
            arch: arch::of(self.arch).ok_or(unknown("request.arch", self.arch))?,
            entry: self.entry()?,
            mem_min: self.mem_min,
            mem_max: match self.mem_max {
                0 => u64::MAX,
                limit => limit,
            },
            efi: !has(KX_REQUEST_NO_EFI),
            verify: !has(KX_REQUEST_NO_VERIFY),
            on_failure: match self.on_failure {
                KX_ON_FAILURE_HALT => OnFailure::Halt,
                KX_ON_FAILURE_REBOOT => OnFailure::Reboot,
                other => return Err(unknown("request.on_failure", other)),
            },
            console: Console {
                vga: has(KX_REQUEST_CONSOLE_VGA),
                serial: has(KX_REQUEST_CONSOLE_SERIAL),
                reset_vga: has(KX_REQUEST_RESET_VGA),
                serial_port,
                serial_baud: self.serial_baud,
            },
            args_linux: has(KX_REQUEST_VMLINUX),
            crash: has(KX_REQUEST_CRASH).then_some(CrashOptions {
                hotplug: has(KX_REQUEST_CRASH_HOTPLUG),
                memmap: has(KX_REQUEST_CRASH_MEMMAP),
            }),
        })
    }
}

impl kx_request {
    fn format(&self) -> Result<Option<Format>, Failure> {
        if self.format == 0 {
            return Ok(None);
        }
        let format = Format::from_number(self.format.into());
        let format = format.ok_or(unknown("request.format", self.format))?;
        Ok(Some(format))
    }

    fn entry(&self) -> Result<Option<Entry>, Failure> {
        Ok(Some(match self.entry {
            0 => return Ok(None),
            KX_ENTRY_X86_64 => Entry::X86Long,
            KX_ENTRY_X86_32 => Entry::X86Protected,
            KX_ENTRY_X86_16 => Entry::X86Real,
            other => return Err(unknown("request.entry", other)),
        }))
    }
}

/// flags of kx_reuse_command_line(): the line is for a crash kernel.
pub const KX_REUSE_FOR_CRASH: u32 = 16_777_216;

/// Makes the running kernel's command line one for the next kernel: without what belongs to
/// this boot only (BOOT_IMAGE=, elfcorehdr=, kexec_jump_back_entry=, dmcryptkeys=), and with
/// KX_REUSE_FOR_CRASH in `flags`, for a crash kernel, without crashkernel=. The result, in `buffer` of
/// `size` bytes, ends in NUL; `length` + 1 bytes always suffice. It cannot be made in place.
///
/// Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
/// 0; or KX_E_NULL, KX_E_SIZE, KX_E_UNKNOWN, KX_E_BUFFER, KX_E_BAD_ARGUMENT (the buffer and the
/// command line overlap).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_reuse_command_line(
    command_line: *const c_char,
    length: usize,
    flags: u32,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise; nothing is written before it is seen to be no part of the
        // buffer.
        let line = unsafe { pointer::bytes(command_line.cast(), length) }?;
        if flags & !KX_REUSE_FOR_CRASH != 0 {
            return Err(Failure::Own(KX_E_UNKNOWN));
        }
        // More is never written, whatever the caller says there is room for.
        let room = size.min(length.saturating_add(1));
        let (from, to) = (command_line.addr(), buffer.addr());
        if from < to.saturating_add(room) && to < from.saturating_add(length) {
            return Err(Failure::Own(KX_E_BAD_ARGUMENT));
        }
        let words = || reusable_words(line, flags & KX_REUSE_FOR_CRASH != 0);
        // SAFETY: the caller's promise, and the words are no part of the buffer.
        unsafe { text::put_words(buffer, size, words) }
    })
}

/// Writes 32 fresh random bytes of getrandom(2) to `seed`, for kx_request.rng_seed.
///
/// Returns 32; KX_E_NULL; or -EAGAIN while the kernel has none to give yet: go on without.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_random_seed(seed: *mut u8) -> c_int {
    plain(|| {
        if seed.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        let fresh = random_seed().ok_or(Errno::EAGAIN)?;
        // SAFETY: 32 bytes are writable by the caller's promise.
        unsafe { *seed.cast::<[u8; 32]>() = fresh };
        Ok(32)
    })
}

/// Writes KX_SECRET_SIZE random bytes of getrandom(2) to `secret`, for kx_request.digest_secret.
/// Early at boot they may be predictable, which the digest does not mind.
///
/// Returns KX_SECRET_SIZE; KX_E_NULL; or -EAGAIN while the kernel has none to give (before Linux
/// 5.6, early at boot): go on without.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_random_secret(secret: *mut u8) -> c_int {
    plain(|| {
        if secret.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        let fresh = random_secret().ok_or(Errno::EAGAIN)?;
        // SAFETY: as many bytes are writable by the caller's promise.
        unsafe { *secret.cast::<Secret>() = fresh };
        Ok(size_of::<Secret>() as c_int)
    })
}
