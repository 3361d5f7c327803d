//! The tables in docs/differences.md.

use crate::Outcome;
use crate::expected::ROWS;
use crate::lines::rules::RULES;
use std::path::PathBuf;

/// The line before each table.
const BEGIN: [&str; 2] = [
    "<!-- begin: written by `differential --write` -->\n",
    "<!-- begin: lines, written by `differential --write` -->\n",
];
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

/// The table of differences of command lines.
fn table_of_lines() -> String {
    let mut text =
        String::from("| arguments | kexec-tools | libkexec | reason |\n|---|---|---|---|\n");
    for rule in RULES {
        text += &format!(
            "| {}{} | {} | {} | {} |\n",
            rule.release(),
            rule.arguments,
            rule.reference,
            rule.ours,
            rule.reason
        );
    }
    text
}

/// The document with its tables made anew.
fn renewed(document: &str) -> Outcome<String> {
    let mut document = document.to_string();
    for (begin, table) in BEGIN.into_iter().zip([table(), table_of_lines()]) {
        let missing = || format!("{}: has no `{}`", path().display(), begin.trim());
        let (before, rest) = document.split_once(begin).ok_or_else(missing)?;
        let (_, after) = rest.split_once(END).ok_or_else(missing)?;
        document = format!("{before}{begin}\n{table}\n{END}{after}");
    }
    Ok(document)
}

fn read() -> Outcome<String> {
    std::fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))
}

/// Checks that the document has the rows of [`ROWS`] and [`RULES`].
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

/// Puts the rows of [`ROWS`] and [`RULES`] into the document.
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
