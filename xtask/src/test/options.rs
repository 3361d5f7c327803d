//! Texts of the libraries name no option of the command: their callers have none of them.
//!
//! The words are derived from the command's own table of options, and looked for in every string
//! literal of core and of the C library.

/// The command's table of options.
pub const TABLE: &str = "kexec/src/table.rs";

/// Folders whose texts are read by callers of a library.
const LIBRARIES: &[&str] = &["core/src/", "ffi/src/"];

/// The options of the table: `--load` and `-l` of `flag(Id::Load, "load", Some(b'l'), …)`.
pub fn words(table: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in table.lines() {
        let row = line.trim_start();
        if !(row.contains("(Id::") || row.starts_with("not_yet(\"")) {
            continue;
        }
        words.extend(between(row, "\"", "\"").map(|long| format!("--{long}")));
        for before in ["Some(b'", ".with_letter(b'"] {
            words.extend(between(row, before, "'").map(|letter| format!("-{letter}")));
        }
    }
    words
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// The lines of a library's source whose texts name one of the options.
pub fn problems(name: &str, text: &str, options: &[String]) -> Vec<String> {
    let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
    let inside = LIBRARIES.iter().any(|folder| name.starts_with(folder));
    if is_test || !inside || !name.ends_with(".rs") {
        return Vec::new();
    }
    let part = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut problems = Vec::new();
    for (line, literal) in literals(text) {
        for word in literal.split(|character| !part(character)) {
            if options.iter().any(|option| option == word) {
                problems.push(format!(
                    "{name}:{line}: {word}: a library's text names an option of the command"
                ));
            }
        }
    }
    problems
}

/// The string literals of a source up to its module of tests, each with the line it begins in.
fn literals(text: &str) -> Vec<(usize, String)> {
    let end = text.find("#[cfg(test)]\nmod tests {");
    let mut rest = &text[..end.unwrap_or(text.len())];
    let mut found = Vec::new();
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').map_or(1, |at| at + 2)
        } else if first == '"' {
            let length = literal_length(rest);
            found.push((line, rest[1..length].to_string()));
            length
        } else {
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Bytes up to the quote that ends a literal, and with it.
fn literal_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "    flag(Id::Load, \"load\", Some(b'l'), Both, \"load, do no more\"),\n\
        \x20   valued(Id::Dtb, \"dtb\", \"FILE\", Load, \"device tree (see -z)\"),\n\
        \x20   not_yet(\"type\", Some(b't')),\n\
        \x20   valued(Id::Entry, \"entry\", \"ADDRESS\", Both, \"x\").with_letter(b'E'),\n";

    fn found(text: &str) -> Vec<String> {
        problems("core/src/a.rs", text, &words(ROWS))
    }

    #[test]
    fn the_words_are_the_tables() {
        assert_eq!(
            words(ROWS),
            ["--load", "-l", "--dtb", "--type", "-t", "--entry", "-E"]
        );
        let table = std::fs::read_to_string(crate::command::root().join(TABLE)).unwrap();
        let words = words(&table);
        for option in [
            "--args-linux",
            "--noefi",
            "--type",
            "-s",
            "-c",
            "-l",
            "-p",
            "-t",
        ] {
            assert!(words.iter().any(|word| word == option), "{option}");
        }
        assert!(words.len() > 60, "{words:?}");
    }

    #[test]
    fn an_option_in_a_text_is_found() {
        for text in [
            "\"use -l\"",
            "f(\"(kexec -l)\")",
            "x(\n\"first \\\n --load, or\")",
            "'\"'; \"\\\"-t\"",
            "c\"--dtb=\"",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
        assert!(found("\n\n\"-l\"")[0].starts_with("core/src/a.rs:3: -l: "));
    }

    #[test]
    fn comments_code_tests_and_other_words_are_not() {
        for text in [
            "// \"use -l\"",
            "x -l",
            "\"mokutil --import\"",
            "\"read-load, --loads, -lt, 1-l\"",
            "#[cfg(test)]\nmod tests {\n\"-l\"",
            "'\"' -l '\"'",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
        let options = words(ROWS);
        assert!(problems("kexec/src/a.rs", "\"-l\"", &options).is_empty());
        assert!(problems("core/src/a_tests.rs", "\"-l\"", &options).is_empty());
    }
}
