//! Writes `include/libkexec.h` and the manual pages of section 3 from the sources of `ffi/`; with
//! `--check` it reports whether they are up to date.

mod man;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The files in the order of the header, which is that of the data flow.
const FILES: [&str; 32] = [
    "version",
    "bytes",
    "module",
    "request",
    "code",
    "error",
    "strerror",
    "message",
    "arch",
    "machine_input",
    "machine_info",
    "machine_get",
    "machine_maps",
    "crash_info",
    "machine",
    "image",
    "uki",
    "workspace",
    "plan",
    "inspect",
    "note",
    "check",
    "explain",
    "digest",
    "files",
    "hold",
    "load",
    "route",
    "boot",
    "status",
    "exec",
    "process",
];

const BEGINNING: &str = include_str!("../begin.h");

const END: &str = "
#ifdef __cplusplus
} /* extern \"C\" */
#endif

#endif /* LIBKEXEC_H */";

fn generate(ffi: &Path) -> Result<String, String> {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        style: cbindgen::Style::Tag,
        header: Some(BEGINNING.into()),
        trailer: Some(END.into()),
        after_includes: Some("\n#ifdef __cplusplus\nextern \"C\" {\n#endif".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        usize_is_size_t: true,
        documentation_style: cbindgen::DocumentationStyle::Doxy,
        line_length: 96,
        ..cbindgen::Config::default()
    };
    config.function.sort_by = Some(cbindgen::SortKey::None);
    config.constant.sort_by = Some(cbindgen::SortKey::None);
    config.export.item_types.clear();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(ffi.join("src").join(file).with_extension("rs"));
    }
    let mut header = Vec::new();
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    bindings.write(&mut header);
    String::from_utf8(header)
        .map(|header| tidy(&header))
        .map_err(|error| error.to_string())
}

/// Adds the suffix of `unsigned` to a constant that does not fit in an `int`: C would take it for a
/// `long`.
fn unsigned(line: &str) -> String {
    let value = line.strip_prefix("#define ").and_then(|rest| {
        let (_, value) = rest.split_once(' ')?;
        value.parse::<u32>().ok()
    });
    let suffix = if value.is_some_and(|value| i32::try_from(value).is_err()) {
        "u"
    } else {
        ""
    };
    format!("{line}{suffix}")
}

/// Puts comments of one line on one line, constants without empty lines between them, and negative
/// constants in parentheses.
fn tidy(header: &str) -> String {
    let lines: Vec<&str> = header.lines().collect();
    let mut tidied: Vec<String> = Vec::new();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let (text, end) = (lines.get(index + 1), lines.get(index + 2));
        let short = line.trim() == "/**" && end.is_some_and(|end| end.trim() == "*/");
        if let (true, Some(text)) = (short, text.and_then(|text| text.trim().strip_prefix("* "))) {
            let indent = line.replace("/**", "");
            tidied.push(format!("{indent}/** {text} */"));
            index += 3;
            continue;
        }
        match line
            .strip_prefix("#define ")
            .and_then(|rest| rest.split_once(" -"))
        {
            Some((name, value)) => tidied.push(format!("#define {name} (-{value})")),
            None => tidied.push(unsigned(line)),
        }
        index += 1;
    }
    // An empty line stays, unless it follows another one or is between two constants.
    let mut kept: Vec<String> = Vec::new();
    for (index, line) in tidied.iter().enumerate() {
        let before = kept.last().map_or("", String::as_str);
        let constants = before.starts_with("#define KX_")
            && tidied[index + 1..]
                .iter()
                .find(|line| {
                    line.starts_with('#')
                        || line.starts_with("typedef")
                        || line.starts_with("struct")
                })
                .is_some_and(|next| next.starts_with("#define KX_"));
        if !line.is_empty() || !(before.is_empty() || constants) {
            kept.push(line.clone());
        }
    }
    kept.join("\n") + "\n"
}

fn run() -> Result<(), String> {
    let ffi = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("no parent directory")?;
    let header = generate(ffi)?;
    let manual: PathBuf = ffi.join("../man/man3");
    let mut files = vec![(ffi.join("../include/libkexec.h"), header.clone())];
    for (name, page) in man::pages(ffi, &header)? {
        files.push((manual.join(name), page));
    }
    let there = std::fs::read_dir(&manual).into_iter().flatten();
    for entry in there.flatten() {
        if !files
            .iter()
            .any(|(path, _)| path.file_name() == Some(&entry.file_name()))
        {
            return Err(format!("{}: not a page any more", entry.path().display()));
        }
    }
    match std::env::args().nth(1).as_deref() {
        None => files.iter().try_for_each(|(path, text)| {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
        }),
        Some("--check") => files.iter().try_for_each(|(path, text)| {
            let committed = std::fs::read_to_string(path).unwrap_or_default();
            if committed == *text {
                Ok(())
            } else {
                Err(format!(
                    "{} is stale: cargo run -p libkexec-header",
                    path.display()
                ))
            }
        }),
        Some(_) => Err("usage: libkexec-header [--check]".into()),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
