//! Fresh random bytes for the next kernel.

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;

/// 32 bytes of getrandom(2), or `None` while the kernel has none to give yet: a seed that is
/// not random is worse than no seed, and waiting for one could take minutes early at boot.
#[must_use]
pub fn random_seed() -> Option<[u8; 32]> {
    let mut seed = [0_u8; 32];
    loop {
        let arguments = [
            seed.as_mut_ptr() as usize,
            seed.len(),
            raw::GRND_NONBLOCK as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the kernel writes at most the seed's length to it.
        let got = unsafe { arch::syscall(raw::__NR_getrandom, arguments) };
        match arch::result(got) {
            // Up to 256 bytes come whole or not at all.
            Ok(got) if got == seed.len() => return Some(seed),
            Err(Errno::EINTR) => {}
            _ => return None,
        }
    }
}
