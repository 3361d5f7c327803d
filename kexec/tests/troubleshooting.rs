//! docs/troubleshooting.md: each of its messages is one that the command prints, and each reason for
//! which the kernel refuses a load has a row.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::path::Path;

use kexec_core::machine::refusal as unknown;
use kexec_core::refusal::Cause;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap()
}

/// The sources of what is printed, without tests; strings of several lines are one.
fn sources() -> String {
    let mut directories = vec![
        root().join("kexec/src"),
        root().join("core/src"),
        root().join("core/purgatory/src"),
    ];
    let mut all = String::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                directories.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                for line in text.lines() {
                    match line.strip_suffix('\\') {
                        Some(part) => all.push_str(part.trim_start()),
                        None => {
                            all.push_str(line.trim_start());
                            all.push('\n');
                        }
                    }
                }
            }
        }
    }
    assert!(all.len() > 500_000, "{}", all.len());
    all.replace("\\\"", "\"")
}

/// The messages of the tables: the first cell of each row, if it is in backquotes.
fn messages(page: &str) -> Vec<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split("` |").next())
        .collect()
}

#[test]
fn every_message_is_in_the_sources() {
    let (page, sources) = (page(), sources());
    let messages = messages(&page);
    assert!(messages.len() > 50, "{}", messages.len());
    let mut missing = Vec::new();
    for message in messages {
        // caution!() adds the word.
        let message = message.strip_prefix("warning: ").unwrap_or(message);
        for part in message
            .split('…')
            .map(str::trim)
            .filter(|part| part.len() > 3)
        {
            if !sources.contains(part) {
                missing.push(part);
            }
        }
    }
    assert!(missing.is_empty(), "nothing prints {missing:#?}");
}

/// The beginning of a text, which is enough to find it.
fn is_on(page: &str, text: &str) -> bool {
    let messages = messages(page);
    let parts = |message: &str| {
        message
            .split('…')
            .any(|part| part.len() > 15 && text.contains(part))
    };
    messages.into_iter().any(parts) || page.contains(&format!("`{text}`"))
}

#[test]
fn every_refusal_of_a_call_is_on_the_page() {
    let page = page();
    let missing: Vec<&str> = Cause::ALL
        .iter()
        .map(|cause| cause.text())
        .chain(unknown::ALL)
        // For process 1, not for the command.
        .filter(|text| *text != unknown::TO_BOOT)
        .filter(|text| !is_on(&page, text))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
