//! Files that an image is started with, each with its own argument line.

use kexec_core::Error;
use kexec_core::plan::{Module, SEGMENT_MAX};

use crate::bytes::kx_bytes;
use crate::code::KX_E_UNKNOWN;
use crate::error::{About, Failure};
use crate::pointer;
use crate::versioned::{self, Versioned};

/// A module: a file that multiboot kernels and Xen are started with, and its argument line. Set it
/// to zeros, then set `size` and the members you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_module {
    /// sizeof(struct kx_module), the same in every element of an array.
    pub size: usize,
    /// The whole file.
    pub data: kx_bytes,
    /// Its line, as the kernel gets it: `length` bytes without a NUL; may be empty. By convention its first word
    /// is the file's name: Xen drops that word.
    pub arguments: kx_bytes,
    /// Reserved: 0.
    pub flags: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

// SAFETY: integers and pointers; `size` comes first and there is no padding.
unsafe impl Versioned for kx_module {}
const _: () = assert!(size_of::<kx_module>() == 48);

const MODULES: &str = "request.modules[]";

/// The caller's array of modules, in `list`.
///
/// # Safety
/// `count` elements are readable, each as large as its size member says, and their bytes stay for
/// `'a`.
pub unsafe fn modules<'l, 'a>(
    first: *const kx_module,
    count: usize,
    list: &'l mut [Module<'a, 'a>; SEGMENT_MAX],
) -> Result<&'l [Module<'a, 'a>], Failure> {
    if count > SEGMENT_MAX {
        return Err(Error::TooManySegments {
            count: count as u64,
            max: SEGMENT_MAX as u64,
        }
        .into());
    }
    for (index, place) in list.iter_mut().enumerate().take(count) {
        // SAFETY: the caller's promise.
        let given = unsafe { versioned::element(first, index) }.about_nth(MODULES, index)?;
        for (value, what) in [
            (given.flags, "request.modules[].flags"),
            (given.reserved, "request.modules[].reserved"),
        ] {
            if value != 0 {
                let numbers = [index as u64, value.into()];
                return Err(Failure::Argument(KX_E_UNKNOWN, what, numbers));
            }
        }
        let (data, line) = (given.data, given.arguments);
        // SAFETY: the caller's promise.
        let bytes = unsafe { pointer::bytes(data.data, data.length) };
        // SAFETY: the caller's promise.
        let arguments = unsafe { pointer::bytes(line.data, line.length) };
        *place = Module {
            bytes: bytes.about_nth("request.modules[].data", index)?,
            arguments: arguments.about_nth("request.modules[].arguments", index)?,
        };
    }
    Ok(list.get(..count).unwrap_or_default())
}
