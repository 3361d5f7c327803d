//! What a call of an image passes, shared by the library and its images.

/// Bytes of the stack on which a decoder runs; it is aligned to them. At its beginning is the
/// [`Frame`], which the image can find from any depth of calls.
pub const STACK: usize = 64 * 1024;

/// The beginning of the stack.
#[repr(C)]
#[derive(Debug)]
pub struct Frame {
    /// The caller's stack pointer: written and read by the entry.
    pub caller: usize,
    /// The memory from which the decoder allocates, from here to `heap_end`.
    pub heap: usize,
    /// Its beginning.
    pub heap_start: usize,
    /// Its end.
    pub heap_end: usize,
    /// Allocations that were not freed.
    pub live: usize,
    /// The bytes that an allocation lacked, if one failed.
    pub lacked: usize,
}

/// One call. The decoder reads `input`, writes `output` from `written` on, and updates `consumed` and
/// `written`.
#[repr(C)]
#[derive(Debug)]
pub struct Call {
    /// The compressed bytes.
    pub input: *const u8,
    /// How many.
    pub input_len: usize,
    /// The output, initialised.
    pub output: *mut u8,
    /// Its length.
    pub output_len: usize,
    /// The decoder: [`DEFLATE`], [`ZSTD`], [`XZ`], [`LZMA`].
    pub decoder: usize,
    /// Bytes of the input that were read.
    pub consumed: usize,
    /// Bytes of the output that are decoded.
    pub written: usize,
}

/// Raw deflate.
pub const DEFLATE: usize = 0;
/// The blocks of one zstd frame; the second byte is 1 if its checksum follows them.
pub const ZSTD: usize = 1;
/// One xz stream.
pub const XZ: usize = 2;
/// One stream of the old format, "LZMA alone".
pub const LZMA: usize = 3;

/// All decoded.
pub const DONE: i32 = 0;
/// The input ends before the stream.
pub const TRUNCATED: i32 = 1;
/// The output is full before the stream ends.
pub const OUTPUT_FULL: i32 = 2;
/// The stream contradicts itself or the format.
pub const DAMAGED: i32 = 3;
/// A checksum differs.
pub const CHECKSUM: i32 = 4;
/// The format allows it, and the decoder does not know it.
pub const UNSUPPORTED: i32 = 5;
/// The memory for the decoder is used up.
pub const MEMORY: i32 = 6;
/// The decoder panicked.
#[allow(dead_code)]
pub const PANICKED: i32 = 7;
