//! The purgatory: runs between the old kernel and the new one, on the bare machine.
//!
//! Built by core/build.rs into one flat image without relocations; never linked with
//! anything. The digest and the layout of the parameter block are kexec-core's own files.
#![no_std]
#![no_main]
#![deny(unsafe_op_in_unsafe_fn)]

mod console;
#[path = "../../src/purgatory/digest/mod.rs"]
mod digest;
#[path = "../../src/purgatory/layout.rs"]
mod layout;
mod memory;
mod port;
mod stop;
mod verify;
mod vga;

use console::Console;
use layout::{Block, EXIT_32, SKIP_VERIFY};

core::arch::global_asm!(include_str!("entry.s"));

/// Called by entry.s; returns when the next program may start, and then the digest of the
/// segment, which entry.s compares again, so that the result does not depend on a single instruction.
///
/// # Safety
/// `block` must be the parameter block of this segment, `start` the segment's first byte, and the
/// regions the block names identity-mapped.
#[unsafe(no_mangle)]
unsafe extern "C" fn purgatory(block: *const Block, start: *const u8) -> u128 {
    // SAFETY: valid, aligned and written by nobody now, by the contract.
    let block = unsafe { &*block };
    // SAFETY: the segment, by the contract; nothing writes it now.
    let computed = unsafe { verify::of_segment(block, start) };
    let mut console = Console::new(block);
    if computed != verify::number(block.check) {
        console.text("purgatory: DAMAGED ITSELF, not starting");
        stop_after(block, &mut console);
    }
    console.text("\nlibkexec purgatory\n");
    if block.exit_mode > EXIT_32 {
        console.text("purgatory: unknown exit mode");
        stop_after(block, &mut console);
    }
    if block.report.flags & SKIP_VERIFY == 0 {
        verify_or_stop(block, &mut console);
    }
    console.say("purgatory: starting ", block.registers[16]);
    console.end();
    computed
}

fn verify_or_stop(block: &Block, console: &mut Console) {
    let regions = verify::regions(block);
    let mut total = 0_u64;
    for area in regions {
        total = total.wrapping_add(area.length);
    }
    console.say("purgatory: verifying ", total);
    console.text(" bytes\n");
    // SAFETY: the old kernel is gone and mapped every segment; devices were shut down.
    let computed = unsafe { verify::of_regions(block) };
    let expected = verify::number(block.digest);
    if computed == expected {
        return;
    }
    console.text("purgatory: DIGEST MISMATCH, not starting\npurgatory: expected ");
    console.bytes(&expected.to_be_bytes());
    console.text("\npurgatory: computed ");
    console.bytes(&computed.to_be_bytes());
    for area in regions {
        console.say("\npurgatory: region ", area.start);
        console.say(" + ", area.length);
    }
    stop_after(block, console);
}

/// Ends the line with the reason, and halts or resets as the block says.
fn stop_after(block: &Block, console: &mut Console) -> ! {
    console.end();
    stop::stop(block)
}

/// Vectors whose frame begins with an error code (Intel SDM vol. 3A, table 7-1).
const WITH_ERROR_CODE: u32 = 1 << 8
    | 1 << 10
    | 1 << 11
    | 1 << 12
    | 1 << 13
    | 1 << 14
    | 1 << 17
    | 1 << 21
    | 1 << 29
    | 1 << 30;

/// Called by entry.s when the purgatory itself faults: memory that is not mapped, mostly. `count`
/// is the number of faults, including this one: a fault in here is not reported, the machine stops.
///
/// # Safety
/// `block` as for [`purgatory`]; `frame` must be the CPU's exception frame of `vector`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fault(
    block: *const Block,
    vector: u32,
    frame: *const u64,
    cr2: u64,
    count: u32,
) -> ! {
    // SAFETY: valid, aligned and written by nobody now, by the contract.
    let block = unsafe { &*block };
    if count > 1 {
        stop::stop(block);
    }
    let skip = WITH_ERROR_CODE.wrapping_shr(vector) & 1;
    // SAFETY: the frame has RIP first, or an error code and RIP.
    let rip = unsafe { frame.wrapping_add(skip as usize).read() };
    let mut console = Console::new(block);
    console.say("\npurgatory: exception ", u64::from(vector));
    console.say(" at ", rip);
    console.say(", CR2 ", cr2);
    stop_after(block, &mut console)
}

// No panic is reachable: this name exists nowhere, so a call to it fails the link.
unsafe extern "C" {
    safe fn the_purgatory_has_a_reachable_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    the_purgatory_has_a_reachable_panic()
}
