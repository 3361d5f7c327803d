//! The slim archive. Cargo's libkexec.a contains the library and about 300 unused members of Rust's
//! compiler_builtins. The library's own members are named after the crate.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, Tools};

/// A directory that is removed when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("libkexec-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(&path).map_err(failed)?;
        // For every umask.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The output of a command that must succeed.
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

/// What `--rename-section` of objcopy needs to give the sections of Rust's functions and constants
/// short names: `.text._ZN10kexec_core4plan…` becomes `.text.3`. Each section keeps a name of its own,
/// so that a linker can still drop each by itself, and the part of its name that linker scripts
/// look for. A function of the library's interface keeps its name, for the maps that linkers write.
fn short_names(listing: &str) -> String {
    let mut renamed = String::new();
    // A line of a section begins with its number and its name.
    let names = listing.lines().filter_map(|line| {
        let (number, rest) = line.trim_start().split_once(' ')?;
        let name = rest.split_whitespace().next()?;
        number.parse::<u32>().is_ok().then_some((number, name))
    });
    for (number, name) in names {
        let kinds = [".text.", ".rodata.", ".data.rel.ro."];
        let kind = kinds.into_iter().find(|kind| name.starts_with(kind));
        let Some(kind) = kind.filter(|_| !name.starts_with(".text.kx_")) else {
            continue;
        };
        if kind.len() + number.len() < name.len() {
            writeln!(renamed, "--rename-section={name}={kind}{number}").unwrap_or_default();
        }
    }
    renamed
}

/// The archive with the library's members only, in which only the symbols `kx_*` are global.
/// Stripping removes debug information, symbols that no relocation needs and the long names of
/// sections. Unwind tables are always removed, because nothing here uses them.
///
/// # Errors
/// A sentence: the file cannot be read, is not an archive, or ar or objcopy failed.
pub fn slim(archive: &Path, tools: &Tools) -> Result<Vec<u8>> {
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
    // One relocatable object, so that symbols which the members share can become local.
    let at = |command: &mut Command| {
        command.current_dir(&scratch.0).env("LC_ALL", "C");
    };
    let mut link = tools.command("ld");
    at(link.args(["-r", "-o", "kexec.o"]).args(&names));
    if let [only] = &names[..] {
        fs::rename(scratch.0.join(only), scratch.0.join("kexec.o"))
            .map_err(|error| error.to_string())?;
    } else {
        run(&mut link)?;
    }
    let mut copy = tools.command("objcopy");
    if tools.strip {
        let mut dump = tools.command("objdump");
        at(dump.args(["--section-headers", "--wide", "kexec.o"]));
        let names = short_names(&output(&mut dump)?);
        fs::write(scratch.0.join("names"), names).map_err(|error| error.to_string())?;
        copy.arg("@names");
    }
    at(copy.args(tools.strip.then_some("--strip-unneeded")).args([
        "--remove-section=.eh_frame",
        "--remove-section=.rela.eh_frame",
        "--remove-section=.comment",
        "--wildcard",
        "--keep-global-symbol=kx_*",
        "kexec.o",
    ]));
    run(&mut copy)?;
    let mut ar = tools.command("ar");
    at(ar.args(["rcsD", "libkexec.a", "kexec.o"]));
    run(&mut ar)?;
    crate::read(&scratch.0.join("libkexec.a"))
}

/// A program or shared object without symbols and debug information, which the kernel and the
/// dynamic linker do not use; unchanged if no stripping is wanted.
///
/// # Errors
/// A sentence.
pub fn stripped(file: &Path, tools: &Tools) -> Result<Vec<u8>> {
    let bytes = crate::read(file)?;
    if !tools.strip {
        return Ok(bytes);
    }
    let scratch = Scratch::new()?;
    let path = scratch.0.join("file");
    fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    run(tools
        .command("strip")
        .arg("--strip-all")
        .arg("--remove-section=.comment")
        .arg(&path))?;
    crate::read(&path)
}

impl Tools {
    fn command(&self, name: &str) -> Command {
        Command::new(format!("{}{name}", self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short names, long names, odd sizes and an empty member, as `ar` writes them.
    #[test]
    fn members_are_those_that_goblin_reads() {
        let scratch = Scratch::new().unwrap();
        let files: [(&str, &[u8]); 4] = [
            ("a.o", b"odd"),
            ("a-name-of-more-than-fifteen-bytes.o", b"even"),
            ("empty.o", b""),
            (
                "kexec_core-0123456789abcdef.kexec_core.cgu.0.rcgu.o",
                b"last!",
            ),
        ];
        for (name, body) in files {
            fs::write(scratch.0.join(name), body).unwrap();
        }
        let mut ar = Command::new("ar");
        let names = files.iter().map(|(name, _)| name);
        run(ar.current_dir(&scratch.0).args(["rcsD", "x.a"]).args(names)).unwrap();
        let bytes = fs::read(scratch.0.join("x.a")).unwrap();

        let ours = members(&bytes).unwrap();
        let expected = files.map(|(name, body)| (name.to_string(), body));
        assert_eq!(ours, expected);
        let oracle = goblin::archive::Archive::parse(&bytes).unwrap();
        for (name, body) in &ours {
            assert_eq!(oracle.extract(name, &bytes).unwrap(), *body, "{name}");
        }
        assert_eq!(oracle.members().len(), ours.len());
    }

    #[test]
    fn names_of_sections_are_short_and_each_is_another() {
        let listing = "
kexec.o:     file format elf64-x86-64

Sections:
Idx Name                   Size      VMA               LMA               File off  Algn  Flags
  0 .text                  00000000  0000000000000000  0000000000000000  00000040  2**2  CODE
  1 .text.kx_version       0000000b  0000000000000000  0000000000000000  00000040  2**0  CODE
  2 .text._ZN5kexec4name17h0123456789abcdefE 00000010  0000000000000000  0000000000000000  CODE
  3 .rodata..Lanon.0123.1  00000010  0000000000000000  0000000000000000  00000050  2**0  DATA
 14 .data.rel.ro..Lanon.2  00000010  0000000000000000  0000000000000000  00000060  2**3  DATA
 15 .rodata.x              00000010  0000000000000000  0000000000000000  00000070  2**4  DATA
";
        assert_eq!(
            short_names(listing),
            "--rename-section=.text._ZN5kexec4name17h0123456789abcdefE=.text.2\n\
             --rename-section=.rodata..Lanon.0123.1=.rodata.3\n\
             --rename-section=.data.rel.ro..Lanon.2=.data.rel.ro.14\n"
        );
    }

    #[test]
    fn what_is_cut_off_is_no_archive_or_has_fewer_members() {
        let archive =
            b"!<arch>\nname/           0           0     0     644     5         `\nhello\n";
        assert_eq!(
            members(archive).unwrap(),
            [("name".to_string(), &b"hello"[..])]
        );
        for length in 0..archive.len() - 1 {
            let found = members(&archive[..length]);
            assert!(found.is_none_or(|found| found.is_empty()), "{length}");
        }
    }
}
