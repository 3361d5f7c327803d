//! The slim archive. Cargo's libkexec.a holds the library and some 300 members of Rust's
//! compiler_builtins that it has no use for; ours are the ones named after the crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// A directory that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("libkexec-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a command that must succeed prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = format!("{command:?}");
    match command.env("LC_ALL", "C").output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => Err(format!(
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn run(command: &mut Command) -> Result<()> {
    output(command).map(|_| ())
}

/// Members of an archive in ar's common format: 60-byte headers, GNU's long names in `//`.
fn members(archive: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut rest = archive.strip_prefix(b"!<arch>\n")?;
    let mut long_names: &[u8] = &[];
    let mut members = Vec::new();
    while rest.len() >= 60 {
        let (header, after) = rest.split_at(60);
        let size: usize = std::str::from_utf8(header.get(48..58)?)
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let body = after.get(..size)?;
        let name = std::str::from_utf8(header.get(..16)?).ok()?.trim_end();
        let whole = match name.strip_prefix('/') {
            Some("/") => {
                long_names = body;
                String::new()
            }
            Some(offset) if !offset.is_empty() => {
                let text = long_names.get(offset.parse::<usize>().ok()?..)?;
                let end = text.iter().position(|byte| *byte == b'/')?;
                String::from_utf8_lossy(text.get(..end)?).into_owned()
            }
            Some(_) => String::new(),
            None => name.trim_end_matches('/').into(),
        };
        if !whole.is_empty() {
            members.push((whole, body));
        }
        rest = after.get(size.next_multiple_of(2)..).unwrap_or_default();
    }
    Some(members)
}

/// The archive with our members only; of their symbols only `kx_*` are global, and those that no
/// relocation needs, debug information and unwind tables, which nothing here uses, are gone.
///
/// # Errors
/// A sentence: the file cannot be read, is no archive, or ar or objcopy failed.
pub fn slim(archive: &Path) -> Result<Vec<u8>> {
    let whole = crate::read(archive)?;
    let members = members(&whole).ok_or(format!("{}: not an archive", archive.display()))?;
    let scratch = Scratch::new()?;
    let mut names = Vec::new();
    let ours = members
        .iter()
        .filter(|(name, _)| name.starts_with("kexec-"));
    for (number, (_, body)) in ours.enumerate() {
        let name = format!("kexec{number}.o");
        let path = scratch.0.join(&name);
        fs::write(&path, body).map_err(|error| error.to_string())?;
        names.push(name);
    }
    if names.is_empty() {
        return Err(format!("{}: no member of libkexec", archive.display()));
    }
    // One relocatable object, so that what the members have in common can become local.
    let at = |command: &mut Command| {
        command.current_dir(&scratch.0).env("LC_ALL", "C");
    };
    let mut link = Command::new("ld");
    at(link.args(["-r", "-o", "kexec.o"]).args(&names));
    if let [only] = &names[..] {
        fs::rename(scratch.0.join(only), scratch.0.join("kexec.o"))
            .map_err(|error| error.to_string())?;
    } else {
        run(&mut link)?;
    }
    let mut copy = Command::new("objcopy");
    at(copy.args([
        "--strip-unneeded",
        "--remove-section=.eh_frame",
        "--remove-section=.rela.eh_frame",
        "--remove-section=.comment",
        "--wildcard",
        "--keep-global-symbol=kx_*",
        "kexec.o",
    ]));
    run(&mut copy)?;
    let mut ar = Command::new("ar");
    at(ar.args(["rcsD", "libkexec.a", "kexec.o"]));
    run(&mut ar)?;
    crate::read(&scratch.0.join("libkexec.a"))
}

/// The shared object without symbols and debug information the dynamic linker has no use for.
///
/// # Errors
/// A sentence.
pub fn stripped(shared: &Path) -> Result<Vec<u8>> {
    let scratch = Scratch::new()?;
    let path = scratch.0.join("libkexec.so");
    fs::write(&path, crate::read(shared)?).map_err(|error| error.to_string())?;
    run(Command::new("strip")
        .arg("--strip-all")
        .arg("--remove-section=.comment")
        .arg(&path))?;
    crate::read(&path)
}
