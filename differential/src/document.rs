//! The table in docs/differences.md.

use crate::Outcome;
use crate::expected::ROWS;
use std::path::PathBuf;

const BEGIN: &str = "<!-- begin: written by `differential --write` -->\n";
const END: &str = "<!-- end -->\n";

/// Where the document is.
#[must_use]
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/differences.md")
}

fn table() -> String {
    let mut text = String::from("| field | kexec-tools | libkexec | reason |\n|---|---|---|---|\n");
    for row in ROWS {
        text += &format!(
            "| {} | {} | {} | {} |\n",
            row.field,
            row.reference.text(),
            row.ours.text(),
            row.reason
        );
    }
    text
}

/// The document with its table made anew.
fn renewed(document: &str) -> Outcome<String> {
    let missing = || format!("{}: has no `{}`", path().display(), BEGIN.trim());
    let (before, rest) = document.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", table()))
}

fn read() -> Outcome<String> {
    std::fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))
}

/// Checks that the document has the rows of [`ROWS`].
///
/// # Errors
/// It has not, or cannot be read.
pub fn check() -> Outcome {
    let document = read()?;
    if renewed(&document)? == document {
        Ok(())
    } else {
        Err(format!(
            "{} is not up to date: run `cargo run -p differential -- --write`",
            path().display()
        ))
    }
}

/// Puts the rows of [`ROWS`] into the document.
///
/// # Errors
/// It cannot be read or written.
pub fn write() -> Outcome {
    let document = renewed(&read()?)?;
    std::fs::write(path(), document).map_err(|error| format!("{}: {error}", path().display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_has_every_row() {
        super::check().unwrap();
    }
}
