//! `libkexec-install install|uninstall|slim [OPTION]...`, after `cargo build --release`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libkexec_install::{Destination, Part, Source, Tools, archive, install, uninstall};

const USAGE: &str = "usage: libkexec-install install|uninstall|slim [OPTION]...
  slim           writes libkexec.slim.a beside libkexec.a
  --prefix=DIR   /usr/local
  --libdir=DIR   lib, below the prefix
  --sbindir=DIR  sbin, below the prefix
  --datadir=DIR  share, below the prefix
  --destdir=DIR  a staging directory (or DESTDIR in the environment)
  --only=PART    library or command
  --no-strip     keep symbols and debug information
  --tool-prefix=PREFIX
                 of nm, ar, ld, objdump, objcopy, strip (or CROSS_COMPILE)
  --target=DIR   where `cargo build --release` put its files (target/release)";

/// An environment variable. As in make, an empty one counts as not set.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn run() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .ok_or("no project around")?;
    let mut built = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("release");
    let mut to = Destination {
        destdir: environment("DESTDIR").unwrap_or_default().into(),
        ..Destination::default()
    };
    let mut tools = Tools {
        prefix: environment("CROSS_COMPILE").unwrap_or_default(),
        ..Tools::default()
    };
    let mut parts = Part::ALL;
    let mut arguments = std::env::args().skip(1);
    let action = arguments.next().ok_or(USAGE)?;
    for argument in arguments {
        let (name, value) = argument.split_once('=').unwrap_or((&argument, ""));
        match name {
            "--prefix" => to.prefix = value.into(),
            "--destdir" => to.destdir = value.into(),
            "--libdir" => to.libdir = value.into(),
            "--sbindir" => to.sbindir = value.into(),
            "--datadir" => to.datadir = value.into(),
            "--target" => built = value.into(),
            "--tool-prefix" => tools.prefix = value.into(),
            "--no-strip" if name == argument => tools.strip = false,
            "--only" if value == "library" => parts = &[Part::Library],
            "--only" if value == "command" => parts = &[Part::Command],
            _ => return Err(format!("{argument}: not an option\n{USAGE}")),
        }
    }
    match action.as_str() {
        "install" => {
            let built = &built;
            for path in install(&Source { root, built, tools }, &to, parts)? {
                println!("{}", path.display());
            }
            Ok(())
        }
        "uninstall" => uninstall(root, &to, parts),
        "slim" => {
            let slim = archive::slim(&built.join("libkexec.a"), &tools)?;
            let path = built.join("libkexec.slim.a");
            std::fs::write(&path, slim).map_err(|error| format!("{}: {error}", path.display()))
        }
        _ => Err(USAGE.into()),
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
