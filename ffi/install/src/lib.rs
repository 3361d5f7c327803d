//! Installs libkexec and the command as a distribution would, after `cargo build --release` has
//! made the files.
//!
//! Needs binutils: `nm`, `ar`, `ld`, `objdump`, `objcopy` and `strip`.

pub mod archive;
mod destination;
mod items;
pub mod versions;

use std::fs;
use std::io::ErrorKind::{DirectoryNotEmpty, NotADirectory, NotFound};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

pub use destination::Destination;
use items::{What, items};

/// An error, as a sentence.
pub type Result<T> = std::result::Result<T, String>;

/// A part that can be installed separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The C library: shared object, archive, header, pkg-config file, manual, examples.
    Library,
    /// The kexec command, its manual page and its completions.
    Command,
}

impl Part {
    /// Both.
    pub const ALL: &[Self] = &[Self::Library, Self::Command];
}

/// Where the files come from.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The project.
    pub root: &'a Path,
    /// Where `cargo build --release` put its files (target/release).
    pub built: &'a Path,
    /// The tools that change them.
    pub tools: Tools,
}

/// Binutils, and how they are used.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Prefix of their names, such as `aarch64-linux-gnu-`, or empty.
    pub prefix: String,
    /// Whether symbols and debug information are removed.
    pub strip: bool,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            strip: true,
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes a directory and its parents; adds those that did not exist to `made`.
fn make(directory: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let missing: Vec<&Path> = directory
        .ancestors()
        .take_while(|path| path.symlink_metadata().is_err())
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    for path in missing.into_iter().rev() {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir(path).map_err(failed)?;
        made.push(path.into());
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(())
}

/// The directories made for the library, as recorded by earlier installations.
fn recorded(to: &Destination) -> Vec<PathBuf> {
    let text = to.record().and_then(|path| fs::read_to_string(path).ok());
    let text = text.unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

/// Installs, and returns the paths without DESTDIR.
///
/// # Errors
/// A sentence about the file that cannot be read or written, or a path that libkexec.pc cannot
/// express.
pub fn install(from: &Source<'_>, to: &Destination, parts: &[Part]) -> Result<Vec<PathBuf>> {
    // Read everything first, so that nothing is written if a file cannot be read.
    let mut files = Vec::new();
    for item in items(from.root, to, parts)? {
        let bytes = item.what.contents(from, to)?;
        files.push((item, bytes));
    }
    let mut made = recorded(to);
    let mut done = Vec::new();
    let mut installed = Ok(());
    for (item, bytes) in files {
        installed = put(&to.staged(&item.to), &item.what, bytes, &mut made);
        if installed.is_err() {
            break;
        }
        done.push(item.to);
    }
    // Recorded even if the installation failed midway.
    if let Some(path) = to.record().filter(|_| !made.is_empty()) {
        make(path.parent().unwrap_or(Path::new("/")), &mut made)?;
        let lines: String = made
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect();
        write(&path, lines.as_bytes(), 0o644)?;
        done.push(path);
    }
    installed.map(|()| done)
}

fn put(path: &Path, what: &What, bytes: Vec<u8>, made: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    make(path.parent().unwrap_or(Path::new("/")), made)?;
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path).map_err(failed)?;
    }
    match what {
        What::Link(target) => symlink(target, path).map_err(failed),
        _ => write(path, &bytes, what.mode()),
    }
}

/// Writes a file with these permissions, for every umask.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    fs::write(path, bytes)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Removes the files that [`install`] installs, then those directories made by it that are empty.
/// A missing file is not an error. No build is needed. In a staging directory all directories stay.
///
/// # Errors
/// A sentence about the file or directory that cannot be removed.
pub fn uninstall(root: &Path, to: &Destination, parts: &[Part]) -> Result<()> {
    let items = items(root, to, parts)?;
    let mut paths: Vec<PathBuf> = items.into_iter().map(|item| item.to).collect();
    let mut made = recorded(to);
    // If the other part is also installed, it needs the record until it is removed too.
    let others = items::items(root, to, Part::ALL)?;
    let stays = |item: &items::Item| {
        !paths.contains(&item.to) && to.staged(&item.to).symlink_metadata().is_ok()
    };
    if !others.iter().any(stays) {
        paths.extend(to.record());
    }
    // Only directories that contained installed files, whatever the record says.
    made.retain(|directory| paths.iter().any(|path| path.starts_with(directory)));
    for path in &paths {
        gone(&to.staged(path), |path| fs::remove_file(path))?;
    }
    // The deepest first.
    made.sort_by_key(|directory| std::cmp::Reverse(directory.components().count()));
    for directory in &made {
        gone(directory, |path| fs::remove_dir(path))?;
    }
    Ok(())
}

/// Removes a file that may be missing, or a directory that others may use.
fn gone(path: &Path, remove: impl Fn(&Path) -> std::io::Result<()>) -> Result<()> {
    match remove(path) {
        Err(error) if !matches!(error.kind(), NotFound | DirectoryNotEmpty | NotADirectory) => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
