//! SHA-256 in plain arithmetic, one lane after the other (FIPS 180-4, 6.2.2).

use super::{BLOCK, K, LANES, STRIPE, as_chunks};

/// Message schedule: `w` has its first 16 words and gets the other 48.
fn schedule(w: &mut [u32; 64]) {
    for t in 0..48_usize {
        // A window of 17 words always lies inside: 47 + 17 = 64.
        let window = w.get_mut(t..t.wrapping_add(17));
        let Some(window) = window.and_then(|w| w.first_chunk_mut::<17>()) else {
            return;
        };
        let (x, y) = (window[1], window[14]);
        let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ x.wrapping_shr(3);
        let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ y.wrapping_shr(10);
        window[16] = window[0]
            .wrapping_add(s0)
            .wrapping_add(window[9])
            .wrapping_add(s1);
    }
}

/// One round; the caller rotates the names instead of the values.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:expr, $k:expr) => {
        let s1 = $e.rotate_right(6) ^ $e.rotate_right(11) ^ $e.rotate_right(25);
        let choice = $g ^ ($e & ($f ^ $g));
        let t1 = $h
            .wrapping_add(s1)
            .wrapping_add(choice)
            .wrapping_add($w.wrapping_add($k));
        let s0 = $a.rotate_right(2) ^ $a.rotate_right(13) ^ $a.rotate_right(22);
        let majority = $b ^ (($a ^ $b) & ($b ^ $c));
        $d = $d.wrapping_add(t1);
        $h = t1.wrapping_add(s0).wrapping_add(majority);
    };
}

/// Advances `state` by the block whose first 16 schedule words are in `w`.
fn compress(state: &mut [u32; 8], w: &mut [u32; 64]) {
    schedule(w);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (w, k) in as_chunks::<4, _>(w).0.iter().zip(as_chunks::<4, _>(&K.0).0) {
        round!(a b c d e f g h, w[0], k[0]);
        round!(h a b c d e f g, w[1], k[1]);
        round!(g h a b c d e f, w[2], k[2]);
        round!(f g h a b c d e, w[3], k[3]);
        (a, b, c, d, e, f, g, h) = (e, f, g, h, a, b, c, d);
    }
    for (state, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *state = state.wrapping_add(new);
    }
}

/// Advances one lane by one block.
pub(crate) fn one_block(lanes: &mut [[u32; LANES]], lane: usize, block: &[u8; BLOCK]) {
    let mut w = [0_u32; 64];
    for (w, bytes) in w.iter_mut().zip(as_chunks::<4, _>(block).0) {
        *w = u32::from_be_bytes(*bytes);
    }
    let mut state = [0_u32; 8];
    for (state, words) in state.iter_mut().zip(lanes.iter()) {
        *state = words.get(lane).copied().unwrap_or(0);
    }
    compress(&mut state, &mut w);
    for (state, words) in state.iter().zip(lanes.iter_mut()) {
        if let Some(word) = words.get_mut(lane) {
            *word = *state;
        }
    }
}

/// Advances every lane through `stripes`, lane by lane.
pub(crate) fn stripes(lanes: &mut [[u32; LANES]], stripes: &[[u8; STRIPE]]) {
    for stripe in stripes {
        for (lane, block) in as_chunks::<BLOCK, _>(stripe).0.iter().enumerate() {
            one_block(lanes, lane, block);
        }
    }
}
