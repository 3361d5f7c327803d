//! Where files are installed, and how libkexec.pc describes that.

use std::path::{Path, PathBuf};

use crate::Result;

/// Where files are installed. A directory that is not absolute is below the prefix.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Put before every path (a staging directory), or empty.
    pub destdir: PathBuf,
    /// Such as `/usr/local`.
    pub prefix: PathBuf,
    /// Directory of the libraries: `lib`, or such as `lib/x86_64-linux-gnu`.
    pub libdir: PathBuf,
    /// Directory of the command: `sbin`.
    pub sbindir: PathBuf,
    /// Directory of manual pages, licences, examples and completions: `share`.
    pub datadir: PathBuf,
}

impl Default for Destination {
    fn default() -> Self {
        Self {
            destdir: PathBuf::new(),
            prefix: "/usr/local".into(),
            libdir: "lib".into(),
            sbindir: "sbin".into(),
            datadir: "share".into(),
        }
    }
}

impl Destination {
    pub(crate) fn libdir(&self) -> PathBuf {
        self.prefix.join(&self.libdir)
    }

    pub(crate) fn sbindir(&self) -> PathBuf {
        self.prefix.join(&self.sbindir)
    }

    pub(crate) fn includedir(&self) -> PathBuf {
        self.prefix.join("include")
    }

    /// A directory below `share`.
    pub(crate) fn data(&self, below: &str) -> PathBuf {
        self.prefix.join(&self.datadir).join(below)
    }

    /// Checks that libkexec.pc can express the paths. They are quoted there and may contain spaces.
    pub(crate) fn check(&self) -> Result<()> {
        let directories = [
            self.prefix.clone(),
            self.libdir(),
            self.sbindir(),
            self.data(""),
        ];
        for path in &directories {
            let text = path.to_str().unwrap_or("\0");
            let bad = |c: char| c.is_control() || "\"\\$#()`".contains(c);
            if !text.starts_with('/') || text.contains(bad) {
                return Err(format!(
                    "{}: the prefix and the directories must be absolute paths in UTF-8 without \
                     \" \\ $ # ( ) `, which libkexec.pc cannot express",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    /// The contents of libkexec.pc. Directories below the prefix are written relative to it, so
    /// that `pkg-config --define-prefix` finds a tree that was moved.
    pub(crate) fn pkg_config(&self, template: &str) -> String {
        let text = |path: &Path| path.display().to_string();
        let below = |path: PathBuf| match path.strip_prefix(&self.prefix) {
            Ok(rest) => format!("${{prefix}}/{}", text(rest)),
            Err(_) => text(&path),
        };
        template
            .replace("@PREFIX@", &text(&self.prefix))
            .replace("@LIBDIR@", &below(self.libdir()))
            .replace("@INCLUDEDIR@", &below(self.includedir()))
            .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
    }

    /// The file that lists the directories made for the library. A staging directory has no such
    /// file: all of its directories were made, and it is deleted as a whole.
    pub(crate) fn record(&self) -> Option<PathBuf> {
        let staging = !self.destdir.as_os_str().is_empty();
        (!staging).then(|| self.data("libkexec/directories"))
    }

    pub(crate) fn staged(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix("/").unwrap_or(path);
        if self.destdir.as_os_str().is_empty() {
            path.into()
        } else {
            self.destdir.join(below)
        }
    }
}
