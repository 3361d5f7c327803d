//! Builds the images: the decoders that cannot be shown to be free of panics, each a flat,
//! position-independent program from `image/` with a panic handler of its own. They are linked by a
//! cargo of their own, offline, from the crates that this package names as build dependencies.

// A panic here fails the build, as it should.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::std_instead_of_core
)]

use std::env::var;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

/// Each image, and its promised size in bytes.
const IMAGES: [(&str, usize); 2] = [("gzip_zstd", 28 * 1024), ("xz_lzma", 48 * 1024)];

/// Flavour and name of the linkers to try: Rust's own links for every host.
const LINKERS: [(&str, &str); 3] = [("ld.lld", "rust-lld"), ("ld.lld", "ld.lld"), ("ld", "ld")];

/// Sections of dynamic linking in a position-independent program; they are not loaded. What refers to
/// the GOT is changed to do without it.
const IGNORED: [&str; 8] = [
    ".dynamic",
    ".dynsym",
    ".dynstr",
    ".gnu.hash",
    ".hash",
    ".interp",
    ".got",
    ".rela.dyn",
];

/// The manifest of the images. The versions and features are those of Cargo.toml; `SOURCES` is image/.
const MANIFEST: &str = r#"
[package]
name = "images"
version = "0.0.0"
edition = "2024"
publish = false
[[bin]]
name = "gzip_zstd"
path = "SOURCES/gzip_zstd.rs"
[[bin]]
name = "xz_lzma"
path = "SOURCES/xz_lzma.rs"
[dependencies]
miniz_oxide = { version = "0.9.1", default-features = false }
zstd-zero = { version = "0.2.1", default-features = false }
lzma-rust2 = { version = "0.25.0", default-features = false, features = ["xz"] }
[profile.release]
panic = "abort"
opt-level = "s"
lto = "fat"
codegen-units = 1
[workspace]
"#;

const SECTION_ALLOCATED: u64 = 2;
const SECTION_SYMBOLS: u64 = 2;
const SECTION_RELOCATIONS: u64 = 4;
const SECTION_NO_BITS: u64 = 8;
const MACHINE_X86_64: u64 = 62;
const R_X86_64_GOTPCREL: u64 = 9;

fn main() {
    if let Err(error) = build() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    for path in ["build.rs", "image", "image/arch", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(var("OUT_DIR")?);
    let here = PathBuf::from(var("CARGO_MANIFEST_DIR")?);
    let package = out.join("images");
    fs::create_dir_all(&package)?;
    let sources = here.join("image");
    let manifest = MANIFEST.replace("SOURCES", sources.to_str().ok_or("not UTF-8")?);
    fs::write(package.join("Cargo.toml"), manifest)?;
    // The versions that the whole build has. Those that the images do not use are left out of the copy.
    let locks = here.ancestors().map(|place| place.join("Cargo.lock"));
    if let Some(lock) = locks.into_iter().find(|lock| lock.is_file()) {
        println!("cargo::rerun-if-changed={}", lock.display());
        fs::write(package.join("Cargo.lock"), fs::read(lock)?)?;
    }
    let built = link(&package, &sources)?;
    for (name, budget) in IMAGES {
        let image = flatten(&fs::read(built.join(name))?, budget)
            .map_err(|error| format!("the image {name}: {error}"))?;
        fs::write(out.join(format!("{name}.bin")), &image)?;
        fs::write(out.join(format!("{name}.size")), image.len().to_string())?;
    }
    Ok(())
}

/// Builds the images; returns their directory.
fn link(package: &Path, sources: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = var("TARGET")?;
    // Cargo does not see that a linker script changes: its name does.
    let text = fs::read(sources.join("image.ld"))?;
    let mut hash = DefaultHasher::new();
    text.hash(&mut hash);
    let script = package.join(format!("image-{:x}.ld", hash.finish()));
    fs::write(&script, text)?;
    let mut complaints = String::new();
    for (flavour, linker) in LINKERS {
        let directory = package.join("target");
        let mut flags = vec![
            format!("-Clinker-flavor={flavour}"),
            format!("-Clinker={linker}"),
            format!("-Clink-arg=-T{}", script.display()),
        ];
        let fixed = [
            "-Crelocation-model=pic",
            "-Crelro-level=off",
            "-Cforce-unwind-tables=no",
            "-Clink-arg=-pie",
            "-Clink-arg=--no-undefined",
            "-Clink-arg=--build-id=none",
            "-Clink-arg=--emit-relocs",
            // Without detection of the CPU's features, which needs writable data.
            "--cfg=sha2_backend=\"soft\"",
            "--cfg=sha2_backend_soft=\"compact\"",
        ];
        flags.extend(fixed.map(String::from));
        let mut cargo = Command::new(var("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--release", "--offline", "--quiet"]);
        cargo.args(["--target", &target, "--manifest-path"]);
        cargo.arg(package.join("Cargo.toml"));
        cargo.arg("--target-dir").arg(&directory);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        let linker_variable = format!(
            "CARGO_TARGET_{}_LINKER",
            target.to_uppercase().replace('-', "_")
        );
        // A lint's compiler, and another linker, are for the build around this one.
        for name in ["RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", &linker_variable] {
            cargo.env_remove(name);
        }
        let output = cargo
            .output()
            .map_err(|error| format!("{cargo:?}: {error}"))?;
        if output.status.success() {
            return Ok(directory.join(target).join("release"));
        }
        complaints += &format!(
            "with {linker}:\n{}\n",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Err(format!("the decoders do not build\n{complaints}").into())
}

/// A little-endian number of the ELF file.
fn number(elf: &[u8], at: usize, size: usize) -> Result<u64, String> {
    let bytes = elf.get(at..at + size).ok_or("the file is cut off")?;
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

/// Section header: name, type, flags, address, link, information, size, contents (ELF-64, "Sections").
struct Section<'a>(u64, u64, u64, u64, usize, usize, usize, &'a [u8]);

fn sections(elf: &[u8]) -> Result<Vec<Section<'_>>, Box<dyn Error>> {
    let table = number(elf, 40, 8)? as usize;
    let mut sections = Vec::new();
    for i in 0..number(elf, 60, 2)? as usize {
        let field = |at, size| number(elf, table + 64 * i + at, size);
        let (kind, offset, size) = (field(4, 4)?, field(24, 8)? as usize, field(32, 8)? as usize);
        let bytes = match kind {
            SECTION_NO_BITS => &[],
            _ => elf.get(offset..offset + size).ok_or("it is cut off")?,
        };
        sections.push(Section(
            field(0, 4)?,
            kind,
            field(8, 8)?,
            field(16, 8)?,
            field(40, 4)? as usize,
            field(44, 4)? as usize,
            size,
            bytes,
        ));
    }
    Ok(sections)
}

/// The image, after checks: entry first, no other sections, nothing to relocate, within its budget.
fn flatten(elf: &[u8], budget: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let sections = sections(elf)?;
    let names = sections[number(elf, 62, 2)? as usize].7;
    let mut image = Vec::new();
    let mut place = 0;
    for (index, &Section(title, kind, flags, address, link, _, size, bytes)) in
        sections.iter().enumerate()
    {
        let title = name(names, title)?;
        if title == ".image" && address == 0 {
            (image, place) = (bytes.to_vec(), index);
        } else if kind == SECTION_NO_BITS && size == 1 && is_shim(&sections, index)? {
            // Nothing writes it: it is read as what the image is filled up with.
            image.resize(address as usize + size, 0);
        } else if flags & SECTION_ALLOCATED != 0 && size != 0 && !IGNORED.contains(&title) {
            return Err(format!("it has {size} bytes of {title}").into());
        }
        if kind == SECTION_SYMBOLS {
            for symbol in bytes.chunks_exact(24).skip(1) {
                let title = name(sections[link].7, number(symbol, 0, 4)?)?;
                if number(symbol, 6, 2)? == 0 && !title.is_empty() {
                    return Err(format!("it lacks {title}").into());
                }
            }
        }
    }
    if image.is_empty() || number(elf, 24, 8)? != 0 {
        return Err("its entry is not its first byte".into());
    }
    if image.len() > budget {
        return Err(format!("it has {} bytes of {budget}", image.len()).into());
    }
    let got = sections
        .iter()
        .find(|section| name(names, section.0).is_ok_and(|name| name == ".got"));
    let in_got =
        |address: u64| got.is_some_and(|got| (got.3..got.3 + got.6 as u64).contains(&address));
    for &Section(_, kind, flags, _, link, of, _, bytes) in &sections {
        // What the linker keeps of the code's own relocations (--emit-relocs); those of dynamic
        // linking are checked by the addresses that they change.
        if kind != SECTION_RELOCATIONS {
            continue;
        }
        for relocation in bytes.chunks_exact(24) {
            let (at, how) = (number(relocation, 0, 8)?, number(relocation, 8, 4)?);
            if flags & SECTION_ALLOCATED != 0 {
                if !in_got(at) {
                    return Err(format!("it would have to be relocated at {at:#x}").into());
                }
            } else if of == place
                && how == R_X86_64_GOTPCREL
                && number(elf, 18, 2)? == MACHINE_X86_64
            {
                let symbol = number(relocation, 12, 4)? as usize;
                let symbol = sections[link].7.get(24 * symbol..).ok_or("it is cut off")?;
                relax(&mut image, at as usize, number(symbol, 8, 8)?)?;
            }
        }
    }
    Ok(image)
}

/// Whether a section has the byte that allocation reads so that the linker keeps its functions
/// (library/alloc/src/alloc.rs), which compilers for some targets put into a section with all others.
fn is_shim(sections: &[Section<'_>], index: usize) -> Result<bool, Box<dyn Error>> {
    for &Section(_, kind, _, _, link, _, _, bytes) in sections {
        if kind != SECTION_SYMBOLS {
            continue;
        }
        for symbol in bytes.chunks_exact(24) {
            let title = name(sections[link].7, number(symbol, 0, 4)?)?;
            let inside = number(symbol, 6, 2)? == index as u64;
            if inside && title == "__rust_no_alloc_shim_is_unstable" {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A call or jump through the GOT becomes one to the function itself, as a linker does it where the
/// compiler marked the instruction (System V ABI for AMD64, B.2, "Optimize GOTPCRELX Relocations").
fn relax(image: &mut [u8], at: usize, function: u64) -> Result<(), Box<dyn Error>> {
    let code = image.get_mut(at - 2..at + 4).ok_or("it is cut off")?;
    let distance = |end: usize| (function as u32).wrapping_sub(end as u32).to_le_bytes();
    match code[..2] {
        // call *(rip + x): a prefix without effect, and a call.
        [0xff, 0x15] => {
            code[..2].copy_from_slice(&[0x67, 0xe8]);
            code[2..].copy_from_slice(&distance(at + 4));
        }
        // jmp *(rip + x): a jump, and a nop.
        [0xff, 0x25] => {
            code[0] = 0xe9;
            code[1..5].copy_from_slice(&distance(at + 3));
            code[5] = 0x90;
        }
        // mov x(rip), register: lea.
        [0x8b, modrm] if modrm & 0xc7 == 5 => {
            code[0] = 0x8d;
            code[2..].copy_from_slice(&distance(at + 4));
        }
        _ => return Err(format!("an instruction through the GOT at {at:#x}").into()),
    }
    Ok(())
}
