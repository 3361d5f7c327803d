//! `<[T]>::as_chunks`, which the standard library has since Rust 1.88.

/// How many arrays of `N` elements fit into `length` elements.
const fn count<const N: usize>(length: usize) -> usize {
    const { assert!(N != 0, "an array of no elements") };
    match length.checked_div(N) {
        Some(count) => count,
        None => 0,
    }
}

/// The arrays of `N` elements that `slice` begins with, as many as fit, and the rest.
pub(crate) const fn as_chunks<const N: usize, T>(slice: &[T]) -> (&[[T; N]], &[T]) {
    let count = count::<N>(slice.len());
    // Always there: it is at most the length.
    let Some((head, rest)) = slice.split_at_checked(count.saturating_mul(N)) else {
        return (&[], slice);
    };
    // SAFETY: an array has the alignment and, N times, the size of its elements, and `head` has
    // N elements for each array.
    let chunks = unsafe { core::slice::from_raw_parts(head.as_ptr().cast(), count) };
    (chunks, rest)
}

/// As [`as_chunks`], to write to; without the rest.
pub(crate) const fn as_chunks_mut<const N: usize, T>(slice: &mut [T]) -> &mut [[T; N]] {
    let count = count::<N>(slice.len());
    // SAFETY: as in `as_chunks`: the slice has at least N elements for each array. It is borrowed
    // for as long as its arrays are.
    unsafe { core::slice::from_raw_parts_mut(slice.as_mut_ptr().cast(), count) }
}

#[cfg(test)]
mod tests {
    use super::{as_chunks, as_chunks_mut};

    #[test]
    fn every_element_is_in_a_chunk_or_in_the_rest() {
        let numbers: [u16; 10] = core::array::from_fn(|index| index as u16);
        for length in 0..=numbers.len() {
            let slice = &numbers[..length];
            let (chunks, rest) = as_chunks::<3, _>(slice);
            assert_eq!(chunks.len(), length / 3);
            assert_eq!([chunks.as_flattened(), rest].concat(), slice);
            let mut written = numbers;
            for chunk in as_chunks_mut::<3, _>(&mut written[..length]) {
                *chunk = [99; 3];
            }
            let count = written.iter().filter(|number| **number == 99).count();
            assert_eq!(count, length / 3 * 3);
            assert!(written.iter().take(count).all(|number| *number == 99));
        }
    }
}
