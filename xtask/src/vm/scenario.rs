//! A scenario: a machine, the kernel it boots, and a chain of kexecs from there, or a script.

use crate::payloads::Payload;
use std::time::Duration;

/// What the machine's firmware is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS on a "pc" machine.
    Bios,
    /// OVMF on a "q35" machine.
    Uefi,
    /// None, and a device tree, on an arm64 machine "virt" with these options.
    Virt(&'static str),
}

/// The machine of a guest.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    pub firmware: Firmware,
    /// As in QEMU's `-cpu`.
    pub cpu: &'static str,
    pub cpus: u32,
    /// Whether each is a socket of its own, and goes and comes by commands for QEMU's monitor
    /// that the guest prints: lines `HOST COMMAND`.
    pub plugged: bool,
    pub memory_mib: u32,
    /// Whether the BIOS also writes on the serial port what it is asked to show.
    pub text: bool,
    /// Whether the firmware (UEFI) trusts the certificate that the first kernel is signed by.
    pub trusts: bool,
    /// Whether the firmware says that Secure Boot is enabled.
    pub secure: bool,
}

/// From the kernel that runs into the next one.
#[derive(Debug, Clone)]
pub struct Hop {
    /// `6.1`, `6.12`, `7.x`, `arm64-6.12`.
    pub to: &'static str,
    /// What goes before `-l` on the command line of `kexec`: `-c`, `-s`, …
    pub options: &'static str,
    /// More words for the new kernel's command line.
    pub words: &'static str,
    /// Fills the command line up to this many characters.
    pub command_line_length: usize,
    /// Incompressible bytes in the new kernel's initrd.
    pub payload: usize,
    /// Whether the payload comes in an initrd of its own, a second `--initrd`.
    pub split: bool,
    /// Whether kernel, initrd and command line are given as a unified kernel image.
    pub unified: Option<Unified>,
    /// Whether the kernel is given as what its bzImage unpacks to.
    pub vmlinux: bool,
}

/// A unified kernel image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unified {
    /// Without profiles.
    Plain,
    /// With two, of which the second, whose ID is `second`, has the command line and the initrd.
    Profiles,
}

/// An NVMe disk with a small Debian on it.
#[derive(Debug, Clone, Copy)]
pub enum Disk {
    /// kdump-tools loads the first hop's kernel as the crash kernel and saves a dump, which the
    /// host reads. The text is more lines for /etc/default/kdump-tools.
    Kdump(&'static str),
    /// systemd is process 1 and runs this script as a service, which starts the next kernel. Each
    /// kernel of the chain but the last goes on with the disk.
    Systemd(&'static str),
    /// This script is process 1. The kernel's selftests of kexec are in /selftests.
    Selftests(&'static str),
}

/// How a guest is known to be done.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    /// Its init says so.
    Init,
    /// This text appears, and for so long afterwards nothing forbidden does.
    Shows(&'static str, Duration),
    /// The machine is reset.
    Reset,
}

/// A state that the guest's script provokes (`xtask/guest/verdicts.sh`).
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// As in the script.
    pub name: &'static str,
    /// What `--check` ends with: 0 for yes, 2 for not known.
    pub check: u8,
    /// Whether the kernel takes the load.
    pub loads: bool,
    /// Text in what `--check` says; `*` stands for anything within a line.
    pub said: &'static str,
}

/// The header by which a multiboot kernel is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiboot {
    One,
    Two,
}

/// How the payload that prints its state is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Long,
    Protected,
    Real,
}

impl Mode {
    /// Its name on the serial port.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "64",
            Self::Protected => "32",
            Self::Real => "16",
        }
    }
}

/// A guest to run, and what must be seen.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub machine: Machine,
    /// The kernel that the firmware boots.
    pub start: &'static str,
    /// More words for its command line.
    pub words: &'static str,
    pub hops: Vec<Hop>,
    /// Runs instead of the hops, in the first kernel; the first hop's files are in /hop/next.
    pub script: Option<&'static str>,
    /// Runs in the last kernel, which gets makedumpfile if it is named; for a crash kernel.
    pub capture: Option<&'static str>,
    /// Its NVMe disk.
    pub disk: Option<Disk>,
    /// Programs of the package kexec-examples for the first guest: path in the guest, name.
    pub examples: Vec<(&'static str, &'static str)>,
    /// Images that are no 64-bit Linux, for the first guest: path in the guest, which.
    pub payloads: Vec<(&'static str, Payload)>,
    /// Whether `kexec` is kexec-tools with libkexec as its file type.
    pub fork: bool,
    pub ending: Ending,
    /// Flags of /proc/cpuinfo that every kernel must see, and those that none may.
    pub flags: &'static [&'static str],
    pub lacks: &'static [&'static str],
    /// Text in the serial log; `*` stands for anything within a line.
    pub shows: Vec<&'static str>,
    pub never: Vec<&'static str>,
    /// Text in the serial log, each after the one before.
    pub order: &'static [&'static str],
    /// What its script shows on a console of 80 columns (`screen_check.rs`): name, exit code, and
    /// how many lines it has at most.
    pub screens: &'static [(&'static str, u8, usize)],
    /// The mode in which the payload that prints its state is entered (`state_check.rs`).
    pub state: Option<Mode>,
    /// The version of the information that a multiboot kernel prints (`multiboot_check.rs`).
    pub multiboot: Option<Multiboot>,
    /// Whether the guest sends a capture of itself, and plans that the host makes again from it
    /// (`afar.rs`).
    pub afar: bool,
    /// Whether the first guest has the configuration of its kernel (`system::KERNEL`).
    pub configured: bool,
    /// States of the machine in which a load is looked at, and made.
    pub states: &'static [State],
    /// The initrd and the kernel of every hop must lie at or above this address.
    pub floor: u64,
    /// Uses what Debian's kexec-tools cannot do.
    pub ours_only: bool,
    /// The script runs at once: no facts of the first kernel.
    pub hurried: bool,
    /// The first guest has Debian's kexec-tools too, as /lib/kexec.
    pub both: bool,
    /// A guest that says nothing for so long is stuck.
    pub silence: Duration,
    /// Only `cargo xtask test --slow` and `cargo xtask vm` run it: another scenario covers its
    /// family and path.
    pub slow: bool,
}

/// 1 MiB and a bit, so that nothing ends on a page.
const PAYLOAD: usize = (1 << 20) + 77;

impl Machine {
    pub const fn is_arm64(&self) -> bool {
        matches!(self.firmware, Firmware::Virt(_))
    }
}

impl Scenario {
    /// A BIOS machine with two CPUs of the richest kind and 2 GiB, running this kernel.
    pub fn new(name: &'static str, about: &'static str, start: &'static str) -> Self {
        Self {
            name,
            about,
            machine: Machine {
                firmware: Firmware::Bios,
                cpu: "max",
                cpus: 2,
                plugged: false,
                memory_mib: 2048,
                text: false,
                trusts: false,
                secure: false,
            },
            start,
            words: "",
            hops: Vec::new(),
            script: None,
            capture: None,
            disk: None,
            examples: Vec::new(),
            payloads: Vec::new(),
            fork: false,
            ending: Ending::Init,
            flags: &[],
            lacks: &[],
            shows: Vec::new(),
            never: Vec::new(),
            order: &[],
            screens: &[],
            state: None,
            multiboot: None,
            afar: false,
            states: &[],
            configured: false,
            floor: 0,
            ours_only: false,
            hurried: false,
            both: false,
            silence: Duration::from_secs(150),
            slow: false,
        }
    }

    pub fn uefi(mut self) -> Self {
        self.machine.firmware = Firmware::Uefi;
        self
    }

    /// An arm64 machine with a device tree; `options` follow "virt" in QEMU's `-machine`.
    pub fn arm64(mut self, options: &'static str) -> Self {
        self.machine.firmware = Firmware::Virt(options);
        self.cpu("cortex-a72", 2).memory(1024).ours_only()
    }

    pub fn cpu(mut self, model: &'static str, count: u32) -> Self {
        self.machine.cpu = model;
        self.machine.cpus = count;
        self
    }

    /// CPUs that can be plugged in and out.
    pub fn plugged(mut self) -> Self {
        self.machine.plugged = true;
        self
    }

    /// The BIOS also writes on the serial port what it is asked to show (int 0x10).
    pub fn text(mut self) -> Self {
        self.machine.text = true;
        self
    }

    /// UEFI that trusts the certificate that the first kernel is signed by.
    pub fn trusting(mut self) -> Self {
        self.machine.trusts = true;
        self.uefi()
    }

    /// The same, after Secure Boot as far as kernels can see: Debian's are locked down.
    pub fn secure(mut self) -> Self {
        self.machine.secure = true;
        self.trusting()
    }

    /// CPU flags that every kernel must see; without them the scenario would test nothing.
    pub fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }

    /// CPU flags that no kernel may see.
    pub fn lacks(mut self, flags: &'static [&'static str]) -> Self {
        self.lacks = flags;
        self
    }

    pub fn memory(mut self, mib: u32) -> Self {
        self.machine.memory_mib = mib;
        self
    }

    /// The next kexec of the chain: `kexec OPTIONS -l …`, into the kernel `to`.
    pub fn hop(mut self, options: &'static str, to: &'static str) -> Self {
        self.hops.push(Hop {
            to,
            options,
            words: "",
            command_line_length: 0,
            payload: PAYLOAD,
            split: false,
            unified: None,
            vmlinux: false,
        });
        self
    }

    /// Changes the hop declared last.
    fn last(mut self, change: impl FnOnce(&mut Hop)) -> Self {
        if let Some(hop) = self.hops.last_mut() {
            change(hop);
        }
        self
    }

    /// More words on the command line of the hop declared last.
    pub fn with(self, words: &'static str) -> Self {
        self.last(|hop| hop.words = words)
    }

    /// A command line of exactly this many characters for the hop declared last.
    pub fn command_line_of(self, characters: usize) -> Self {
        self.last(|hop| hop.command_line_length = characters)
    }

    /// So many MiB of payload for the hop declared last.
    pub fn payload(self, mib: usize) -> Self {
        self.last(|hop| hop.payload = (mib << 20) + 77)
    }

    /// The hop declared last gets two `--initrd`.
    pub fn split(mut self) -> Self {
        self.ours_only = true;
        self.last(|hop| hop.split = true)
    }

    /// The hop declared last is to the kernel without its decompressor.
    pub fn vmlinux(self) -> Self {
        self.last(|hop| hop.vmlinux = true)
    }

    /// The hop declared last is by a unified kernel image, which has the command line and the initrd.
    pub fn unified(mut self, image: Unified) -> Self {
        self.ours_only = true;
        self.last(|hop| hop.unified = Some(image))
    }

    /// More words on the first kernel's command line.
    pub fn words(mut self, words: &'static str) -> Self {
        self.words = words;
        self
    }

    pub fn script(mut self, script: &'static str) -> Self {
        self.script = Some(script);
        self
    }

    pub fn capture(mut self, script: &'static str) -> Self {
        self.capture = Some(script);
        self
    }

    pub fn disk(mut self, disk: Disk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Whether it needs what only few guests want (`system.rs`).
    pub fn wants_system(&self) -> bool {
        let disk = matches!(self.disk, Some(Disk::Systemd(_) | Disk::Selftests(_)));
        disk || self.configured
    }

    /// Whether its hops are gone through one after the other, each checked alike: by init, or by
    /// systemd.
    pub fn is_chain(&self) -> bool {
        self.script.is_none() || matches!(self.disk, Some(Disk::Systemd(_)))
    }

    /// Puts a program of the package kexec-examples into the first guest.
    pub fn example(mut self, guest: &'static str, name: &'static str) -> Self {
        self.examples.push((guest, name));
        self
    }

    /// Puts such an image into the first guest.
    pub fn gives(mut self, guest: &'static str, payload: Payload) -> Self {
        self.payloads.push((guest, payload));
        self
    }

    /// The guests' `kexec` is kexec-tools with libkexec as its file type.
    pub fn fork(mut self) -> Self {
        self.fork = true;
        self.ours_only()
    }

    pub fn shows(mut self, text: &'static str) -> Self {
        self.shows.push(text);
        self
    }

    pub fn never(mut self, text: &'static str) -> Self {
        self.never.push(text);
        self
    }

    pub fn in_order(mut self, texts: &'static [&'static str]) -> Self {
        self.order = texts;
        self
    }

    pub fn screens(mut self, screens: &'static [(&'static str, u8, usize)]) -> Self {
        self.screens = screens;
        self
    }

    /// The multiboot kernel that prints its information is loaded by this header.
    pub fn multiboot(mut self, version: Multiboot) -> Self {
        self.multiboot = Some(version);
        self
    }

    /// The payload that prints its state is entered in this mode.
    pub fn state(mut self, mode: Mode) -> Self {
        self.state = Some(mode);
        self
    }

    pub fn afar(mut self) -> Self {
        self.afar = true;
        self.ours_only()
    }

    /// The kernel's configuration is in /boot, as on a Debian.
    pub fn configured(mut self) -> Self {
        self.configured = true;
        self
    }

    pub fn states(mut self, states: &'static [State]) -> Self {
        self.states = states;
        self
    }

    pub fn ends(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    pub fn floor(mut self, address: u64) -> Self {
        self.floor = address;
        self
    }

    pub fn hurried(mut self) -> Self {
        self.hurried = true;
        self
    }

    pub fn both(mut self) -> Self {
        self.both = true;
        self
    }

    pub fn ours_only(mut self) -> Self {
        self.ours_only = true;
        self
    }

    /// Another scenario covers its family and path: only `--slow` runs it.
    pub fn slow(mut self) -> Self {
        self.slow = true;
        self
    }
}
