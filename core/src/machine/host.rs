//! What a load depends on besides memory: the calls, namespaces, policies, and what a load or a start
//! would cost. No plan needs it; a check of a load does.

use super::Known;
use crate::text::{self, Lines};

/// What surrounds the running kernel; fields that could not be read are unknown. Only
/// [`read_machine_to_check`](crate::linux::read_machine_to_check) and
/// [`read_machine_at`](crate::linux::read_machine_at) fill it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Whether kexec_load(2) exists: CONFIG_KEXEC.
    pub kexec_load: Known,
    /// Whether kexec_file_load(2) exists: CONFIG_KEXEC_FILE.
    pub kexec_file_load: Known,
    /// Whether kexec_file_load(2) looks at signatures: CONFIG_KEXEC_SIG.
    pub signatures: Known,
    /// Whether it refuses an image without a valid one: CONFIG_KEXEC_SIG_FORCE.
    pub signatures_forced: Known,
    /// Whether UEFI Secure Boot is on.
    pub secure_boot: Known,
    /// Whether this process is in the first user namespace.
    pub first_user_namespace: Known,
    /// Whether this process is in the first PID namespace.
    pub first_pid_namespace: Known,
    /// The running kernel's version: major and minor number, 0.0 if it is unknown.
    pub release: (u16, u16),
    /// Whether memory can be handed to the next kernel (kexec handover, KHO).
    pub handover: Known,
    /// Whether the handed-over state is finalised, as kernels before 6.19 show.
    pub handover_final: Known,
    /// What is registered to be handed over.
    pub handed_over: Names,
    /// Whether files can be preserved by /dev/liveupdate (LUO).
    pub live_update: Known,
    /// The watchdogs.
    pub watchdogs: Watchdogs,
}

impl Host {
    /// Nothing known.
    pub const NONE: Self = Self {
        kexec_load: Known::Unknown,
        kexec_file_load: Known::Unknown,
        signatures: Known::Unknown,
        signatures_forced: Known::Unknown,
        secure_boot: Known::Unknown,
        first_user_namespace: Known::Unknown,
        first_pid_namespace: Known::Unknown,
        release: (0, 0),
        handover: Known::Unknown,
        handover_final: Known::Unknown,
        handed_over: Names::NONE,
        live_update: Known::Unknown,
        watchdogs: Watchdogs::NONE,
    };

    /// The facts that are yes or no, in the order of the fields.
    #[must_use]
    pub const fn flags(&self) -> [Known; 7] {
        [
            self.kexec_load,
            self.kexec_file_load,
            self.signatures,
            self.signatures_forced,
            self.secure_boot,
            self.first_user_namespace,
            self.first_pid_namespace,
        ]
    }

    /// Copies the facts of a kernel's configuration.
    pub fn set_config(&mut self, config: &ConfigParser) {
        if !config.any {
            return;
        }
        let [load, file_load, signatures, forced, handover] = config.set;
        // The kernel itself, if it was asked, knows better.
        let or = |fact: &mut Known, set| {
            if *fact == Known::Unknown {
                *fact = Known::of(set);
            }
        };
        or(&mut self.kexec_load, load);
        or(&mut self.kexec_file_load, file_load);
        or(&mut self.signatures, signatures);
        or(&mut self.signatures_forced, forced);
        if !handover {
            or(&mut self.handover, false);
        }
    }
}

/// The watchdogs of /sys/class/watchdog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watchdogs {
    /// How many run.
    pub running: u64,
    /// For how many that cannot be read; also if the directory cannot.
    pub unread: u64,
    /// The number of one that runs.
    pub number: u64,
    /// Its time in seconds, 0 if it is unknown.
    pub timeout: u64,
    /// Whether it cannot be stopped.
    pub no_way_out: Known,
}

impl Watchdogs {
    /// None.
    pub const NONE: Self = Self {
        running: 0,
        unread: 0,
        number: 0,
        timeout: 0,
        no_way_out: Known::Unknown,
    };
}

/// A few names, as one text with a space between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    text: [u8; Names::CAPACITY],
    length: u8,
}

impl Names {
    const CAPACITY: usize = 95;

    /// No name.
    pub const NONE: Self = Self {
        text: [0; Self::CAPACITY],
        length: 0,
    };

    /// The names; the last ones are missing if there is no room.
    #[must_use]
    pub fn get(&self) -> &[u8] {
        self.text.get(..self.length.into()).unwrap_or_default()
    }

    /// Adds a name, if there is room for all of it.
    pub fn add(&mut self, name: &[u8]) {
        let start = usize::from(self.length);
        let space = usize::from(start != 0);
        let end = start.saturating_add(space).saturating_add(name.len());
        let Some(room) = self.text.get_mut(start..end) else {
            return;
        };
        let (before, to) = room.split_at_mut_checked(space).unwrap_or_default();
        before.fill(b' ');
        for (to, from) in to.iter_mut().zip(name) {
            *to = *from;
        }
        self.length = u8::try_from(end).unwrap_or(self.length);
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::NONE
    }
}

/// The options that [`ConfigParser`] looks for, without `CONFIG_`.
const OPTIONS: [&[u8]; 5] = [
    b"KEXEC=y",
    b"KEXEC_FILE=y",
    b"KEXEC_SIG=y",
    b"KEXEC_SIG_FORCE=y",
    b"KEXEC_HANDOVER=y",
];

/// A kernel's configuration, as distributions have it in /boot: an option that it does not set is off.
#[derive(Clone, Debug)]
pub struct ConfigParser {
    lines: Lines<48>,
    set: [bool; OPTIONS.len()],
    /// Whether any line sets an option.
    any: bool,
}

impl ConfigParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            set: [false; OPTIONS.len()],
            any: false,
        }
    }

    /// Takes the next piece of the file, of any size.
    pub fn feed(&mut self, mut piece: &[u8]) {
        while let Some(line) = self.lines.next(&mut piece) {
            let Some(line) = line.strip_prefix(b"CONFIG_") else {
                continue;
            };
            self.any = true;
            for (set, option) in self.set.iter_mut().zip(OPTIONS) {
                *set |= line == option;
            }
        }
    }
}

impl Default for ConfigParser {
    fn default() -> Self {
        Self::new()
    }
}

/// The link /proc/self/ns/user, `user:[4026531837]`: whether it is the first user namespace, whose
/// number is the same in every kernel (PROC_USER_INIT_INO in include/linux/proc_ns.h).
#[must_use]
pub fn first_user_namespace(link: &[u8]) -> Option<bool> {
    number(link.strip_prefix(b"user:[")?).map(|number| number == 0xefff_fffd)
}

/// The link /proc/self/ns/pid, `pid:[4026531836]`: whether it is the first PID namespace
/// (PROC_PID_INIT_INO).
#[must_use]
pub fn first_pid_namespace(link: &[u8]) -> Option<bool> {
    number(link.strip_prefix(b"pid:[")?).map(|number| number == 0xefff_fffc)
}

fn number(text: &[u8]) -> Option<i64> {
    text::decimal(text.strip_suffix(b"]")?)
}

/// The EFI variable SecureBoot as efivarfs shows it: four bytes of attributes, and one that is 1 or 0.
#[must_use]
pub fn secure_boot(contents: &[u8]) -> Option<bool> {
    match contents {
        [_, _, _, _, 0] => Some(false),
        [_, _, _, _, 1] => Some(true),
        _ => None,
    }
}

/// /sys/kernel/security/lsm, a list with commas: whether lockdown is one of the security modules in
/// use. Without it nothing is locked down. `None` for an empty file.
#[must_use]
pub fn has_lockdown(contents: &[u8]) -> Option<bool> {
    // No other module has it in its name.
    Some(text::split_once(contents, b"lockdown").is_some()).filter(|_| !contents.is_empty())
}

/// A decimal number that is not negative.
#[must_use]
pub fn whole_number(contents: &[u8]) -> Option<u64> {
    u64::try_from(text::decimal(contents)?).ok()
}

/// The state of a watchdog: 1 if it runs, else 0.
#[must_use]
pub fn watchdog_runs(contents: &[u8]) -> Option<u64> {
    match text::trim(contents) {
        b"active" => Some(1),
        b"inactive" => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_by_their_numbers() {
        for (link, first) in [
            (&b"user:[4026531837]"[..], Some(true)),
            (b"user:[4026532281]", Some(false)),
            (b"pid:[4026531837]", None),
            (b"user:[4026531837", None),
            (b"user:[]", None),
            (b"", None),
        ] {
            assert_eq!(first_user_namespace(link), first, "{link:?}");
        }
        assert_eq!(first_pid_namespace(b"pid:[4026531836]"), Some(true));
        assert_eq!(first_pid_namespace(b"pid:[4026531837]"), Some(false));
        assert_eq!(first_pid_namespace(b"user:[4026531836]"), None);
    }

    #[test]
    fn small_files() {
        assert_eq!(secure_boot(&[6, 0, 0, 0, 1]), Some(true));
        assert_eq!(secure_boot(&[6, 0, 0, 0, 0]), Some(false));
        for bad in [&[][..], &[1], &[6, 0, 0, 0, 2], &[6, 0, 0, 0, 1, 0]] {
            assert_eq!(secure_boot(bad), None, "{bad:?}");
        }
        assert_eq!(has_lockdown(b"capability,lockdown,yama\n"), Some(true));
        assert_eq!(has_lockdown(b"lockdown"), Some(true));
        assert_eq!(has_lockdown(b"capability,landlock,yama\n"), Some(false));
        assert_eq!(has_lockdown(b""), None);
        assert_eq!(watchdog_runs(b"active\n"), Some(1));
        assert_eq!(watchdog_runs(b"inactive\n"), Some(0));
        assert_eq!(watchdog_runs(b""), None);
    }

    #[test]
    fn names_that_fit() {
        let mut names = Names::NONE;
        assert_eq!(names.get(), b"");
        names.add(b"memblock");
        names.add(b"LUO");
        assert_eq!(names.get(), b"memblock LUO");
        names.add(&[b'x'; 83]);
        assert_eq!(names.get(), b"memblock LUO", "one byte too many");
        names.add(&[b'x'; 82]);
        assert_eq!(names.get().len(), 95);
        names.add(b"");
        names.add(b"y");
        assert_eq!(names.get().len(), 95);
    }

    #[test]
    fn a_configuration_in_pieces_of_any_size() {
        let text = "# Linux/x86 7.3.4\nCONFIG_KEXEC_CORE=y\nCONFIG_KEXEC=y\n\
                    # CONFIG_KEXEC_SIG_FORCE is not set\nCONFIG_KEXEC_FILE=y\nCONFIG_KEXEC_SIG=y\n\
                    CONFIG_KEXEC_HANDOVER_DEBUG=y\n";
        for size in 1..90 {
            let mut config = ConfigParser::new();
            text.as_bytes()
                .chunks(size)
                .for_each(|piece| config.feed(piece));
            let mut host = Host {
                kexec_load: Known::No,
                ..Host::NONE
            };
            host.set_config(&config);
            // The kernel was asked before.
            assert_eq!(host.kexec_load, Known::No);
            assert_eq!(host.kexec_file_load, Known::Yes);
            assert_eq!(host.signatures, Known::Yes);
            assert_eq!(host.signatures_forced, Known::No);
            assert_eq!(host.handover, Known::No);
        }
        // Not a configuration: nothing is known by it.
        let mut host = Host::NONE;
        let mut config = ConfigParser::new();
        config.feed(b"# CONFIG_KEXEC is not set\n");
        host.set_config(&config);
        assert_eq!(host, Host::NONE);
        // That it can be built in does not say that it is on.
        config.feed(b"CONFIG_KEXEC_HANDOVER=y\n");
        host.set_config(&config);
        assert_eq!(
            (host.handover, host.kexec_load),
            (Known::Unknown, Known::No)
        );
    }
}
