//! Which `kexec` a guest runs, and what each kernel of its chain must be found to be.

use crate::packages::Kernel;
use std::path::PathBuf;

/// Which `kexec` the guests run.
#[derive(Debug, Clone)]
pub enum Kexec {
    /// Ours, this file.
    Ours(PathBuf),
    /// Debian's kexec-tools.
    Reference,
}

/// What the kernel of a hop must be found to be; hop 0 is the kernel the firmware boots.
#[derive(Debug)]
pub struct Expected {
    pub kernel: Kernel,
    pub command_line: String,
    /// `digest path`, sorted by path.
    pub files: Vec<String>,
    /// Digest of the initrd as a whole, where it is one file.
    pub initrd: Option<String>,
}
