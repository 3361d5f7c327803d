//! The caller's request.

use core::fmt;

use crate::arch::Arch;
use crate::image::{ElfAs, Entry, Format};
use crate::purgatory::{OnFailure, Secret};

/// The consoles on which the purgatory reports. By default it uses none, as in kexec(8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Print to the VGA text screen (`--console-vga`).
    pub vga: bool,
    /// Print to the serial port (`--console-serial`).
    pub serial: bool,
    /// Put the VGA back into text mode 3 first (`--reset-vga`).
    pub reset_vga: bool,
    /// I/O port of the serial port (`--serial`), default 0x3f8 (ttyS0).
    pub serial_port: u16,
    /// Its speed in baud (`--serial-baud`); 0 leaves it unchanged. 115200 divided by a whole number
    /// up to 65535, or a speed that such a quotient exceeds by at most 2 %; others are
    /// [`Error::BadArgument`](crate::Error::BadArgument).
    pub serial_baud: u32,
}

impl Console {
    /// No console.
    pub const DEFAULT: Self = Self {
        vga: false,
        serial: false,
        reset_vga: false,
        serial_port: 0x3f8,
        serial_baud: 0,
    };
}

impl Default for Console {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Options for a crash kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrashOptions {
    /// Let the running kernel rewrite the elfcorehdr when CPUs or memory come and go
    /// (`--hotplug`): it gets room to grow, and is not verified.
    pub hotplug: bool,
    /// Also pass the memory map on the command line, by `memmap=`; the new kernel then uses it in
    /// place of the e820 table (`--pass-memmap-cmdline`).
    pub memmap: bool,
}

/// A file that is loaded with an image, and its line of arguments, as for multiboot kernels.
#[derive(Clone, Copy, Default)]
pub struct Module<'t, 'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// The line as the image gets it, without a final NUL. By convention its first word is the file's name:
    /// Xen drops that word.
    pub arguments: &'t [u8],
}

impl fmt::Debug for Module<'_, '_> {
    /// The size in place of the file's bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("bytes", &self.bytes.len())
            .field("arguments", &self.arguments.len())
            .finish()
    }
}

/// Options that change how the plan is made. Later versions add members, so start from
/// [`Options::DEFAULT`]: `Options { verify: false, ..Options::DEFAULT }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The format that the image must have: one that can be started ([`Format::is_started`]). An image
    /// of another format is refused. With `None` the image's marks decide.
    pub format: Option<Format>,
    /// The architecture the image must be for; `None` for that of the image.
    pub arch: Option<Arch>,
    /// Where the image is entered: [`Entry::X86Long`] or [`Entry::X86Protected`]. `None` for the first of
    /// [`Facts::entries`](crate::image::Facts::entries).
    pub entry: Option<Entry>,
    /// Lowest address segments may use (`--mem-min`).
    pub mem_min: u64,
    /// Highest address segments may use, inclusive (`--mem-max`).
    pub mem_max: u64,
    /// Pass on the EFI runtime services (`--noefi` clears it).
    pub efi: bool,
    /// Have the purgatory verify the loaded bytes (`-i` clears it; then planning reads no byte of
    /// them).
    pub verify: bool,
    /// What the purgatory does if that fails, or if it faults itself.
    pub on_failure: OnFailure,
    /// The consoles on which it reports.
    pub console: Console,
    /// Without a [`format`](Options::format): what an ELF file is, whatever it looks like
    /// (`--args-linux`, `--args-elf`, `--args-none`). `None` for its marks to decide.
    pub elf: Option<ElfAs>,
    /// Plan a crash kernel (`-p`), inside the crash reservation.
    pub crash: Option<CrashOptions>,
}

impl Options {
    /// kexec(8)'s defaults.
    pub const DEFAULT: Self = Self {
        format: None,
        arch: None,
        entry: None,
        mem_min: 0,
        mem_max: u64::MAX,
        efi: true,
        verify: true,
        on_failure: OnFailure::Halt,
        console: Console::DEFAULT,
        elf: None,
        crash: None,
    };
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A kernel to start, and its inputs. A plan borrows the bytes of kernel, initrds and modules (`'a`).
/// The lists, the command line and the device tree (`'t`) are needed only until it is made. Later
/// versions add members, so start from `Request::default()`, as with [`Options`].
#[derive(Clone, Copy, Default)]
pub struct Request<'t, 'a> {
    /// The kernel image's file.
    pub kernel: &'a [u8],
    /// The initrds, each a whole file, in the order the new kernel unpacks them.
    pub initrds: &'t [&'a [u8]],
    /// The modules, for multiboot kernels. A Linux image has none.
    pub modules: &'t [Module<'t, 'a>],
    /// The command line, without a final NUL.
    pub command_line: &'t [u8],
    /// A device tree blob to pass on (SETUP_DTB).
    pub dtb: Option<&'t [u8]>,
    /// Seed for the new kernel's random numbers (SETUP_RNG_SEED); fresh from getrandom(2).
    pub rng_seed: Option<[u8; 32]>,
    /// The key of the purgatory's digest: fresh random bytes for each load
    /// ([`random_secret`](crate::linux::random_secret)), or `None` for
    /// [`DEFAULT_SECRET`](crate::purgatory::DEFAULT_SECRET), with which equal plans are equal
    /// bytes.
    pub digest_secret: Option<&'t Secret>,
    /// Options that change how the plan is made.
    pub options: Options,
}

impl fmt::Debug for Request<'_, '_> {
    /// Sizes in place of the files' bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("kernel", &self.kernel.len())
            .field("initrds", &self.initrds.len())
            .field("modules", &self.modules.len())
            .field("command_line", &self.command_line.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
