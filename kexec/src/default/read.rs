//! Reading the machine's boot loader entries.

use core::ffi::CStr;

use kexec_cli::entries::{
    self, Between, Entry, Kind, List, Store, cut, efi_name, grub, last_value, uki, without_ending,
};
use kexec_cli::text::Text;
use kexec_core::Errno;
use kexec_core::arch::Arch;
use kexec_core::linux::{Entries, NATIVE, O_PATH, O_RDONLY, open, read_at, read_file};

use crate::out::{caution, complain};

/// Where partitions with entries are mounted.
const ROOTS: &[u8] = b"/boot /efi /boot/efi";
/// The largest text that is read: entries have some hundred bytes, loader.conf and grubenv 1 or 2 KiB.
const MAX_TEXT: usize = 16 << 10;
/// The running kernel's architecture, in the names of EFI.
const ARCHITECTURE: &[u8] = match NATIVE {
    Some(Arch::X86_64) => b"x64",
    Some(Arch::Arm64) => b"aa64",
    _ => b"riscv64",
};

/// What there is.
pub struct Found<'a> {
    /// The entries in their order.
    pub list: List<'a>,
    /// The place of the default in it.
    pub default: usize,
    /// Which profile of it, by number; empty for the first one.
    pub profile: &'a [u8],
    /// Who says so.
    pub who: &'static [u8],
    /// Whether something could not be read, so that another entry may be the default.
    pub unread: bool,
    /// GRUB's environment block, empty if there is none.
    pub grubenv: &'a [u8],
    /// Room for further texts.
    pub store: Store<'a>,
}

impl<'a> Found<'a> {
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            list: List::new(),
            default: 0,
            profile: b"",
            who: b"the order of the entries",
            unread: false,
            grubenv: &[],
            store: Store::new(buffer),
        }
    }

    /// Reads all there is. What cannot be read is reported on standard error.
    pub fn read(&mut self) {
        let mut roots = ROOTS;
        while let Some(root) = cut(&mut roots, b' ') {
            self.directory(root, b"/loader/entries", Kind::Text);
            self.directory(root, b"/EFI/Linux", Kind::Image);
        }
        if !self.list.is_empty() {
            return self.choose();
        }
        // No boot loader's entries: the kernels themselves.
        if exists(c"/vmlinuz") {
            self.add(b"", Kind::Kernel, c"/vmlinuz");
        } else if exists(c"/boot/vmlinuz") {
            self.add(b"/boot", Kind::Kernel, c"/boot/vmlinuz");
        }
        self.directory(b"/boot", b"", Kind::Kernel);
    }

    /// Reports what exists and cannot be read.
    fn cannot_read(&mut self, path: &CStr, errno: Errno) {
        if !matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
            self.unread = true;
            complain!("cannot read {}: {errno}", Text(path.to_bytes()));
        }
    }

    fn full(&mut self) {
        self.unread = true;
        complain!("there are too many boot loader entries: not all of them are read");
    }

    /// Adds the entries in a directory, if it exists.
    fn directory(&mut self, root: &'static [u8], below: &[u8], kind: Kind) {
        let Some(path) = self.store.join(&[root, below]) else {
            return self.full();
        };
        let read = open(path, O_RDONLY).and_then(|directory| {
            let mut names = Entries::new(&directory);
            while let Some(name) = names.next_name()? {
                let file = name.to_bytes();
                let fits = match kind {
                    Kind::Kernel => entries::kernel_version(file).is_some(),
                    kind => without_ending(file, kind).is_some(),
                };
                if fits {
                    match self.store.join(&[path.to_bytes(), b"/", file]) {
                        Some(path) => self.add(root, kind, path),
                        None => self.full(),
                    }
                }
            }
            Ok(())
        });
        if let Err(errno) = read {
            self.cannot_read(path, errno);
        }
    }

    fn add(&mut self, root: &'static [u8], kind: Kind, path: &'a CStr) {
        let text = self.text(path, kind);
        if let Err(errno) = text {
            self.cannot_read(path, errno);
        }
        let mut entry = Entry {
            path,
            root,
            kind,
            text: text.ok(),
            late: 0,
        };
        entry.set_late(ARCHITECTURE);
        if !entries::insert(&mut self.list, entry) {
            self.full();
        }
    }

    /// The text of an entry.
    fn text(&mut self, path: &'a CStr, kind: Kind) -> Result<&'a [u8], Errno> {
        match kind {
            Kind::Text => {
                let text = self.file(path)?;
                // No text has one, nor has a path.
                if CStr::from_bytes_until_nul(text).is_ok() {
                    return Err(Errno::EINVAL);
                }
                return Ok(text);
            }
            Kind::Image => {
                let file = open(path, O_RDONLY)?;
                let mut start = [0; 4096];
                let length = read_at(&file, &mut start, 0)?;
                let start = start.get(..length).unwrap_or_default();
                // Without an os-release it has no title.
                if let Some((offset, size)) = uki::section(start, b".osrel\0\0") {
                    let room = self.store.room(size.min(MAX_TEXT));
                    let length = read_at(&file, room, offset)?;
                    self.store.grew(length);
                }
            }
            Kind::Kernel => {
                let path = path.to_bytes();
                let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
                let version = entries::kernel_version(file).unwrap_or_default();
                entries::write_text(file, version, &mut self.store);
            }
        }
        self.store.keep().ok_or(Errno::EFBIG)
    }

    /// All of a file.
    fn file(&mut self, path: &CStr) -> Result<&'a [u8], Errno> {
        let room = self.store.room(MAX_TEXT);
        let most = room.len();
        let length = read_file(path, room)?.len();
        self.store.grew(length);
        let text = self.store.keep();
        text.filter(|_| length < most).ok_or(Errno::EFBIG)
    }

    /// A file beside the entries; empty if it does not exist or cannot be read.
    fn beside(&mut self, parts: &[&[u8]]) -> &'a [u8] {
        let Some(path) = self.store.join(parts) else {
            return &[];
        };
        self.file(path).unwrap_or_else(|errno| {
            self.cannot_read(path, errno);
            &[]
        })
    }

    /// Looks for the default: what systemd-boot starts, what GRUB starts, or the first entry.
    fn choose(&mut self) {
        let mut names: &[u8] = b"grub2 grub";
        while let Some(name) = cut(&mut names, b' ') {
            let block = self.beside(&[b"/boot/", name, b"/grubenv"]);
            if block.starts_with(grub::HEADER) {
                self.grubenv = block;
                break;
            }
        }
        let variables = open(c"/sys/firmware/efi/efivars", O_RDONLY);
        if variables.is_ok_and(|variables| Entries::new(&variables).next_name() == Ok(None)) {
            caution!("efivarfs is not mounted: a default in EFI variables is not seen");
        }
        // What is named stays the default, whatever the entries that could not be read are.
        let unread = core::mem::take(&mut self.unread);
        let wanted = self.wanted();
        let place = wanted.and_then(|(name, _)| entries::find_profile(&self.list, name));
        match (wanted, place) {
            (Some((_, who)), Some((place, profile))) => {
                (self.default, self.profile, self.who) = (place, profile, who);
            }
            (Some((name, who)), None) => {
                caution!(
                    "{} names {}, which is no entry: the first one is the default",
                    Text(who),
                    Text(name)
                );
                self.unread |= unread;
            }
            (None, _) => self.unread |= unread,
        }
    }

    /// The name of the default, and who says so.
    fn wanted(&mut self) -> Option<(&'a [u8], &'static [u8])> {
        let mut variables: &[u8] = b"LoaderEntryOneShot LoaderEntryDefault";
        let mut roots = ROOTS;
        let mut of_grub: &[u8] = b"next_entry saved_entry";
        let (mut name, mut who) = (None, &b""[..]);
        while name.is_none() {
            if let Some(variable) = cut(&mut variables, b' ') {
                (name, who) = (self.variable(variable), variable);
            } else if let Some(root) = cut(&mut roots, b' ') {
                let text = self.beside(&[root, b"/loader/loader.conf"]);
                name = last_value(text, b"default", Between::Space);
                who = b"loader.conf";
            } else {
                who = cut(&mut of_grub, b' ')?;
                name = grub::variable(self.grubenv, who);
            }
        }
        if name == Some(b"@saved") {
            who = b"LoaderEntryLastBooted";
            name = self.variable(who);
        }
        Some((name?, who))
    }

    /// A variable of the Boot Loader Interface.
    fn variable(&mut self, name: &[u8]) -> Option<&'a [u8]> {
        const VENDOR: &[u8] = b"-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
        let contents = self.beside(&[b"/sys/firmware/efi/efivars/", name, VENDOR]);
        efi_name(contents, &mut self.store)
    }
}

/// Whether a file exists, as far as that can be seen.
pub fn exists(path: &CStr) -> bool {
    !matches!(open(path, O_PATH), Err(Errno::ENOENT | Errno::ENOTDIR))
}
