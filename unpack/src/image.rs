//! The images, and the calls of them.
//!
//! An image is code of the program's own: it lies in the executable part of the program's file, and is
//! never written. It has no relocations and no writable data (build.rs checks this), so nothing has to
//! be mapped, changed or made executable to call it.
#![allow(unsafe_code)]

#[path = "../image/call.rs"]
pub mod call;

use call::{Call, Frame, STACK};

use crate::{Error, Result, Unpacked};

/// Bytes of scratch for the stack, wherever the scratch begins.
pub const STACKS: usize = 2 * STACK;

/// Bytes of the image for gzip and zstd.
pub const GZIP_ZSTD_SIZE: usize = include!(concat!(env!("OUT_DIR"), "/gzip_zstd.size"));
/// Bytes of the image for xz and lzma.
pub const XZ_LZMA_SIZE: usize = include!(concat!(env!("OUT_DIR"), "/xz_lzma.size"));

/// Code, aligned as its functions and constants are.
#[repr(C, align(64))]
struct Code<const SIZE: usize>([u8; SIZE]);

#[unsafe(link_section = ".text.kexec_unpack_gzip_zstd")]
static GZIP_ZSTD_CODE: Code<GZIP_ZSTD_SIZE> =
    Code(*include_bytes!(concat!(env!("OUT_DIR"), "/gzip_zstd.bin")));

#[cfg(feature = "xz")]
#[unsafe(link_section = ".text.kexec_unpack_xz_lzma")]
static XZ_LZMA_CODE: Code<XZ_LZMA_SIZE> =
    Code(*include_bytes!(concat!(env!("OUT_DIR"), "/xz_lzma.bin")));

/// An image.
pub struct Image(&'static [u8]);

pub static GZIP_ZSTD: Image = Image(&GZIP_ZSTD_CODE.0);
#[cfg(feature = "xz")]
pub static XZ_LZMA: Image = Image(&XZ_LZMA_CODE.0);
#[cfg(not(feature = "xz"))]
pub static XZ_LZMA: Image = Image(&[]);

impl Image {
    /// Decodes `input` into `output`, from `start` on.
    pub fn run(
        &self,
        decoder: usize,
        input: &[u8],
        output: &mut [u8],
        start: usize,
        scratch: &mut [u8],
    ) -> Result<Unpacked> {
        if self.0.is_empty() {
            let what = "this build has no decoder of xz and lzma";
            return Err(Error::Unsupported { what });
        }
        let length = scratch.len();
        let memory = scratch.as_mut_ptr();
        let first = memory.expose_provenance();
        // The stack is last: one that grows out of it grows into the heap, which is the caller's too.
        let end = first.saturating_add(length) & !(STACK - 1);
        let stack = end.saturating_sub(STACK);
        if stack < first || stack == 0 {
            return Err(Error::Scratch { need: STACKS });
        }
        let frame = Frame {
            caller: 0,
            heap: first,
            heap_start: first,
            heap_end: stack,
            live: 0,
            lacked: 0,
        };
        let place = core::ptr::with_exposed_provenance_mut::<Frame>(stack);
        // SAFETY: the stack lies within `scratch`, as `first <= stack` and `stack + STACK <= end`. It is
        // aligned to its own length, and longer than a `Frame`.
        unsafe { place.write(frame) };
        let mut call = Call {
            input: input.as_ptr(),
            input_len: input.len(),
            output: output.as_mut_ptr(),
            output_len: output.len(),
            decoder,
            consumed: 0,
            written: start,
        };
        // What the compiler knows of a constant it must not apply to code.
        let code = core::hint::black_box(self.0.as_ptr());
        // SAFETY: the first byte of an image is the first instruction of a function of this type
        // (image/runtime.rs; build.rs checks the entry), and its section is executable.
        let entry = unsafe {
            core::mem::transmute::<*const u8, unsafe extern "C" fn(*mut Frame, *mut Call) -> i32>(
                code,
            )
        };
        // SAFETY: the function's contract. `place` is the frame of a stack of STACK bytes, aligned to
        // them, and the heap before it is the rest of `scratch`, which nobody else uses now. The pointers
        // of `call` are those of slices borrowed for the call. The function keeps the registers that the
        // ABI says it keeps, on every path.
        let result = unsafe { entry(place, &raw mut call) };
        let done = Unpacked {
            consumed: call.consumed,
            written: call.written,
        };
        match result {
            call::DONE if done.consumed <= input.len() && done.written <= output.len() => Ok(done),
            call::TRUNCATED => Err(Error::Truncated),
            call::OUTPUT_FULL => Err(Error::OutputFull),
            call::DAMAGED => Err(Error::Damaged),
            call::CHECKSUM => Err(Error::Checksum),
            call::UNSUPPORTED => Err(Error::Unsupported {
                what: "it uses a filter or check that is unsupported",
            }),
            call::MEMORY => Err(Error::Scratch { need: 0 }),
            // call::PANICKED, or a result that no decoder has.
            _ => Err(Error::Decoder),
        }
    }
}
