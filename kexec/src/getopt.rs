//! Command line arguments by the rules of getopt_long(3): options anywhere, short ones bundled,
//! long ones abbreviated as far as they stay unique, `--` ends them.

use core::ffi::CStr;
use core::fmt;

use crate::similar;
use crate::table::{Id, OPTIONS, Opt, Origin, UNSUPPORTED, Unsupported};
use crate::text::Text;

/// One parsed argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An option, and its value if it takes one.
    Option(Id, &'a CStr),
    /// An option of kexec(8) that this version does not support.
    Unsupported(&'static Unsupported),
    /// An argument that is not an option.
    Positional(&'a CStr),
}

/// An invalid argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake<'a> {
    /// No long option of this name.
    UnknownLong(&'a [u8]),
    /// No short option of this letter.
    UnknownShort(u8),
    /// More than one long option begins with this name.
    Ambiguous(&'a [u8]),
    /// It needs a value and is the last argument.
    NeedsValue(&'static str),
    /// It takes no value and was given one.
    TakesNoValue(&'static str),
}

impl fmt::Display for Mistake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnknownLong(name) => {
                write!(f, "unrecognized option '--{}'", Text(name))?;
                let all = names(b"").map(|(long, _)| long);
                match similar::nearest(name, all) {
                    Some(long) => write!(f, "; did you mean '--{long}'?"),
                    None => Ok(()),
                }
            }
            Self::UnknownShort(letter) => write!(f, "invalid option -- '{}'", Text(&[letter])),
            Self::Ambiguous(name) => {
                write!(f, "option '--{}' is ambiguous; possibilities:", Text(name))?;
                meant(name).try_for_each(|(long, _)| write!(f, " '--{long}'"))
            }
            Self::NeedsValue(long) => write!(f, "option '--{long}' requires an argument"),
            Self::TakesNoValue(long) => write!(f, "option '--{long}' doesn't allow an argument"),
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
    /// From the arguments after the program's name.
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
        match (find_long(name)?, given) {
            (Found::Unsupported(option), None) => Ok(Item::Unsupported(option)),
            (Found::Unsupported(option), Some(_)) => Err(Mistake::TakesNoValue(option.long)),
            (Found::Option(option), given) => self.option(option, given),
        }
    }

    /// An option with the value given to it by a sign, or the next argument.
    fn option(
        &mut self,
        option: &'static Opt,
        given: Option<&'a CStr>,
    ) -> Result<Item<'a>, Mistake<'a>> {
        match (option.value(), given) {
            (None, None) => Ok(Item::Option(option.id, c"")),
            // The only flag with a separate word, which is not a value in kexec(8).
            (None, Some(word)) if option.id == Id::Help && word == c"all" => {
                Ok(Item::Option(option.id, word))
            }
            (None, Some(_)) => Err(Mistake::TakesNoValue(option.long())),
            (Some(_), Some(value)) => Ok(Item::Option(option.id, value)),
            (Some(_), None) if option.optional => Ok(Item::Option(option.id, c"")),
            (Some(_), None) => match self.arguments.next() {
                Some(value) => Ok(Item::Option(option.id, value)),
                None => Err(Mistake::NeedsValue(option.long())),
            },
        }
    }

    /// A letter of a bundle; `rest` is what follows it, up to and with the NUL.
    fn short(&mut self, letter: u8, rest: &'a [u8]) -> Result<Item<'a>, Mistake<'a>> {
        self.bundle = rest;
        // Most commands print their version with this letter.
        let letter = if letter == b'V' { b'v' } else { letter };
        let known = OPTIONS.iter().find(|option| option.short == Some(letter));
        let option = known.ok_or(Mistake::UnknownShort(letter))?;
        if option.value().is_none() {
            return Ok(Item::Option(option.id, c""));
        }
        // The rest of the word is the value; it has no letters of options.
        self.bundle = &[];
        let given = CStr::from_bytes_with_nul(rest).ok();
        self.option(option, given.filter(|value| !value.is_empty()))
    }
}

impl<'a, I: Iterator<Item = &'a CStr>> Iterator for Getopt<'a, I> {
    type Item = Result<Item<'a>, Mistake<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.bundle {
            [] | [0, ..] => {}
            [letter, rest @ ..] => return Some(self.short(*letter, rest)),
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

/// The option that a long name means.
#[derive(Clone, Copy, Debug)]
enum Found {
    Option(&'static Opt),
    Unsupported(&'static Unsupported),
}

impl Found {
    /// Two names of one option are not ambiguous, as in getopt_long(3).
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Option(one), Self::Option(other)) => one.id == other.id,
            (Self::Unsupported(one), Self::Unsupported(other)) => one == other,
            _ => false,
        }
    }

    const fn origin(self) -> Origin {
        match self {
            Self::Option(option) => option.origin,
            Self::Unsupported(_) => Origin::Reference,
        }
    }
}

/// The name with this number. Not inlined: several loops use it.
#[inline(never)]
fn nth(index: usize) -> Option<(&'static str, Found)> {
    if let Some(option) = OPTIONS.get(index) {
        return Some((option.long(), Found::Option(option)));
    }
    let option = UNSUPPORTED.get(index.saturating_sub(OPTIONS.len()))?;
    Some((option.long, Found::Unsupported(option)))
}

/// The options whose long name begins with `name`.
fn names(name: &[u8]) -> impl Iterator<Item = (&'static str, Found)> {
    const ALL: usize = OPTIONS.len().saturating_add(UNSUPPORTED.len());
    (0..ALL)
        .filter_map(nth)
        .filter(move |(long, _)| long.as_bytes().starts_with(name))
}

/// Those of [`names`] that `name` can mean: of the reference if there are any.
fn meant(name: &[u8]) -> impl Iterator<Item = (&'static str, Found)> {
    let reference = |found: &Found| found.origin() == Origin::Reference;
    let any = names(name).any(|(_, found)| reference(&found));
    names(name).filter(move |(_, found)| !any || reference(found))
}

fn find_long(name: &[u8]) -> Result<Found, Mistake<'_>> {
    if let Some((_, exact)) = names(name).find(|(long, _)| long.as_bytes() == name) {
        return Ok(exact);
    }
    let Some((_, first)) = meant(name).next() else {
        return Err(Mistake::UnknownLong(name));
    };
    if meant(name).all(|(_, other)| first.is(other)) {
        Ok(first)
    } else {
        Err(Mistake::Ambiguous(name))
    }
}

#[cfg(test)]
#[path = "getopt_tests.rs"]
mod tests;
