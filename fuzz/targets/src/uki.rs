//! Unified kernel images and addons: what each profile has is what a second reader finds, which makes a
//! list of all sections first; and all of it lies in the file.

use kexec_core::Error;
use kexec_core::image::{Addon, Format, Pe, Uki, probe};
use kexec_testing::pe;

/// An image without profiles, one with two, an addon, and a header alone.
pub fn seeds() -> Vec<Vec<u8>> {
    let profiles = pe(&[
        (".cmdline", b"base\n\0"),
        (".linux", b"kernel"),
        (".uname", b"6.12"),
        (".profile", b"ID=a\nTITLE='A'"),
        (".profile", b"ID=1"),
        (".initrd", b"070701"),
        (".cmdline", b"two"),
    ]);
    let mut lying = profiles.clone();
    lying[0x78 + 24 + 240 + 8] = 0xff;
    vec![
        pe(&[
            (".initrd", b"070701"),
            (".linux", b"kernel"),
            (".ucode", b"u"),
        ]),
        profiles,
        lying,
        pe(&[(".cmdline", b"more"), (".uname", b"6.12")]),
        pe(&[]),
    ]
}

/// A section of the second reader: its name, and its bytes.
type Row = (Vec<u8>, Vec<u8>);

/// Reads the sections in another way; `None` for a file that is no PE file, or has not all of them.
fn rows(file: &[u8]) -> Option<(u16, Vec<Row>)> {
    let byte = |at: usize| file.get(at).copied().map(u64::from);
    let number = |at: usize, length: usize| {
        (0..length)
            .rev()
            .try_fold(0, |sum, index| Some(sum << 8 | byte(at + index)?))
    };
    let start = number(0x3c, 4)? as usize;
    if file.get(..2)? != b"MZ" || file.get(start..start + 24)?.get(..4)? != b"PE\0\0" {
        return None;
    }
    let table = start + 24 + number(start + 20, 2)? as usize;
    file.get(table..)?;
    let mut rows = Vec::new();
    for index in 0..number(start + 6, 2)? as usize {
        let row = table + 40 * index;
        let name = file.get(row..row + 40)?.get(..8)?.to_vec();
        let size = number(row + 8, 4)?.min(number(row + 16, 4)?) as usize;
        let place = number(row + 20, 4)? as usize;
        let bytes = if size == 0 {
            &[]
        } else {
            file.get(place..place + size)?
        };
        rows.push((name, bytes.to_vec()));
    }
    Some((number(start + 4, 2)? as u16, rows))
}

/// The first section with a name and with bytes in a profile or, before it, the others.
fn find<'r>(rows: &'r [Row], profile: Option<usize>, name: &[u8]) -> Option<&'r [u8]> {
    let begins: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index].0 == b".profile")
        .collect();
    let (from, to) = match profile {
        None => (0, begins.first().copied().unwrap_or(rows.len())),
        Some(number) => (
            begins.get(number).copied()?,
            begins.get(number + 1).copied().unwrap_or(rows.len()),
        ),
    };
    let mut all = rows[from..to].iter();
    let found = all.find(|(other, bytes)| other == name && !bytes.is_empty());
    found.map(|(_, bytes)| &bytes[..])
}

/// Any file.
pub fn run(file: &[u8]) {
    let second = rows(file);
    match Pe::parse(file) {
        Ok(pe) => {
            let (machine, rows) = second.as_ref().expect("no PE file to the second reader");
            assert_eq!(pe.machine(), *machine);
            let ours = pe
                .sections()
                .map(|it| (it.name.to_vec(), it.bytes.to_vec()));
            assert_eq!(ours.collect::<Vec<_>>(), *rows);
            for section in pe.sections() {
                assert_eq!(
                    &file[section.offset..][..section.bytes.len()],
                    section.bytes
                );
            }
        }
        Err(_) => assert!(second.is_none()),
    }
    let rows = second.map(|(_, rows)| rows).unwrap_or_default();
    if let Ok(addon) = Addon::parse(file) {
        assert_eq!(probe(file), Format::UkiAddon);
        assert_eq!(find(&rows, None, b".linux\0\0"), None);
        let added = [addon.microcode(), addon.initrd()].map(|it| it.map(|it| it.bytes));
        for (ours, name) in added.into_iter().zip([b".ucode\0\0", b".initrd\0"]) {
            let second = find(&rows, Some(0), name).or(find(&rows, None, name));
            assert_eq!(ours, second);
        }
    }
    match Uki::parse(file) {
        Ok(uki) => image(&uki, &rows),
        Err(Error::NotThisFormat { found, .. }) => assert_ne!(found, Format::Uki),
        Err(_) => {}
    }
}

/// Each profile of an image, by its number and by its ID.
fn image(uki: &Uki<'_>, rows: &[Row]) {
    let count = rows.iter().filter(|(name, _)| name == b".profile").count();
    assert_eq!(uki.profiles(), count.max(1));
    for number in 0..uki.profiles().min(8) {
        let Ok(selected) = uki.select(number.to_string().as_bytes()) else {
            panic!("profile {number} is not found");
        };
        // An ID may look like a number.
        let at = selected.profile();
        let own = uki.profile_field(at, b"ID");
        assert!(at == number || own == Some(number.to_string().as_bytes()));
        for name in [
            b".linux\0\0",
            b".initrd\0",
            b".ucode\0\0",
            b".cmdline",
            b".uname\0\0",
            b".pcrsig\0",
        ] {
            let ours = selected.section(name).map(|section| section.bytes);
            let second = find(rows, Some(at), name).or(find(rows, None, name));
            assert_eq!(ours, second, "{number} {name:?}");
        }
        let initrds = selected.initrds().count();
        assert!(initrds <= 2);
        if let Some(line) = selected.command_line() {
            assert!(!line.contains(&0) && line.trim_ascii() == line);
        }
        if let Some(id) = own.filter(|id| !id.is_empty()) {
            let first = (0..uki.profiles()).find(|it| uki.profile_field(*it, b"ID") == Some(id));
            let by_id = uki.select(id).map(|found| found.profile());
            assert_eq!(by_id.ok(), first);
        }
    }
}
