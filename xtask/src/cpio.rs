//! Initramfs archives: cpio "newc", as the kernel unpacks them
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

use crate::Outcome;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

const DIRECTORY: u32 = 0o040_755;
const REGULAR: u32 = 0o100_000;
const CHARACTER: u32 = 0o020_600;

/// An archive being written.
pub struct Archive {
    file: BufWriter<File>,
    inode: u32,
    made: Vec<String>,
}

impl Archive {
    /// Starts an archive at `path`.
    pub fn create(path: &Path) -> Outcome<Self> {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let file = made.and_then(|()| File::create(path));
        let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, file),
            inode: 0,
            made: Vec::new(),
        })
    }

    /// A directory, and those above it that are not there yet.
    pub fn directory(&mut self, name: &str) -> Outcome {
        self.parents(name)?;
        if self.made.iter().any(|made| made == name) {
            return Ok(());
        }
        self.made.push(name.into());
        self.header(name, DIRECTORY, 0, (0, 0))
    }

    /// A regular file with this content.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) -> Outcome {
        self.parents(name)?;
        self.header(name, REGULAR | mode, content.len(), (0, 0))?;
        self.content(&mut &content[..], content.len())
    }

    /// A regular file copied from the host.
    pub fn copy(&mut self, name: &str, mode: u32, from: &Path) -> Outcome {
        let fail = |error: std::io::Error| format!("{}: {error}", from.display());
        let mut source = File::open(from).map_err(fail)?;
        let length = source.metadata().map_err(fail)?.len();
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        self.parents(name)?;
        self.header(name, REGULAR | mode, length, (0, 0))?;
        self.content(&mut source, length)
    }

    /// A character device.
    pub fn device(&mut self, name: &str, major: u32, minor: u32) -> Outcome {
        self.parents(name)?;
        self.header(name, CHARACTER, 0, (major, minor))
    }

    /// Writes the trailer and everything still buffered.
    pub fn finish(mut self) -> Outcome {
        self.inode = 0;
        self.header("TRAILER!!!", 0, 0, (0, 0))?;
        self.file.flush().map_err(|error| error.to_string())
    }

    fn parents(&mut self, name: &str) -> Outcome {
        match name.rsplit_once('/') {
            Some((above, _)) => self.directory(above),
            None => Ok(()),
        }
    }

    fn header(&mut self, name: &str, mode: u32, size: usize, device: (u32, u32)) -> Outcome {
        self.inode += 1;
        let size = u32::try_from(size).map_err(|_| format!("{name}: larger than 4 GiB"))?;
        let name_size = name.len() + 1;
        let links = 1;
        // magic, ino, mode, uid, gid, nlink, mtime, filesize, dev, rdev, namesize, check
        let text = format!(
            "070701{:08x}{mode:08x}{:08x}{:08x}{links:08x}{:08x}{size:08x}{:08x}{:08x}{:08x}{:08x}\
             {name_size:08x}{:08x}{name}\0",
            self.inode, 0, 0, 0, 0, 0, device.0, device.1, 0
        );
        self.write(text.as_bytes())?;
        self.pad(text.len())
    }

    fn content(&mut self, source: &mut dyn Read, length: usize) -> Outcome {
        let copied = std::io::copy(source, &mut self.file).map_err(|error| error.to_string())?;
        if usize::try_from(copied) != Ok(length) {
            return Err(format!(
                "a file changed while it was archived: {length} → {copied}"
            ));
        }
        self.pad(length)
    }

    /// Headers and contents end on multiples of four.
    fn pad(&mut self, length: usize) -> Outcome {
        let padding = length.next_multiple_of(4) - length;
        self.write(&[0; 3][..padding])
    }

    fn write(&mut self, bytes: &[u8]) -> Outcome {
        self.file
            .write_all(bytes)
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_aligned_and_ends_with_the_trailer() {
        let path = std::env::temp_dir().join(format!("xtask-cpio-{}", std::process::id()));
        let mut archive = Archive::create(&path).unwrap();
        archive.file("a/b/c", 0o644, b"hello").unwrap();
        archive.file("a/b/d", 0o644, b"").unwrap();
        archive.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8(bytes).unwrap();
        // a, a/b, a/b/c, a/b/d and the trailer: no directory twice.
        assert_eq!(text.matches("070701").count(), 5);
        assert_eq!(text.find("070701"), Some(0));
        assert!(text.contains(concat!("hello\0\0\0", "070701")));
        assert!(text.trim_end_matches('\0').ends_with("TRAILER!!!"));
    }
}
