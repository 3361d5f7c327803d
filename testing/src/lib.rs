//! What the tests of all packages share: reports of what was not tested, files that nobody writes to,
//! and a small kernel.

mod settled;

pub use settled::{file, settle, sparse};

use std::fs::OpenOptions;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

/// Reports that something is not tested, and why: on stderr, and in `target/not-tested` for
/// `cargo xtask test`, which counts it as a skipped test.
///
/// # Panics
/// If it cannot be recorded: a skip that nobody sees must not pass.
#[allow(clippy::expect_used)]
pub fn not_tested(what: &str) {
    eprintln!("NOT TESTED: {what}");
    write_down(what).expect("written down");
}

fn write_down(what: &str) -> Result<()> {
    // One write, for tests run at the same time.
    let line = format!("{}\n", what.replace('\n', " "));
    let list = list();
    if let Some(directory) = list.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).open(list)?;
    file.write_all(line.as_bytes())
}

/// Where the lines are.
#[must_use]
pub fn list() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR");
    // Relative to the workspace, not to the package whose test runs.
    root.join(target.unwrap_or("target".into()))
        .join("not-tested")
}

/// A kernel for x86-64 as an ELF file: `part` at offset 4096, loaded to 16 MiB and entered at its first
/// byte.
#[must_use]
pub fn elf_kernel(part: &[u8]) -> Vec<u8> {
    const ADDRESS: u64 = 16 << 20;
    const OFFSET: u64 = 4096;
    let size = part.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    // ET_EXEC, EM_X86_64, EV_CURRENT; the program header follows the header.
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    for value in [ADDRESS, 64, 0] {
        file.extend(value.to_le_bytes());
    }
    // No flags; the size of the header; one program header of 56 bytes; no section headers.
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    // PT_LOAD, executable and readable.
    for value in [1 | 5 << 32, OFFSET, ADDRESS, ADDRESS, size, size, OFFSET] {
        file.extend(value.to_le_bytes());
    }
    file.resize(4096, 0);
    file.extend(part);
    file
}

/// A PE file for x86-64 with these sections, each at a multiple of 512 bytes. The tables are those of
/// systemd-stub: the signature "PE" at 0x78, an optional header of 240 bytes.
///
/// # Panics
/// If the table has no room for them.
#[must_use]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
pub fn pe(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let count = sections.len();
    let mut file = vec![0; (0x78 + 24 + 240 + 40 * count).next_multiple_of(512)];
    file[..2].copy_from_slice(b"MZ");
    file[0x3c] = 0x78;
    file[0x78..0x7e].copy_from_slice(b"PE\0\0\x64\x86");
    file[0x7e] = count as u8;
    file[0x78 + 20] = 240;
    file[0x78 + 24..][..2].copy_from_slice(&[0x0b, 2]);
    for (number, (name, bytes)) in sections.iter().enumerate() {
        let row = 0x78 + 24 + 240 + 40 * number;
        let (start, size) = (file.len() as u32, bytes.len() as u32);
        file[row..row + name.len()].copy_from_slice(name.as_bytes());
        for (at, value) in [(8, size), (16, size.next_multiple_of(512)), (20, start)] {
            file[row + at..][..4].copy_from_slice(&value.to_le_bytes());
        }
        file.extend_from_slice(bytes);
        file.resize(file.len().next_multiple_of(512), 0);
    }
    file
}
