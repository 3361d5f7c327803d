//! What the checks of shipped files look at in an ELF file, read by goblin.

use crate::Outcome;
use goblin::elf::program_header as header;
use goblin::elf::section_header::SHF_ALLOC;

/// A program header.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    kind: u32,
    flags: u32,
    pub memory_size: u64,
}

/// A section header.
#[derive(Debug, Clone)]
pub struct Section {
    pub name: String,
    pub size: u64,
    /// Whether it is part of the program in memory.
    pub loaded: bool,
}

/// A symbol with a name.
#[derive(Debug, Clone)]
pub struct Symbol {
    pub name: String,
    pub defined: bool,
}

/// An ELF file, read.
#[derive(Debug)]
pub struct Elf {
    pub segments: Vec<Segment>,
    pub sections: Vec<Section>,
    pub symbols: Vec<Symbol>,
    /// Bytes up to the end of the last segment and the program headers: what is left of the
    /// file when it is stripped of all that does not run, roughly.
    pub needed: u64,
}

impl Segment {
    pub fn is_load(&self) -> bool {
        self.kind == header::PT_LOAD
    }

    pub fn is_interpreter(&self) -> bool {
        self.kind == header::PT_INTERP
    }

    pub fn is_dynamic(&self) -> bool {
        self.kind == header::PT_DYNAMIC
    }

    pub fn is_tls(&self) -> bool {
        self.kind == header::PT_TLS
    }

    pub fn is_executable_stack(&self) -> bool {
        self.kind == header::PT_GNU_STACK && self.flags & header::PF_X != 0
    }

    pub fn is_writable_and_executable(&self) -> bool {
        let both = header::PF_W | header::PF_X;
        self.is_load() && self.flags & both == both
    }
}

impl Elf {
    /// Reads an ELF file.
    pub fn read(file: &[u8]) -> Outcome<Self> {
        let elf = goblin::elf::Elf::parse(file).map_err(|why| why.to_string())?;
        let name = |table: &goblin::strtab::Strtab<'_>, at| {
            table.get_at(at).unwrap_or_default().to_string()
        };
        let headers =
            elf.header.e_phoff + u64::from(elf.header.e_phentsize) * u64::from(elf.header.e_phnum);
        let ends = elf
            .program_headers
            .iter()
            .map(|one| one.p_offset + one.p_filesz);
        Ok(Self {
            needed: ends.fold(headers, u64::max),
            segments: elf
                .program_headers
                .iter()
                .map(|one| Segment {
                    kind: one.p_type,
                    flags: one.p_flags,
                    memory_size: one.p_memsz,
                })
                .collect(),
            sections: elf
                .section_headers
                .iter()
                .map(|one| Section {
                    name: name(&elf.shdr_strtab, one.sh_name),
                    size: one.sh_size,
                    loaded: one.sh_flags & u64::from(SHF_ALLOC) != 0,
                })
                .collect(),
            symbols: elf
                .syms
                .iter()
                .map(|one| Symbol {
                    name: name(&elf.strtab, one.st_name),
                    defined: one.st_shndx != 0,
                })
                .filter(|symbol| !symbol.name.is_empty())
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Elf;

    #[test]
    fn this_test_is_a_dynamic_program_with_symbols() {
        let path = std::env::current_exe().unwrap();
        let elf = Elf::read(&std::fs::read(path).unwrap()).unwrap();
        assert!(elf.segments.iter().any(|segment| segment.is_interpreter()));
        assert!(elf.segments.iter().any(|segment| segment.is_dynamic()));
        assert!(
            elf.symbols
                .iter()
                .any(|symbol| symbol.name == "main" && symbol.defined)
        );
        assert!(elf.symbols.iter().any(|symbol| !symbol.defined));
        assert!(
            elf.sections
                .iter()
                .any(|section| section.name == ".text" && section.loaded)
        );
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        assert!(Elf::read(b"MZ").is_err());
        assert!(Elf::read(b"\x7fELF\x02\x01").is_err());
    }
}
