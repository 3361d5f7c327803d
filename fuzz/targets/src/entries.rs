//! Boot loader entries, against second readers.

use std::cmp::Ordering;
use std::ffi::CString;

use kexec_cli::entries::{
    Between, Entry, Kind, List, Store, compare, compare_versions, cut, efi_name, find, grub,
    insert, kernel_version, last_value, matches, next_value, stem, uki, without_ending,
};

/// Names and texts, each ended by a NUL: the first is a pattern, the second an environment block.
pub fn seeds() -> Vec<Vec<u8>> {
    let files: &[&[&str]] = &[
        &[
            "6a98*",
            "# GRUB Environment Block\nsaved_entry=6a98-6.8.5\nkernelopts=root=/dev/a ro\\\\x\n##",
            "6a98-6.8.5.conf",
            "title Fedora\nversion 6.8.5-301.fc40.x86_64\nlinux /vmlinuz-6.8.5\n\
             initrd /initramfs-6.8.5.img $tuned_initrd\noptions $kernelopts ${x} $\n",
            "6a98-6.10.3+3-1.conf",
            "title\tFedora\r\nversion 6.10.3~rc1\nsort-key fedora\nmachine-id 6a98\n",
        ],
        &[
            "*-?ts*.conf",
            "",
            "arch+0-3.conf",
            "# x\nsort-key a\nversion 1^2.3-4\narchitecture x64\n",
            "arch-lts.efi",
            "ID=arch\nPRETTY_NAME=\"Arch Linux\"\nVERSION_ID='2'\n",
            "vmlinuz-6.12.48+deb13-amd64",
            "sort-key 1\nversion 6.12",
            "MZ",
            "",
        ],
    ];
    let joined = files.iter().map(|files| files.join("\0").into_bytes());
    joined.collect()
}

/// The target.
pub fn run(data: &[u8]) {
    let parts: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    let (pattern, block) = (parts[0], parts.get(1).copied().unwrap_or_default());
    let pairs = parts.get(2..).unwrap_or_default().chunks_exact(2);
    let names: Vec<CString> = pairs
        .clone()
        .map(|pair| CString::new(pair[0]).expect("no NUL"))
        .collect();
    let mut list = List::new();
    for (name, pair) in names.iter().zip(pairs) {
        let kind = [Kind::Text, Kind::Image]
            .into_iter()
            .find(|kind| without_ending(pair[0], *kind).is_some())
            .unwrap_or(Kind::Kernel);
        let mut entry = Entry {
            path: name,
            root: b"/boot",
            kind,
            text: Some(pair[1]),
            late: 0,
        };
        entry.set_late(b"x64");
        assert!(pair[0].starts_with(stem(pair[0], kind).0) || pair[0].contains(&b'/'));
        check_lines(pair[1], block);
        insert(&mut list, entry);
        _ = kernel_version(pair[0]).map(|version| assert!(pair[0].ends_with(version)));
        assert_eq!(matches(pattern, pair[0]), model_matches(pattern, pair[0]));
    }
    for (place, one) in list.iter().enumerate() {
        for (other_place, other) in list.iter().enumerate() {
            let order = compare(one, other);
            assert_eq!(order, compare(other, one).reverse(), "{one:?} {other:?}");
            if place < other_place {
                assert_ne!(order, Ordering::Greater, "{one:?} {other:?}");
            }
        }
    }
    if let Some(place) = find(&list, pattern) {
        assert!(place < list.len());
    }
    for one in &parts {
        for other in &parts {
            let order = compare_versions(one, other);
            assert_eq!(order, model_version(one, other), "{one:?} {other:?}");
        }
    }
    check_images(data);
}

/// Values of keys, and variables.
fn check_lines(text: &[u8], block: &[u8]) {
    for key in [&b"title"[..], b"initrd", b"options", b"ID", b"version"] {
        for (between, signs) in [(Between::Space, &b" \t"[..]), (Between::Sign, b"=")] {
            let values = text.split(|byte| *byte == b'\n').filter_map(|line| {
                let line = line.trim_ascii();
                let sign = line.get(key.len()).filter(|sign| signs.contains(sign));
                let value = sign.and(line.get(key.len() + 1..)?.into())?.trim_ascii();
                (line.starts_with(key) && !value.is_empty()).then_some(value)
            });
            let values: Vec<&[u8]> = values.collect();
            let mut rest = text;
            let ours: Vec<&[u8]> =
                std::iter::from_fn(|| next_value(&mut rest, key, between)).collect();
            assert_eq!(ours, values);
            assert_eq!(last_value(text, key, between), values.last().copied());
        }
    }
    let mut rest = text;
    let mut joined = Vec::new();
    while let Some(part) = cut(&mut rest, b'$') {
        joined.extend(part);
        joined.push(b'$');
    }
    let ended = text.is_empty() || text.ends_with(b"$");
    assert_eq!(&joined[..joined.len() - usize::from(!ended)], text);
    let mut buffer = [0xaa; 512];
    let (room, after) = buffer.split_at_mut(500);
    let mut store = Store::new(room);
    if let Err(name) = grub::expand(text, block, &mut store) {
        assert!(!name.is_empty() && text.windows(name.len()).any(|part| part == name));
        assert_eq!(grub::variable(block, name), None);
    } else if !text.contains(&b'$') && text.len() <= 500 {
        assert_eq!(store.keep(), Some(text));
    }
    assert!(after.iter().all(|byte| *byte == 0xaa));
}

/// Sections of an image, and EFI variables.
fn check_images(data: &[u8]) {
    for name in [b".osrel\0\0", b".cmdline"] {
        if uki::section(data, name).is_some() {
            assert!(data.starts_with(b"MZ") && data.windows(8).any(|part| part == name));
        }
    }
    let mut buffer = [0; 64];
    let mut store = Store::new(&mut buffer);
    if let Some(name) = efi_name(data, &mut store) {
        assert!(name.is_ascii() && !name.contains(&0) && !name.is_empty());
        assert!(name.len() <= data.len() / 2);
    }
}

/// A part of a pattern.
enum Part {
    /// Any bytes.
    Star,
    /// A byte, by its lower case, of these.
    OneOf(Vec<u8>),
}

/// The parts of a pattern, read from its start as a text.
fn parts(pattern: &[u8]) -> Vec<Part> {
    let all = || (0..=255).collect();
    let mut rest = pattern.to_ascii_lowercase();
    rest.reverse();
    let mut parts = Vec::new();
    while let Some(byte) = rest.pop() {
        parts.push(match byte {
            b'*' => Part::Star,
            b'?' => Part::OneOf(all()),
            b'[' => Part::OneOf(set(&mut rest).unwrap_or_default()),
            b'\\' => Part::OneOf(vec![rest.pop().unwrap_or(byte)]),
            _ => Part::OneOf(vec![byte]),
        });
    }
    parts
}

/// A set, of which the start was taken; `None` if it has no end. Then nothing more is left.
fn set(rest: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut of = Vec::new();
    // The last byte that a range can begin with.
    let mut low = None;
    let mut is_first = true;
    loop {
        let escaped = |rest: &mut Vec<u8>, byte| match byte {
            b'\\' => rest.pop().unwrap_or(byte),
            _ => byte,
        };
        let byte = rest.pop()?;
        if byte == b']' && !is_first {
            return Some(of);
        }
        is_first = false;
        let is_range = byte == b'-' && low.is_some() && !matches!(rest.last(), None | Some(b']'));
        if is_range {
            let high = rest.pop()?;
            let high = escaped(rest, high);
            of.extend(low.take()?..=high);
        } else {
            let byte = escaped(rest, byte);
            of.push(byte);
            low = Some(byte);
        }
    }
}

fn model_matches(pattern: &[u8], text: &[u8]) -> bool {
    let parts = parts(pattern);
    // A column of the table for each byte of the text: which beginnings of the pattern fit.
    let step = |fits: &mut Vec<bool>| {
        for (place, part) in parts.iter().enumerate() {
            if matches!(part, Part::Star) && fits[place] {
                fits[place + 1] = true;
            }
        }
    };
    let mut fits = vec![false; parts.len() + 1];
    fits[0] = true;
    step(&mut fits);
    for byte in text {
        let mut next = vec![false; parts.len() + 1];
        for (place, part) in parts.iter().enumerate() {
            match part {
                Part::Star => next[place] |= fits[place],
                Part::OneOf(of) => {
                    next[place + 1] |= fits[place] && of.contains(&byte.to_ascii_lowercase());
                }
            }
        }
        step(&mut next);
        fits = next;
    }
    fits[parts.len()]
}

/// The Specification's text, step by step.
fn model_version(one: &[u8], other: &[u8]) -> Ordering {
    let known = |text: &[u8]| -> Vec<u8> {
        let is = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.~^".contains(byte);
        // Another character separates: it is kept as a space, and skipped below.
        text.iter()
            .map(|byte| if is(byte) { *byte } else { b' ' })
            .collect()
    };
    let (one, other) = (known(one), known(other));
    let (mut a, mut b) = (&one[..], &other[..]);
    let trim = |text: &mut &[u8]| {
        while let [b' ', rest @ ..] = *text {
            *text = rest;
        }
    };
    loop {
        trim(&mut a);
        trim(&mut b);
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) => {}
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                let mark = b"-^.".iter().find(|mark| *mark == x || *mark == y);
                if let Some(mark) = mark {
                    if x != y {
                        return if x == mark {
                            Ordering::Less
                        } else {
                            Ordering::Greater
                        };
                    }
                } else {
                    let digits = x.is_ascii_digit() || y.is_ascii_digit();
                    let is = |byte: &&u8| match digits {
                        true => byte.is_ascii_digit(),
                        false => byte.is_ascii_alphabetic(),
                    };
                    let (left, right) = (a.iter().take_while(is), b.iter().take_while(is));
                    let (left, right): (Vec<u8>, Vec<u8>) =
                        (left.copied().collect(), right.copied().collect());
                    (a, b) = (&a[left.len()..], &b[right.len()..]);
                    let width = left.len().max(right.len());
                    let pad =
                        |text: &[u8]| [vec![b'0'; width - text.len()], text.to_vec()].concat();
                    let order = match digits {
                        true => pad(&left).cmp(&pad(&right)),
                        false => left.cmp(&right),
                    };
                    if order != Ordering::Equal {
                        return order;
                    }
                    continue;
                }
            }
        }
        (a, b) = (&a[1..], &b[1..]);
    }
}
