//! What both images have: the entry, which changes the stack, the allocator in the caller's memory,
//! and the panic handler, which returns to the caller. There is no writable data: what must be found
//! from anywhere lies at the beginning of the stack.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use crate::call::{Call, Frame, MEMORY, PANICKED, STACK};

#[path = "arch/mem.rs"]
mod mem;

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(include_str!("entry/aarch64.s"), stack = const STACK, decode = sym decode);
#[cfg(target_arch = "riscv64")]
core::arch::global_asm!(include_str!("entry/riscv64.s"), stack = const STACK, decode = sym decode);
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(include_str!("entry/x86_64.s"), stack = const STACK, decode = sym decode);

unsafe extern "C" {
    safe fn leave(result: i32) -> !;
}

extern "C" fn decode(call: *mut Call) -> i32 {
    // SAFETY: `entry` passes on what its caller gave: one `Call`, which nobody else uses now.
    let call = unsafe { &mut *call };
    let input: &[u8] = match call.input_len {
        0 => &[],
        // SAFETY: the caller's contract: that many bytes, which nobody writes now.
        length => unsafe { core::slice::from_raw_parts(call.input, length) },
    };
    let output: &mut [u8] = match call.output_len {
        0 => &mut [],
        // SAFETY: the caller's contract: that many bytes, which nobody else uses now.
        length => unsafe { core::slice::from_raw_parts_mut(call.output, length) },
    };
    crate::run(call, input, output)
}

/// The beginning of the stack that this runs on.
fn frame() -> *mut Frame {
    let here = 0_u8;
    let address = (&raw const here).expose_provenance();
    core::ptr::with_exposed_provenance_mut(address & !(STACK - 1))
}

struct Arena;

#[global_allocator]
static ARENA: Arena = Arena;

// SAFETY: each allocation is a range of the caller's memory that no other one has: `heap` grows, until
// nothing is allocated any more, but by the end of the last allocation.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the library wrote a `Frame` there, and this stack has one thread.
        let frame = unsafe { &mut *frame() };
        let start = frame.heap.next_multiple_of(layout.align());
        take(frame, start, layout.size());
        frame.live += 1;
        core::ptr::with_exposed_provenance_mut(start)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        // SAFETY: as above.
        let frame = unsafe { &mut *frame() };
        frame.live -= 1;
        if frame.live == 0 {
            frame.heap = frame.heap_start;
        }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let frame = unsafe { &mut *frame() };
        // The last allocation, which a dictionary is while it grows, grows in place.
        if old.addr() + layout.size() == frame.heap {
            take(frame, old.addr(), size);
            return old;
        }
        let start = frame.heap.next_multiple_of(layout.align());
        take(frame, start, size);
        let new = core::ptr::with_exposed_provenance_mut(start);
        // SAFETY: both have that many bytes, and are not the same memory.
        unsafe { core::ptr::copy_nonoverlapping(old, new, layout.size().min(size)) };
        new
    }
}

/// Takes `size` bytes from `start` on.
fn take(frame: &mut Frame, start: usize, size: usize) {
    match start.checked_add(size) {
        Some(end) if end <= frame.heap_end => frame.heap = end,
        _ => {
            frame.lacked = size;
            leave(MEMORY)
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    leave(PANICKED)
}
