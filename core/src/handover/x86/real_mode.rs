//! A bzImage, entered in real mode (Documentation/arch/x86/boot.rst, "Loading The Rest of The Kernel" and
//! "Running the Kernel"): its setup code runs, and asks the BIOS for what other loaders tell a kernel. For
//! images that have no other entry (iPXE's .lkrn, memdisk), and for kernels where the caller asks for it.

use super::linux64::{LAST_BELOW_4G, OTHER_ENTRY, check_modules};
use super::{Linux32, Linux64};
use crate::arch::Arch;
use crate::boot::{SetupType, TYPE_OF_LOADER_KEXEC};
use crate::bytes::{put_slice, u8_at};
use crate::error::{Error, Result};
use crate::handover::{Exit, Handover, initrds_above, initrds_size};
use crate::image::bzimage::field;
use crate::image::{BzImage, Entry};
use crate::machine::{Firmware, Machine, refusal, words};
use crate::memory::{PageSize, Window};
use crate::note::{Note, Remarks};
use crate::passed::Passed;
use crate::purgatory::{self, Registers};
use crate::request::Request;
use crate::segment::{Bytes, Items, SegmentKind, anywhere};

/// The first version with heap_end_ptr and CAN_USE_HEAP.
const HEAP: u16 = 0x0201;
/// The first version with cmd_line_ptr; the setup code of those before moves itself to [`BOOT_SECTOR`].
const CMD_LINE_PTR: u16 = 0x0202;
/// The first version with setup_data.
const SETUP_DATA: u16 = 0x0209;
/// Where setup code of old protocols runs, and how much lies there at most.
const BOOT_SECTOR: u64 = 0x9_0000;
const SEGMENT: u64 = 0x1_0000;
/// The setup code lies between these addresses. Boot sectors and the stacks of their time are below, and
/// programs that stay in memory take their room from the top of the 640 KiB, as iPXE and memdisk do.
const LOWEST: u64 = 0x1_0000;
const LAST: u64 = 0x4_ffff;
/// Where images are that have nothing but this entry.
const HIGH: u64 = 0x10_0000;
/// Where the heap ends, and the stack begins, from the setup code on: a whole number of pages; boot.rst has
/// 0xe000, and at most 0x9800 for protocols before 2.02.
const HEAP_END: u64 = 0xe000;
const OLD_HEAP_END: u64 = 0x9000;
/// What heap and stack need at least.
const HEAP_MIN: u64 = 0x1000;
/// In the piece behind the heap: the code that enters real mode, a node of setup_data with the random seed,
/// and the command line.
const SEED: usize = purgatory::RealMode::SIZE.next_multiple_of(16);
const LINE: usize = SEED + 48;
/// From the setup code to its entry, in bytes.
const ENTRY: u64 = 0x200;

const CAN_USE_HEAP: u8 = 0x80;
const VID_MODE: usize = 0x1fa;
/// setup_move_size and heap_end_ptr, of 2 bytes each.
const SETUP_MOVE_SIZE: usize = 0x212;
const HEAP_END_PTR: usize = 0x224;
/// 0xa33f and the command line's offset (boot.rst, "The Kernel Command Line").
const CL_MAGIC: usize = 0x20;

/// An image and its real-mode entry.
#[derive(Clone, Debug)]
pub struct RealMode<'a> {
    setup: &'a [u8],
    kernel: &'a [u8],
    version: u16,
    cmdline_size: u64,
    /// The highest type of setup_data that it knows, if it says so.
    setup_type_max: Option<u32>,
    /// Of the protected-mode code, and where in it the setup code jumps to, unless that is the image's own
    /// business.
    window: Window,
    code32: Option<u64>,
    initrd_max: u64,
}

impl<'a> RealMode<'a> {
    /// Starts this image, of which `linux` was made.
    #[must_use]
    pub fn new(image: &BzImage<'a>, linux: Linux64<'a>) -> Self {
        let window = Linux32::new(image, linux).map_or_else(
            || {
                let size = image.init_size();
                Window {
                    min: HIGH,
                    max: HIGH.saturating_add(PageSize::K4.up(size)).saturating_sub(1),
                    ..anywhere("the image", size, LAST_BELOW_4G)
                }
            },
            |linux| linux.window(),
        );
        Self {
            setup: image.setup(),
            kernel: image.kernel(),
            version: image.version(),
            cmdline_size: image.cmdline_size(),
            setup_type_max: if image.version() < SETUP_DATA {
                Some(0)
            } else {
                image.setup_type_max()
            },
            window,
            code32: image.code32_offset(),
            initrd_max: image.initrd_max(),
        }
    }

    const fn heap_end(&self) -> u64 {
        if self.version < CMD_LINE_PTR {
            OLD_HEAP_END
        } else {
            HEAP_END
        }
    }

    /// Of the setup code, its heap and stack, and `line` bytes of command line.
    fn low(&self, line: u64) -> Window {
        let size = self
            .heap_end()
            .saturating_add(LINE as u64)
            .saturating_add(line);
        let low = Window {
            min: LOWEST,
            ..anywhere("the real-mode code", size, LAST)
        };
        if self.version >= CMD_LINE_PTR {
            return low;
        }
        Window {
            min: BOOT_SECTOR,
            max: BOOT_SECTOR.saturating_add(SEGMENT.saturating_sub(1)),
            align: SEGMENT,
            ..low
        }
    }

    /// The random seed, unless the image does not know it.
    fn seed(&self, passed: &Passed<'_, 'a>) -> Option<[u8; 32]> {
        let known = self
            .setup_type_max
            .is_none_or(|max| SetupType::RNG_SEED.0 <= max);
        passed.rng_seed.filter(|_| known)
    }

    /// Writes the setup code, with what a loader tells it.
    fn write_setup(
        &self,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        let size = initrds_size(passed.initrds)? as u32;
        let initrd = items.start(SegmentKind::Initrd(0)) as u32;
        let data = items.start(SegmentKind::CommandLine) as u32;
        let line = data.saturating_add(LINE as u32);
        let heap_end = self.heap_end() as u16;
        // `out` has the length of the setup code, which has a header at least.
        let mut put = |offset: usize, bytes: &[u8]| {
            let _ = put_slice(out, offset, bytes);
        };
        put(0, self.setup);
        put(field::TYPE_OF_LOADER, &[TYPE_OF_LOADER_KEXEC]);
        put(field::RAMDISK_IMAGE, &initrd.to_le_bytes());
        put(field::RAMDISK_SIZE, &size.to_le_bytes());
        if let Some(start) = self.code32_start(items) {
            put(field::CODE32_START, &start.to_le_bytes());
        }
        if let Some(mode) = vid_mode(passed.command_line) {
            put(VID_MODE, &mode.to_le_bytes());
        }
        if self.seed(passed).is_some() {
            let node = data.saturating_add(SEED as u32);
            put(field::SETUP_DATA, &u64::from(node).to_le_bytes());
        }
        if self.version >= HEAP {
            let flags = u8_at(self.setup, field::LOADFLAGS).unwrap_or(0);
            put(field::LOADFLAGS, &[flags | CAN_USE_HEAP]);
            let end = heap_end.saturating_sub(ENTRY as u16);
            put(HEAP_END_PTR, &end.to_le_bytes());
        }
        if self.version >= CMD_LINE_PTR {
            put(field::CMD_LINE_PTR, &line.to_le_bytes());
        } else {
            let offset = heap_end.saturating_add(LINE as u16);
            let [low, high] = offset.to_le_bytes();
            put(CL_MAGIC, &[0x3f, 0xa3, low, high]);
            // The line has 255 bytes at most.
            let end = offset.saturating_add(passed.command_line.len() as u16);
            put(SETUP_MOVE_SIZE, &end.saturating_add(1).to_le_bytes());
        }
        Ok(())
    }

    /// Where the setup code jumps to; `None` if that stays as the file has it.
    fn code32_start(&self, items: &Items<'a>) -> Option<u32> {
        let kernel = SegmentKind::Kernel;
        let mut pieces = items.pieces().iter().filter(|piece| piece.kind == kernel);
        // After the setup code.
        let start = items.address(pieces.nth(1)?);
        Some(start.saturating_add(self.code32?) as u32)
    }

    /// Writes what follows the heap.
    fn write_line(&self, passed: &Passed<'_, 'a>, items: &Items<'a>, out: &mut [u8]) {
        let setup = items.start(SegmentKind::Kernel);
        let segment = (setup >> 4) as u16;
        let by = purgatory::RealMode {
            address: items.start(SegmentKind::CommandLine) as u32,
            entry: (segment.saturating_add((ENTRY >> 4) as u16), 0),
            stack: (segment, self.heap_end() as u16),
        };
        out.fill(0);
        // `out` has room for all of them.
        let _ = by.build(out);
        if let Some(seed) = self.seed(passed) {
            // struct setup_data: the next node, type, length.
            let head = [0, 0, SetupType::RNG_SEED.0, seed.len() as u32].map(u32::to_le_bytes);
            let _ = put_slice(out, SEED, head.as_flattened());
            let _ = put_slice(out, SEED.saturating_add(16), &seed);
        }
        let _ = put_slice(out, LINE, passed.command_line);
    }
}

/// The video mode that `vga=` asks for, which the setup code sets before it could read the command line
/// (boot.rst, "Special Command Line Options").
fn vid_mode(line: &[u8]) -> Option<u16> {
    let words = words(line).take_while(|word| *word != b"--");
    let mode = words.filter_map(|word| word.strip_prefix(b"vga=")).last()?;
    let (digits, radix) = match mode {
        b"normal" => return Some(0xffff),
        b"ext" => return Some(0xfffe),
        b"ask" => return Some(0xfffd),
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        digits => (digits, 10),
    };
    let mut number = None;
    for digit in digits {
        let digit = char::from(*digit).to_digit(radix)?;
        let so_far = u32::from(number.unwrap_or(0_u16));
        let more = so_far.checked_mul(radix)?.checked_add(digit)?;
        number = Some(u16::try_from(more).ok()?);
    }
    number
}

impl<'a> Handover<'a> for RealMode<'a> {
    fn arch(&self) -> Arch {
        Arch::X86_64
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash {
            return Err(Error::NotBootable {
                why: "an image in real mode runs below 640 KiB, outside of a crash kernel's \
                      reservation, and uses all memory that the BIOS says there is",
            });
        }
        if !matches!(request.options.entry, None | Some(Entry::X86Real)) {
            return Err(OTHER_ENTRY);
        }
        if request.dtb.is_some() {
            return Err(Error::BadArgument {
                what: "an image in real mode gets no device tree",
            });
        }
        check_modules(request)
    }

    /// It calls the BIOS.
    fn check(&self, machine: &Machine) -> Result<()> {
        let used = self.setup.len() as u64;
        if used.saturating_add(HEAP_MIN) > self.heap_end() {
            return Err(Error::NotBootable {
                why: "the image's real-mode code is too large: it leaves no room for a stack in its \
                      64 KiB",
            });
        }
        match machine.platform.firmware {
            Firmware::NotEfi => Ok(()),
            Firmware::Efi => Err(Error::NotBootable {
                why: "in real mode the image calls the BIOS, and this machine, which was started \
                      by EFI, has none",
            }),
            Firmware::Unknown | Firmware::Unreadable => Err(Error::Unknown {
                what: refusal::REAL_MODE,
            }),
        }
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        super::linux64::check_line(line, self.cmdline_size)
    }

    fn lowest(&self) -> u64 {
        LOWEST
    }

    /// It asks the BIOS.
    fn reads_acpi(&self) -> bool {
        false
    }

    fn gets_rsdp(&self, _: &Passed<'_, 'a>) -> bool {
        false
    }

    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()> {
        let kind = SetupType::RNG_SEED;
        match (passed.rng_seed, self.setup_type_max) {
            // It takes none.
            (None, Some(max)) if kind.0 > max => {}
            (None, _) => remarks.note(Note::NoRngSeed),
            (Some(_), Some(max)) if kind.0 > max => {
                remarks.note(Note::SetupTypeLeftOut { kind, max });
            }
            _ => remarks.setup_type(kind),
        }
        let line = passed.command_line.len().saturating_add(1);
        items.block(self.low(line as u64));
        let setup = Bytes::Made(self.setup.len());
        items.piece(SegmentKind::Kernel, setup, 0, self.heap_end());
        let size = LINE.saturating_add(line);
        let bytes = Bytes::Made(size);
        items.piece(
            SegmentKind::CommandLine,
            bytes,
            self.heap_end(),
            size as u64,
        );
        items.block(self.window);
        let bytes = Bytes::Ready(self.kernel);
        items.piece(SegmentKind::Kernel, bytes, 0, self.window.size);
        // The program may use all that is lower as it likes.
        let last = self.initrd_max.min(LAST_BELOW_4G);
        initrds_above(passed.initrds, HIGH, last, items)
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        if kind == SegmentKind::Kernel {
            return self.write_setup(passed, items, out);
        }
        self.write_line(passed, items, out);
        Ok(())
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::CommandLine, LINE)
    }

    fn exit_below(&self) -> u64 {
        LAST_BELOW_4G
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        let by = items.start(SegmentKind::CommandLine);
        Exit::X86Real {
            by: Registers {
                rbx: by,
                rip: by,
                ..Registers::default()
            },
            entry: items.start(SegmentKind::Kernel).saturating_add(ENTRY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::vid_mode;

    #[test]
    fn the_video_mode_is_a_word_or_a_number() {
        for (line, mode) in [
            (&b"quiet"[..], None),
            (b"vga=normal", Some(0xffff)),
            (b"a vga=ext b", Some(0xfffe)),
            (b"vga=ask", Some(0xfffd)),
            (b"vga=791", Some(791)),
            (b"vga=0x317", Some(0x317)),
            (b"vga=0X31f vga=0", Some(0)),
            (b"vga=0607", Some(0o607)),
            (b"vga=65535", Some(0xffff)),
            (b"vga=65536", None),
            (b"vga=", None),
            (b"vga=0x", None),
            (b"vga=08", None),
            (b"vga=7f", None),
            (b"-- vga=1", None),
            (b"xvga=1", None),
        ] {
            assert_eq!(vid_mode(line), mode, "{line:?}");
        }
    }
}
