//! The workspace: an opaque object that holds a plan and the bytes generated for it.

use core::ffi::c_int;

use kexec_core::plan::{Plan, Workspace};

use crate::code::{Code, KX_E_BUSY, KX_E_MOVED, KX_E_NO_PLAN};
use crate::error::plain;
use crate::object::{self, Storage};

/// Size of a struct kx_workspace in bytes. The library uses kx_workspace_size() bytes of it;
/// kx_workspace_init() writes zeros to these.
pub const KX_WORKSPACE_SIZE: usize = 3_145_728;
/// Number of 64-bit words in a struct kx_workspace.
pub const KX_WORKSPACE_WORDS: usize = 393_216;

/// A plan, and the parts of its segments that the library wrote: storage for an opaque object,
/// which kx_workspace_init() initialises. It owns nothing outside itself: nothing needs to be
/// freed, and it may be static. It must not be moved while it holds a plan: functions that take a
/// plan then return KX_E_MOVED. While kx_plan() works in it, they return KX_E_BUSY. It is too large
/// for many stacks.
///
/// Functions that take it const may run at the same time on one object.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kx_workspace {
    /// Private to the library.
    pub opaque: [u64; KX_WORKSPACE_WORDS],
}

impl core::fmt::Debug for kx_workspace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("kx_workspace")
    }
}

const _: () = assert!(KX_WORKSPACE_SIZE == size_of::<kx_workspace>());

/// The plan points into the workspace next to it and to the caller's files; `'static` stands for
/// the caller's promise that they stay.
#[repr(C)]
#[expect(
    missing_debug_implementations,
    reason = "it is used through pointers only"
)]
pub struct Inner {
    /// Says whether `plan` was written.
    state: State,
    /// The address of this object when the state was entered; a copy has another address.
    home: u64,
    /// The plan, if `state` says that there is one.
    pub plan: core::mem::MaybeUninit<Plan<'static>>,
    /// The bytes generated for the plan.
    pub workspace: Workspace,
}

/// The state of a workspace.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u64);

impl State {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// A plan.
    pub const PLANNED: Self = Self(1);
    /// A plan is being made in it.
    pub const BUSY: Self = Self(2);
}

impl Inner {
    /// The state, and whether it was entered at this address; in a copy it was not.
    ///
    /// # Safety
    /// `inner` was initialised.
    pub unsafe fn state(inner: *const Self) -> (State, bool) {
        // SAFETY: the caller's promise.
        let state = unsafe { (*inner).state };
        // SAFETY: the caller's promise.
        let home = unsafe { (*inner).home };
        (state, home == inner.addr() as u64)
    }

    /// Enters a state.
    ///
    /// # Safety
    /// `inner` was initialised, and nobody else uses it.
    pub unsafe fn enter(inner: *mut Self, state: State) {
        // SAFETY: the caller's promise.
        unsafe { (*inner).state = state };
        // SAFETY: the caller's promise.
        unsafe { (*inner).home = inner.addr() as u64 };
    }
}

// SAFETY: `Storage::FITS` checks size and alignment; zeros are no plan, and a Workspace is a
// list with its length first and bytes.
unsafe impl Storage for kx_workspace {
    type Inner = Inner;
    const MARK: u64 = u64::from_le_bytes(*b"kxwork01");
}

/// The plan in a workspace; KX_E_NO_PLAN if there is none, KX_E_MOVED in a copy, whose plan points
/// to the old place.
///
/// # Safety
/// As `object::find`, and nobody changes it during `'a`.
pub unsafe fn plan<'a>(workspace: *const kx_workspace) -> Result<&'a Plan<'static>, Code> {
    // SAFETY: the caller's promise.
    let inner = unsafe { object::find(workspace) }?;
    // SAFETY: it was initialised.
    match unsafe { Inner::state(inner) } {
        (State::PLANNED, true) => {}
        (State::PLANNED, false) => return Err(Code(KX_E_MOVED)),
        (State::BUSY, true) => return Err(Code(KX_E_BUSY)),
        _ => return Err(Code(KX_E_NO_PLAN)),
    }
    // SAFETY: it was initialised.
    let plan = unsafe { &raw const (*inner).plan };
    // SAFETY: a plan was written there, and nobody changes it during `'a`.
    Ok(unsafe { &*plan.cast::<Plan<'static>>() })
}

/// Size in bytes of a workspace: at most KX_WORKSPACE_SIZE. For callers that allocate it. Never
/// fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_workspace_size() -> usize {
    kx_workspace::SIZE
}

/// The alignment a workspace needs, in bytes. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_workspace_align() -> usize {
    align_of::<kx_workspace>()
}

/// Initialises an empty workspace, all zeros, in storage of `size` bytes. Use it as
/// kx_workspace_init(&workspace, sizeof(workspace)).
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_workspace_size()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_workspace_init(workspace: *mut kx_workspace, size: usize) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        unsafe { object::initialise(workspace, size) }?;
        Ok(0)
    })
}
