//! Installs libkexec as a distribution would: `cargo build --release` made the files, this puts
//! them where they belong.
//!
//! Needs `ar` and `objcopy`, for the slim archive.

pub mod archive;
pub mod versions;

use std::fs;
use std::io::ErrorKind::{DirectoryNotEmpty, NotADirectory, NotFound};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What may go wrong, as a sentence.
pub type Result<T> = std::result::Result<T, String>;

/// Where things go.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Put before every path (a staging directory), or empty.
    pub destdir: PathBuf,
    /// As in `/usr/local`.
    pub prefix: PathBuf,
    /// Of the libraries; `lib` below the prefix, or absolute.
    pub libdir: PathBuf,
}

/// A file to install: where to (without DESTDIR), and what.
struct Item {
    to: PathBuf,
    what: What,
}

enum What {
    Shared,
    Archive,
    /// A file of the project.
    Copy(PathBuf),
    PkgConfig,
    /// A manual page that leads to another one.
    Pointer(String),
    Link(&'static str),
}

impl Destination {
    fn libdir(&self) -> PathBuf {
        self.prefix.join(&self.libdir)
    }

    fn includedir(&self) -> PathBuf {
        self.prefix.join("include")
    }

    /// What can be written into libkexec.pc: quoted there, so that there may be spaces in it.
    fn check(&self) -> Result<()> {
        for path in [&self.prefix, &self.libdir()] {
            let text = path.to_str().unwrap_or("\0");
            let bad = |c: char| c.is_control() || "\"\\$#()`".contains(c);
            if !text.starts_with('/') || text.contains(bad) {
                return Err(format!(
                    "{}: prefix and libdir must be absolute paths in UTF-8 without \" \\ $ # ( ) `, \
                     which libkexec.pc could not tell",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    /// Where the directories are written down that were made for the library. In a staging
    /// directory none is: there all are, and it is thrown away as a whole.
    fn record(&self) -> Option<PathBuf> {
        let staging = !self.destdir.as_os_str().is_empty();
        (!staging).then(|| self.prefix.join("share/libkexec/directories"))
    }

    fn staged(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix("/").unwrap_or(path);
        if self.destdir.as_os_str().is_empty() {
            path.into()
        } else {
            self.destdir.join(below)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Everything that is installed, by name. `root` is the project.
fn items(root: &Path, to: &Destination) -> Result<Vec<Item>> {
    to.check()?;
    let (lib, include) = (to.libdir(), to.includedir());
    let name: &'static str = concat!("libkexec.so.", env!("CARGO_PKG_VERSION"));
    let item = |to: PathBuf, what| Item { to, what };
    let mut items = vec![
        item(lib.join(name), What::Shared),
        item(lib.join("libkexec.so.0"), What::Link(name)),
        item(lib.join("libkexec.so"), What::Link("libkexec.so.0")),
        item(lib.join("libkexec.a"), What::Archive),
        item(
            include.join("libkexec.h"),
            What::Copy(root.join("include/libkexec.h")),
        ),
        item(lib.join("pkgconfig/libkexec.pc"), What::PkgConfig),
    ];
    for section in ["man3", "man7"] {
        let mut pages: Vec<_> = fs::read_dir(root.join("man").join(section))
            .map_err(|error| format!("man/{section}: {error}"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        pages.sort();
        for page in pages {
            let name = page.file_name().unwrap_or_default();
            let to = to.prefix.join("share/man").join(section);
            let text = read(&page)?;
            // A page of several functions is found by each of their names.
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
    Ok(items)
}

/// The bytes of a file; none of a link. `built` is the directory of `cargo build --release`
/// (target/release).
fn contents(what: &What, root: &Path, built: &Path, to: &Destination) -> Result<Vec<u8>> {
    Ok(match what {
        What::Shared => {
            let shared = built.join("libkexec.so");
            versions::check(&shared, root, "")?;
            archive::stripped(&shared)?
        }
        What::Archive => archive::slim(&built.join("libkexec.a"))?,
        What::Copy(from) => read(from)?,
        What::Pointer(text) => text.clone().into_bytes(),
        What::PkgConfig => {
            let template = read(&root.join("ffi/libkexec.pc.in"))?;
            let template = String::from_utf8(template).map_err(|error| error.to_string())?;
            let path = |path: &Path| path.display().to_string();
            template
                .replace("@PREFIX@", &path(&to.prefix))
                .replace("@LIBDIR@", &path(&to.libdir()))
                .replace("@INCLUDEDIR@", &path(&to.includedir()))
                .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
                .into_bytes()
        }
        What::Link(_) => Vec::new(),
    })
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

/// Makes a directory and those above it; adds those that were not there to `made`.
fn make(directory: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let missing: Vec<&Path> = directory
        .ancestors()
        .take_while(|path| path.symlink_metadata().is_err())
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    for path in missing.into_iter().rev() {
        fs::create_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        made.push(path.into());
    }
    Ok(())
}

/// The directories that were made for the library, by the record of earlier installations.
fn recorded(to: &Destination) -> Vec<PathBuf> {
    let text = to.record().and_then(|path| fs::read_to_string(path).ok());
    let text = text.unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

/// Installs; answers the paths, without DESTDIR.
///
/// # Errors
/// A sentence about the file that cannot be read or written, or a path that libkexec.pc could not
/// tell.
pub fn install(root: &Path, built: &Path, to: &Destination) -> Result<Vec<PathBuf>> {
    // What cannot be read is known before anything is written.
    let mut files = Vec::new();
    for item in items(root, to)? {
        let bytes = contents(&item.what, root, built, to)?;
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
    // Also when half of it failed: what was made was.
    if let Some(path) = to.record().filter(|_| !made.is_empty()) {
        make(path.parent().unwrap_or(Path::new("/")), &mut made)?;
        let lines: String = made
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect();
        fs::write(&path, lines).map_err(|error| format!("{}: {error}", path.display()))?;
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
    let mode = if matches!(what, What::Shared) {
        0o755
    } else {
        0o644
    };
    match what {
        What::Link(target) => symlink(target, path).map_err(failed),
        _ => fs::write(path, bytes)
            .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
            .map_err(failed),
    }
}

/// Takes away what [`install`] installs, and of the directories that it made those that are empty
/// then; what is not there is no error. No build is needed. In a staging directory all directories
/// stay.
///
/// # Errors
/// A sentence about the file or directory that cannot be removed.
pub fn uninstall(root: &Path, to: &Destination) -> Result<()> {
    let mut paths: Vec<PathBuf> = items(root, to)?.into_iter().map(|item| item.to).collect();
    let mut made = recorded(to);
    paths.extend(to.record());
    // Whatever the record says: only directories that something was installed in.
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

/// Removes what may be gone, or be a directory that others use.
fn gone(path: &Path, remove: impl Fn(&Path) -> std::io::Result<()>) -> Result<()> {
    match remove(path) {
        Err(error) if !matches!(error.kind(), NotFound | DirectoryNotEmpty | NotADirectory) => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
