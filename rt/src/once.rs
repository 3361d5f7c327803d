//! Large objects in static memory, each handed out once.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value that can be taken once.
#[derive(Debug)]
pub struct Once<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one `take` only, so it is never shared, only handed over.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    /// A value that has not been taken.
    pub const fn new(value: T) -> Self {
        Self {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// The value; `None` from the second call on.
    #[allow(clippy::mut_from_ref)] // `taken` prevents the second reference that the lint is about.
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        // SAFETY: `taken` was false, so this is the only reference there ever is.
        Some(unsafe { &mut *self.value.get() })
    }
}
