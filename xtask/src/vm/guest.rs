//! What a guest is given: kernels, and initrds inside initrds, one for each hop.

use super::disk;
use super::expected::{Expected, Kexec};
use super::scenario::{Disk, Hop, Scenario, Unified};
use crate::Outcome;
use crate::arm64;
use crate::command::{target, write};
use crate::cpio::Archive;
use crate::packages::{Kernel, Store};
use crate::payloads::Payload;
use crate::system::System;
use crate::unified;
use std::path::{Path, PathBuf};

const INIT: &str = include_str!("../../guest/init.sh");

/// What Debian's kexec is linked with, and what that is linked with.
const REFERENCE_LIBRARIES: &[&str] = &[
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libxenctrl.so.4.20",
    "libxentoollog.so.1",
    "libxencall.so.1",
    "libxenevtchn.so.1",
    "libxengnttab.so.1",
    "libxenforeignmemory.so.1",
    "libxendevicemodel.so.1",
    "libxentoolcore.so.1",
];

/// The same for Debian's makedumpfile.
const MAKEDUMPFILE_LIBRARIES: &[&str] = &[
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdw.so.1",
    "libelf.so.1",
    "libz.so.1",
    "libbz2.so.1.0",
    "liblzma.so.5",
    "liblzo2.so.2",
    "libzstd.so.1",
];

/// The files of a scenario, made.
#[derive(Debug)]
pub struct Guest {
    pub hops: Vec<Expected>,
    /// The initrd of the first kernel.
    pub initrd: PathBuf,
    /// The image of its disk, if it has one.
    pub disk: Option<PathBuf>,
}

/// Makes the initrds of a scenario, the last first: each holds the next.
pub fn build(scenario: &Scenario, store: &Store, kexec: &Kexec, into: &Path) -> Outcome<Guest> {
    let mut hops: Vec<Expected> = Vec::new();
    let mut next: Vec<PathBuf> = Vec::new();
    let mut disk_image = None;
    for number in (0..=scenario.hops.len()).rev() {
        let hop = number
            .checked_sub(1)
            .and_then(|index| scenario.hops.get(index));
        let kernel = arm64::kernel_of(store, hop.map_or(scenario.start, |hop| hop.to))?;
        let mut writer = Writer::new(into, number, 1)?;
        let is_arm64 = scenario.machine.is_arm64();
        writer.userland(store, kexec, &kernel, number, is_arm64)?;
        if let Some(following) = scenario.hops.get(number) {
            let target = arm64::kernel_of(store, following.to)?;
            let said = command_line(scenario, number + 1, following);
            let mut image = target.image.clone();
            if following.vmlinux {
                image = into.join("vmlinux");
                store.unpack_kernel(&target, &image)?;
            }
            writer.file("hop/next/options", following.options.as_bytes())?;
            if let (Some(kind), [initrd]) = (following.unified, next.as_slice()) {
                let all = into.join(format!("unified.{number}.efi"));
                unify(kind, (&image, initrd, &said), &target.release, &all)?;
                writer.copy("hop/next/vmlinuz", 0o644, &all)?;
            } else {
                writer.copy("hop/next/vmlinuz", 0o644, &image)?;
                writer.file("hop/next/cmdline", said.as_bytes())?;
                for (index, initrd) in next.iter().enumerate() {
                    writer.copy(&format!("hop/next/initrd.{}", index + 1), 0o644, initrd)?;
                }
            }
        }
        let last = number == scenario.hops.len();
        if let Some(script) = scenario
            .script
            .filter(|_| number == 0 || scenario.is_chain() && !last)
        {
            writer.file("hop/script", script.as_bytes())?;
        }
        if number == 0 {
            if scenario.configured {
                let name = format!("boot/config-{}", kernel.release);
                writer.copy(&name, 0o644, &System::get().configuration())?;
            }
            if scenario.hurried {
                writer.file("hop/hurried", b"")?;
            }
            if scenario.both && matches!(kexec, Kexec::Ours(_)) {
                writer.reference(store)?;
            }
            for (guest, payload) in &scenario.payloads {
                writer.copy(guest, 0o755, &payload.file()?)?;
            }
            for (guest, name) in &scenario.examples {
                writer.copy(guest, 0o755, &target().join("release").join(name))?;
            }
        }
        if let Some(capture) = scenario.capture.filter(|_| last) {
            writer.file("hop/script", capture.as_bytes())?;
            if capture.contains("makedumpfile") {
                writer.makedumpfile(store)?;
            }
        }
        let mut writers = vec![writer];
        if let Some(hop) = hop {
            if hop.split {
                writers.push(Writer::new(into, number, 2)?);
            }
            let seed = u64::try_from(number).map_err(|error| error.to_string())?;
            if let Some(writer) = writers.last_mut() {
                writer.file("payload", &noise(hop.payload, seed))?;
            }
        }
        next.clear();
        let mut files = Vec::new();
        for writer in writers {
            next.push(writer.path.clone());
            files.extend(writer.finish(store)?);
        }
        files.sort_by(|one, other| path_of(one).cmp(path_of(other)));
        let initrd = match next.as_slice() {
            [only] => store.digests(std::slice::from_ref(only))?.pop(),
            _ => None,
        };
        hops.push(Expected {
            kernel,
            command_line: hop.map_or_else(
                || first_command_line(scenario),
                |hop| command_line(scenario, number, hop),
            ),
            files,
            initrd,
        });
        if let (1, Some(Disk::Kdump(configuration)), Some(crash), [initrd]) =
            (number, scenario.disk, hops.last(), next.as_slice())
        {
            disk_image = Some(disk::kdump(
                configuration,
                store,
                kexec,
                (crash, initrd),
                into,
            )?);
        }
    }
    hops.reverse();
    match scenario.disk {
        Some(Disk::Systemd(service)) => disk_image = Some(disk::systemd(service, store, into)?),
        Some(Disk::Selftests(init)) => {
            disk_image = Some(disk::selftests(init, scenario.start, store, kexec, into)?);
        }
        Some(Disk::Kdump(_)) | None => {}
    }
    let initrd = next.pop().ok_or("no initrd was made")?;
    Ok(Guest {
        hops,
        initrd,
        disk: disk_image,
    })
}

/// A unified kernel image of a kernel, an initrd and a command line.
fn unify(
    kind: Unified,
    (kernel, initrd, line): (&Path, &Path, &str),
    release: &str,
    to: &Path,
) -> Outcome {
    use unified::Section::{File, Text};
    let first = [
        Text(".osrel", "ID=guest\nPRETTY_NAME=\"The guest\"\n"),
        Text(".uname", release),
    ];
    let rest = match kind {
        Unified::Plain => vec![
            Text(".cmdline", line),
            File(".initrd", initrd),
            File(".linux", kernel),
        ],
        // The base and the first profile have what would not get far.
        Unified::Profiles => vec![
            Text(".cmdline", "panic=-1 of=the_base"),
            File(".linux", kernel),
            Text(".profile", "ID=first\nTITLE=The first\n"),
            Text(".cmdline", "panic=-1 of=the_first"),
            Text(".profile", "ID=second\nTITLE=The second\n"),
            Text(".cmdline", line),
            File(".initrd", initrd),
        ],
    };
    let sections: Vec<_> = first.into_iter().chain(rest).collect();
    unified::make(&Payload::Stub.file()?, &sections, to)
}

fn path_of(line: &str) -> &str {
    line.split_once(' ').map_or("", |(_, path)| path)
}

/// The serial console, silence on it, and a machine that resets on a panic, so that a failure
/// is seen at once. Without `no_timer_check` a kernel on a busy host may find that its timer
/// interrupts come too late, and panic.
const CONSOLE: &str = "console=ttyS0,115200 quiet panic=-1 no_timer_check";
const CONSOLE_ARM64: &str = "console=ttyAMA0,115200 quiet panic=-1";

const fn console(scenario: &Scenario) -> &'static str {
    if scenario.machine.is_arm64() {
        CONSOLE_ARM64
    } else {
        CONSOLE
    }
}

fn first_command_line(scenario: &Scenario) -> String {
    format!("{} {}", console(scenario), scenario.words)
        .trim_end()
        .into()
}

fn command_line(scenario: &Scenario, number: usize, hop: &Hop) -> String {
    let mut line = format!(
        "{} retain_initrd scenario={} hop={number} quoted=\"two  words\"",
        console(scenario),
        scenario.name
    );
    if !hop.words.is_empty() {
        line.push(' ');
        line.push_str(hop.words);
    }
    if let Some(room) = hop.command_line_length.checked_sub(line.len() + 1) {
        line.push(' ');
        line.extend("filler.".chars().cycle().take(room));
    }
    line
}

/// Bytes that do not compress and are the same every time (xorshift64).
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// An initrd being written, and the digests of what is in it.
struct Writer {
    archive: Archive,
    path: PathBuf,
    scratch: PathBuf,
    /// Path in the guest, the same bytes on the host.
    files: Vec<(String, PathBuf)>,
}

impl Writer {
    fn new(into: &Path, number: usize, part: usize) -> Outcome<Self> {
        let path = into.join(format!("initrd.{number}.{part}"));
        Ok(Self {
            archive: Archive::create(&path)?,
            scratch: into.join(format!("files.{number}.{part}")),
            path,
            files: Vec::new(),
        })
    }

    fn userland(
        &mut self,
        store: &Store,
        kexec: &Kexec,
        kernel: &Kernel,
        number: usize,
        is_arm64: bool,
    ) -> Outcome {
        self.archive.device("dev/console", 5, 1)?;
        self.archive.directory("tmp")?;
        let busybox = if is_arm64 {
            arm64::busybox()
        } else {
            store.busybox()
        };
        self.copy("bin/busybox", 0o755, &busybox)?;
        self.executable("init", INIT)?;
        self.file("hop/number", number.to_string().as_bytes())?;
        self.copy(
            "modules/efivarfs.ko",
            0o644,
            &kernel.modules.join("efivarfs.ko"),
        )?;
        match kexec {
            Kexec::Ours(path) => self.copy("bin/kexec", 0o755, path),
            Kexec::Reference => {
                self.executable(
                    "bin/kexec",
                    "#!/bin/busybox sh\n\
                     exec /lib/ld-linux-x86-64.so.2 --library-path /lib /lib/kexec \"$@\"\n",
                )?;
                self.reference(store)
            }
        }
    }

    /// Debian's kexec and its libraries.
    fn reference(&mut self, store: &Store) -> Outcome {
        self.copy("lib/kexec", 0o755, &store.tools().join("usr/sbin/kexec"))?;
        let libraries = store.tools().join("usr/lib/x86_64-linux-gnu");
        for name in REFERENCE_LIBRARIES {
            self.copy(&format!("lib/{name}"), 0o755, &libraries.join(name))?;
        }
        Ok(())
    }

    fn makedumpfile(&mut self, store: &Store) -> Outcome {
        let libraries = store.tools().join("usr/lib/x86_64-linux-gnu");
        for name in MAKEDUMPFILE_LIBRARIES {
            self.copy(&format!("lib/dump/{name}"), 0o755, &libraries.join(name))?;
        }
        let program = store.tools().join("usr/bin/makedumpfile");
        self.copy("lib/dump/makedumpfile", 0o755, &program)?;
        self.executable(
            "bin/makedumpfile",
            "#!/bin/busybox sh\n\
             exec /lib/dump/ld-linux-x86-64.so.2 --library-path /lib/dump \
             /lib/dump/makedumpfile \"$@\"\n",
        )
    }

    fn copy(&mut self, name: &str, mode: u32, from: &Path) -> Outcome {
        self.archive.copy(name, mode, from)?;
        self.files.push((name.into(), from.into()));
        Ok(())
    }

    fn file(&mut self, name: &str, content: &[u8]) -> Outcome {
        self.keep(name, 0o644, content)
    }

    fn executable(&mut self, name: &str, content: &str) -> Outcome {
        self.keep(name, 0o755, content.as_bytes())
    }

    fn keep(&mut self, name: &str, mode: u32, content: &[u8]) -> Outcome {
        let path = self.scratch.join(name);
        write(&path, content)?;
        self.archive.file(name, mode, content)?;
        self.files.push((name.into(), path));
        Ok(())
    }

    /// Closes the archive; `digest path` of each file in it.
    fn finish(self, store: &Store) -> Outcome<Vec<String>> {
        self.archive.finish()?;
        let paths: Vec<PathBuf> = self.files.iter().map(|(_, path)| path.clone()).collect();
        let digests = store.digests(&paths)?;
        if digests.len() != self.files.len() {
            return Err("not every file of the initrd has a digest".into());
        }
        let lines = digests.iter().zip(&self.files);
        Ok(lines
            .map(|(digest, (name, _))| format!("{digest} /{name}"))
            .collect())
    }
}

/// The image that the firmware boots.
pub fn first_kernel(guest: &Guest) -> Outcome<&Expected> {
    guest
        .hops
        .first()
        .ok_or_else(|| "a scenario without a kernel".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_have_the_length_asked_for() {
        let scenario = Scenario::new("name", "about", "6.1")
            .hop("-c", "6.1")
            .with("nokaslr")
            .command_line_of(2047);
        let line = command_line(&scenario, 1, &scenario.hops[0]);
        assert_eq!(line.len(), 2047);
        assert!(line.contains(" nokaslr filler."));
    }

    #[test]
    fn noise_repeats_itself_only_on_request() {
        assert_eq!(noise(1001, 1), noise(1001, 1));
        assert_ne!(noise(1001, 1), noise(1001, 2));
        assert_eq!(noise(1001, 1).len(), 1001);
    }
}
