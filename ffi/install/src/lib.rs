//! Installs libkexec as a distribution would: `cargo build --release` made the files, this puts
//! them where they belong.
//!
//! Needs `ar` and `objcopy`, for the slim archive.

pub mod archive;

use std::fs;
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

/// A file to install: from where, to where (without DESTDIR), with which mode.
struct Item {
    to: PathBuf,
    what: What,
}

enum What {
    Bytes(Vec<u8>, u32),
    Link(&'static str),
}

impl Destination {
    fn libdir(&self) -> PathBuf {
        self.prefix.join(&self.libdir)
    }

    fn includedir(&self) -> PathBuf {
        self.prefix.join("include")
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

/// Everything that is installed. `root` is the project, `built` the directory of
/// `cargo build --release` (target/release).
fn items(root: &Path, built: &Path, to: &Destination) -> Result<Vec<Item>> {
    let version = env!("CARGO_PKG_VERSION");
    let (lib, include) = (to.libdir(), to.includedir());
    let shared = format!("libkexec.so.{version}");
    let name: &'static str = concat!("libkexec.so.", env!("CARGO_PKG_VERSION"));
    let template = String::from_utf8(read(&root.join("ffi/libkexec.pc.in"))?)
        .map_err(|error| error.to_string())?;
    let pc = template
        .replace("@PREFIX@", &to.prefix.display().to_string())
        .replace("@LIBDIR@", &lib.display().to_string())
        .replace("@INCLUDEDIR@", &include.display().to_string())
        .replace("@VERSION@", version);
    let file = |to: PathBuf, bytes, mode| Item {
        to,
        what: What::Bytes(bytes, mode),
    };
    let link = |to: PathBuf, target| Item {
        to,
        what: What::Link(target),
    };
    let mut items = vec![
        file(
            lib.join(shared),
            archive::stripped(&built.join("libkexec.so"))?,
            0o755,
        ),
        link(lib.join("libkexec.so.0"), name),
        link(lib.join("libkexec.so"), "libkexec.so.0"),
        file(
            lib.join("libkexec.a"),
            archive::slim(&built.join("libkexec.a"))?,
            0o644,
        ),
        file(
            include.join("libkexec.h"),
            read(&root.join("include/libkexec.h"))?,
            0o644,
        ),
        file(lib.join("pkgconfig/libkexec.pc"), pc.into_bytes(), 0o644),
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
                    let pointer = format!(".so {section}/{}\n", name.display());
                    items.push(file(to.join(other), pointer.into_bytes(), 0o644));
                }
            }
            items.push(file(to.join(name), text, 0o644));
        }
    }
    Ok(items)
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

/// Installs; answers the paths, without DESTDIR.
///
/// # Errors
/// A sentence about the file that cannot be read or written.
pub fn install(root: &Path, built: &Path, to: &Destination) -> Result<Vec<PathBuf>> {
    let mut done = Vec::new();
    for item in items(root, built, to)? {
        let path = to.staged(&item.to);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).map_err(failed)?;
        }
        match item.what {
            What::Link(target) => symlink(target, &path).map_err(failed)?,
            What::Bytes(bytes, mode) => {
                fs::write(&path, bytes).map_err(failed)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(failed)?;
            }
        }
        done.push(item.to);
    }
    Ok(done)
}

/// Takes away what [`install`] installs, and directories that are empty then; what is not there
/// is no error.
///
/// # Errors
/// A sentence about the file that cannot be removed.
pub fn uninstall(root: &Path, built: &Path, to: &Destination) -> Result<()> {
    for item in items(root, built, to)? {
        let path = to.staged(&item.to);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("{}: {error}", path.display()));
            }
            _ => {}
        }
        let end = to.staged(&to.prefix);
        for directory in path.ancestors().skip(1) {
            // Stops at the first that is not empty, and at the prefix itself.
            if directory == end || fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }
    Ok(())
}
