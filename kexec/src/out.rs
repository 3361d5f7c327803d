//! Buffered standard output and standard error.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use kexec_cli::text::wrap;
use kexec_core::linux::{Ignored, Standard, WriteSignal, write_all};
use kexec_core::{Errno, Error};

use crate::progress;

/// A writer with a small buffer; [`Out::finish`] writes the rest.
pub struct Out {
    to: Standard,
    buffer: [u8; 1024],
    used: usize,
    /// The errno of the last failed write(2), which [`fmt::Error`] cannot hold.
    errno: Errno,
}

impl Out {
    pub const fn new(to: Standard) -> Self {
        Self {
            to,
            buffer: [0; 1024],
            used: 0,
            errno: Errno::EIO,
        }
    }

    /// Writes the rest of the buffer.
    pub fn finish(&mut self) -> fmt::Result {
        let bytes = self.buffer.get(..self.used).unwrap_or_default();
        self.used = 0;
        // If that fails, SIGXFSZ ends the command, as it does other programs.
        let _ignored = Ignored::new(WriteSignal::FileSize);
        write_all(self.to, bytes).map_err(|errno| {
            self.errno = errno;
            fmt::Error
        })
    }

    /// Why a write failed.
    pub const fn error(&self) -> Error {
        Error::File {
            step: "write",
            errno: self.errno,
        }
    }
}

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.used >= self.buffer.len() {
                self.finish()?;
            }
            if let Some(slot) = self.buffer.get_mut(self.used) {
                *slot = byte;
                self.used = self.used.saturating_add(1);
            }
        }
        Ok(())
    }
}

/// Writes a line on standard error, on a terminal as several that end between words. A failure to
/// write it is ignored.
pub fn line(arguments: fmt::Arguments<'_>) {
    progress::clear();
    let mut out = Out::new(Standard::Error);
    let _unwritten = out.write_fmt(arguments);
    if let (Some(columns), Some(text)) = (progress::columns(), out.buffer.get_mut(..out.used)) {
        wrap(text, columns.into());
    }
    let _unwritten = out.write_char('\n');
    let _unwritten = out.finish();
}

/// Writes a line on standard error that begins with the program's name.
macro_rules! complain {
    ($($argument:tt)*) => {
        $crate::out::line(format_args!("kexec: {}", format_args!($($argument)*)))
    };
}
pub(crate) use complain;

/// Whether warnings are left out.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Leaves out all warnings from now on.
pub fn leave_out_warnings() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Writes a warning, unless warnings are left out.
pub fn warning(arguments: fmt::Arguments<'_>) {
    if !QUIET.load(Ordering::Relaxed) {
        line(format_args!("kexec: warning: {arguments}"));
    }
}

/// Writes a line that begins as a warning, unless warnings are left out.
macro_rules! caution {
    ($($argument:tt)*) => {
        $crate::out::warning(format_args!($($argument)*))
    };
}
pub(crate) use caution;
