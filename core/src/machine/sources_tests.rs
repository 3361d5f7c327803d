use super::*;
use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

fn text(path: &CStr) -> &str {
    path.to_str().unwrap()
}

/// The row as docs/unknown.md has it.
fn row(source: &Source) -> String {
    let entries = match source.shape {
        Shape::File | Shape::Directory | Shape::Link => String::new(),
        Shape::Names => "/*NAME*".to_string(),
        Shape::Released => "*VERSION*".to_string(),
        Shape::Numbered { prefix, files } => {
            let files: Vec<_> = files.iter().map(|file| text(file)).collect();
            format!("/{prefix}*N*/{{{}}}", files.join(","))
        }
    };
    let paths: Vec<_> = source
        .paths()
        .map(|path| format!("/{}{entries}", text(path)))
        .collect();
    let needed = match source.needed {
        Needed::Plan => "every load",
        Needed::Crash => "crash kernels",
        Needed::Refusal => "explanations",
        Needed::Check => "checks",
    };
    let reader = match source.reader {
        Reader::Anyone => "everyone",
        Reader::Root => "root",
        Reader::SysAdmin => "everyone; without CAP_SYS_ADMIN its addresses are 0",
        Reader::RawIo => "root with CAP_SYS_RAWIO",
    };
    format!(
        "| {} | {} | {needed} | {reader} |\n",
        paths.join(", else "),
        source.gives
    )
}

/// docs/unknown.md has the table. KEXEC_WRITE_SOURCES=1 writes it.
#[test]
fn the_page_has_a_row_for_each_source() {
    let page = include_str!("../../../docs/unknown.md");
    let head = "| file | gives | read for | readable by |\n|---|---|---|---|\n";
    let (before, rest) = page.split_once(head).unwrap();
    let (table, after) = rest.split_once("\n\n").unwrap();
    let rows: String = ALL.iter().chain(CHECKS).map(row).collect();
    if std::env::var_os("KEXEC_WRITE_SOURCES").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/unknown.md");
        std::fs::write(file, format!("{before}{head}{rows}\n{after}")).unwrap();
        return;
    }
    assert_eq!(
        format!("{table}\n"),
        rows,
        "docs/unknown.md is stale: KEXEC_WRITE_SOURCES=1 cargo test -p kexec-core --lib sources"
    );
}

/// The copies' rows say the same.
#[test]
fn copies_have_the_same_rows() {
    assert_eq!(ROWS.len(), ALL.len());
    for (row, source) in ROWS.iter().zip(ALL) {
        assert_eq!((row.path, row.other), (source.path, source.other));
        let entries = match source.shape {
            Shape::Numbered { prefix, files } => Some((prefix, files)),
            _ => None,
        };
        assert_eq!(row.entries(), entries);
        assert_eq!(row.is_directory, source.shape != Shape::File);
    }
}

#[test]
fn rows_are_sound() {
    let mut paths = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for source in ALL.iter().chain(CHECKS) {
        for path in source.paths().map(text) {
            assert!(
                path.starts_with("proc/") || path.starts_with("sys/") || path == "boot/config-"
            );
            assert!(paths.insert(path), "{path} stands twice");
        }
        for number in source.numbers {
            assert!(numbers.insert(*number), "{number} stands twice");
        }
        assert!(!source.gives.is_empty() && !source.gives.contains('|'));
    }
    assert_eq!(paths.len(), 50);
    assert_eq!(numbers, (1..=17).collect());
}

/// What reads the machine names its sources by their rows, and no path of its own.
#[test]
fn readers_have_no_paths_of_their_own() {
    let readers = [
        include_str!("../linux/machine/dump.rs"),
        include_str!("../linux/machine/efi.rs"),
        include_str!("../linux/machine/host.rs"),
        include_str!("../linux/machine/memory.rs"),
        include_str!("../linux/machine/mod.rs"),
        include_str!("../linux/machine/path.rs"),
        include_str!("../linux/machine/state.rs"),
        include_str!("../linux/machine/to_boot.rs"),
    ];
    let all: String = readers.concat();
    for line in all
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for start in ["\"proc/", "\"sys/", "\"/proc/", "\"/sys/", "\"boot/"] {
            assert!(!line.contains(start), "{line}");
        }
    }
    // A file that is not in the table cannot be read through it; every file in it is read.
    let table = include_str!("sources.rs");
    let names = table.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split_once(" =")?.0;
        let upper = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        name.bytes().all(upper).then_some(name)
    });
    let names: Vec<String> = names.map(ToString::to_string).collect();
    assert_eq!(names.len(), ALL.len() + CHECKS.len());
    for name in names {
        assert!(
            all.contains(&format!("sources::{name}")),
            "{name} is not read"
        );
    }
}

/// linux/loaded.rs is for programs that must be tiny and has its own paths.
#[test]
fn what_asks_for_a_loaded_image_has_the_same_paths() {
    let reader = include_str!("../linux/loaded.rs");
    for source in [LOADED, CRASH_LOADED, HANDOVER_FINAL] {
        for path in source.paths().map(text) {
            assert!(reader.contains(&format!("cstr!(\"/{path}\")")), "{path}");
        }
    }
}
