//! /proc/cmdline: the running kernel's command line, and the part of it that the next kernel gets.

use crate::bytes::put_slice;
use crate::error::{Error, Result};

/// Parameters that are valid for this boot only: the boot loader's name for its file; the addresses
/// of a crash dump's header and keys, which would make the new kernel act as a crash kernel; and
/// the address to return to after `--load-preserve-context`.
const OF_THIS_BOOT: [&[u8]; 4] = [
    b"BOOT_IMAGE=",
    b"elfcorehdr=",
    b"dmcryptkeys=",
    b"kexec_jump_back_entry=",
];

/// The parameter that a crash kernel must not get, or it would reserve memory for another one.
const CRASH_KERNEL: &[u8] = b"crashkernel=";

/// The words of a command line as the kernel parses it (lib/cmdline.c, next_arg): white space
/// ends a word except between double quotes; an unfinished quotation extends to the end.
pub fn words(command_line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = command_line;
    core::iter::from_fn(move || next_word(&mut rest))
}

/// Removes the first word from `rest`.
// Not inlined: each user of `words` would have a copy.
#[inline(never)]
fn next_word<'l>(rest: &mut &'l [u8]) -> Option<&'l [u8]> {
    let start = rest.iter().position(|&byte| !is_space(byte))?;
    let words = rest.get(start..)?;
    let mut quoted = false;
    let end = words.iter().position(|&byte| {
        quoted ^= byte == b'"';
        !quoted && is_space(byte)
    });
    let (word, after) = words.split_at_checked(end.unwrap_or(words.len()))?;
    *rest = after;
    Some(word).filter(|word| !word.is_empty())
}

/// The parameters of the running kernel that a plan depends on; with `=`, whatever their value.
const OF_PLANS: [&[u8]; 3] = [b"add_efi_memmap", b"efi=", b"noefi"];

/// The words of the running kernel's command line that a plan for this machine depends on: a capture
/// has no others unless all were asked for. `--` is kept, because words after it are for init.
pub fn planning_words(command_line: &[u8]) -> impl Iterator<Item = &[u8]> {
    words(command_line).filter(|word| {
        let name = unquoted(word);
        let is_it = |parameter: &&[u8]| match parameter.last() {
            Some(b'=') => name.starts_with(parameter),
            _ => name == *parameter,
        };
        *word == b"--" || OF_PLANS.iter().any(is_it)
    })
}

/// White space as the kernel defines it (lib/ctype.c): also the no-break space of Latin-1.
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0xa0)
}

/// A word without a leading quote: `"name=some text"` is the parameter `name`.
fn unquoted(word: &[u8]) -> &[u8] {
    word.strip_prefix(b"\"").unwrap_or(word)
}

/// Whether the kernel finds the parameter `name` (without a value) on the command line. Words
/// after `--` are for init and do not count.
#[must_use]
pub fn has_parameter(command_line: &[u8], name: &[u8]) -> bool {
    words(command_line)
        .take_while(|word| *word != b"--")
        .any(|word| unquoted(word) == name)
}

/// The words of the running kernel's command line that the next kernel gets: all except those for
/// this boot only and, for a crash kernel, every `crashkernel=`.
///
/// Words after `--` are for init and are kept, except `crashkernel=`: the kernel searches the whole
/// line for that one (kernel/crash_reserve.c, get_last_crashkernel).
pub fn reusable_words(command_line: &[u8], for_crash_kernel: bool) -> impl Iterator<Item = &[u8]> {
    // The file ends in a line feed, a boot loader's copy of the line in a NUL.
    let text = command_line.trim_ascii_end();
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    let mut init = false;
    words(text).filter(move |word| {
        init |= *word == b"--";
        let name = unquoted(word);
        let this_boot = !init && OF_THIS_BOOT.iter().any(|start| name.starts_with(start));
        !(this_boot || for_crash_kernel && name.starts_with(CRASH_KERNEL))
    })
}

/// The running kernel's command line for the next one (`--reuse-cmdline`): [`reusable_words`],
/// joined by single spaces. Writes to `buffer` and returns the part written, without NUL or line
/// feed.
///
/// # Errors
/// [`Error::Full`] when the buffer is too small; the command line's own length always suffices.
pub fn reuse_command_line<'a>(
    command_line: &[u8],
    for_crash_kernel: bool,
    buffer: &'a mut [u8],
) -> Result<&'a [u8]> {
    let full = Error::Full {
        what: "the buffer for the command line",
        capacity: buffer.len() as u64,
    };
    let mut length = 0_usize;
    for word in reusable_words(command_line, for_crash_kernel) {
        let separator: &[u8] = if length == 0 { b"" } else { b" " };
        for part in [separator, word] {
            put_slice(buffer, length, part).ok_or(full)?;
            length = length.saturating_add(part.len());
        }
    }
    Ok(buffer.get(..length).unwrap_or_default())
}

/// A copy of /proc/cmdline.
#[derive(Clone, Debug)]
pub struct RunningCommandLine {
    text: [u8; Self::CAPACITY],
    length: usize,
    too_long: bool,
    /// Whether it has [`planning_words`] only.
    partial: bool,
}

impl RunningCommandLine {
    /// The longest line that fits, in bytes. Kernels allow 2048 (x86, arm64, COMMAND_LINE_SIZE)
    /// plus what a boot configuration (CONFIG_BOOT_CONFIG) adds.
    pub const CAPACITY: usize = 8192;

    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: [0; Self::CAPACITY],
            length: 0,
            too_long: false,
            partial: false,
        }
    }

    /// Copies the contents of /proc/cmdline.
    pub fn set(&mut self, contents: &[u8]) {
        self.fill(|text| {
            let fits = contents.get(..text.len()).unwrap_or(contents);
            put_slice(text, 0, fits).map_or(0, |()| fits.len())
        });
    }

    /// Has `read` write the file's contents in place and return how many bytes it wrote. A full
    /// buffer may lack the end of the line.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> usize) {
        let length = read(&mut self.text);
        self.too_long = length >= Self::CAPACITY;
        self.length = if self.too_long { 0 } else { length };
        self.partial = false;
    }

    /// As [`RunningCommandLine::fill`], for a file that has [`planning_words`] of the line only.
    pub fn fill_parameters(&mut self, read: impl FnOnce(&mut [u8]) -> usize) {
        self.fill(read);
        self.partial = true;
    }

    /// Forgets it, in place.
    pub fn clear(&mut self) {
        self.set(b"");
    }

    /// The line without its line feed; `None` when it could not be read or is too long, or when only
    /// its [`parameters`](RunningCommandLine::parameters) are known.
    #[must_use]
    pub fn get(&self) -> Option<&[u8]> {
        self.parameters().filter(|_| !self.partial)
    }

    /// The line, or at least its [`planning_words`]; `None` when not even these are known.
    #[must_use]
    pub fn parameters(&self) -> Option<&[u8]> {
        let text = self.text.get(..self.length).unwrap_or_default();
        (!text.is_empty()).then(|| text.strip_suffix(b"\n").unwrap_or(text))
    }

    /// Whether the line is that of a capture made without it: only its
    /// [`parameters`](RunningCommandLine::parameters) are known.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.partial
    }

    /// Whether the line is longer than [`RunningCommandLine::CAPACITY`].
    #[must_use]
    pub const fn is_too_long(&self) -> bool {
        self.too_long
    }
}

impl Default for RunningCommandLine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "cmdline_tests.rs"]
mod tests;
