//! Which module may use which: the table in ARCHITECTURE.md, "Rooms", held against the sources.
//!
//! Two rules. A module of `core/src` uses the modules that its row names and no other. In the
//! folders of [`ROOTS`], and in each folder inside, no module uses itself by way of others.

use std::collections::{BTreeMap, BTreeSet};

/// Folders whose modules the rules are about.
const ROOTS: &[&str] = &["core/src/", "ffi/src/", "kexec/src/", "xtask/src/"];

/// The folder that the table's rows are about.
const TABLED: &str = "core/src/";

/// A source file below one of the folders: its path, and its text without tests and comments.
pub struct Source {
    path: String,
    text: String,
}

/// What `name` is as a source that the rules are about, if it is one.
pub fn source(name: &str, text: &str) -> Option<Source> {
    let inside = ROOTS.iter().any(|folder| name.starts_with(folder));
    let is_test =
        name.ends_with("tests.rs") || name.contains("/tests/") || name.ends_with("testing.rs");
    (inside && name.ends_with(".rs") && !is_test).then(|| Source {
        path: name.to_string(),
        text: without_tests_and_comments(text),
    })
}

/// What is wrong with the arrows between the modules of `sources`.
pub fn problems(sources: &[Source], architecture: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in folders(sources) {
        let arrows = arrows(sources, &folder);
        problems.extend(circle(&folder, &arrows));
        if folder == TABLED {
            problems.extend(against_table(&arrows, &table(architecture)));
        }
    }
    problems
}

/// The folders that have modules, each with a `/` at its end.
fn folders(sources: &[Source]) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for source in sources {
        for (at, _) in source.path.match_indices('/') {
            let folder = &source.path[..=at];
            if ROOTS.iter().any(|root| folder.starts_with(root)) {
                folders.insert(folder.to_string());
            }
        }
    }
    folders
}

/// Arrows of one folder: module → module it uses → the file that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

fn arrows(sources: &[Source], folder: &str) -> Arrows {
    let inside = |source: &&Source| source.path.starts_with(folder);
    let mut modules = BTreeSet::new();
    for source in sources.iter().filter(inside) {
        modules.insert(module(&source.path[folder.len()..]).to_string());
    }
    let exports = exports(sources, folder, &modules);
    let mut arrows = Arrows::new();
    for source in sources.iter().filter(inside) {
        let rest = &source.path[folder.len()..];
        let from = module(rest);
        if matches!(from, "lib" | "mod" | "main") {
            // The root of a folder knows all its modules: that is what it is for.
            continue;
        }
        // How this file names the folder's modules: `crate::a::b::`, or `super::` once for each
        // folder it is below.
        let root = ROOTS.iter().find(|root| folder.starts_with(**root));
        let below = folder[root.map_or(0, |root| root.len())..].replace('/', "::");
        let depth = rest.matches('/').count() + usize::from(!rest.ends_with("/mod.rs"));
        for prefix in [format!("crate::{below}"), "super::".repeat(depth)] {
            for name in named(&source.text, &prefix) {
                let to = if modules.contains(&name) {
                    Some(&name)
                } else {
                    exports.get(&name)
                };
                if let Some(to) = to.filter(|to| *to != from) {
                    let used = arrows.entry(from.to_string()).or_default();
                    used.entry(to.clone())
                        .or_insert_with(|| source.path.clone());
                }
            }
        }
    }
    arrows
}

/// The module that a path below a folder belongs to.
fn module(rest: &str) -> &str {
    let first = rest.split('/').next().unwrap_or(rest);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Names that the root of a folder exports from its modules: name → module.
fn exports(
    sources: &[Source],
    folder: &str,
    modules: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for root in ["lib.rs", "mod.rs", "main.rs"] {
        let path = format!("{folder}{root}");
        let Some(source) = sources.iter().find(|source| source.path == path) else {
            continue;
        };
        for module in modules {
            for name in named(&source.text, &format!("use {module}::")) {
                exports.insert(name, module.clone());
            }
        }
    }
    exports
}

/// The names that follow `prefix`: one, or each first name of a list in braces.
fn named(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | ':')) {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(list) => {
                let mut depth = 1;
                let mut begins = true;
                for (at, character) in list.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' => begins = depth == 1,
                        other if begins && !other.is_whitespace() => {
                            names.push(word(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    let is_part = |character: &char| character.is_alphanumeric() || *character == '_';
    text.chars().take_while(is_part).collect()
}

/// The table's rows about [`TABLED`]: module → what it may use.
fn table(architecture: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut table = BTreeMap::new();
    for line in architecture.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", places, _, may, ..] = cells.as_slice() else {
            continue;
        };
        let may: BTreeSet<String> = may.split(',').map(|name| name.trim().to_string()).collect();
        for place in places.split(',') {
            let place = place.trim().trim_matches('`');
            if let Some(rest) = place.strip_prefix(TABLED) {
                table.insert(module(rest).to_string(), may.clone());
            }
        }
    }
    table
}

fn against_table(arrows: &Arrows, table: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut problems = Vec::new();
    for (from, used) in arrows {
        let Some(may) = table.get(from) else {
            problems.push(format!("ARCHITECTURE.md: no row for {TABLED}{from}"));
            continue;
        };
        for (to, file) in used {
            if !may.contains(to) && !may.contains("all above") {
                problems.push(format!(
                    "{file}: {from} uses {to}, which ARCHITECTURE.md's table does not allow"
                ));
            }
        }
    }
    problems
}

/// A circle among the modules of a folder, if there is one.
fn circle(folder: &str, arrows: &Arrows) -> Option<String> {
    let mut left = arrows.clone();
    // What uses nothing that is left is in no circle.
    loop {
        let free = |to: &String| !left.contains_key(to);
        let done: Vec<String> = left
            .iter()
            .filter(|(_, used)| used.keys().all(free))
            .map(|(from, _)| from.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        left.retain(|from, _| !done.contains(from));
    }
    let mut at = left.keys().next()?;
    let mut path = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        at = left[at].keys().find(|to| left.contains_key(*to))?;
    }
    let names: Vec<&str> = path.iter().chain([&at]).map(|name| name.as_str()).collect();
    Some(format!(
        "{folder}: modules use each other in a circle: {}",
        names.join(" → ")
    ))
}

/// Drops line comments, and everything from a module of tests on: they stand at the end.
fn without_tests_and_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().map_or("", |line| line.trim_start());
        if line == "#[cfg(test)]" && next.starts_with("mod tests {") {
            break;
        }
        let code = line.split("//").next().unwrap_or(line);
        kept.push_str(code);
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Vec<Source> {
        files
            .iter()
            .map(|(path, text)| source(path, text).unwrap())
            .collect()
    }

    const TABLE: &str = "| place | what | may use |\n|---|---|---|\n\
        | `core/src/a.rs`, `core/src/b/` | x | – |\n| `core/src/c/` | y | a, b |\n";

    #[test]
    fn an_arrow_outside_the_table_is_found() {
        let good = [
            ("core/src/lib.rs", "mod a;\npub use a::Thing;\n"),
            ("core/src/a.rs", "use core::fmt;\n"),
            ("core/src/b/mod.rs", "// crate::a\n"),
            (
                "core/src/c/mod.rs",
                "use crate::{a::x, b};\nfn f(_: crate::Thing) {}\n",
            ),
        ];
        assert_eq!(problems(&sources(&good), TABLE), Vec::<String>::new());
        for text in [
            "use crate::a;",
            "fn f() { crate::Thing::new() }",
            "use crate::{a::{x}};",
        ] {
            let mut bad = good;
            bad[2].1 = text;
            let found = problems(&sources(&bad), TABLE);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains("b uses a"), "{found:?}");
        }
    }

    #[test]
    fn a_room_without_a_row_is_found() {
        let files = [("core/src/a.rs", ""), ("core/src/d.rs", "use crate::a;\n")];
        let found = problems(&sources(&files), TABLE);
        assert_eq!(found, ["ARCHITECTURE.md: no row for core/src/d"]);
    }

    #[test]
    fn circles_are_found_by_crate_and_by_super() {
        for (one, two) in [
            ("use crate::vm::q;", "use super::p;"),
            ("use super::{q::{x, y}};", "use super::Exported;"),
        ] {
            let files = [
                ("xtask/src/vm/mod.rs", "pub use p::Exported;\n"),
                ("xtask/src/vm/p.rs", one),
                ("xtask/src/vm/q.rs", two),
            ];
            let found = problems(&sources(&files), "");
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("xtask/src/vm/: "), "{found:?}");
        }
    }

    #[test]
    fn circles_inside_a_room_of_core_and_in_the_front_ends_are_found() {
        for folder in ["core/src/linux/", "core/src/a/b/", "ffi/src/", "kexec/src/"] {
            let (one, two) = (format!("{folder}p.rs"), format!("{folder}q.rs"));
            let good = [
                (one.as_str(), "use super::q::x;"),
                (two.as_str(), "use super::fd;"),
            ];
            let table = "| `core/src/linux/`, `core/src/a/` | x | – |";
            assert_eq!(problems(&sources(&good), table), Vec::<String>::new());
            let bad = [good[0], (good[1].0, "use super::p::y;")];
            let found = problems(&sources(&bad), table);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("{folder}: ")), "{found:?}");
        }
    }

    #[test]
    fn tests_do_not_count() {
        assert!(source("core/src/a_tests.rs", "").is_none());
        assert!(source("core/src/plan/tests/mod.rs", "").is_none());
        let text = "use crate::b;\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n";
        let source = source("core/src/a.rs", text).unwrap();
        assert!(source.text.contains("crate::b") && !source.text.contains("crate::c"));
    }
}
