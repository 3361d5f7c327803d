//! `cargo xtask size`: how large what ships is.

use crate::Outcome;
use crate::command::{build_examples, build_kexec, cargo, read, root, run as run_command, target};
use crate::elf::Elf;
use libkexec_install::{Tools, archive};
use std::path::Path;

/// `cargo xtask size`
pub fn run(arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask size".into());
    }
    program(&build_kexec()?)?;
    build_examples()?;
    library()?;
    let built = target().join("release");
    for name in ["init", "c-init"] {
        program(&built.join(name))?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

fn program(path: &Path) -> Outcome {
    let file = read(path)?;
    let elf = Elf::read(&file)?;
    println!("{}", shown(path));
    println!("  {:>9} bytes as built", file.len());
    println!(
        "  {:>9} bytes without symbols and section headers",
        elf.needed
    );
    in_memory(&elf);
    Ok(())
}

fn in_memory(elf: &Elf) {
    let loads = || elf.segments.iter().filter(|segment| segment.is_load());
    let bytes: u64 = loads().map(|segment| segment.memory_size).sum();
    println!("  {bytes:>9} bytes in memory");
    for section in elf
        .sections
        .iter()
        .filter(|section| section.loaded && section.size > 0)
    {
        println!("  {:>9}   {}", section.size, section.name);
    }
}

/// The files of the C library as they are installed: `libkexec.so` and `libkexec.a`.
pub fn installed() -> Outcome<[(&'static str, Vec<u8>); 2]> {
    run_command(cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package=libkexec-shared",
        "--package=libkexec",
    ]))?;
    let (built, tools) = (target().join("release"), Tools::default());
    Ok([
        (
            "libkexec.so",
            archive::stripped(&built.join("libkexec.so"), &tools)?,
        ),
        (
            "libkexec.a",
            archive::slim(&built.join("libkexec.a"), &tools)?,
        ),
    ])
}

/// The C library, as it is installed.
fn library() -> Outcome {
    for (name, file) in installed()? {
        println!("{}", shown(&target().join("release").join(name)));
        println!("  {:>9} bytes installed", file.len());
        if name.ends_with(".so") {
            in_memory(&Elf::read(&file)?);
        }
    }
    Ok(())
}
