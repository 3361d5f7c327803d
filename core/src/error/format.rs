//! What a file looks like: the formats that [`crate::image::probe`] tells apart.

use core::fmt;

/// A format of files. The discriminants are the C library's KX_FORMAT_*; never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u16)]
pub enum Format {
    /// None that is known here.
    #[default]
    Unknown = 0,
    /// A Linux/x86 bzImage.
    BzImage = 1,
    /// An ELF file, of whatever machine.
    Elf = 2,
    /// A Linux/arm64 Image.
    Arm64Image = 3,
    /// A Linux/riscv Image.
    Riscv64Image = 4,
    /// A compressed EFI kernel (CONFIG_EFI_ZBOOT).
    Zboot = 5,
    /// A unified kernel image: an EFI program with a kernel in its section .linux.
    Uki = 6,
    /// Another EFI or Windows program (PE).
    Pe = 7,
    /// Compressed by gzip.
    Gzip = 8,
    /// Compressed by bzip2.
    Bzip2 = 9,
    /// Compressed by lzma.
    Lzma = 10,
    /// Compressed by xz.
    Xz = 11,
    /// Compressed by lzop.
    Lzop = 12,
    /// Compressed by lz4.
    Lz4 = 13,
    /// Compressed by zstd.
    Zstd = 14,
    /// A cpio archive: an initrd.
    Cpio = 15,
    /// A flattened device tree.
    DeviceTree = 16,
    /// A legacy U-Boot image (uImage).
    UBootImage = 17,
    /// Text.
    Text = 18,
    /// A Linux kernel as an ELF file. Marks do not tell it from other ELF files: it is asked for,
    /// or found by [`Kernel`](crate::image::Kernel).
    Vmlinux = 19,
    /// A multiboot kernel, of version 1: an ELF file, or one with addresses in its multiboot header.
    Multiboot1 = 20,
    /// A multiboot kernel, of version 2.
    Multiboot2 = 21,
    /// An archive of ar(1), as Debian packages are.
    Ar = 22,
    /// An archive of tar(1).
    Tar = 23,
    /// A squashfs file system.
    Squashfs = 24,
    /// An ISO 9660 file system: the image of a CD.
    Iso = 25,
    /// A disk with a partition table, MBR or GPT, or a file system with a boot sector.
    Disk = 26,
}

impl Format {
    /// Every format, by number.
    pub const ALL: &'static [Self] = &[
        Self::Unknown,
        Self::BzImage,
        Self::Elf,
        Self::Arm64Image,
        Self::Riscv64Image,
        Self::Zboot,
        Self::Uki,
        Self::Pe,
        Self::Gzip,
        Self::Bzip2,
        Self::Lzma,
        Self::Xz,
        Self::Lzop,
        Self::Lz4,
        Self::Zstd,
        Self::Cpio,
        Self::DeviceTree,
        Self::UBootImage,
        Self::Text,
        Self::Vmlinux,
        Self::Multiboot1,
        Self::Multiboot2,
        Self::Ar,
        Self::Tar,
        Self::Squashfs,
        Self::Iso,
        Self::Disk,
    ];

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
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "a file of an unknown format",
            Self::BzImage => "a bzImage",
            Self::Elf => "an ELF file",
            Self::Arm64Image => "an arm64 kernel (Image)",
            Self::Riscv64Image => "a riscv kernel (Image)",
            Self::Zboot => "a compressed EFI kernel (zboot)",
            Self::Uki => "a unified kernel image (UKI)",
            Self::Pe => "an EFI program (PE)",
            Self::Gzip => "a gzip file",
            Self::Bzip2 => "a bzip2 file",
            Self::Lzma => "an lzma file",
            Self::Xz => "an xz file",
            Self::Lzop => "an lzop file",
            Self::Lz4 => "an lz4 file",
            Self::Zstd => "a zstd file",
            Self::Cpio => "a cpio archive (an initrd)",
            Self::DeviceTree => "a device tree",
            Self::UBootImage => "a U-Boot image (uImage)",
            Self::Text => "a text file",
            Self::Vmlinux => "a Linux kernel in ELF (vmlinux)",
            Self::Multiboot1 => "a multiboot kernel",
            Self::Multiboot2 => "a multiboot2 kernel",
            Self::Ar => "an ar archive (Debian package)",
            Self::Tar => "a tar archive",
            Self::Squashfs => "a squashfs file system",
            Self::Iso => "a CD image (ISO 9660)",
            Self::Disk => "a disk image or boot sector",
        }
    }

    /// What to do with a file of this format that was given as a kernel; empty where there is nothing
    /// to say.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Gzip => "unpack it first (gunzip)",
            Self::Bzip2 => "unpack it first (bunzip2)",
            Self::Lzma => "unpack it first (unlzma)",
            Self::Xz => "unpack it first (unxz)",
            Self::Lzop => "unpack it first (lzop --decompress)",
            Self::Lz4 => "unpack it first (unlz4)",
            Self::Zstd => "unpack it first (unzstd)",
            Self::Arm64Image | Self::Riscv64Image => "it is for another architecture",
            Self::Zboot => "use the Image that it was made of",
            Self::Uki => "extract the kernel in its section .linux (objcopy -O binary -j .linux)",
            Self::Pe => "use a kernel, not a boot loader",
            Self::Cpio => "it is to be given as an initrd",
            Self::DeviceTree => "it is to be given as the device tree",
            Self::UBootImage => "extract the kernel in it (dumpimage)",
            Self::Multiboot1 | Self::Multiboot2 => "such kernels cannot be started yet",
            Self::Ar | Self::Tar => "unpack it, and use the kernel in it",
            Self::Squashfs | Self::Iso | Self::Disk => "mount it, and use the kernel in it",
            Self::Unknown | Self::BzImage | Self::Elf | Self::Text | Self::Vmlinux => "",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
