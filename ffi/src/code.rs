//! Error numbers.

use core::ffi::c_int;

use kexec_core::Error;

/// The file is truncated. numbers: bytes needed, bytes present.
pub const KX_E_TRUNCATED: c_int = -4097;
/// The file is not a kernel of a format that the library starts. numbers: the format it looks like
/// (KX_FORMAT_*).
pub const KX_E_NOT_THIS_FORMAT: c_int = -4098;
/// The image's boot protocol is too old. numbers: version found, version needed (major << 8 |
/// minor).
pub const KX_E_PROTOCOL: c_int = -4099;
/// A header field is invalid. numbers: its offset in the file, its value.
pub const KX_E_BAD_FIELD: c_int = -4100;
/// The image is well formed but cannot be started here; kx_error_message() gives the reason.
pub const KX_E_NOT_BOOTABLE: c_int = -4101;
/// The command line is too long. numbers: its length, the longest that the kernel accepts.
pub const KX_E_COMMAND_LINE_TOO_LONG: c_int = -4102;
/// The command line contains a NUL byte. numbers: its offset.
pub const KX_E_COMMAND_LINE_NUL: c_int = -4103;
/// A table of the library is full. numbers: its capacity.
pub const KX_E_FULL: c_int = -4104;
/// There is no free memory for a segment. numbers: size, alignment, lowest and highest address
/// allowed, size of the largest free range there, KX_NARROWED_* bits.
pub const KX_E_NO_HOLE: c_int = -4105;
/// More segments than the kernel accepts. numbers: segments needed, segments allowed.
pub const KX_E_TOO_MANY_SEGMENTS: c_int = -4106;
/// The machine has no memory map.
pub const KX_E_NO_MEMORY_MAP: c_int = -4107;
/// The segments break a rule of kexec_load(2). numbers: the segment, the rule (KX_RULE_*), and
/// for KX_RULE_OVERLAP the other segment.
pub const KX_E_CHECK: c_int = -4108;
/// A file is empty.
pub const KX_E_EMPTY_FILE: c_int = -4110;
/// Not a regular file.
pub const KX_E_NOT_A_FILE: c_int = -4111;
/// No image is loaded that could be started.
pub const KX_E_NOTHING_LOADED: c_int = -4113;
/// A value is out of range; each function lists which. If the function takes a struct kx_error,
/// kx_error_message() names the value.
pub const KX_E_BAD_ARGUMENT: c_int = -4114;
/// A file was written to or truncated while it was held.
pub const KX_E_FILE_CHANGED: c_int = -4115;
/// A crash kernel needs memory that was reserved at boot, and none was reserved.
pub const KX_E_NO_CRASH_RESERVATION: c_int = -4116;
/// The crash kernel's reservation is too small. numbers: bytes reserved, bytes that suffice.
pub const KX_E_CRASH_TOO_SMALL: c_int = -4117;
/// The running kernel does not report where its vmcoreinfo is.
pub const KX_E_NO_VMCOREINFO: c_int = -4118;
/// The running kernel cannot keep the elfcorehdr up to date.
pub const KX_E_NO_CRASH_HOTPLUG: c_int = -4119;
/// The progress function stopped the plan.
pub const KX_E_CANCELLED: c_int = -4120;
/// The copies in memory would exceed the limit. numbers: bytes to copy, bytes allowed.
pub const KX_E_COPY_TOO_LARGE: c_int = -4121;
/// A fact of the machine is unknown and must not be guessed: with a wrong value the machine might
/// not come up, or a crash kernel might be lost. kx_error_message() says which fact, why, and what
/// to do.
pub const KX_E_NOT_KNOWN: c_int = -4122;
/// This build of the library lacks code for the target architecture; kx_error_message() says which
/// architecture, and what to do.
pub const KX_E_NOT_BUILT: c_int = -4123;
/// A pointer that must not be NULL is NULL.
pub const KX_E_NULL: c_int = -4196;
/// An object does not have the alignment of its type.
pub const KX_E_MISALIGNED: c_int = -4197;
/// A size is invalid: the size member of a structure, or the storage of an object.
pub const KX_E_SIZE: c_int = -4198;
/// A structure is larger than the one that this library knows, and the additional bytes are not
/// zero: they ask for something that was added later.
pub const KX_E_TOO_NEW: c_int = -4199;
/// The object was not initialised.
pub const KX_E_NOT_INITIALISED: c_int = -4200;
/// The buffer is too small; nothing was written.
pub const KX_E_BUFFER: c_int = -4201;
/// There is no entry with this index: it is past the end.
pub const KX_E_NO_ENTRY: c_int = -4202;
/// The workspace holds no plan.
pub const KX_E_NO_PLAN: c_int = -4203;
/// A flag or a constant is unknown to this library. numbers, if the function takes a struct
/// kx_error: 0, then the unknown bits or the constant.
pub const KX_E_UNKNOWN: c_int = -4204;
/// The workspace was moved or copied after planning: its plan points to the old place.
pub const KX_E_MOVED: c_int = -4205;
/// The workspace is in use by a kx_plan() that has not returned. Its progress function must not use
/// the workspace.
pub const KX_E_BUSY: c_int = -4206;

/// One of KX_E_NULL ... KX_E_BUSY, before there are details: it fits in a register.
#[derive(Clone, Copy, Debug)]
pub struct Code(pub c_int);

impl Code {
    /// The number of an error of core.
    pub fn of(error: Error) -> Self {
        Self(number(&error))
    }
}

/// The return value for an error of core.
pub fn number(error: &Error) -> c_int {
    match error {
        Error::Syscall { errno, .. } | Error::File { errno, .. } => {
            c_int::from(errno.0).wrapping_neg()
        }
        error => (-4096_i32).wrapping_sub(c_int::from(error.number())),
    }
}
