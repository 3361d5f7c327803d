//! Builds the purgatories: each one flat, position-independent image from `purgatory/`, by the same
//! stable compiler, checked here to need no relocation.
//!
//! A plan can be made on any host, so every host builds each purgatory whose target's core library is
//! installed. The one for the build's own architecture is required.

// A panic here fails the build, as it should.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::std_instead_of_core
)]

use std::env::var;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

/// A purgatory.
struct Purgatory {
    /// Its architecture, as in CARGO_CFG_TARGET_ARCH. Its files in OUT_DIR are `PROGRAM-ARCH.bin`
    /// and `.size`, empty in a build that lacks it, which has `cfg(no_purgatory_ARCH)`.
    arch: &'static str,
    /// The target whose core library it is built with.
    target: &'static str,
    /// The target CPU: any of the architecture.
    cpu: &'static str,
    /// The program: `purgatory/src/PROGRAM.rs`.
    programs: &'static [&'static str],
    script: &'static str,
}

const PURGATORIES: [Purgatory; 1] = [Purgatory {
    arch: "x86_64",
    target: "x86_64-unknown-linux-gnu",
    cpu: "x86-64",
    // The others are for tests: their bytes are in src/purgatory/bare.rs and real_mode.rs.
    programs: &["main", "bare", "real_mode"],
    script: "purgatory/purgatory.ld",
}];

/// Promised size, in bytes.
const BUDGET: usize = 4 * 1024;
/// Flavour and name of the linkers to try: Rust's own links for every host.
const LINKERS: [(&str, &str); 3] = [("ld.lld", "rust-lld"), ("ld.lld", "ld.lld"), ("ld", "ld")];
/// Sections of dynamic linking in a position-independent program; they are not loaded.
const IGNORED: [&str; 6] = [
    ".dynamic",
    ".dynsym",
    ".dynstr",
    ".gnu.hash",
    ".hash",
    ".interp",
];

const SECTION_ALLOCATED: u64 = 2;
const SECTION_SYMBOLS: u64 = 2;

fn main() {
    if let Err(error) = build() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    println!("cargo::rustc-check-cfg=cfg(purgatory_blob)");
    for Purgatory { arch, .. } in &PURGATORIES {
        println!("cargo::rustc-check-cfg=cfg(no_purgatory_{arch})");
    }
    for path in [
        "build.rs",
        "purgatory",
        "src/purgatory/digest",
        "src/purgatory/layout.rs",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(var("OUT_DIR")?);
    let native = var("CARGO_CFG_TARGET_ARCH")?;
    for purgatory in &PURGATORIES {
        purgatory.build(&out, &native)?;
    }
    Ok(())
}

impl Purgatory {
    fn build(&self, out: &Path, native: &str) -> Result<(), Box<dyn Error>> {
        // Without that of the build's own architecture, programs on this host would verify nothing.
        let there = self.arch == native || self.has_core_library()?;
        if !there {
            println!("cargo::rustc-cfg=no_purgatory_{}", self.arch);
        }
        for program in self.programs {
            let name = format!("{program}-{}", self.arch);
            let mut image = Vec::new();
            if there {
                let elf = out.join(format!("{name}.elf"));
                self.link(program, &elf)?;
                image = flatten(&fs::read(&elf)?)?;
            }
            fs::write(out.join(format!("{name}.bin")), &image)?;
            fs::write(out.join(format!("{name}.size")), image.len().to_string())?;
        }
        Ok(())
    }

    /// Whether the compiler has the core library of the purgatory's target. False if the compiler
    /// does not know the target.
    fn has_core_library(&self) -> Result<bool, String> {
        let mut rustc = rustc();
        rustc.args(["--print", "target-libdir", "--target", self.target]);
        let output = rustc
            .output()
            .map_err(|error| format!("{rustc:?}: {error}"))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        // LIBRARIES/TARGET/lib
        let directory = Path::new(printed.trim());
        if let Ok(entries) = fs::read_dir(directory) {
            let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            if names.any(|name| name.starts_with("libcore-") && name.ends_with(".rlib")) {
                return Ok(true);
            }
        }
        // This directory changes when a target is added.
        if let Some(libraries) = directory.ancestors().nth(2).filter(|path| path.is_dir()) {
            println!("cargo::rerun-if-changed={}", libraries.display());
        }
        Ok(false)
    }

    fn lacks(&self, complaints: &str) -> String {
        let target = self.target;
        format!(
            "the purgatory does not build; it needs the core library of {target} \
             (rustup target add {target}) and one of rust-lld, ld.lld, ld\n{complaints}"
        )
    }

    fn link(&self, program: &str, elf: &Path) -> Result<(), String> {
        let mut complaints = String::new();
        for (flavour, linker) in LINKERS {
            let mut rustc = rustc();
            rustc.args([
                "--crate-name=purgatory",
                "--crate-type=bin",
                "--edition=2024",
            ]);
            rustc.args([
                "--target",
                self.target,
                "--cfg=purgatory_blob",
                "-Copt-level=z",
            ]);
            rustc.args([
                "-Cpanic=abort",
                "-Crelocation-model=pic",
                "-Ccodegen-units=1",
            ]);
            rustc.args(["-Clto=off", "-Crelro-level=off", "-Cforce-unwind-tables=no"]);
            rustc.arg(format!("-Ctarget-cpu={}", self.cpu));
            rustc
                .arg(format!("-Clinker-flavor={flavour}"))
                .arg(format!("-Clinker={linker}"));
            for argument in ["--no-undefined", "-ztext", "--build-id=none"] {
                rustc.arg(format!("-Clink-arg={argument}"));
            }
            rustc.arg(format!("-Clink-arg=-T{}", self.script));
            rustc.arg("-o").arg(elf);
            rustc.arg(format!("purgatory/src/{program}.rs"));
            let output = rustc
                .output()
                .map_err(|error| format!("{rustc:?}: {error}"))?;
            if output.status.success() {
                return Ok(());
            }
            complaints += &format!(
                "with {linker}:\n{}\n",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(self.lacks(&complaints))
    }
}

fn rustc() -> Command {
    Command::new(var("RUSTC").unwrap_or("rustc".into()))
}

/// A little-endian number of the ELF file.
fn number(elf: &[u8], at: usize, size: usize) -> Result<u64, String> {
    let bytes = elf
        .get(at..at + size)
        .ok_or("the linked purgatory is cut off")?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn name(strings: &[u8], at: u64) -> Result<&str, Box<dyn Error>> {
    let bytes = strings.get(at as usize..).unwrap_or(&[]);
    Ok(str::from_utf8(
        bytes.split(|byte| *byte == 0).next().unwrap_or(&[]),
    )?)
}

/// Section header: name, type, flags, address, link, contents (ELF-64, "Sections").
struct Section<'a>(u64, u64, u64, u64, usize, &'a [u8]);

fn sections(elf: &[u8]) -> Result<Vec<Section<'_>>, Box<dyn Error>> {
    let table = number(elf, 40, 8)? as usize;
    let mut sections = Vec::new();
    for i in 0..number(elf, 60, 2)? as usize {
        let field = |at, size| number(elf, table + 64 * i + at, size);
        let (kind, offset, size) = (field(4, 4)?, field(24, 8)? as usize, field(32, 8)? as usize);
        const NO_BITS: u64 = 8;
        let bytes = if kind == NO_BITS {
            Some(&[0; BUDGET][..size.min(BUDGET)])
        } else {
            elf.get(offset..offset + size)
        };
        let bytes = bytes.ok_or("the linked purgatory is cut off")?;
        sections.push(Section(
            field(0, 4)?,
            kind,
            field(8, 8)?,
            field(16, 8)?,
            field(40, 4)? as usize,
            bytes,
        ));
    }
    Ok(sections)
}

/// The image, after checks: entry first, no other sections or relocations, within its budget.
fn flatten(elf: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let sections = sections(elf)?;
    let names = sections[number(elf, 62, 2)? as usize].5;
    let mut image = None;
    for &Section(title, kind, flags, address, link, bytes) in &sections {
        let title = name(names, title)?;
        if title == ".purgatory" && address == 0 {
            image = Some(bytes);
        } else if flags & SECTION_ALLOCATED != 0 && !bytes.is_empty() && !IGNORED.contains(&title) {
            return Err(format!("the purgatory has {} bytes of {title}", bytes.len()).into());
        }
        if kind == SECTION_SYMBOLS {
            for symbol in bytes.chunks_exact(24).skip(1) {
                let title = name(sections[link].5, number(symbol, 0, 4)?)?;
                if number(symbol, 6, 2)? == 0 {
                    return Err(format!("the purgatory lacks {title}").into());
                }
            }
        }
    }
    let image = image.ok_or("the purgatory has no image at address 0")?;
    if number(elf, 24, 8)? != 0 {
        return Err("the purgatory's entry is not its first byte".into());
    }
    if image.len() > BUDGET {
        return Err(format!("the purgatory has {} bytes of {BUDGET}", image.len()).into());
    }
    Ok(image.to_vec())
}
