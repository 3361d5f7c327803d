//! The usage text and the version line.

use core::fmt;

use crate::table::{OPTIONS, Opt, TITLES};

/// The version line. Scripts look for "kexec-tools" and a number after it.
pub const VERSION: &str = concat!(
    "kexec-tools 2.0.32 compatible, libkexec ",
    env!("CARGO_PKG_VERSION"),
    "\n"
);

/// After the options, with an empty line on either side.
const EXAMPLES: &str = "
Examples:
  kexec -l --default && systemctl kexec
  kexec -l /boot/vmlinuz --initrd=/boot/initrd.img --reuse-cmdline
  kexec -p /boot/vmlinuz --initrd=/boot/kdump.img --reuse-cmdline
  kexec --plan=map -c /boot/vmlinuz

";

/// Writes the usage text: the common options, or all of them.
///
/// # Errors
/// As `out` returns them.
pub fn write(out: &mut dyn fmt::Write, all: bool) -> fmt::Result {
    out.write_str(
        "Usage: kexec [OPTION]... KERNEL: load a kernel and start it from the running one\n",
    )?;
    for option in OPTIONS {
        if all {
            let title = TITLES.iter().find(|(first, _)| *first == option.id);
            if let Some((_, title)) = title.filter(|_| option.is_first()) {
                write!(out, "\n{title}:\n")?;
            }
            line(out, option, COLUMN, option.help())?;
        } else if let Some(help) = option.common() {
            line(out, option, COMMON_COLUMN, help)?;
        }
    }
    if all {
        out.write_str(EXAMPLES)?;
    } else {
        others(out)?;
    }
    out.write_str(
        "Without -l, -e, -f or -u: load, then run shutdown -r now. See kexec(8).\n\
         Exit code: 0 done, 1 bad usage or file, 2 not known, 253 not by -s, 255 failed.\n",
    )
}

/// The names of the options that are not common: scripts look for names in the usage text.
fn others(out: &mut dyn fmt::Write) -> fmt::Result {
    let title = "Others (--help=all):";
    out.write_str(title)?;
    let mut width = title.len();
    for option in OPTIONS.iter().filter(|option| option.common().is_none()) {
        let letter = if option.short.is_some() { 3 } else { 0 };
        let length = option.long().len().saturating_add(letter).saturating_add(3);
        width = width.saturating_add(length);
        if width > WIDTH {
            out.write_str("\n")?;
            width = length;
        }
        match option.short {
            Some(letter) => write!(out, " -{} --{}", char::from(letter), option.long())?,
            None => write!(out, " --{}", option.long())?,
        }
    }
    out.write_str("\n")
}

/// An option and its help, which begins at a column after " -x, --" and is wrapped.
fn line(out: &mut dyn fmt::Write, option: &Opt, column: usize, help: &str) -> fmt::Result {
    match option.short {
        Some(letter) => write!(out, " -{}, ", char::from(letter))?,
        None => out.write_str("     ")?,
    }
    write!(out, "--{}", option.long())?;
    let mut width = option.long().len();
    if let Some(value) = option.value() {
        let (begin, end) = if option.optional {
            ("[=", "]")
        } else {
            ("=", "")
        };
        write!(out, "{begin}{value}{end}")?;
        let around = begin.len().saturating_add(end.len());
        width = width.saturating_add(value.len()).saturating_add(around);
    }
    let mut spaces = column.saturating_sub(width);
    let indent = column.saturating_add(OPTION);
    let mut end = indent;
    for word in help.split(' ') {
        let length = word.len().saturating_add(1);
        end = end.saturating_add(length);
        if end > WIDTH {
            out.write_char('\n')?;
            spaces = indent;
            end = indent.saturating_add(length);
        }
        for _ in 0..spaces {
            out.write_char(' ')?;
        }
        spaces = 0;
        write!(out, " {word}")?;
    }
    out.write_char('\n')
}

/// Columns of a screen.
const WIDTH: usize = 80;
/// Columns before an option's name.
const OPTION: usize = " -x, --".len();
/// The column of the help texts.
const COLUMN: usize = 24;
/// Their column in the common part.
const COMMON_COLUMN: usize = 20;

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    fn text(all: bool) -> String {
        let mut text = String::new();
        write(&mut text, all).unwrap();
        text
    }

    #[test]
    fn names_every_option() {
        let text = text(true);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for option in OPTIONS {
            assert!(text.contains(&format!("--{}", option.long())));
            assert!(words.contains(option.help()));
            assert!(option.long().len() + option.value().map_or(0, |v| v.len() + 1) < COLUMN + 1);
        }
    }

    /// Each title is printed once, before its option, in the order of the table.
    #[test]
    fn has_its_titles_in_order() {
        let text = text(true);
        let mut places = Vec::new();
        for (id, title) in TITLES {
            let first = OPTIONS.iter().find(|option| option.id == *id).unwrap();
            let place = text.find(&format!("\n\n{title}:\n")).unwrap();
            let rest = &text[place + title.len() + 4..];
            assert!(
                rest.lines().next().unwrap().contains(first.long()),
                "{title}"
            );
            places.push(place);
        }
        assert!(places.is_sorted());
        let examples = text.find("\n\nExamples:\n").unwrap();
        assert!(places.iter().all(|place| *place < examples));
        assert_eq!(text.matches(":\n").count(), TITLES.len() + 1);
    }

    /// The common part fits a screen, with the prompt after it.
    #[test]
    fn the_common_part_is_a_screen() {
        let text = text(false);
        assert!(text.lines().count() < 24, "{}", text.lines().count());
        for line in text.lines() {
            assert!(line.len() <= 80, "{line}");
        }
        // Scripts ask it whether there is an option.
        for option in OPTIONS {
            assert!(
                text.contains(&format!(" --{}", option.long())),
                "{}",
                option.long()
            );
        }
        assert!(text.contains("--kexec-file-syscall   load") && text.contains("--help=all"));
    }

    /// Every line fits; an option's help that does not is wrapped at its column.
    #[test]
    fn all_of_it_is_as_wide_as_a_screen() {
        let text = text(true);
        for line in text.lines() {
            assert!(line.len() <= 80, "{line}");
        }
        let wrapped = "\
 -p, --load-panic               load the kernel that is started when this one
                                crashes (with -u: unload it)
";
        assert!(text.contains(wrapped), "{text}");
    }
}
