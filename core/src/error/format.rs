//! File formats: those that [`crate::image::probe`] distinguishes.

use core::ffi::CStr;
use core::fmt;

use crate::cstr::{nth_string, nth_text};

/// Everything that depends on the list of formats. A row has the variant, the C library's number,
/// the name, `started` if images of the format can be started, and what to do with a file of this
/// format that was given as a kernel. The texts are one string each, because a table of pointers to
/// texts is larger than the texts.
macro_rules! formats {
    ($(
        $(#[$about:meta])*
        $format:ident = $number:literal, $name:literal $(, $started:ident)? $(=> $advice:literal)?;
    )*) => {
        /// A format of files. The discriminants are the C library's KX_FORMAT_*; never reused.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Format {
            $($(#[$about])* $format = $number,)*
        }

        const NAMES: &str = concat!($($name, "\0"),*);
        const ADVICE: &str = concat!($($($advice,)? "\0"),*);

        impl Format {
            /// Every format, by number.
            pub const ALL: &'static [Self] = &[$(Self::$format),*];

            /// Whether images of this format can be started.
            #[must_use]
            pub const fn is_started(self) -> bool {
                match self {
                    $(Self::$format => started!($($started)?),)*
                }
            }
        }
    };
}

/// The rows are in the order of their numbers, without gaps, because the texts are found by number.
const _: () = {
    let mut rest = Format::ALL;
    let mut number = 0;
    while let [format, after @ ..] = rest {
        assert!(format.number() == number);
        number = number.wrapping_add(1);
        rest = after;
    }
};

/// A row's last word, as a value.
macro_rules! started {
    () => {
        false
    };
    (started) => {
        true
    };
}

formats! {
    /// None that is known here.
    #[default]
    Unknown = 0, "a file of an unknown format";
    /// A Linux/x86 bzImage.
    BzImage = 1, "a bzImage", started;
    /// An ELF file for any machine.
    Elf = 2, "an ELF file";
    /// A Linux/arm64 Image.
    Arm64Image = 3, "an arm64 kernel (Image)", started;
    /// A Linux/riscv Image.
    Riscv64Image = 4, "a riscv kernel (Image)"
        => "it is for another architecture";
    /// A compressed EFI kernel (CONFIG_EFI_ZBOOT).
    Zboot = 5, "a compressed EFI kernel (zboot)"
        => "use the Image that it was made of";
    /// A unified kernel image: an EFI program with a kernel in its section .linux.
    Uki = 6, "a unified kernel image (UKI)"
        => "unwrap it: its kernel is in the section .linux";
    /// Another EFI or Windows program (PE).
    Pe = 7, "an EFI program (PE)"
        => "use a kernel, not a boot loader";
    /// Compressed by gzip.
    Gzip = 8, "a gzip file"
        => "unpack it first (gunzip)";
    /// Compressed by bzip2.
    Bzip2 = 9, "a bzip2 file"
        => "unpack it first (bunzip2)";
    /// Compressed by lzma.
    Lzma = 10, "an lzma file"
        => "unpack it first (unlzma)";
    /// Compressed by xz.
    Xz = 11, "an xz file"
        => "unpack it first (unxz)";
    /// Compressed by lzop.
    Lzop = 12, "an lzop file"
        => "unpack it first (lzop --decompress)";
    /// Compressed by lz4.
    Lz4 = 13, "an lz4 file"
        => "unpack it first (unlz4)";
    /// Compressed by zstd.
    Zstd = 14, "a zstd file"
        => "unpack it first (unzstd)";
    /// A cpio archive: an initrd.
    Cpio = 15, "a cpio archive (an initrd)"
        => "pass it as an initrd";
    /// A flattened device tree.
    DeviceTree = 16, "a device tree"
        => "pass it as the device tree";
    /// A legacy U-Boot image (uImage).
    UBootImage = 17, "a U-Boot image (uImage)"
        => "extract the kernel in it (dumpimage)";
    /// Text.
    Text = 18, "a text file";
    /// A Linux kernel as an ELF file: by Linux's notes in it, or because the caller requests it.
    Vmlinux = 19, "a Linux kernel in ELF (vmlinux)", started;
    /// A multiboot kernel, of version 1: an ELF file, or one with addresses in its multiboot header.
    Multiboot1 = 20, "a multiboot kernel", started;
    /// A multiboot kernel, of version 2.
    Multiboot2 = 21, "a multiboot2 kernel", started;
    /// An archive of ar(1), as Debian packages are.
    Ar = 22, "an ar archive (Debian package)"
        => "unpack it, and use the kernel in it";
    /// An archive of tar(1).
    Tar = 23, "a tar archive"
        => "unpack it, and use the kernel in it";
    /// A squashfs file system.
    Squashfs = 24, "a squashfs file system"
        => "mount it, and use the kernel in it";
    /// An ISO 9660 file system: the image of a CD.
    Iso = 25, "a CD image (ISO 9660)"
        => "mount it, and use the kernel in it";
    /// A disk with a partition table, MBR or GPT, or a file system with a boot sector.
    Disk = 26, "a disk image or boot sector"
        => "mount it, and use the kernel in it";
    /// An addon of unified kernel images: an EFI program without a kernel, with a command line, a device
    /// tree, microcode or an initrd.
    UkiAddon = 27, "an addon of unified kernel images"
        => "pass it as an addon, with such an image as the kernel";
    /// A boot image of VMware ESXi: multiboot, changed by VMware.
    Mutiboot = 28, "a boot image of ESXi (mutiboot)"
        => "only VMware's own boot loaders start it";
}

impl Format {
    /// Its number, KX_FORMAT_* in C.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The format with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| u64::from(format.number()) == number)
    }

    /// The file is compressed as a whole, so that no call of kexec can take it.
    #[must_use]
    pub const fn is_compressed(self) -> bool {
        matches!(
            self,
            Self::Gzip | Self::Bzip2 | Self::Lzma | Self::Xz | Self::Lzop | Self::Lz4 | Self::Zstd
        )
    }

    /// In English, with its article: "a gzip file".
    #[must_use]
    pub fn name(self) -> &'static str {
        nth_text(NAMES, self.number().into()).unwrap_or_default()
    }

    /// [`Format::name`] as a C string.
    #[must_use]
    pub fn c_name(self) -> &'static CStr {
        nth_string(NAMES, self.number().into()).unwrap_or_default()
    }

    /// What to do with a file of this format that was given as a kernel; empty if there
    /// is no advice.
    #[must_use]
    pub fn advice(self) -> &'static str {
        nth_text(ADVICE, self.number().into()).unwrap_or_default()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
