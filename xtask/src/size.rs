//! `cargo xtask size`: how large what ships is.

use crate::Outcome;
use crate::command::{build_kexec, read, root};
use crate::elf::Elf;

/// `cargo xtask size`
pub fn run(arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask size".into());
    }
    let path = build_kexec()?;
    let file = read(&path)?;
    let elf = Elf::read(&file)?;
    let shown = path.strip_prefix(root()).unwrap_or(&path);
    println!("{}", shown.display());
    println!("  {:>9} bytes as built, with symbols", file.len());
    println!(
        "  {:>9} bytes without symbols and section headers",
        elf.needed
    );
    let loads = || elf.segments.iter().filter(|segment| segment.is_load());
    let in_memory: u64 = loads().map(|segment| segment.memory_size).sum();
    println!("  {in_memory:>9} bytes in memory");
    for section in elf
        .sections
        .iter()
        .filter(|section| section.loaded && section.size > 0)
    {
        println!("  {:>9}   {}", section.size, section.name);
    }
    Ok(())
}
