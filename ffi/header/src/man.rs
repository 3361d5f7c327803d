//! Manual pages of section 3 from the header: mdoc(7), one page for one or a few source
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A page, named after its first function: its subject, the sources of its functions, and the
/// structures and function types that it shows.
struct Page {
    about: &'static str,
    sources: &'static [&'static str],
    types: &'static [&'static str],
}

const PAGES: [Page; 20] = [
    page("version of libkexec", &["version"], &[]),
    page(
        "texts of the errors of libkexec",
        &["strerror", "message"],
        &["kx_error"],
    ),
    page("read facts about a machine", &["machine"], &["kx_machine"]),
    page(
        "describe a machine by hand",
        &["machine_input"],
        &["kx_efi_descriptor"],
    ),
    page(
        "facts about a machine",
        &["machine_info", "machine_get", "machine_maps", "arch"],
        &["kx_range", "kx_memory", "kx_machine_info"],
    ),
    page(
        "facts for a crash kernel",
        &["crash_info"],
        &["kx_crash_info"],
    ),
    page("inspect a kernel image", &["image"], &["kx_image"]),
    page(
        "open a unified kernel image",
        &["uki"],
        &["kx_bytes", "kx_uki"],
    ),
    page(
        "command line and seed for the next kernel",
        &["request"],
        &[],
    ),
    page("memory for a plan", &["workspace"], &["kx_workspace"]),
    page(
        "plan a kexec",
        &["plan"],
        &["kx_bytes", "kx_module", "kx_request", "kx_progress"],
    ),
    page(
        "inspect a plan",
        &["inspect", "note"],
        &["kx_plan_info", "kx_segment", "kx_note"],
    ),
    page(
        "check segments as the kernel will",
        &["check"],
        &["kx_limits"],
    ),
    page(
        "explain a refusal of the kernel, and choose the next call",
        &["explain", "route"],
        &[],
    ),
    page("the digest that the purgatory verifies", &["digest"], &[]),
    page("map and join files", &["files"], &["kx_bytes"]),
    page(
        "keep files unchanged while they are loaded",
        &["hold"],
        &["kx_held"],
    ),
    page("load and unload a kernel", &["load", "boot"], &[]),
    page(
        "start the loaded kernel, and find out whether there is one",
        &["exec", "status"],
        &[],
    ),
    page("for programs without libc", &["process"], &["kx_bus_error"]),
];

const fn page(
    about: &'static str,
    sources: &'static [&'static str],
    types: &'static [&'static str],
) -> Page {
    Page {
        about,
        sources,
        types,
    }
}

/// The parts of the header.
#[derive(Default)]
struct Header {
    /// Documentation and value of each constant, in order.
    constants: Vec<(String, Vec<String>)>,
    /// Name, text.
    structures: BTreeMap<String, String>,
    /// Function types: name, documentation, declaration.
    callbacks: BTreeMap<String, (Vec<String>, String)>,
    /// Name, documentation, declaration.
    functions: BTreeMap<String, (Vec<String>, String)>,
}

fn parse(header: &str) -> Header {
    let mut parsed = Header::default();
    let mut doc: Vec<String> = Vec::new();
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        if let Some(short) = line.strip_prefix("/** ") {
            doc = vec![short.trim_end_matches("*/").trim().into()];
        } else if line == "/**" {
            doc = lines
                .by_ref()
                .take_while(|line| line.trim() != "*/")
                .map(|line| line.trim().trim_start_matches('*').trim().into())
                .collect();
        } else if let Some(rest) = line.strip_prefix("#define KX_") {
            let name = rest.split(' ').next().unwrap_or_default();
            let doc = std::mem::take(&mut doc);
            parsed.constants.push((format!("KX_{name}"), doc));
        } else if let Some(name) = line
            .strip_prefix("struct ")
            .and_then(|l| l.strip_suffix(" {"))
        {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "};").collect();
            let text = format!("{line}\n{}\n}};", body.join("\n"));
            parsed.structures.insert(name.into(), text);
            doc.clear();
        } else if let Some((name, _)) = line
            .strip_prefix("typedef ")
            .and_then(|rest| rest.split_once("(*")?.1.split_once(')'))
        {
            let doc = std::mem::take(&mut doc);
            parsed.callbacks.insert(name.into(), (doc, line.into()));
        } else if !line.starts_with([' ', '#', '}', '/', '*']) && line.contains("kx_") {
            let mut declaration = line.to_string();
            while !declaration.ends_with(';') {
                let Some(more) = lines.next() else { break };
                declaration += " ";
                declaration += more.trim();
            }
            let before = declaration.split('(').next().unwrap_or_default();
            let name = before.rsplit([' ', '*']).next().unwrap_or_default();
            if name.starts_with("kx_") {
                let doc = std::mem::take(&mut doc);
                parsed.functions.insert(name.into(), (doc, declaration));
            }
        }
    }
    parsed
}

/// Names of the functions that a source file defines, in order.
fn defined(source: &str) -> Vec<String> {
    let parts = source.split("extern \"C\" fn ").skip(1);
    parts
        .filter_map(|part| Some(part.split_once('(')?.0.to_string()))
        .filter(|name| name.starts_with("kx_"))
        .collect()
}

/// A line of text, escaped for roff; text between backquotes becomes italic.
fn text(line: &str) -> String {
    let mut out = String::new();
    for (index, part) in line.replace('\\', "\\e").split('`').enumerate() {
        match index % 2 {
            0 => out += part,
            _ => out += &format!("\\fI{part}\\fR"),
        }
    }
    if out.starts_with(['.', '\'']) {
        out.insert_str(0, "\\&");
    }
    // Each sentence begins a line.
    out.replace(". ", ".\n").replace(".\n(", ". (")
}

/// Paragraphs of a comment.
fn paragraphs(doc: &[String]) -> Vec<String> {
    doc.split(|line| line.is_empty())
        .map(|lines| lines.join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// Names of the library's own errors in a text.
fn errors_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("KX_E_"))
}

fn write(page: &Page, names: &[String], header: &Header) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let first = names.first().map_or("", String::as_str);
    writeln!(out, ".\\\" SPDX-License-Identifier: MIT OR Apache-2.0")?;
    writeln!(out, ".\\\" Generated from the sources in ffi/src.")?;
    writeln!(
        out,
        ".Dd November 23, 2026\n.Dt {} 3\n.Os libkexec",
        first.to_uppercase()
    )?;
    writeln!(out, ".Sh NAME")?;
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 == names.len() { "" } else { " ," };
        writeln!(out, ".Nm {name}{comma}")?;
    }
    writeln!(out, ".Nd {}", page.about)?;
    writeln!(out, ".Sh LIBRARY\nkexec as a library (libkexec, \\-lkexec)")?;
    writeln!(out, ".Sh SYNOPSIS\n.In libkexec.h")?;
    for name in names {
        let Some((_, declaration)) = header.functions.get(name) else {
            continue;
        };
        let (before, arguments) = declaration.split_once('(').unwrap_or_default();
        let returned = before.strip_suffix(name.as_str()).unwrap_or(before).trim();
        writeln!(out, ".Ft {returned}\n.Fo {name}")?;
        for argument in arguments.trim_end_matches(");").split(", ") {
            writeln!(out, ".Fa \"{argument}\"")?;
        }
        writeln!(out, ".Fc")?;
    }
    writeln!(out, ".Sh DESCRIPTION")?;
    let mut mentioned = BTreeSet::new();
    for name in names {
        let Some((doc, _)) = header.functions.get(name) else {
            continue;
        };
        writeln!(out, ".Ss {name}")?;
        for (index, paragraph) in paragraphs(doc).iter().enumerate() {
            mentioned.extend(errors_in(paragraph).map(String::from));
            if paragraph.contains("the errors of kx_image_probe()") {
                let probe = header.functions.get("kx_image_probe");
                let probe = probe.map_or(String::new(), |(doc, _)| doc.join(" "));
                mentioned.extend(errors_in(&probe).map(String::from));
            }
            let break_ = if index == 0 { "" } else { ".Pp\n" };
            writeln!(out, "{break_}{}", text(paragraph))?;
        }
    }
    for name in page.types {
        if let Some(shown) = header.structures.get(*name) {
            literal(&mut out, &format!("struct {name}"), shown)?;
        }
        if let Some((doc, shown)) = header.callbacks.get(*name) {
            literal(&mut out, name, shown)?;
            for paragraph in paragraphs(doc) {
                writeln!(out, ".Pp\n{}", text(&paragraph))?;
            }
        }
    }
    constants(&mut out, names, page, header, &mentioned)?;
    if !mentioned.is_empty() {
        writeln!(out, ".Sh ERRORS\n.Bl -tag -width Ds")?;
        for (name, doc) in &header.constants {
            if mentioned.contains(name) {
                writeln!(out, ".It Er {name}\n{}", text(&doc.join(" ")))?;
            }
        }
        writeln!(out, ".El")?;
    }
    writeln!(out, ".Sh SEE ALSO\n.Xr libkexec 7")?;
    Ok(out)
}

/// A section of C code.
fn literal(out: &mut String, title: &str, shown: &str) -> std::fmt::Result {
    writeln!(out, ".Ss {title}\n.Bd -literal")?;
    for line in shown.lines() {
        writeln!(out, "{}", line.replace('\\', "\\e"))?;
    }
    writeln!(out, ".Ed")
}

/// The constants whose prefix the page's functions, types and errors mention, such as `KX_STEP_*`.
fn constants(
    out: &mut String,
    names: &[String],
    page: &Page,
    header: &Header,
    errors: &BTreeSet<String>,
) -> Result<(), std::fmt::Error> {
    let docs = names.iter().filter_map(|name| header.functions.get(name));
    let mut all: String = docs.map(|(doc, _)| doc.join(" ") + " ").collect();
    for name in page.types {
        all += header.structures.get(*name).map_or("", String::as_str);
    }
    for (name, doc) in &header.constants {
        if errors.contains(name) {
            all += &doc.join(" ");
        }
    }
    let words: BTreeSet<&str> = all
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '*'))
        .filter(|word| word.starts_with("KX_") && !word.starts_with("KX_E_"))
        .collect();
    let shown: Vec<_> = header
        .constants
        .iter()
        .filter(|(name, _)| {
            !name.starts_with("KX_E_")
                && words.iter().any(|word| match word.strip_suffix('*') {
                    Some(beginning) => name.starts_with(beginning),
                    None => word == name,
                })
        })
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(out, ".Ss Constants\n.Bl -tag -width Ds")?;
    for (name, doc) in shown {
        writeln!(out, ".It Dv {name}\n{}", text(&doc.join(" ")))?;
    }
    writeln!(out, ".El")
}

/// All pages: file name and contents.
///
/// # Errors
/// A sentence: a source cannot be read, or a function is in no page.
pub fn pages(ffi: &std::path::Path, header: &str) -> Result<Vec<(String, String)>, String> {
    let parsed = parse(header);
    let mut missing: BTreeSet<&String> = parsed.functions.keys().collect();
    let mut pages = Vec::new();
    for page in &PAGES {
        let mut names = Vec::new();
        for source in page.sources {
            let path = ffi.join("src").join(source).with_extension("rs");
            let source = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            names.extend(defined(&source));
        }
        for name in &names {
            missing.remove(name);
        }
        let first = names.first().ok_or("a page without functions")?;
        let text = write(page, &names, &parsed).map_err(|error| error.to_string())?;
        pages.push((format!("{first}.3"), text));
    }
    match missing.first() {
        None => Ok(pages),
        Some(name) => Err(format!("{name} is in no manual page")),
    }
}
