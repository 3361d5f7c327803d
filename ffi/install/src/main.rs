//! `libkexec-install install|uninstall|slim [OPTION]...`, after `cargo build --release`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libkexec_install::{Destination, archive, install, uninstall};

const USAGE: &str = "usage: libkexec-install install|uninstall|slim [--prefix=DIR] [--destdir=DIR]
           [--libdir=DIR] [--target=DIR]
  slim        writes libkexec.slim.a beside libkexec.a
  --prefix    /usr/local
  --libdir    lib, below the prefix
  --destdir   a staging directory
  --target    where `cargo build --release` put its files (target/release)";

fn run() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .ok_or("no project around")?;
    let mut built = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("release");
    let mut to = Destination {
        destdir: PathBuf::new(),
        prefix: "/usr/local".into(),
        libdir: "lib".into(),
    };
    let mut arguments = std::env::args().skip(1);
    let action = arguments.next().ok_or(USAGE)?;
    for argument in arguments {
        match argument.split_once('=') {
            Some(("--prefix", value)) => to.prefix = value.into(),
            Some(("--destdir", value)) => to.destdir = value.into(),
            Some(("--libdir", value)) => to.libdir = value.into(),
            Some(("--target", value)) => built = value.into(),
            _ => return Err(USAGE.into()),
        }
    }
    match action.as_str() {
        "install" => {
            for path in install(root, &built, &to)? {
                println!("{}", path.display());
            }
            Ok(())
        }
        "uninstall" => uninstall(root, &to),
        "slim" => {
            let slim = archive::slim(&built.join("libkexec.a"))?;
            std::fs::write(built.join("libkexec.slim.a"), slim).map_err(|error| error.to_string())
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
