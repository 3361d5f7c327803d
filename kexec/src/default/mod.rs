//! `--default` and `--list`: the kernel, initrds and command line of a boot loader entry.

mod read;

use core::ffi::CStr;
use core::fmt::{self, Write};

use kexec_cli::command::Command;
use kexec_cli::entries::{self, Between, Entry, Kind, cut, grub, next_value};
use kexec_cli::failure::code;
use kexec_cli::table::Id;
use kexec_cli::text::Text;
use kexec_rt::Once;

use crate::out::complain;
use read::{Found, exists};

/// Room for the texts of all entries.
const ROOM: usize = 512 << 10;
static BUFFER: Once<[u8; ROOM]> = Once::new([0; ROOM]);

/// Reads the entries; `None`, and an error message, if there are none.
fn read() -> Option<Found<'static>> {
    let mut found = Found::new(BUFFER.take()?);
    found.read();
    if found.list.is_empty() {
        complain!(
            "there is no boot loader entry in /boot, /efi and /boot/efi, and no kernel in / and \
             /boot"
        );
        return None;
    }
    Some(found)
}

/// Prints the entries; returns the exit code.
pub fn list() -> u8 {
    match read() {
        Some(found) => match crate::print(&mut |out| rows(out, &found)) {
            code::DONE if found.unread => code::FAILED,
            code => code,
        },
        None => code::FAILED,
    }
}

fn rows(out: &mut dyn Write, found: &Found<'_>) -> fmt::Result {
    for (entry, place) in found.list.iter().zip(0..) {
        let is_default = !found.unread && place == found.default;
        let mark = if is_default { "*" } else { " " };
        write!(out, "{mark} {}", Text(entry.name()))?;
        let if_so = |is: bool, note: &'static [u8]| is.then_some(note);
        let notes = [
            entry.title(),
            entry.version(),
            if_so(entry.kind == Kind::Image, b"[UKI]"),
            entry.value(b"efi").and(Some(b"[EFI program]")),
            if_so(entry.stem().1, b"[no tries left]"),
            if_so(entry.text.is_none(), b"[not readable]"),
            if_so(entry.late == 2, b"[another architecture]"),
        ];
        for note in notes.iter().flatten() {
            write!(out, "  {}", Text(note))?;
        }
        out.write_char('\n')?;
    }
    let (which, who) = match found.unread {
        true => ("which one is the default is not known", &b""[..]),
        false => ("* the default, by ", found.who),
    };
    writeln!(out, "({which}{})", Text(who))
}

/// Sets kernel, initrds and command line from the entry that `--default` names; returns the exit code
/// if that is impossible.
pub fn fill(command: &mut Command<'static>) -> Result<(), u8> {
    let Some(wanted) = command.default.filter(|_| command.actions.load) else {
        return Ok(());
    };
    let mut found = read().ok_or(code::FAILED)?;
    let wanted = wanted.to_bytes();
    let place = match wanted {
        [] if found.unread => {
            complain!("which entry is the default is not known; name one: --default=ID, --list");
            return Err(code::FAILED);
        }
        [] => Some((found.default, found.profile)),
        _ => entries::find_profile(&found.list, wanted),
    };
    let place = place.and_then(|(place, profile)| Some((found.list.get(place)?, profile)));
    let Some((entry, profile)) = place.map(|(entry, profile)| (*entry, profile)) else {
        let wanted = Text(wanted);
        complain!("--default={wanted}: there is no such entry; --list has all of them");
        return Err(code::FAILED);
    };
    let path = Text(entry.path.to_bytes());
    if command.given(Id::Debug) {
        complain!("the entry is {path}");
    }
    if !profile.is_empty() && command.profile.is_none() {
        found.store.put(profile);
        command.profile = found.store.keep_c();
    }
    take(command, &entry, &mut found).map_err(|why| {
        complain!("{path}: {why}; name another entry (--default=ID, --list) or the kernel");
        code::FAILED
    })
}

const FULL: &str = "it is too long";

/// Keys without which an entry is another one, and what they mean.
const UNSUPPORTED: [(&[u8], &str); 3] = [
    (b"efi", "it starts an EFI program, which only firmware can"),
    (b"uki-url", "its kernel is on a server"),
    (b"devicetree-overlay", "devicetree-overlay is not supported"),
];

/// Sets what the command has not.
fn take(
    command: &mut Command<'static>,
    entry: &Entry<'static>,
    found: &mut Found<'static>,
) -> Result<(), &'static str> {
    let Some(text) = entry.text else {
        return Err("it cannot be read");
    };
    if entry.late == 2 {
        return Err("it is for another architecture");
    }
    for (key, why) in &UNSUPPORTED {
        if entry.value(key).is_some() {
            return Err(why);
        }
    }
    match entry.kind {
        Kind::Image => {
            command.kernel = Some(entry.path);
            return Ok(());
        }
        Kind::Kernel => command.give_running_line(),
        Kind::Text => {
            let mut rest = text;
            while let Some(value) = next_value(&mut rest, b"options", Between::Space) {
                expand(value, found)?;
                found.store.put(b" ");
            }
            command.line = Some(found.store.keep_c().ok_or(FULL)?);
            if let (None, Some(profile)) = (command.profile, entry.value(b"profile")) {
                found.store.put(profile);
                command.profile = Some(found.store.keep_c().ok_or(FULL)?);
            }
        }
    }
    let initrds_given = !command.initrds.is_empty();
    let dtb_given = command.dtb.is_some();
    let mut keys: &[u8] = b"uki linux initrd devicetree";
    while let Some(key) = cut(&mut keys, b' ') {
        let mut rest = text;
        while let Some(value) = next_value(&mut rest, key, Between::Space) {
            expand(value, found)?;
            let mut names = found.store.keep().ok_or(FULL)?;
            // A variable holds any number of names.
            let end = if value.contains(&b'$') { b' ' } else { b'\n' };
            while let Some(name) = cut(&mut names, end) {
                let path = path(entry, name, found)?;
                // Of the initrds that a kernel without an entry may have, it has the first.
                let has = |command: &Command<'_>| {
                    entry.kind == Kind::Text || command.initrds.is_empty() && exists(path)
                };
                match key {
                    _ if name.is_empty() => {}
                    b"devicetree" if !dtb_given => command.give_dtb(path),
                    b"initrd" if !initrds_given && has(command) => {
                        command.initrds.push(path).map_err(|_| FULL)?;
                    }
                    b"linux" | b"uki" => command.kernel = Some(path),
                    _ => {}
                }
            }
        }
    }
    command.kernel.map(|_| ()).ok_or("it names no kernel")
}

/// Appends a value, with GRUB's variables in place, to the store's current text.
fn expand(value: &[u8], found: &mut Found<'static>) -> Result<(), &'static str> {
    grub::expand(value, found.grubenv, &mut found.store).map_err(|name| {
        complain!("${} is not set in GRUB's grubenv", Text(name));
        "the value of its variable is not known"
    })
}

/// The path of a file that an entry names: on its own partition; or below the root directory, if
/// there is no such file and the directory of the entry is no partition.
fn path(
    entry: &Entry<'_>,
    name: &[u8],
    found: &mut Found<'static>,
) -> Result<&'static CStr, &'static str> {
    let name = name.strip_prefix(b"/").unwrap_or(name);
    let there = found.store.join(&[entry.root, b"/", name]);
    let there = there.ok_or(FULL)?;
    if exists(there) {
        return Ok(there);
    }
    let below_root = found.store.join(&[b"/", name]);
    Ok(below_root.filter(|path| exists(path)).unwrap_or(there))
}
