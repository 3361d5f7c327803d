//! What to start.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::linux::{random_secret, random_seed};
use kexec_core::machine::reusable_words;
use kexec_core::plan::{Console, CrashOptions, ElfAs, Entry, Format, OnFailure, Options};
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

// These bits differ from those of kx_reuse_command_line(), kx_unload() and kx_load_files(), so that
// the other functions refuse a flag of one.

/// flags: do not pass EFI runtime services on.
pub const KX_REQUEST_NO_EFI: u32 = 256;
/// flags: the purgatory does not verify what was loaded; no byte is read for a digest.
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
/// memory are added or removed.
pub const KX_REQUEST_CRASH_HOTPLUG: u32 = 16_384;
/// flags, with KX_REQUEST_CRASH: describe the crash kernel's memory on its command line.
pub const KX_REQUEST_CRASH_MEMMAP: u32 = 32_768;
/// flags: an ELF file is a Linux kernel (vmlinux), also without Linux's notes. For `format` 0. In contrast to KX_FORMAT_VMLINUX
/// in `format`, it does not affect files of other formats.
pub const KX_REQUEST_VMLINUX: u32 = 65_536;
/// flags: an ELF file is a program that gets ELF boot notes, which have the command line: their address in
/// RDI if it is of 64 bits, else as the argument of a C function. For `format` 0.
pub const KX_REQUEST_ELF_NOTES: u32 = 131_072;
/// flags: an ELF file is a program that gets nothing. For `format` 0. KX_E_BAD_ARGUMENT with more than one
/// of this, KX_REQUEST_ELF_NOTES and KX_REQUEST_VMLINUX.
pub const KX_REQUEST_ELF_BARE: u32 = 262_144;

/// entry: Linux/x86, in 64-bit mode.
pub const KX_ENTRY_X86_64: u32 = 1;
/// entry: Linux/x86, in 32-bit protected mode. Everything is then loaded below 4 GiB. KX_E_BAD_ARGUMENT for
/// an image without it, and by kx_plan_to_boot().
pub const KX_ENTRY_X86_32: u32 = 2;
/// entry: Linux/x86, in real mode, on machines with a BIOS: KX_E_NOT_BOOTABLE on EFI machines and for a
/// crash kernel, KX_E_NOT_KNOWN if it is not known whether the machine has EFI. KX_E_BAD_ARGUMENT for an image without it, and by kx_plan_to_boot().
pub const KX_ENTRY_X86_16: u32 = 3;
/// entry: Linux/arm64, at its first byte.
pub const KX_ENTRY_ARM64: u32 = 4;

/// serial_kind: a UART 8250 or 16550 at an I/O port. No other kind is supported yet.
pub const KX_SERIAL_PORT: u32 = 0;

/// on_failure: stop with interrupts off.
pub const KX_ON_FAILURE_HALT: u32 = 0;
/// on_failure: reset the machine.
pub const KX_ON_FAILURE_REBOOT: u32 = 1;

/// A progress function. It is called from time to time with the bytes digested so far, the bytes in
/// total, and the request's progress context. It returns 0 to continue; any other value stops the
/// plan with KX_E_CANCELLED. It must return (no longjmp).
///
/// It runs inside kx_plan(), which is using the request, the machine and the workspace. Functions
/// that take the workspace return KX_E_BUSY; after kx_workspace_init() on it, kx_plan() returns
/// KX_E_BUSY. Functions that take the machine const may be used. The machine and the request's
/// files must not be changed. Other objects may be used.
pub type kx_progress =
    Option<unsafe extern "C" fn(done: u64, total: u64, context: *mut c_void) -> c_int>;

/// What to start, and how. Set it to zeros, then set `size` and the members you need: zero is the
/// default for every member. The library copies no file: all bytes must stay unchanged until the
/// plan is loaded.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_request {
    /// sizeof(struct kx_request).
    pub size: usize,
    /// The kernel image, the whole file. Of a unified kernel image it is kx_uki.kernel (kx_uki_open()).
    pub kernel: kx_bytes,
    /// Array of initrds, each a whole file, in the order in which the new kernel unpacks them.
    pub initrds: *const kx_bytes,
    /// Number of initrds.
    pub initrd_count: usize,
    /// Array of modules, for multiboot kernels, which take no initrds. A Linux image takes no modules. Either
    /// is KX_E_BAD_ARGUMENT.
    pub modules: *const kx_module,
    /// Number of modules.
    pub module_count: usize,
    /// The command line: `length` bytes without a NUL.
    pub command_line: kx_bytes,
    /// A device tree blob to pass on. For an arm64 kernel it must be that of the running kernel
    /// (/sys/firmware/fdt), of which the new kernel gets an edited copy; else usually empty.
    pub dtb: kx_bytes,
    /// Seed for the new kernel's random numbers: 32 bytes (kx_random_seed()), or empty.
    pub rng_seed: kx_bytes,
    /// Key of the purgatory's digest: KX_SECRET_SIZE fresh random bytes (kx_random_secret()), or
    /// empty for the default. With the default, equal plans have equal bytes.
    pub digest_secret: kx_bytes,
    /// Lowest address to use.
    pub mem_min: u64,
    /// Highest address to use; 0 for no limit.
    pub mem_max: u64,
    /// Called while bytes are digested, or NULL.
    pub progress: kx_progress,
    /// Passed to it.
    pub progress_context: *mut c_void,
    /// KX_REQUEST_* bits.
    pub flags: u32,
    /// KX_ON_FAILURE_*: what the purgatory does if the verification fails.
    pub on_failure: u32,
    /// The format that the image must have: KX_FORMAT_BZIMAGE, KX_FORMAT_VMLINUX, KX_FORMAT_ARM64_IMAGE,
    /// KX_FORMAT_MULTIBOOT1 or KX_FORMAT_MULTIBOOT2 (a file may have the headers of both). A file of
    /// another format is KX_E_NOT_THIS_FORMAT; other values are KX_E_BAD_ARGUMENT. 0 detects the
    /// format.
    pub format: u32,
    /// The architecture that the image must be for, KX_ARCH_*. An image for another one is
    /// KX_E_NOT_BOOTABLE. 0 for the architecture of the image.
    pub arch: u32,
    /// The entry of the image to use, KX_ENTRY_*; 0 chooses KX_ENTRY_X86_64 if the image has it.
    pub entry: u32,
    /// The kind of port at serial_address: KX_SERIAL_*.
    pub serial_kind: u32,
    /// The address of the serial port: an I/O port below 0x10000; 0 for 0x3f8 (ttyS0).
    pub serial_address: u64,
    /// Its speed in baud; 0 does not change it. Valid are 115200 divided by a whole number (115200,
    /// 57600, 38400, 19200, 9600 ...), and a speed that such a quotient exceeds by at most 2 %.
    /// Other speeds are KX_E_BAD_ARGUMENT.
    pub serial_baud: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

// SAFETY: integers and pointers (NULL functions are None); `size` comes first and there is no
// padding.
unsafe impl Versioned for kx_request {}
const _: () = assert!(size_of::<kx_request>() == 8 * 24);

impl kx_request {
    /// The options that the request asks for.
    pub fn options(&self) -> Result<Options, Failure> {
        const KNOWN: u32 = KX_REQUEST_NO_EFI
            | KX_REQUEST_NO_VERIFY
            | KX_REQUEST_CONSOLE_VGA
            | KX_REQUEST_CONSOLE_SERIAL
            | KX_REQUEST_RESET_VGA
            | KX_REQUEST_CRASH
            | KX_REQUEST_CRASH_HOTPLUG
            | KX_REQUEST_CRASH_MEMMAP
            | KX_REQUEST_VMLINUX
            | KX_REQUEST_ELF_NOTES
            | KX_REQUEST_ELF_BARE;
        let has = |flag| self.flags & flag != 0;
        if self.flags & !KNOWN != 0 {
            return Err(unknown("request.flags", self.flags & !KNOWN));
        }
        let of_crash = has(KX_REQUEST_CRASH_HOTPLUG | KX_REQUEST_CRASH_MEMMAP);
        if of_crash && !has(KX_REQUEST_CRASH) {
            let what = "flags for a crash kernel need KX_REQUEST_CRASH";
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
            elf: self.elf()?,
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

    fn elf(&self) -> Result<Option<ElfAs>, Failure> {
        const ALL: u32 = KX_REQUEST_VMLINUX | KX_REQUEST_ELF_NOTES | KX_REQUEST_ELF_BARE;
        Ok(Some(match self.flags & ALL {
            0 => return Ok(None),
            KX_REQUEST_VMLINUX => ElfAs::Linux,
            KX_REQUEST_ELF_NOTES => ElfAs::BootNotes,
            KX_REQUEST_ELF_BARE => ElfAs::Bare,
            _ => {
                let what = "an ELF file can be one of a vmlinux, a program with boot notes and one \
                            that gets nothing";
                return Err(Error::BadArgument { what }.into());
            }
        }))
    }

    fn entry(&self) -> Result<Option<Entry>, Failure> {
        Ok(Some(match self.entry {
            0 => return Ok(None),
            KX_ENTRY_X86_64 => Entry::X86Long,
            KX_ENTRY_X86_32 => Entry::X86Protected,
            KX_ENTRY_X86_16 => Entry::X86Real,
            KX_ENTRY_ARM64 => Entry::Arm64,
            other => return Err(unknown("request.entry", other)),
        }))
    }
}

/// flags of kx_reuse_command_line(): the line is for a crash kernel.
pub const KX_REUSE_FOR_CRASH: u32 = 16_777_216;

/// Makes a command line for the next kernel from the running kernel's. Removes what belongs to this
/// boot only (BOOT_IMAGE=, elfcorehdr=, kexec_jump_back_entry=, dmcryptkeys=), and with
/// KX_REUSE_FOR_CRASH in `flags`, for a crash kernel, also crashkernel=. The result, in `buffer` of
/// `size` bytes, ends in NUL; `length` + 1 bytes always suffice. It cannot be made in place.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
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
        // SAFETY: the caller's promise; nothing is written before the check that the line and the
        // buffer do not overlap.
        let line = unsafe { pointer::bytes(command_line.cast(), length) }?;
        if flags & !KX_REUSE_FOR_CRASH != 0 {
            return Err(Failure::Own(KX_E_UNKNOWN));
        }
        // No more is written, even if the caller's buffer is larger.
        let room = size.min(length.saturating_add(1));
        let (from, to) = (command_line.addr(), buffer.addr());
        if from < to.saturating_add(room) && to < from.saturating_add(length) {
            return Err(Failure::Own(KX_E_BAD_ARGUMENT));
        }
        let words = || reusable_words(line, flags & KX_REUSE_FOR_CRASH != 0);
        // SAFETY: the caller's promise, and the words are not part of the buffer.
        unsafe { text::put_words(buffer, size, words) }
    })
}

/// Writes 32 fresh random bytes from getrandom(2) to `seed`, for kx_request.rng_seed.
///
/// Returns 32; KX_E_NULL; or -EAGAIN while the kernel has no random bytes yet: continue without a
/// seed.
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

/// Writes KX_SECRET_SIZE random bytes from getrandom(2) to `secret`, for kx_request.digest_secret.
/// Early at boot they may be predictable, which is acceptable for the digest.
///
/// Returns KX_SECRET_SIZE; KX_E_NULL; or -EAGAIN while the kernel has no random bytes (before Linux
/// 5.6, early at boot): continue without a secret.
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
