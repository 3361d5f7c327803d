//! The usage text and the version line.

use core::fmt;

use crate::table::OPTIONS;

/// The version line. Scripts look for "kexec-tools" and a number behind it.
pub const VERSION: &str = concat!(
    "kexec-tools 2.0.32 compatible, libkexec ",
    env!("CARGO_PKG_VERSION"),
    "\n"
);

/// Writes the usage text.
///
/// # Errors
/// What `out` says.
pub fn write(out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str(
        "Usage: kexec [OPTION]... KERNEL\n\
         Load a kernel and start it from the running one.\n\n",
    )?;
    for option in OPTIONS {
        match option.short {
            Some(letter) => write!(out, " -{}, ", char::from(letter))?,
            None => out.write_str("     ")?,
        }
        write!(out, "--{}", option.long)?;
        let mut width = option.long.len();
        if let Some(value) = option.value {
            write!(out, "={value}")?;
            width = width.saturating_add(value.len()).saturating_add(1);
        }
        for _ in width..COLUMN {
            out.write_char(' ')?;
        }
        writeln!(out, " {}", option.help)?;
    }
    out.write_str(
        "\nWithout -l, -e, -f or -u: load the kernel, then run shutdown -r now.\n\
         Exit code: 0 done, 1 bad usage or unreadable file (-S: loaded), 253 not by\n\
         kexec_file_load (-s), 255 failed. See kexec(8).\n",
    )
}

/// Where the help begins, behind " -x, --".
const COLUMN: usize = 24;

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::*;

    #[test]
    fn names_every_option() {
        let mut text = String::new();
        write(&mut text).unwrap();
        for option in OPTIONS {
            assert!(text.contains(&format!("--{}", option.long)));
            assert!(text.contains(option.help));
            assert!(option.long.len() + option.value.map_or(0, |v| v.len() + 1) < COLUMN + 1);
        }
    }
}
