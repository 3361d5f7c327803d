//! The layout of ELF files: the kernel's own definitions (include/uapi/linux/elf.h), by its
//! names. Offsets are `offset_of!` of these structures; values are read by [`crate::bytes`].

use linux_raw_sys::elf_uapi as uapi;

pub use core::mem::offset_of;
pub use linux_raw_sys::elf_uapi::{
    Elf32_Ehdr as Ehdr32, Elf32_Phdr as Phdr32, Elf64_Ehdr as Ehdr, Elf64_Phdr as Phdr,
    Elf64_Shdr as Shdr, Elf64_Sym as Sym,
};

/// The first bytes of an ELF file (ELFMAG).
pub const MAGIC: &[u8; 4] = b"\x7fELF";
/// [`MAGIC`], ELFCLASS64, ELFDATA2LSB: a 64-bit little-endian file.
pub const MAGIC_64_LE: &[u8; 6] = b"\x7fELF\x02\x01";

/// [`MAGIC`], ELFCLASS32, ELFDATA2LSB: a 32-bit little-endian file.
pub const MAGIC_32_LE: &[u8; 6] = b"\x7fELF\x01\x01";

/// Bytes of an ELF header.
pub const EHDR: usize = size_of::<Ehdr>();
/// Bytes of a program header.
pub const PHDR: usize = size_of::<Phdr>();
/// Bytes of an ELF header of a 32-bit file.
pub const EHDR_32: usize = size_of::<Ehdr32>();
/// Bytes of a program header of a 32-bit file.
pub const PHDR_32: usize = size_of::<Phdr32>();
/// Bytes of a section header.
pub const SHDR: usize = size_of::<Shdr>();
/// Bytes of a symbol.
pub const SYM: usize = size_of::<Sym>();

/// Index of the class in e_ident.
pub const EI_CLASS: usize = uapi::EI_CLASS as usize;
/// Index of the version in e_ident.
pub const EI_VERSION: usize = uapi::EI_VERSION as usize;
/// e_ident's version, and e_version.
pub const EV_CURRENT: u8 = uapi::EV_CURRENT as u8;

/// e_type.
pub const ET_EXEC: u16 = uapi::ET_EXEC as u16;
/// e_type.
pub const ET_DYN: u16 = uapi::ET_DYN as u16;
/// e_type.
pub const ET_CORE: u16 = uapi::ET_CORE as u16;

/// e_machine.
pub const EM_386: u16 = uapi::EM_386 as u16;
/// e_machine.
pub const EM_486: u16 = uapi::EM_486 as u16;
/// e_machine.
pub const EM_X86_64: u16 = uapi::EM_X86_64 as u16;

/// p_type.
pub const PT_LOAD: u32 = uapi::PT_LOAD;
/// p_type.
pub const PT_INTERP: u32 = uapi::PT_INTERP;
/// p_type.
pub const PT_NOTE: u32 = uapi::PT_NOTE;
/// p_flags: read, write, execute.
pub const PF_RWX: u32 = uapi::PF_R | uapi::PF_W | uapi::PF_X;

/// sh_type.
pub const SHT_SYMTAB: u32 = uapi::SHT_SYMTAB;
/// st_shndx of a symbol that is only used in this file.
pub const SHN_UNDEF: u16 = uapi::SHN_UNDEF as u16;

// The format's own numbers (ELF-64 Object File Format, 3 to 8).
const _: () = assert!(EHDR == 64 && PHDR == 56 && SHDR == 64 && SYM == 24);
const _: () = assert!(offset_of!(Ehdr, e_phoff) == 32 && offset_of!(Phdr, p_paddr) == 24);
const _: () = assert!(EHDR_32 == 52 && PHDR_32 == 32 && offset_of!(Phdr32, p_paddr) == 12);
// image/elf.rs reads these fields of both classes at one offset.
const _: () = assert!(offset_of!(Ehdr32, e_type) == offset_of!(Ehdr, e_type));
const _: () = assert!(offset_of!(Ehdr32, e_machine) == offset_of!(Ehdr, e_machine));
const _: () = assert!(offset_of!(Phdr32, p_type) == offset_of!(Phdr, p_type));
