//! The state of kexec in the running kernel: small files, each with a number or a word.

use super::{Known, Lockdown};
use crate::text::{self, Lines};

/// CAP_SYS_BOOT (include/uapi/linux/capability.h).
const CAP_SYS_BOOT: u32 = 22;

/// The state of kexec in the running kernel; fields that could not be read are unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KexecState {
    /// Whether an image is loaded.
    pub loaded: Known,
    /// Whether a crash image is loaded.
    pub crash_loaded: Known,
    /// kernel.kexec_load_disabled.
    pub load_disabled: Known,
    /// kernel.kexec_load_limit_reboot: loads still allowed, −1 without limit.
    pub load_limit_reboot: Option<i64>,
    /// kernel.kexec_load_limit_panic.
    pub load_limit_panic: Option<i64>,
    /// Lockdown.
    pub lockdown: Lockdown,
    /// Whether this process has CAP_SYS_BOOT (CapEff in /proc/self/status).
    pub cap_sys_boot: Known,
}

impl KexecState {
    /// Nothing known.
    pub const NONE: Self = Self {
        loaded: Known::Unknown,
        crash_loaded: Known::Unknown,
        load_disabled: Known::Unknown,
        load_limit_reboot: None,
        load_limit_panic: None,
        lockdown: Lockdown::Unknown,
        cap_sys_boot: Known::Unknown,
    };
}

/// "0" or "1": kexec_loaded, kexec_crash_loaded, kernel.kexec_load_disabled; `None` for anything
/// else.
#[must_use]
pub fn flag(contents: &[u8]) -> Option<bool> {
    match text::decimal(contents)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// kernel.kexec_load_limit_{reboot,panic}: how many loads are still allowed, −1 without limit;
/// `None` if it is not a number.
#[must_use]
pub fn load_limit(contents: &[u8]) -> Option<i64> {
    text::decimal(contents).filter(|&limit| limit >= -1)
}

/// Reads CapEff from /proc/self/status, a file of unbounded size (the "Groups" line).
#[derive(Clone, Debug)]
pub struct StatusParser {
    lines: Lines<64>,
    /// Whether CAP_SYS_BOOT is effective; `None` until its line was read. In a user namespace kexec
    /// may refuse although it is.
    pub cap_sys_boot: Option<bool>,
}

impl StatusParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            cap_sys_boot: None,
        }
    }

    /// Takes the next piece of the file, of any size. Returns whether all is known and no more needs
    /// to be read.
    pub fn feed(&mut self, mut piece: &[u8]) -> bool {
        let found = &mut self.cap_sys_boot;
        while let Some(line) = self.lines.next(&mut piece) {
            if let Some(set) = line.strip_prefix(b"CapEff:").and_then(text::hex) {
                *found = found.or(Some(set >> CAP_SYS_BOOT & 1 == 1));
            }
        }
        found.is_some()
    }
}

impl Default for StatusParser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn flags_and_limits() {
        assert_eq!(flag(b"0\n"), Some(false));
        assert_eq!(flag(b"1\n"), Some(true));
        for bad in [&b""[..], b"2\n", b"-1", b"x", b"0x1"] {
            assert_eq!(flag(bad), None, "{bad:?}");
        }
        assert_eq!(load_limit(b"-1\n"), Some(-1));
        assert_eq!(load_limit(b"17\n"), Some(17));
        assert_eq!(load_limit(b"-2\n"), None);
        assert_eq!(load_limit(b"\n"), None);
    }

    #[test]
    fn capability_in_pieces_of_any_size() {
        for (mask, can) in [
            ("000001ffffffffff", true),
            ("0000000000400000", true),
            ("000001ffffbfffff", false),
        ] {
            let text = format!(
                "Name:\tCapEff:\nGroups:\t{}\nCapPrm:\t0000000000000000\nCapEff:\t{mask}\nCapBnd:\t0\n",
                "4294967294 ".repeat(500)
            );
            for size in 1..100 {
                let mut status = StatusParser::new();
                let done = text.as_bytes().chunks(size).any(|piece| status.feed(piece));
                assert!(done);
                assert_eq!(status.cap_sys_boot, Some(can), "{mask} in pieces of {size}");
            }
        }
        let mut status = StatusParser::new();
        assert!(!status.feed(b"Name:\tx\nCapEff:\tnothing\n"));
    }
}
