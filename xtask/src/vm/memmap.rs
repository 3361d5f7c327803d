//! Memory maps as guests report them: `START END TYPE`, both ends included.

/// The map with touching ranges of one type made one, in order of address: a kernel may hand
/// on a range in pieces (it splits System RAM around setup_data), which says the same.
pub fn merged(lines: &[&str]) -> Option<Vec<String>> {
    let mut ranges = lines
        .iter()
        .map(|line| parse(line))
        .collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64, &str)> = Vec::new();
    for (start, end, kind) in ranges {
        match merged.last_mut() {
            Some((_, before, same)) if *same == kind && before.checked_add(1) == Some(start) => {
                *before = end;
            }
            _ => merged.push((start, end, kind)),
        }
    }
    let shown = merged.into_iter();
    Some(
        shown
            .map(|(start, end, kind)| format!("{start:#x} {end:#x} {kind}"))
            .collect(),
    )
}

fn parse(line: &str) -> Option<(u64, u64, &str)> {
    let (start, rest) = line.split_once(' ')?;
    let (end, kind) = rest.split_once(' ')?;
    Some((number(start)?, number(end)?, kind))
}

/// A number as the kernel prints it, with 0x before it.
pub fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn pieces_of_one_type_are_one() {
        let map = merged(&[
            "0x1000 0x1fff System RAM",
            "0x0 0xfff System RAM",
            "0x2000 0x2fff Reserved",
            "0x4000 0x4fff Reserved",
        ]);
        let wanted = [
            "0x0 0x1fff System RAM",
            "0x2000 0x2fff Reserved",
            "0x4000 0x4fff Reserved",
        ];
        assert_eq!(map.unwrap(), wanted);
        assert_eq!(merged(&["nonsense"]), None);
    }
}
