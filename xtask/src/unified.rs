//! Unified kernel images, made as distributions make them: sections appended to systemd's stub by objcopy.

use crate::Outcome;
use crate::command::{fresh_directory, run, write};
use std::path::Path;
use std::process::Command;

/// A section to append: its name, and its bytes or the file with them.
#[derive(Debug)]
pub enum Section<'a> {
    Text(&'static str, &'a str),
    File(&'static str, &'a Path),
}

/// Appends sections to a stub, in this order. objcopy adds sections of one name once, so a second one of the
/// same name gets its name afterwards.
pub fn make(stub: &Path, sections: &[Section<'_>], to: &Path) -> Outcome {
    let parts = to.with_extension("parts");
    fresh_directory(&parts)?;
    let bytes = std::fs::read(stub).map_err(|why| format!("{}: {why}", stub.display()))?;
    let (base, align, mut next) = layout(&bytes).ok_or("the stub is not a PE32+ file")?;
    let mut command = Command::new("objcopy");
    let mut names = Vec::new();
    for (number, section) in sections.iter().enumerate() {
        let (name, path) = match section {
            Section::Text(name, text) => {
                let path = parts.join(number.to_string());
                write(&path, text.as_bytes())?;
                (*name, path)
            }
            Section::File(name, path) => (*name, path.to_path_buf()),
        };
        let size = std::fs::metadata(&path)
            .map_err(|why| format!("{}: {why}", path.display()))?
            .len();
        // Names of eight characters in this order; `rename` writes the right ones.
        let place = format!(".{number:07}");
        let address = base + next;
        command
            .arg("--add-section")
            .arg(format!("{place}={}", path.display()))
            .arg("--change-section-vma")
            .arg(format!("{place}={address:#x}"))
            .arg("--set-section-flags")
            .arg(format!("{place}=data,readonly"));
        names.push((place, name));
        next = (next + size).next_multiple_of(align);
    }
    run(command.arg(stub).arg(to))?;
    let mut image = std::fs::read(to).map_err(|why| format!("{}: {why}", to.display()))?;
    for (place, name) in names {
        rename(&mut image, &place, name).ok_or_else(|| format!("objcopy made no {name}"))?;
    }
    write(to, &image)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

/// Where the section table is, and its rows.
fn table(image: &[u8]) -> Option<(usize, usize)> {
    let header = usize::try_from(number(image, 0x3c, 4)?).ok()?;
    let optional = usize::try_from(number(image, header + 20, 2)?).ok()?;
    let rows = usize::try_from(number(image, header + 6, 2)?).ok()?;
    Some((header + 24 + optional, rows))
}

/// The base address, the alignment of sections, and the first address after the last section.
fn layout(image: &[u8]) -> Option<(u64, u64, u64)> {
    let header = usize::try_from(number(image, 0x3c, 4)?).ok()?;
    let (base, align) = (
        number(image, header + 48, 8)?,
        number(image, header + 56, 4)?,
    );
    let (table, rows) = table(image)?;
    let ends = (0..rows).filter_map(|row| {
        let row = table + 40 * row;
        Some(number(image, row + 12, 4)? + number(image, row + 8, 4)?)
    });
    Some((base, align, ends.max()?.next_multiple_of(align)))
}

/// Gives a section another name.
fn rename(image: &mut [u8], from: &str, to: &str) -> Option<()> {
    let (table, rows) = table(image)?;
    let row = (0..rows)
        .map(|row| table + 40 * row)
        .find(|row| image.get(*row..*row + 8) == Some(from.as_bytes()))?;
    let place = image.get_mut(row..row + 8)?;
    place.fill(0);
    place.get_mut(..to.len())?.copy_from_slice(to.as_bytes());
    Some(())
}
