//! A unified kernel image, and which of its profiles is loaded.

use core::fmt::Result;

use super::Lines;
use crate::text::Text;

/// The notes on what is not passed on.
pub const NOT_PASSED: [&str; 2] = [
    "the image's .pcrsig and .pcrpkey are not passed on: what unseals secrets by them does not find \
     them in the initrd's /.extra",
    "the image's device trees are not used on x86",
];

/// What is reported of an image.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unified<'a> {
    /// The number of the profile.
    pub profile: usize,
    /// How many profiles it has.
    pub profiles: usize,
    /// The profile's ID; empty if it has none.
    pub id: &'a [u8],
    /// The profile's title; empty if it has none.
    pub title: &'a [u8],
    /// The version of the kernel that it names; empty if it does not.
    pub release: &'a [u8],
    /// The name of the system that it is of; empty if it does not say.
    pub system: &'a [u8],
    /// Whether it has files for the initrd that systemd-stub generates and a kexec does not.
    pub extra: bool,
    /// Whether it has device trees.
    pub device_tree: bool,
}

impl Unified<'_> {
    /// The notes on what is not passed on.
    pub fn notes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let has = [self.extra, self.device_tree];
        let notes = NOT_PASSED.iter().zip(has);
        notes.filter_map(|(note, has)| has.then_some(*note))
    }
}

/// Its lines.
///
/// # Errors
/// As `out` returns them.
pub fn unified(out: &mut Lines<'_>, image: &Unified<'_>) -> Result {
    let Unified {
        profile, profiles, ..
    } = image;
    let (id, title) = (Text(image.id), Text(image.title));
    let between = |text: &[u8], before| if text.is_empty() { "" } else { before };
    out.fact(
        "unified image",
        format_args!(
            "profile {profile} of {profiles}{}{id}{}{title}",
            between(image.id, ", "),
            between(image.title, ", "),
        ),
    )?;
    for (name, text) in [
        ("image version", image.release),
        ("image system", image.system),
    ] {
        if !text.is_empty() {
            out.fact(name, format_args!("{}", Text(text)))?;
        }
    }
    image.notes().try_for_each(|note| out.word("note", note))
}
