//! Command line arguments by the rules of getopt_long(3): options anywhere, short ones bundled,
//! long ones abbreviated as far as they stay unique, `--` ends them.

use core::ffi::CStr;
use core::fmt;

use crate::table::{Id, NOT_YET, OPTIONS, Opt};
use crate::text::Text;

/// One argument, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An option, and its value if it takes one.
    Option(Id, &'a CStr),
    /// An argument that is no option.
    Positional(&'a CStr),
}

/// An argument that was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake<'a> {
    /// No long option of this name.
    UnknownLong(&'a [u8]),
    /// No short option of this letter.
    UnknownShort(u8),
    /// More than one long option begins like this.
    Ambiguous(&'a [u8]),
    /// It needs a value and is the last argument.
    NeedsValue(&'static str),
    /// It takes no value and was given one.
    TakesNoValue(&'static str),
    /// An option of kexec(8) this version does not have.
    NotYet(&'static str),
}

impl fmt::Display for Mistake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnknownLong(name) => write!(f, "unrecognized option '--{}'", Text(name)),
            Self::UnknownShort(letter) => write!(f, "invalid option -- '{}'", Text(&[letter])),
            Self::Ambiguous(name) => {
                write!(f, "option '--{}' is ambiguous; possibilities:", Text(name))?;
                names(name).try_for_each(|(long, _)| write!(f, " '--{long}'"))
            }
            Self::NeedsValue(long) => write!(f, "option '--{long}' requires an argument"),
            Self::TakesNoValue(long) => write!(f, "option '--{long}' doesn't allow an argument"),
            Self::NotYet(long) => write!(f, "option '--{long}' is not supported by this version"),
        }
    }
}

/// The arguments, one after the other.
#[derive(Debug)]
pub struct Getopt<'a, I> {
    arguments: I,
    /// Letters of a bundle still to be looked at, up to a NUL.
    bundle: &'a [u8],
    only_positional: bool,
}

impl<'a, I: Iterator<Item = &'a CStr>> Getopt<'a, I> {
    /// From the arguments behind the program's name.
    pub const fn new(arguments: I) -> Self {
        Self {
            arguments,
            bundle: &[],
            only_positional: false,
        }
    }

    fn long(&mut self, argument: &'a [u8]) -> Result<Item<'a>, Mistake<'a>> {
        let mut halves = argument.splitn(2, |byte| *byte == b'=');
        let name = halves.next().unwrap_or_default();
        let given = halves
            .next()
            .and_then(|value| CStr::from_bytes_with_nul(value).ok());
        // Without '=' the final NUL belongs to the name's half.
        let name = name.strip_suffix(&[0]).unwrap_or(name);
        let option = find_long(name)?;
        match (option.value, given) {
            (None, None) => Ok(Item::Option(option.id, c"")),
            (None, Some(_)) => Err(Mistake::TakesNoValue(option.long)),
            (Some(_), Some(value)) => Ok(Item::Option(option.id, value)),
            (Some(_), None) => match self.arguments.next() {
                Some(value) => Ok(Item::Option(option.id, value)),
                None => Err(Mistake::NeedsValue(option.long)),
            },
        }
    }
}

impl<'a, I: Iterator<Item = &'a CStr>> Iterator for Getopt<'a, I> {
    type Item = Result<Item<'a>, Mistake<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.bundle {
            [] | [0, ..] => {}
            [letter, rest @ ..] => {
                self.bundle = rest;
                return Some(find_short(*letter).map(|option| Item::Option(option.id, c"")));
            }
        }
        let argument = self.arguments.next()?;
        if self.only_positional {
            return Some(Ok(Item::Positional(argument)));
        }
        match argument.to_bytes_with_nul() {
            [b'-', b'-', 0] => {
                self.only_positional = true;
                self.next()
            }
            [b'-', b'-', long @ ..] => Some(self.long(long)),
            [b'-', 0] => Some(Ok(Item::Positional(argument))),
            [b'-', letters @ ..] => {
                self.bundle = letters;
                self.next()
            }
            _ => Some(Ok(Item::Positional(argument))),
        }
    }
}

/// The options, also those of [`NOT_YET`], whose long name begins with `name`.
fn names(name: &[u8]) -> impl Iterator<Item = (&'static str, Option<&'static Opt>)> {
    let known = OPTIONS.iter().map(|option| (option.long, Some(option)));
    let not_yet = NOT_YET.iter().map(|option| (option.long, None));
    known
        .chain(not_yet)
        .filter(move |(long, _)| long.as_bytes().starts_with(name))
}

fn find_long(name: &[u8]) -> Result<&'static Opt, Mistake<'_>> {
    let exact = names(name).find(|(long, _)| long.as_bytes() == name);
    let (long, option) = match exact.or_else(|| names(name).next()) {
        Some(found) => found,
        None => return Err(Mistake::UnknownLong(name)),
    };
    // Two names of one option are no ambiguity, as in getopt_long(3).
    let same = |other: Option<&Opt>| match (option, other) {
        (Some(option), Some(other)) => option.id == other.id,
        _ => false,
    };
    let ambiguous = names(name).any(|(other, opt)| other != long && !same(opt));
    if exact.is_none() && ambiguous {
        return Err(Mistake::Ambiguous(name));
    }
    option.ok_or(Mistake::NotYet(long))
}

fn find_short<'a>(letter: u8) -> Result<&'static Opt, Mistake<'a>> {
    if let Some(option) = OPTIONS.iter().find(|option| option.short == Some(letter)) {
        return Ok(option);
    }
    match NOT_YET.iter().find(|option| option.short == Some(letter)) {
        Some(option) => Err(Mistake::NotYet(option.long)),
        None => Err(Mistake::UnknownShort(letter)),
    }
}

#[cfg(test)]
#[path = "getopt_tests.rs"]
mod tests;
