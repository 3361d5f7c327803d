//! Linux, entered in 64-bit mode without its decompressor: the kernel of a bzImage that is unpacked and
//! moved already. What the decompressor would have done is done here, or refused; docs/unpacked.md has all
//! of it.

use super::Linux64;
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover};
use crate::image::bzimage::{field, xlf};
use crate::image::x86::{Addresses, Unpacked, Words};
use crate::machine::{HotPlug, Known, Machine, refusal};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::request::Request;
use crate::segment::{Items, SegmentKind, Wish};

/// loadflags, KASLR_FLAG (arch/x86/include/uapi/asm/bootparam.h): the decompressor has drawn addresses, and
/// the kernel is to draw those of its own memory.
const KASLR_FLAG: u8 = 1 << 1;

/// An unpacked kernel.
#[derive(Clone, Debug)]
pub struct UnpackedLinux<'a> {
    /// For all that is alike.
    linux: Linux64<'a>,
    /// The kernel has a relocation table.
    moves: bool,
    addresses: Addresses,
    pref_address: u64,
    five_level: bool,
    words: Words,
}

impl<'a> UnpackedLinux<'a> {
    /// Starts this kernel, of which `linux` was made, with this command line.
    #[must_use]
    pub fn new(kernel: &Unpacked<'a>, mut linux: Linux64<'a>, line: &[u8]) -> Self {
        let words = Words::of(line);
        if let Some(limit) = words.limit {
            linux.window.max = linux.window.max.min(limit.saturating_sub(1));
        }
        let image = kernel.image();
        Self {
            linux,
            moves: kernel.lists().is_some(),
            addresses: kernel.addresses(),
            pref_address: image.pref_address(),
            five_level: image.xloadflags() & xlf::FIVE_LEVEL_ENABLED != 0 && !words.no5lvl,
            words,
        }
    }

    /// Where the kernel is to be, if not as high as possible.
    fn wish(&self, hot_plug: &HotPlug) -> Option<Wish> {
        let starts = hot_plug.memory().iter().map(|range| range.start());
        // Such memory is mostly the highest.
        let movable = starts.filter(|start| *start > self.pref_address).min();
        match self.addresses {
            Addresses::Exactly { physical, .. } => Some(Wish::Exactly(physical)),
            Addresses::Drawn { .. } if self.words.avoids => None,
            Addresses::Drawn { physical, .. } => Some(Wish::Drawn {
                random: physical,
                last: movable.map_or(u64::MAX, |start| start.saturating_sub(1)),
            }),
            Addresses::AsLinked => Some(Wish::Preferred(self.pref_address)),
        }
    }

    const fn is_drawn(&self) -> bool {
        matches!(self.addresses, Addresses::Drawn { .. })
    }
}

impl<'a> Handover<'a> for UnpackedLinux<'a> {
    fn arch(&self) -> Arch {
        self.linux.arch()
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        self.linux.check_request(request, crash)?;
        let why = if self.words.mem_encrypt {
            "an unpacked kernel cannot be started with mem_encrypt=on: its decompressor prepares that"
        } else if self.words.nokaslr && self.is_drawn() {
            "the command line has nokaslr, and the unpacked kernel was moved all the same"
        } else {
            return Ok(());
        };
        Err(Error::NotBootable { why })
    }

    fn check(&self, machine: &Machine) -> Result<()> {
        match (machine.x86.five_level_paging, self.five_level) {
            // Only the decompressor can leave them.
            (Known::Yes, false) => {
                return Err(Error::NotBootable {
                    why: "5-level paging is in use, which an unpacked kernel keeps, and the new kernel has \
                          no XLF_5LEVEL_ENABLED or its command line has no5lvl",
                });
            }
            (Known::Unknown, false) => {
                return Err(Error::Unknown {
                    what: refusal::FIVE_LEVEL,
                });
            }
            _ => {}
        }
        if machine.host.handover == Known::Yes {
            return Err(Error::NotBootable {
                why: "kexec handover (KHO) is active, of whose memory an unpacked kernel knows nothing",
            });
        }
        match machine.x86.encrypted_guest {
            Known::No => Ok(()),
            Known::Yes => Err(Error::NotBootable {
                why: "this is a guest with encrypted memory (SEV, TDX), which the decompressor of a kernel \
                      sets up: no unpacked kernel can be started",
            }),
            Known::Unknown => Err(Error::Unknown {
                what: refusal::ENCRYPTED_GUEST,
            }),
        }
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        self.linux.check_command_line(line)
    }

    fn reads_acpi(&self) -> bool {
        true
    }

    fn gets_rsdp(&self, passed: &Passed<'_, 'a>) -> bool {
        self.linux.gets_rsdp(passed)
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        self.linux.items(passed, items, remarks)?;
        let hot_plug = &passed.machine.hot_plug;
        if let Some(wish) = self.wish(hot_plug) {
            items.wish(SegmentKind::Kernel, wish);
        }
        let mut note = |applies, why| {
            if applies {
                remarks.note(Note::Unpacked { why });
            }
        };
        note(
            !self.moves,
            "it has no relocation table, so its addresses are not drawn (no KASLR)",
        );
        note(
            self.is_drawn() && self.words.avoids,
            "its place in memory is not drawn, because of memmap= or huge pages of 1 GiB",
        );
        note(
            self.is_drawn() && hot_plug.known == Known::Unknown,
            "its place may be in memory that can be removed: the SRAT is not known",
        );
        note(
            self.five_level && passed.machine.x86.five_level_paging == Known::No,
            "its page tables have 4 levels, as those of this kernel",
        );
        Ok(())
    }

    fn placed(&self, items: &Items<'a>, remarks: &mut Remarks) {
        if self.is_drawn() && !self.words.avoids && !items.is_granted(SegmentKind::Kernel) {
            remarks.note(Note::Unpacked {
                why: "its place in memory is not drawn: there is no room to choose from",
            });
        }
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        self.linux.write(kind, passed, items, out)?;
        // boot_params have this byte.
        if let Some(flags) = out.get_mut(field::LOADFLAGS) {
            let kaslr = self.moves && !self.words.nokaslr;
            *flags |= if kaslr { KASLR_FLAG } else { 0 };
        }
        Ok(())
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        self.linux.command_line()
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        self.linux.exit(items)
    }
}
