//! The list of installed files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::destination::Destination;
use crate::{Part, Result, Source, archive, read, versions};

/// Programs to copy: docs/init.md.
const EXAMPLES: [&str; 7] = [
    "c-init/build.sh",
    "c-init/init.c",
    "c-init/mem.c",
    "c-init/static.ld",
    "rust-init/Cargo.toml",
    "rust-init/build.rs",
    "rust-init/src/main.rs",
];

/// Completions for bash, zsh and fish: where those of other packages are.
const COMPLETIONS: [(&str, &str); 3] = [
    (
        "kexec/completions/kexec.bash",
        "bash-completion/completions/kexec",
    ),
    ("kexec/completions/_kexec", "zsh/site-functions/_kexec"),
    (
        "kexec/completions/kexec.fish",
        "fish/vendor_completions.d/kexec.fish",
    ),
];

/// A file to install: its path (without DESTDIR) and its contents.
pub(crate) struct Item {
    pub(crate) to: PathBuf,
    pub(crate) what: What,
}

pub(crate) enum What {
    Shared,
    Archive,
    Command,
    /// A file of the project.
    Copy(PathBuf),
    /// An executable file of the project.
    Script(PathBuf),
    PkgConfig,
    /// A manual page that refers to another one.
    Pointer(String),
    Link(&'static str),
}

impl What {
    /// Permissions, for every umask.
    pub(crate) const fn mode(&self) -> u32 {
        match self {
            Self::Command | Self::Script(_) => 0o755,
            // A shared object is mapped, not executed.
            _ => 0o644,
        }
    }

    /// The bytes of a file; `None` for a link.
    pub(crate) fn contents(&self, from: &Source<'_>, to: &Destination) -> Result<Vec<u8>> {
        let tools = &from.tools;
        Ok(match self {
            Self::Shared => {
                let shared = from.built.join("libkexec.so");
                versions::check(&shared, from.root, &tools.prefix)?;
                archive::stripped(&shared, tools)?
            }
            Self::Archive => archive::slim(&from.built.join("libkexec.a"), tools)?,
            Self::Command => archive::stripped(&from.built.join("kexec"), tools)?,
            Self::Copy(path) | Self::Script(path) => read(path)?,
            Self::Pointer(text) => text.clone().into_bytes(),
            Self::PkgConfig => {
                let template = read(&from.root.join("ffi/libkexec.pc.in"))?;
                let template = String::from_utf8(template).map_err(|error| error.to_string())?;
                to.pkg_config(&template).into_bytes()
            }
            Self::Link(_) => Vec::new(),
        })
    }
}

/// Everything that is installed. `root` is the project.
pub(crate) fn items(root: &Path, to: &Destination, parts: &[Part]) -> Result<Vec<Item>> {
    to.check()?;
    let mut items = Vec::new();
    if parts.contains(&Part::Library) {
        library(root, to, &mut items)?;
    }
    if parts.contains(&Part::Command) {
        command(root, to, &mut items);
    }
    Ok(items)
}

/// The licences, for a part that is packaged separately.
fn licences(root: &Path, to: &Destination, part: &str, items: &mut Vec<Item>) {
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        items.push(Item {
            to: to.data("doc").join(part).join(name),
            what: What::Copy(root.join(name)),
        });
    }
}

fn command(root: &Path, to: &Destination, items: &mut Vec<Item>) {
    let copy = |from: &str, to: PathBuf| Item {
        to,
        what: What::Copy(root.join(from)),
    };
    items.push(Item {
        to: to.sbindir().join("kexec"),
        what: What::Command,
    });
    items.push(copy("kexec/kexec.8", to.data("man/man8/kexec.8")));
    for (from, below) in COMPLETIONS {
        items.push(copy(from, to.data(below)));
    }
    licences(root, to, "kexec", items);
}

fn library(root: &Path, to: &Destination, items: &mut Vec<Item>) -> Result<()> {
    let (lib, include) = (to.libdir(), to.includedir());
    let name: &'static str = concat!("libkexec.so.", env!("CARGO_PKG_VERSION"));
    let item = |to: PathBuf, what| Item { to, what };
    items.extend([
        item(lib.join(name), What::Shared),
        item(lib.join("libkexec.so.0"), What::Link(name)),
        item(lib.join("libkexec.so"), What::Link("libkexec.so.0")),
        item(lib.join("libkexec.a"), What::Archive),
        item(
            include.join("libkexec.h"),
            What::Copy(root.join("include/libkexec.h")),
        ),
        item(lib.join("pkgconfig/libkexec.pc"), What::PkgConfig),
    ]);
    for section in ["man3", "man7"] {
        for page in files(&root.join("man").join(section))? {
            let name = page.file_name().unwrap_or_default();
            let to = to.data("man").join(section);
            let text = read(&page)?;
            // A page of several functions is found under each of their names.
            for other in names(&String::from_utf8_lossy(&text)) {
                let other = format!("{other}.3");
                if *name != *other && section == "man3" {
                    let pointer = format!(".so {section}/{}\n", name.to_string_lossy());
                    items.push(item(to.join(other), What::Pointer(pointer)));
                }
            }
            items.push(item(to.join(name), What::Copy(page)));
        }
    }
    licences(root, to, "libkexec", items);
    for name in EXAMPLES {
        let from = root.join("examples").join(name);
        let what = match name.ends_with(".sh") {
            true => What::Script(from),
            false => What::Copy(from),
        };
        items.push(item(to.data("doc/libkexec/examples").join(name), what));
    }
    Ok(())
}

/// The files of a directory, in order.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        found.push(entry.map_err(failed)?.path());
    }
    found.sort();
    Ok(found)
}

/// The names in a manual page's NAME section.
fn names(page: &str) -> Vec<&str> {
    page.lines()
        .skip_while(|line| *line != ".Sh NAME")
        .skip(1)
        .map_while(|line| line.strip_prefix(".Nm "))
        .map(|name| name.trim_end_matches(" ,"))
        .collect()
}
