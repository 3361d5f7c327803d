//! Unified kernel images: PE files whose sections are a kernel and what belongs to it (UAPI group
//! specification 5, "Unified Kernel Image"; systemd-stub(7)). A kernel is unwrapped before it is planned.

use super::pe::{Pe, Section};
use super::probe::{probe, probe_arch};
use crate::arch::Arch;
use crate::error::{Error, Format, Result};

/// The name of a section with a kernel.
const LINUX: &[u8; 8] = b".linux\0\0";
/// The name of a section that begins a profile.
const PROFILE: &[u8; 8] = b".profile";

/// Names of sections that are not passed on to the new kernel although systemd-stub does so, in files of
/// /.extra in the initrd.
pub const EXTRA: [&[u8; 8]; 2] = [b".pcrsig\0", b".pcrpkey"];
/// Names of sections with device trees and firmware, which are for machines without ACPI: unused on x86.
pub const DEVICE_TREES: [&[u8; 8]; 4] = [b".dtb\0\0\0\0", b".dtbauto", b".efifw\0\0", b".fwauto\0"];

/// A unified kernel image, seen through one of its profiles.
///
/// Sections before the first `.profile` are the base of all profiles. A profile is a `.profile` and the
/// sections after it, up to the next one; its sections replace those of the base with the same name. An
/// image without any `.profile` has one profile, which is its base.
#[derive(Clone, Copy, Debug)]
pub struct Uki<'a> {
    pe: Pe<'a>,
    arch: Arch,
    profile: usize,
}

impl<'a> Uki<'a> {
    /// Checks a file, and selects the profile with the number 0.
    ///
    /// # Errors
    /// As [`Pe::parse`]; [`Error::NotThisFormat`] for a file without a kernel, with the format of an addon
    /// and of others; [`Error::BadField`] for a machine that has no name here.
    #[inline(never)]
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let pe = Pe::parse(file).map_err(|error| match error {
            Error::NotThisFormat { .. } => not_a_uki(file),
            other => other,
        })?;
        if !pe.sections().any(|section| section.is(LINUX)) {
            return Err(not_a_uki(file));
        }
        let arch = known_arch(&pe)?;
        let profile = 0;
        Ok(Self { pe, arch, profile })
    }

    /// The same image, seen through the profile that `name` means: its number, from 0, or the ID in its
    /// `.profile`.
    ///
    /// # Errors
    /// [`Error::BadArgument`] if there is none.
    pub fn select(self, name: &[u8]) -> Result<Self> {
        // No image has a profile of this number.
        self.with_profile(self.find_profile(name).unwrap_or(usize::MAX))
    }

    /// The same image, seen through the profile with a number, from 0.
    ///
    /// # Errors
    /// As [`Uki::select`].
    pub fn with_profile(self, profile: usize) -> Result<Self> {
        if profile < self.profiles() {
            return Ok(Self { profile, ..self });
        }
        Err(Error::BadArgument {
            what: "the unified kernel image has no profile of this number or ID",
        })
    }

    fn find_profile(&self, name: &[u8]) -> Option<usize> {
        let by_id = (0..self.profiles()).find(|number| {
            let id = self.profile_field(*number, b"ID");
            id.is_some_and(|id| !name.is_empty() && id == name)
        });
        by_id.or_else(|| decimal(name).filter(|number| *number < self.profiles()))
    }

    /// How many profiles there are, at least 1.
    #[inline(never)]
    #[must_use]
    pub fn profiles(&self) -> usize {
        let sections = self.pe.sections();
        sections
            .filter(|section| section.name == *PROFILE)
            .count()
            .max(1)
    }

    /// The number of the selected profile.
    #[must_use]
    pub const fn profile(&self) -> usize {
        self.profile
    }

    /// The value of a variable of a profile's `.profile`, `ID` or `TITLE`, without quotes; `None` if it
    /// is not set.
    #[inline(never)]
    #[must_use]
    pub fn profile_field(&self, number: usize, key: &[u8]) -> Option<&'a [u8]> {
        let mut begins = self.pe.sections().filter(|it| it.name == *PROFILE);
        field(begins.nth(number)?.text(), key)
    }

    /// The architecture that it is for.
    #[must_use]
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// The section with a name, of the selected profile or else of the base. Of several the first one
    /// counts, and a section without bytes is none, as in systemd-stub.
    #[inline(never)]
    #[must_use]
    pub fn section(&self, name: &[u8; 8]) -> Option<Section<'a>> {
        let of_profile = self.named(name, Some(self.profile));
        of_profile.or_else(|| self.named(name, None))
    }

    /// The section with a name, of a profile or of the base.
    #[inline(never)]
    fn named(&self, name: &[u8; 8], profile: Option<usize>) -> Option<Section<'a>> {
        let mut place = None;
        self.pe.sections().find(|section| {
            if section.name == *PROFILE {
                place = Some(place.map_or(0, |place: usize| place.saturating_add(1)));
            }
            place == profile && section.is(name)
        })
    }

    /// The kernel (`.linux`).
    ///
    /// # Errors
    /// [`Error::NotBootable`] if the selected profile has none; [`Error::BadField`] if it is for another
    /// machine than the image.
    #[inline(never)]
    pub fn kernel(&self) -> Result<Section<'a>> {
        let kernel = self.section(LINUX).ok_or(Error::NotBootable {
            why: "this profile of the unified kernel image has no kernel (section .linux)",
        })?;
        match probe_arch(kernel.bytes) {
            Some(arch) if arch != self.arch => Err(self.pe.bad_machine()),
            _ => Ok(kernel),
        }
    }

    /// The initrds, in the order in which the new kernel must get them: microcode (`.ucode`) first, because
    /// it is looked for in the first archive, then `.initrd`. The caller's own initrds follow.
    pub fn initrds(&self) -> impl Iterator<Item = Section<'a>> + use<'a> {
        let both = [self.section(b".ucode\0\0"), self.section(b".initrd\0")];
        both.into_iter().flatten()
    }

    /// The command line (`.cmdline`) up to its first NUL, without white space around it; `None` if there is
    /// none. It may contain line feeds, which separate words as blanks do.
    #[must_use]
    pub fn command_line(&self) -> Option<&'a [u8]> {
        self.section(b".cmdline").map(|section| section.text())
    }

    /// What `uname -r` will print, of `.uname`; empty if there is none.
    #[must_use]
    pub fn release(&self) -> &'a [u8] {
        let uname = self.section(b".uname\0\0");
        uname.map(|section| section.text()).unwrap_or_default()
    }

    /// The value of a variable of its os-release (`.osrel`), such as `PRETTY_NAME`, without quotes;
    /// `None` if it is not set.
    #[must_use]
    pub fn os_release(&self, key: &[u8]) -> Option<&'a [u8]> {
        field(self.section(b".osrel\0\0")?.text(), key)
    }
}

/// An addon of unified kernel images: a PE file without a kernel, which adds to the command line and to the
/// initrds of an image.
#[derive(Clone, Copy, Debug)]
pub struct Addon<'a>(Uki<'a>);

impl<'a> Addon<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// As [`Uki::parse`]; [`Error::NotThisFormat`] for a file that is no addon.
    #[inline(never)]
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let found = probe(file);
        if found != Format::UkiAddon {
            let what = "an addon of unified kernel images";
            return Err(Error::NotThisFormat { what, found });
        }
        let pe = Pe::parse(file)?;
        let arch = known_arch(&pe)?;
        Ok(Self(Uki {
            pe,
            arch,
            profile: 0,
        }))
    }

    /// Checks that it is for an image of this architecture and with this `.uname`; a version that one of
    /// them does not have is no difference.
    ///
    /// # Errors
    /// [`Error::NotBootable`] if it is not.
    pub fn check(&self, arch: Arch, release: &[u8]) -> Result<()> {
        let own = self.0.release();
        if self.0.arch != arch {
            return Err(Error::NotBootable {
                why: "the addon is for another architecture than the unified kernel image",
            });
        }
        if own.is_empty() || release.is_empty() || own == release {
            return Ok(());
        }
        Err(Error::NotBootable {
            why: "the addon is for a kernel of another version (section .uname) than the unified \
                  kernel image has",
        })
    }

    /// The section with a name, as [`Uki::section`].
    #[must_use]
    pub fn section(&self, name: &[u8; 8]) -> Option<Section<'a>> {
        self.0.section(name)
    }

    /// The words that follow the command line, as [`Uki::command_line`].
    #[must_use]
    pub fn command_line(&self) -> Option<&'a [u8]> {
        self.0.command_line()
    }

    /// Microcode, which goes before that of the image.
    #[must_use]
    pub fn microcode(&self) -> Option<Section<'a>> {
        self.section(b".ucode\0\0")
    }

    /// An initrd, which goes after that of the image.
    #[must_use]
    pub fn initrd(&self) -> Option<Section<'a>> {
        self.section(b".initrd\0")
    }
}

impl<'a> Section<'a> {
    fn is(&self, name: &[u8; 8]) -> bool {
        self.name == *name && !self.bytes.is_empty()
    }

    /// Its text: up to the first NUL, without white space around it.
    #[inline(never)]
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        let mut pieces = self.bytes.splitn(2, |byte| *byte == 0);
        pieces.next().unwrap_or_default().trim_ascii()
    }
}

impl Pe<'_> {
    fn bad_machine(&self) -> Error {
        Error::BadField {
            what: "the machine in the PE header, which is not that of a kernel that it can contain,",
            offset: self.machine_offset() as u64,
            value: self.machine().into(),
        }
    }
}

fn known_arch(pe: &Pe<'_>) -> Result<Arch> {
    pe.arch().ok_or(pe.bad_machine())
}

fn not_a_uki(file: &[u8]) -> Error {
    Error::NotThisFormat {
        what: "a unified kernel image",
        found: match probe(file) {
            // Its only .linux has no bytes.
            Format::Uki => Format::Pe,
            found => found,
        },
    }
}

/// The number of a profile at the beginning of a command line, and the line without it. As in systemd-stub
/// it is `@`, decimal digits, and a blank or the end of the line. `None` for a line without it.
#[must_use]
#[inline(never)]
pub fn profile_prefix(line: &[u8]) -> Option<(usize, &[u8])> {
    let rest = line.strip_prefix(b"@")?;
    let end = rest.iter().position(|byte| *byte == b' ');
    let (digits, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    Some((decimal(digits)?, rest.get(1..).unwrap_or_default()))
}

/// A number in decimal digits.
fn decimal(text: &[u8]) -> Option<usize> {
    core::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
}

/// The last value of a variable in a text like os-release(5), without quotes.
#[inline(never)]
fn field<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut values = text.split(|byte| *byte == b'\n').filter_map(|line| {
        let value = line.trim_ascii().strip_prefix(key)?;
        value.strip_prefix(b"=")
    });
    values.next_back().map(|value| match value {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => inside,
        other => other,
    })
}

#[cfg(test)]
#[path = "uki_tests.rs"]
mod tests;
