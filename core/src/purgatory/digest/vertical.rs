//! SHA-256 written once for a word that holds one lane or several (FIPS 180-4, 6.2.2).

use super::{BLOCK, K, LANES, STRIPE};

/// A vector of 32-bit words, one of each lane.
pub(crate) trait Word: Copy {
    fn splat(word: u32) -> Self;
    fn add(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn shr<const N: i32>(self) -> Self;
    fn shl<const N: i32>(self) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        word
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }
    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        self.wrapping_shr(N.unsigned_abs())
    }
    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        self.wrapping_shl(N.unsigned_abs())
    }
}

/// `x` rotated right by `R`; `L` is 32 − `R`. The halves do not overlap, so XOR joins them.
#[inline(always)]
fn rotr<const R: i32, const L: i32, W: Word>(x: W) -> W {
    x.shr::<R>().xor(x.shl::<L>())
}

/// Message schedule: `w` has its first 16 words and gets the other 48.
#[inline(always)]
fn schedule<W: Word>(w: &mut [W; 64]) {
    for t in 0..48_usize {
        // A window of 17 words always lies inside: 47 + 17 = 64.
        let window = w.get_mut(t..t.wrapping_add(17));
        let Some(window) = window.and_then(|w| w.first_chunk_mut::<17>()) else {
            return;
        };
        let (x, y) = (window[1], window[14]);
        let s0 = rotr::<7, 25, W>(x)
            .xor(rotr::<18, 14, W>(x))
            .xor(x.shr::<3>());
        let s1 = rotr::<17, 15, W>(y)
            .xor(rotr::<19, 13, W>(y))
            .xor(y.shr::<10>());
        window[16] = window[0].add(s0).add(window[9]).add(s1);
    }
}

/// One round; the caller rotates the names instead of the values.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $wk:expr) => {
        let s1 = rotr::<6, 26, W>($e)
            .xor(rotr::<11, 21, W>($e))
            .xor(rotr::<25, 7, W>($e));
        let choice = $g.xor($e.and($f.xor($g)));
        let t1 = $h.add(s1).add(choice).add($wk);
        let s0 = rotr::<2, 30, W>($a)
            .xor(rotr::<13, 19, W>($a))
            .xor(rotr::<22, 10, W>($a));
        let majority = $b.xor($a.xor($b).and($b.xor($c)));
        $d = $d.add(t1);
        $h = t1.add(s0).add(majority);
    };
}

/// Advances `state` by the block whose first 16 schedule words are in `w`.
#[inline(always)]
pub(crate) fn compress<W: Word>(state: &mut [W; 8], w: &mut [W; 64]) {
    schedule(w);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (w, k) in w.as_chunks::<4>().0.iter().zip(K.0.as_chunks::<4>().0) {
        round!(a b c d e f g h, w[0].add(W::splat(k[0])));
        round!(h a b c d e f g, w[1].add(W::splat(k[1])));
        round!(g h a b c d e f, w[2].add(W::splat(k[2])));
        round!(f g h a b c d e, w[3].add(W::splat(k[3])));
        (a, b, c, d, e, f, g, h) = (e, f, g, h, a, b, c, d);
    }
    for (state, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *state = state.add(new);
    }
}

/// Advances one lane by one block.
pub(crate) fn one_block(lanes: &mut [[u32; LANES]], lane: usize, block: &[u8; BLOCK]) {
    let mut w = [0_u32; 64];
    for (w, bytes) in w.iter_mut().zip(block.as_chunks::<4>().0) {
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
pub(crate) fn portable(lanes: &mut [[u32; LANES]], stripes: &[[u8; STRIPE]]) {
    for stripe in stripes {
        for (lane, block) in stripe.as_chunks::<BLOCK>().0.iter().enumerate() {
            one_block(lanes, lane, block);
        }
    }
}
