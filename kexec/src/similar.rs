//! The most likely intended name for an unknown one.

/// The longest name that is compared; longer ones are similar to no other.
const LONGEST: usize = 31;

/// The name nearest to `typed`, if it is near: the first of those with the fewest letters to
/// insert, leave out or replace, at most one in three of those typed and two in all.
pub fn nearest<'a>(typed: &[u8], names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = 2.min(typed.len() / 3);
    let near = names.filter_map(|name| Some((distance(typed, name.as_bytes())?, name)));
    near.filter(|(distance, _)| (1..=most).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters to insert, leave out or replace (Levenshtein); `None` if one is too long.
fn distance(one: &[u8], other: &[u8]) -> Option<usize> {
    if one.len() > LONGEST || other.len() > LONGEST {
        return None;
    }
    // A row of the table: from a beginning of `one` to each beginning of `other`.
    let mut row = [0_usize; LONGEST + 1];
    for (place, cost) in row.iter_mut().enumerate() {
        *cost = place;
    }
    for (letter, count) in one.iter().zip(1_usize..) {
        let mut left = count;
        let mut above_left = count.saturating_sub(1);
        let (first, rest) = row.split_first_mut()?;
        *first = count;
        for (place, with) in rest.iter_mut().zip(other) {
            let replaced = above_left.saturating_add(usize::from(letter != with));
            let cost = replaced
                .min(left.saturating_add(1))
                .min(place.saturating_add(1));
            above_left = *place;
            *place = cost;
            left = cost;
        }
    }
    row.get(other.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_to_change() {
        for (one, other, changes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("initrd", "initrd", 0),
            ("initd", "initrd", 1),
            ("intird", "initrd", 2),
            ("kitten", "sitting", 3),
            ("append", "apend", 1),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(
                distance(one.as_bytes(), other.as_bytes()),
                Some(changes),
                "{one} {other}"
            );
            assert_eq!(
                distance(other.as_bytes(), one.as_bytes()),
                Some(changes),
                "{other} {one}"
            );
        }
        assert_eq!(distance(&[b'x'; 32], b"x"), None);
    }

    #[test]
    fn the_nearest_name_if_it_is_near() {
        let names = ["initrd", "append", "mem-min", "mem-max", "load", "dtb"];
        let of = |typed: &str| nearest(typed.as_bytes(), names.into_iter());
        assert_eq!(of("initrdd"), Some("initrd"));
        assert_eq!(of("init-rd"), Some("initrd"));
        assert_eq!(of("apend"), Some("append"));
        assert_eq!(of("mem_max"), Some("mem-max"));
        assert_eq!(of("bogus"), None);
        assert_eq!(of("dt"), None);
        assert_eq!(of("ld"), None);
    }
}
