//! What is asked for besides the kernel.

use crate::machine::Machine;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Options for either command, and what must come of them.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name in reports.
    pub name: &'static str,
    /// The initrd's bytes.
    pub initrd: Option<Vec<u8>>,
    /// All other options.
    pub options: &'static [&'static str],
    /// The command line of the next kernel.
    pub command_line: &'static str,
}

impl Request {
    /// Those for a machine: one for every machine, and ones that need not be tried on all.
    #[must_use]
    pub fn of(machine: &Machine, first: bool) -> Vec<Self> {
        let mut requests = vec![Self::usual()];
        if first {
            requests.extend([Self::bare(), Self::reuse()]);
        }
        if machine.efi.is_some() {
            requests.push(Self::no_efi());
        }
        requests
    }

    /// An initrd of pages and a bit, and a command line.
    fn usual() -> Self {
        const INITRD: usize = 3 * 4096 + 123;
        Self {
            name: "initrd and command line",
            initrd: Some(
                (0..INITRD)
                    .map(|n| (n as u8) ^ (n >> 8) as u8 | 1)
                    .collect(),
            ),
            options: &["--append=root=/dev/vda1 ro differential=\"one two\""],
            command_line: "root=/dev/vda1 ro differential=\"one two\"",
        }
    }

    /// Nothing but the kernel.
    fn bare() -> Self {
        Self {
            name: "neither initrd nor command line",
            initrd: None,
            options: &[],
            command_line: "",
        }
    }

    fn reuse() -> Self {
        Self {
            name: "--reuse-cmdline",
            initrd: None,
            options: &["--reuse-cmdline", "--command-line=more"],
            command_line: "root=/dev/vda1 ro quiet more",
        }
    }

    fn no_efi() -> Self {
        Self {
            name: "--noefi",
            options: &["--noefi"],
            ..Self::bare()
        }
    }

    /// The command's arguments.
    #[must_use]
    pub fn arguments(&self, kernel: &Path, initrd: &Path) -> Vec<OsString> {
        let mut arguments = vec!["-c".into(), "-l".into(), kernel.into()];
        if self.initrd.is_some() {
            let mut option = OsString::from("--initrd=");
            option.push(initrd);
            arguments.push(option);
        }
        arguments.extend(self.options.iter().map(OsStr::new).map(OsString::from));
        arguments
    }
}
