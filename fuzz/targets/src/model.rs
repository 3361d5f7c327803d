//! Memory as the specification has it, by the simplest means: a list of entries, any of which may
//! overlap. Half-open spans of `u128`, so that nothing is special about the last address.

/// First address, last address, e820 type.
pub type Entry = (u64, u64, u32);
/// From, to (exclusive).
pub type Span = (u128, u128);

/// One past the last address.
pub const END: u128 = 1 << 64;

/// As a span.
pub fn span(start: u64, last: u64) -> Span {
    (start.into(), u128::from(last) + 1)
}

/// Every address at which what is known may change.
fn edges(spans: impl Iterator<Item = Span>) -> Vec<u128> {
    let mut edges: Vec<u128> = spans.flat_map(|(start, end)| [start, end]).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The type of an address: the highest number that any entry gives it (arch/x86/kernel/e820.c,
/// e820__update_table).
pub fn kind_at(entries: &[Entry], address: u128) -> Option<u32> {
    let here = entries.iter().filter(|(start, last, _)| {
        let (start, end) = span(*start, *last);
        start <= address && address < end
    });
    here.map(|(.., kind)| *kind).max()
}

/// The map as sorted spans, each with its type; touching ones of a type are one.
pub fn resolve(entries: &[Entry]) -> Vec<(Span, u32)> {
    let edges = edges(entries.iter().map(|(start, last, _)| span(*start, *last)));
    let mut out: Vec<(Span, u32)> = Vec::new();
    for pair in edges.windows(2) {
        let Some(kind) = kind_at(entries, pair[0]) else {
            continue;
        };
        match out.last_mut() {
            Some(((_, end), before)) if *end == pair[0] && *before == kind => *end = pair[1],
            _ => out.push(((pair[0], pair[1]), kind)),
        }
    }
    out
}

/// Where the map has RAM.
pub fn ram(entries: &[Entry]) -> Vec<Span> {
    let all = resolve(entries).into_iter();
    all.filter(|(_, kind)| *kind == 1)
        .map(|(span, _)| span)
        .collect()
}

/// Joins spans that overlap or touch.
pub fn union(spans: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.iter().copied().filter(|(a, b)| a < b).collect();
    sorted.sort_unstable();
    let mut out: Vec<Span> = Vec::new();
    for (start, end) in sorted {
        match out.last_mut() {
            Some((_, before)) if start <= *before => *before = end.max(*before),
            _ => out.push((start, end)),
        }
    }
    out
}

/// What both have.
pub fn common(one: &[Span], other: &[Span]) -> Vec<Span> {
    let pairs = one
        .iter()
        .flat_map(|a| other.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    union(&pairs.collect::<Vec<_>>())
}

/// What one has and the other has not.
pub fn without(one: &[Span], other: &[Span]) -> Vec<Span> {
    let mut left = union(one);
    for &(start, end) in other.iter().filter(|(a, b)| a < b) {
        left = left
            .into_iter()
            .flat_map(|(a, b)| [(a, b.min(start)), (a.max(end), b)])
            .filter(|(a, b)| a < b)
            .collect();
    }
    left
}

/// Whether all of it is inside.
pub fn holds(spans: &[Span], (start, end): Span) -> bool {
    union(spans).iter().any(|(a, b)| *a <= start && end <= *b)
}

/// The most bytes in a row between two addresses, both inside.
pub fn largest(free: &[Span], min: u64, max: u64) -> u128 {
    let window = [(u128::from(min), u128::from(max) + 1)];
    let sizes = common(free, &window).into_iter().map(|(a, b)| b - a);
    sizes.max().unwrap_or(0)
}

/// Whether `size` bytes at a multiple of `align` fit between two addresses.
pub fn fits(free: &[Span], min: u64, max: u64, size: u64, align: u64) -> bool {
    let window = [(u128::from(min), u128::from(max) + 1)];
    let align = u128::from(align);
    common(free, &window)
        .iter()
        .any(|(start, end)| start.div_ceil(align) * align + u128::from(size) <= *end)
}
