//! Manual pages: every function has an entry, every error is documented, no lint.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use libkexec_tests::{fetched, output, root, run, scratch, tool};

fn pages() -> Vec<PathBuf> {
    ["man3", "man7"]
        .iter()
        .flat_map(|section| std::fs::read_dir(root().join("man").join(section)).expect("pages"))
        .map(|entry| entry.expect("a page").path())
        .collect()
}

fn header() -> String {
    std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header")
}

#[test]
fn every_function_constant_and_type_is_in_a_page() {
    let all: String = pages()
        .iter()
        .map(|page| std::fs::read_to_string(page).expect("text"))
        .collect();
    let map = std::fs::read_to_string(root().join("ffi/libkexec.map")).expect("the map");
    for line in map
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("kx_"))
    {
        let name = line.trim_end_matches(';');
        for entry in [
            format!("\n.Nm {name}"),
            format!("\n.Fo {name}\n"),
            format!("\n.Ss {name}\n"),
        ] {
            assert!(all.contains(&entry), "no {entry:?}");
        }
    }
    let mut constants = 0;
    for line in header()
        .lines()
        .filter_map(|line| line.strip_prefix("#define KX_"))
    {
        let name = line.split(' ').next().unwrap_or_default();
        let kind = if name.starts_with("E_") { "Er" } else { "Dv" };
        assert!(
            all.contains(&format!("\n.It {kind} KX_{name}\n")),
            "KX_{name} is in no page"
        );
        constants += 1;
    }
    assert!(constants > 150, "{constants}");
    let mut callbacks = 0;
    for line in header().lines().filter(|line| line.starts_with("typedef ")) {
        let (_, rest) = line.split_once("(*").expect("a type of functions");
        let name = rest.split(')').next().unwrap_or_default();
        let entry = format!("\n.Ss {name}\n.Bd -literal\n{line}\n.Ed\n.Pp\n");
        assert!(all.contains(&entry), "no {entry:?}");
        callbacks += 1;
    }
    assert_eq!(callbacks, 2);
}

/// The errors that a source file names are also in its documentation.
#[test]
fn every_error_a_source_names_is_documented_there() {
    for entry in std::fs::read_dir(root().join("ffi/src")).expect("sources") {
        let path = entry.expect("a source").path();
        let text = std::fs::read_to_string(&path).expect("text");
        if ["error", "strerror", "message", "tests"]
            .iter()
            .any(|name| path.ends_with(format!("{name}.rs")))
            || !text.contains("extern \"C\" fn")
        {
            continue;
        }
        let docs: String = text
            .lines()
            .filter(|line| line.starts_with("///"))
            .collect();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for word in code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_'))) {
            assert!(
                !word.starts_with("KX_E_") || docs.contains(word),
                "{}: {word} is not documented",
                path.display()
            );
        }
    }
}

/// The errors that the C tests see a function return are in its documentation.
#[test]
fn every_error_the_tests_see_is_documented() {
    let header = header();
    let documentation = |function: &str| {
        let declaration = header.find(&format!("\nint {function}(")).expect(function);
        let before = header.get(..declaration).unwrap_or_default();
        let start = before.rfind("/**").unwrap_or(0);
        let text = header.get(start..declaration).unwrap_or_default();
        text.replace("\n * ", " ")
    };
    let mut seen = 0;
    for source in libkexec_tests::api_sources() {
        let text = std::fs::read_to_string(&source).expect("text");
        for part in text.split("RETURNS(KX_E_").skip(1) {
            let name: String = part
                .chars()
                .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                .collect();
            let statement = part.split(';').next().unwrap_or_default();
            let Some((_, rest)) = statement.split_once("kx_") else {
                continue;
            };
            let function: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if !rest.starts_with(&format!("{function}(")) {
                continue;
            }
            let mut said = documentation(&format!("kx_{function}"));
            if said.contains("the errors of kx_image_probe()") {
                said += &documentation("kx_image_probe");
            }
            assert!(
                said.contains(&format!("KX_E_{name}")),
                "kx_{function}: KX_E_{name}"
            );
            seen += 1;
        }
    }
    assert!(seen > 120, "{seen}");
}

/// docs/c-api.md lists every item of core and every function of C, and nothing that does not exist.
#[test]
fn every_item_of_the_core_and_every_function_is_in_the_table() {
    let table = std::fs::read_to_string(root().join("docs/c-api.md")).expect("the table");
    let code: BTreeSet<&str> = table.split('`').skip(1).step_by(2).collect();
    let mut items = BTreeSet::new();
    for room in std::fs::read_dir(root().join("core/src")).expect("the core") {
        let Ok(text) = std::fs::read_to_string(room.expect("a room").path().join("mod.rs")) else {
            continue;
        };
        for part in text.split("\npub use ").skip(1) {
            let names = part.split(';').next().unwrap_or_default();
            let names = names.rsplit_once("::").map_or(names, |(_, names)| names);
            let words = names.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            items.extend(words.filter(|word| !word.is_empty()).map(String::from));
        }
        for kind in ["struct", "enum", "fn"] {
            for rest in text.split(&format!("\npub {kind} ")).skip(1) {
                let mut words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                items.extend(words.next().map(String::from));
            }
        }
    }
    assert!(items.len() > 120, "{}", items.len());
    // Like `plan`, with progress.
    items.remove("plan_with_progress");
    // Like `plan`, for an image that was parsed before.
    items.remove("plan_image");
    items.remove("plan_image_with_progress");
    // Like `plan_with_details`, for such an image.
    items.remove("plan_image_with_details");
    for item in &items {
        assert!(
            code.contains(item.as_str()),
            "{item} is not in docs/c-api.md"
        );
    }
    let header = header();
    for line in header
        .lines()
        .filter(|line| !line.starts_with([' ', '*', '/', '#']))
    {
        let name = line
            .split('(')
            .next()
            .and_then(|before| before.rsplit([' ', '*']).next());
        if let Some(name) = name.filter(|name| name.starts_with("kx_") && line.contains('(')) {
            assert!(code.contains(name), "{name} is not in docs/c-api.md");
        }
    }
    for word in table.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        if word.starts_with("kx_") || word.starts_with("KX_") {
            assert!(header.contains(word), "{word} is no more");
        }
    }
}

#[test]
fn lint_finds_nothing() {
    let Some(mandoc) = tool(&["mandoc"], "lint of the manual pages") else {
        return;
    };
    let checked = output(fetched(&mandoc).args(["-Tlint", "-Wwarning"]).args(pages()));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.is_empty(), "{said}");
}

/// The example in libkexec(7) compiles and plans.
#[test]
fn the_example_works() {
    let page = std::fs::read_to_string(root().join("man/man7/libkexec.7")).expect("the page");
    let example = page
        .split_once("\n.Sh EXAMPLES\n")
        .and_then(|(_, rest)| rest.split_once(".Bd -literal -offset indent\n"))
        .and_then(|(_, rest)| rest.split_once(".Ed"))
        .expect("an example")
        .0
        .replace("\\e", "\\");
    let directory = scratch("example");
    let source = directory.join("example.c");
    std::fs::write(&source, example).expect("written");
    let kernel = directory.join("kernel");
    kexec_testing::file(&kernel, &libkexec_tests::bzimage(0x1_0000)).expect("written");
    let program = directory.join("example");
    let mut compiler = libkexec_tests::cc();
    run(compiler
        .arg(&source)
        .arg(libkexec_tests::slim())
        .arg("-o")
        .arg(&program));
    let mut command = std::process::Command::new(&program);
    let said = run(command.arg(&kernel));
    assert!(
        said.lines().count() == 3 && said.contains(" purgatory\n"),
        "{said}"
    );
    let refused = output(&mut std::process::Command::new(&program));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.starts_with("usage: "),
        "{said}"
    );
}

/// The README's quick start, exactly as printed, with the installed copy: shared and static.
#[test]
fn the_quick_start_works() {
    let prefix = libkexec_tests::installed("quick-start-installed");
    libkexec_tests::quick_start("quick-start", &prefix);
}
