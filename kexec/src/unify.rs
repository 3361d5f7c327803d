//! Unified kernel images, unwrapped before the load: the kernel and the initrds in one are parts of its
//! file, which is neither copied nor read.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_ADDONS};
use kexec_cli::entries::Store;
use kexec_cli::failure::Failure;
use kexec_cli::report;
use kexec_cli::table::Id;
use kexec_core::Error;
use kexec_core::image::uki::{DEVICE_TREES, EXTRA, profile_prefix};
use kexec_core::image::{Addon, Format, Section, Uki, probe};
use kexec_core::linux::Copies;
use kexec_rt::Once;

use crate::input::{Initrds, Input, push};
use crate::kept::Kept;

/// Room for the texts of an image and its addons.
const ROOM: usize = 64 << 10;
static BUFFER: Once<[u8; ROOM]> = Once::new([0; ROOM]);

/// What is known of the image that the kernel was in.
#[derive(Debug)]
pub struct Unified {
    /// Its own command line; empty if it has none.
    pub line: &'static [u8],
    /// What its addons append to any command line.
    pub added: &'static [u8],
    /// For reports.
    pub facts: report::Unified<'static>,
}

/// Replaces a kernel that is a unified kernel image by the kernel in it, and adds its initrds and those of
/// its addons; returns what else it has. `None` for a kernel that is no such image. `start`: its first bytes.
pub fn unwrap<'a>(
    command: &Command<'a>,
    kernel: &mut Input<'a>,
    start: &[u8],
    initrds: &mut Initrds<'a>,
    copies: &Copies,
) -> Result<Option<Unified>, Failure<'a>> {
    use Format::{Pe, Uki, UkiAddon, Unknown};
    // The table of sections may lie beyond the bytes that were read.
    if start.starts_with(b"MZ") && matches!(probe(start), Unknown | Pe | Uki | UkiAddon) {
        return unwrap_pe(command, kernel, initrds, copies);
    }
    no_image(command, kernel.path)
}

fn no_image<'a>(command: &Command<'_>, path: &'a CStr) -> Result<Option<Unified>, Failure<'a>> {
    if command.given(Id::Profile) || command.given(Id::Addon) {
        let why = "it is not a unified kernel image (UKI): --profile and --addon are for those";
        return Err(Failure::Load(path, Error::NotBootable { why }));
    }
    Ok(None)
}

// Not a part of a load of anything else, which needs less memory.
#[inline(never)]
fn unwrap_pe<'a>(
    command: &Command<'a>,
    kernel: &mut Input<'a>,
    initrds: &mut Initrds<'a>,
    copies: &Copies,
) -> Result<Option<Unified>, Failure<'a>> {
    let path = kernel.path;
    let kept = keep(kernel, copies)?;
    let found = probe(kept.bytes());
    if !matches!(found, Format::Uki | Format::UkiAddon) {
        return no_image(command, path);
    }
    let (Some(buffer), image) = (BUFFER.take(), profile(kept.bytes(), command)) else {
        return Ok(None);
    };
    let image = image.map_err(|error| Failure::Load(path, error))?;
    let mut store = Store::new(buffer);
    let mut last = Vec::<_, MAX_ADDONS>::new();
    // Microcode of addons comes first: the kernel takes the first file of a name. Other initrds of addons
    // come last: later files replace earlier ones.
    for path in &command.addons {
        let addon = Input::open(path, copies)?;
        let kept = keep(&addon, copies)?;
        let found = Addon::parse(kept.bytes()).and_then(|found| {
            found.check(image.arch(), image.release())?;
            Ok(found)
        });
        let found = found.map_err(|error| Failure::Load(path, error))?;
        store.put(b" ");
        store.put(found.command_line().unwrap_or_default());
        let [first, second] = [found.microcode(), found.initrd()];
        if let Some(section) = first {
            push(initrds, part(&addon, &section)?)?;
        }
        if let Some(section) = second {
            // There is room for one of each addon.
            let _fits = last.push(Some(part(&addon, &section)?));
        }
    }
    let added = text(&mut store, path)?;
    let section = image.kernel().map_err(|error| Failure::Load(path, error))?;
    let own = part(kernel, &section)?;
    for section in image.initrds() {
        push(initrds, part(kernel, &section)?)?;
    }
    // Not into_iter(), which can panic.
    for part in last.iter_mut().filter_map(Option::take) {
        push(initrds, part)?;
    }
    let unified = facts(&image, &mut store, added).ok_or(Failure::Load(path, FULL))?;
    drop(kept);
    *kernel = own;
    Ok(Some(unified))
}

/// Keeps a file unchanged while it is looked at; it is not copied for that.
#[inline(never)]
pub fn keep<'a, 'b>(input: &'b Input<'a>, copies: &Copies) -> Result<Kept<'b>, Failure<'a>> {
    Kept::new(&input.file, &Copies::limited(0), copies)
        .map_err(|error| Failure::File(input.path, error))
}

/// The image, seen through the profile that is asked for: by the option, else by the beginning of the
/// command line.
#[inline(never)]
fn profile<'i>(file: &'i [u8], command: &Command<'_>) -> Result<Uki<'i>, Error> {
    let image = Uki::parse(file)?;
    if let Some(profile) = command.profile {
        return image.select(profile.to_bytes());
    }
    let lines = [Some(command.append), command.line];
    let mut lines = lines.into_iter().flatten();
    match lines.find_map(|line| profile_prefix(line.to_bytes())) {
        Some((number, _)) => image.with_profile(number),
        None => Ok(image),
    }
}

/// A section, as a file.
#[inline(never)]
fn part<'a>(input: &Input<'a>, section: &Section<'_>) -> Result<Input<'a>, Failure<'a>> {
    let path = input.path;
    let (start, size) = (section.offset as u64, section.bytes.len() as u64);
    match input.file.part(start, size) {
        Ok(file) => Ok(Input { path, file }),
        Err(error) => Err(Failure::File(path, error)),
    }
}

const FULL: Error = Error::Full {
    what: "the buffer for texts of a unified kernel image",
    capacity: ROOM as u64,
};

fn text<'a>(store: &mut Store<'static>, path: &'a CStr) -> Result<&'static [u8], Failure<'a>> {
    store.keep().ok_or(Failure::Load(path, FULL))
}

/// What is reported of the image; `None` if there is no room for its texts.
#[inline(never)]
fn facts(image: &Uki<'_>, store: &mut Store<'static>, added: &'static [u8]) -> Option<Unified> {
    let field = |key| image.profile_field(image.profile(), key);
    let mut texts = [&b""[..]; 5];
    for (text, found) in texts.iter_mut().zip([
        field(b"ID"),
        field(b"TITLE"),
        Some(image.release()),
        image.os_release(b"PRETTY_NAME"),
        image.command_line(),
    ]) {
        store.put(found.unwrap_or_default());
        *text = store.keep()?;
    }
    let [id, title, release, system, line] = texts;
    let has = |names: &[&[u8; 8]]| names.iter().any(|name| image.section(name).is_some());
    Some(Unified {
        line,
        added,
        facts: report::Unified {
            profile: image.profile(),
            profiles: image.profiles(),
            id,
            title,
            release,
            system,
            extra: has(&EXTRA),
            device_tree: has(&DEVICE_TREES),
        },
    })
}
