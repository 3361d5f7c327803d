//! Random bytes: for the next kernel, and for the purgatory's digest.

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;
use crate::purgatory::{SECRET_SIZE, Secret};

/// 32 bytes of getrandom(2), or `None` while the kernel has none yet: a seed that is not
/// random is worse than no seed, and waiting for one could take minutes early at boot.
#[must_use]
pub fn random_seed() -> Option<[u8; 32]> {
    let mut seed = [0_u8; 32];
    fill(&mut seed, raw::GRND_NONBLOCK).ok()?;
    Some(seed)
}

/// A secret for the digest of one load. Early at boot its bytes may be predictable
/// (GRND_INSECURE), which is sufficient for the digest: it detects accidental changes. `None` if the
/// kernel returns none: before Linux 5.6, early at boot.
#[must_use]
pub fn random_secret() -> Option<Secret> {
    let mut secret = [0_u8; SECRET_SIZE];
    match fill(&mut secret, raw::GRND_INSECURE) {
        // Linux before 5.6 knows no such flag.
        Err(Errno::EINVAL) => fill(&mut secret, raw::GRND_NONBLOCK),
        other => other,
    }
    .ok()?;
    Some(secret)
}

/// Fills a buffer of at most 256 bytes, completely or not at all.
fn fill(buffer: &mut [u8], flags: u32) -> Result<(), Errno> {
    loop {
        let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        let arguments = [start, length, flags as usize, 0, 0, 0];
        // SAFETY: the kernel writes at most `length` bytes to `start`, which is that large.
        let got = unsafe { arch::syscall(raw::__NR_getrandom, arguments) };
        match arch::result(got) {
            Ok(got) if got == length => return Ok(()),
            Ok(_) => return Err(Errno::EIO),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_another() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert_ne!(one, other);
        // Every byte is filled: of 64 secrets one has it differ.
        let mut differs = [false; SECRET_SIZE];
        for _ in 0..64 {
            let next = random_secret().unwrap();
            for (seen, (a, b)) in differs.iter_mut().zip(one.iter().zip(next)) {
                *seen |= *a != b;
            }
        }
        assert_eq!(differs, [true; SECRET_SIZE]);
    }
}
