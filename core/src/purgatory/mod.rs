//! The purgatory: the code that runs between two kernels.

/// Bytes the workspace keeps for it.
pub const SIZE: usize = 8192;
/// Bytes of memory its segment takes.
pub const MEMSZ: u64 = 16384;
/// Offset of its entry in the segment.
pub const ENTRY: u64 = 0;
