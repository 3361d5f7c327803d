//! As much of ELF64 as the checks of shipped files need.

use crate::Outcome;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const PT_TLS: u32 = 7;
const PT_GNU_STACK: u32 = 0x6474_e551;
const SHT_SYMTAB: u32 = 2;
const PF_X: u32 = 1;
const PF_W: u32 = 2;

/// A program header.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    kind: u32,
    flags: u32,
    pub file_size: u64,
    pub memory_size: u64,
}

/// A section header.
#[derive(Debug, Clone)]
pub struct Section {
    pub name: String,
    kind: u32,
    link: u32,
    offset: u64,
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
        self.kind == PT_LOAD
    }

    pub fn is_interpreter(&self) -> bool {
        self.kind == PT_INTERP
    }

    pub fn is_dynamic(&self) -> bool {
        self.kind == PT_DYNAMIC
    }

    pub fn is_tls(&self) -> bool {
        self.kind == PT_TLS
    }

    pub fn is_executable_stack(&self) -> bool {
        self.kind == PT_GNU_STACK && self.flags & PF_X != 0
    }

    pub fn is_writable_and_executable(&self) -> bool {
        self.is_load() && self.flags & (PF_W | PF_X) == PF_W | PF_X
    }
}

/// Little-endian fields at offsets, refused when they are outside.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn number(&self, offset: u64, size: usize) -> Outcome<u64> {
        let start = usize::try_from(offset).map_err(|error| error.to_string())?;
        let field = start
            .checked_add(size)
            .and_then(|end| self.0.get(start..end))
            .ok_or_else(|| format!("ELF: cut off at {offset:#x}"))?;
        let little_endian = |number, byte: &u8| number << 8 | u64::from(*byte);
        Ok(field.iter().rev().fold(0, little_endian))
    }

    fn word(&self, offset: u64) -> Outcome<u32> {
        self.number(offset, 4)?
            .try_into()
            .map_err(|_| "ELF: word".into())
    }

    fn text(&self, offset: u64) -> String {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.get(start..).unwrap_or_default();
        let text = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }
}

impl Elf {
    /// Reads a little-endian ELF64 file.
    pub fn read(file: &[u8]) -> Outcome<Self> {
        if !file.starts_with(b"\x7fELF\x02\x01") {
            return Err("not a little-endian ELF64 file".into());
        }
        let bytes = Bytes(file);
        let (ph_offset, sh_offset) = (bytes.number(0x20, 8)?, bytes.number(0x28, 8)?);
        let (ph_size, ph_count) = (bytes.number(0x36, 2)?, bytes.number(0x38, 2)?);
        let (sh_size, sh_count) = (bytes.number(0x3a, 2)?, bytes.number(0x3c, 2)?);
        let names = bytes.number(0x3e, 2)?;

        let mut segments = Vec::new();
        let mut needed = ph_offset + ph_size * ph_count;
        for at in (0..ph_count).map(|index| ph_offset + index * ph_size) {
            let segment = Segment {
                kind: bytes.word(at)?,
                flags: bytes.word(at + 4)?,
                file_size: bytes.number(at + 0x20, 8)?,
                memory_size: bytes.number(at + 0x28, 8)?,
            };
            needed = needed.max(bytes.number(at + 8, 8)? + segment.file_size);
            segments.push(segment);
        }
        let mut sections = Vec::new();
        for at in (0..sh_count).map(|index| sh_offset + index * sh_size) {
            let in_names = u64::from(bytes.word(at)?);
            let names = bytes.number(sh_offset + names * sh_size + 0x18, 8)?;
            sections.push(Section {
                name: bytes.text(names + in_names),
                kind: bytes.word(at + 4)?,
                loaded: bytes.number(at + 8, 8)? & 2 != 0,
                offset: bytes.number(at + 0x18, 8)?,
                size: bytes.number(at + 0x20, 8)?,
                link: bytes.word(at + 0x28)?,
            });
        }
        let symbols = symbols(&bytes, &sections)?;
        Ok(Self {
            segments,
            sections,
            symbols,
            needed,
        })
    }
}

fn symbols(bytes: &Bytes<'_>, sections: &[Section]) -> Outcome<Vec<Symbol>> {
    let mut symbols = Vec::new();
    for table in sections.iter().filter(|section| section.kind == SHT_SYMTAB) {
        let link = usize::try_from(table.link).unwrap_or(usize::MAX);
        let strings = sections
            .get(link)
            .ok_or("ELF: a symbol table without strings")?;
        for at in (0..table.size / 24).map(|index| table.offset + index * 24) {
            let name = bytes.text(strings.offset + u64::from(bytes.word(at)?));
            let defined = bytes.number(at + 6, 2)? != 0;
            if !name.is_empty() {
                symbols.push(Symbol { name, defined });
            }
        }
    }
    Ok(symbols)
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
