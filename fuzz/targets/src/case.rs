//! What a plan is made from, as the fuzzer gives it: image, machine, request.

use arbitrary::{Arbitrary, Result, Unstructured};
use kexec_core::plan::{Console, CrashOptions, OnFailure, Options};

use crate::kernel::Image;
use crate::machine::MachineCase;

/// An address near one at which something changes.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub u64);

const ENDS: [u64; 8] = [
    0,
    1 << 20,
    16 << 20,
    1 << 31,
    1 << 32,
    1 << 46,
    1 << 52,
    u64::MAX,
];

impl<'a> Arbitrary<'a> for Address {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (form, number): (u8, u16) = u.arbitrary()?;
        if form == 0xff {
            return Ok(Self(u.arbitrary()?));
        }
        let distance = u64::from(number) << [0, 12, 16, 21][usize::from(form >> 3 & 3)];
        let near = ENDS[usize::from(form & 7)];
        Ok(Self(if form & 0x20 == 0 {
            near.saturating_add(distance)
        } else {
            near.saturating_sub(distance)
        }))
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (3, Some(11))
    }
}

/// A range: never empty, never past the last address.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// The first address.
    pub start: u64,
    /// The last address.
    pub last: u64,
}

impl<'a> Arbitrary<'a> for Region {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let Address(start) = u.arbitrary()?;
        let Address(size) = u.arbitrary()?;
        Ok(Self {
            start,
            last: start.saturating_add(size),
        })
    }
}

/// All of it.
#[derive(Arbitrary, Clone, Debug)]
pub struct Case {
    /// The kernel.
    pub image: Image,
    /// What is known of the running system.
    pub machine: MachineCase,
    /// What is wanted.
    pub wanted: Wanted,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Bytes of each initrd.
    pub initrds: Vec<usize>,
    /// The command line.
    pub command_line: Vec<u8>,
    /// Bytes of the device tree.
    pub dtb: Option<usize>,
    /// The seed.
    pub seed: Option<[u8; 32]>,
    /// How.
    pub options: Options,
    /// Whether as plan_to_boot() does it.
    pub to_boot: bool,
}

impl<'a> Arbitrary<'a> for Wanted {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let bits: u16 = u.arbitrary()?;
        let is = |bit: u16| bits >> bit & 1 == 1;
        let count = if is(0) {
            u.arbitrary::<u8>()? & 15
        } else {
            u8::from(is(1))
        };
        let initrds = (0..count).map(|_| Ok(usize::from(u.arbitrary::<u16>()? & 0x1fff)));
        let initrds = initrds.collect::<Result<_>>()?;
        let mut options = Options::DEFAULT;
        if is(2) {
            options.mem_min = u.arbitrary::<Address>()?.0;
        }
        if is(3) {
            options.mem_max = u.arbitrary::<Address>()?.0;
        }
        options.efi = !is(4);
        options.verify = !is(5);
        if is(6) {
            options.on_failure = OnFailure::Reboot;
        }
        let to_boot = is(7) && is(8);
        if is(9) && !to_boot {
            options.console = Console {
                vga: u.arbitrary()?,
                serial: u.arbitrary()?,
                reset_vga: u.arbitrary()?,
                serial_port: u.arbitrary()?,
                serial_baud: [0, 9600, 115_200, 57_600][usize::from(u.arbitrary::<u8>()? & 3)],
            };
        }
        options.crash = Some(CrashOptions {
            hotplug: is(10) && is(11),
            memmap: is(12),
        });
        let seed = (!is(13)).then_some([0xa7; 32]);
        let dtb = if is(14) {
            Some(usize::from(u.arbitrary::<u16>()? & 0x3fff))
        } else {
            None
        };
        let command_line = if is(15) {
            let length = usize::from(u.arbitrary::<u16>()? & 0xfff);
            vec![b'x'; length]
        } else {
            u.arbitrary::<&[u8]>()?.to_vec()
        };
        Ok(Self {
            initrds,
            command_line,
            dtb,
            seed,
            options,
            to_boot,
        })
    }
}
