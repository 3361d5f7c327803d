//! The state of the CPU that user space does not have, and what changes it.

use super::{GDT, GDT_LIMIT, IDT_LIMIT, Registers, SEGMENT_AT, TRIPLE_FAULT, exit, read};
use kexec_core::purgatory::MEMSZ;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the next program is entered in 32-bit mode: a page with `hlt`, below 4 GiB.
pub const PROTECTED: u64 = 0x1000_0000;

/// The general registers it is to find, EAX to ESP in the block's order.
pub const PROTECTED_REGISTERS: [u64; 8] = [
    0x1111_1111,
    0x2222_2222,
    0x3333_3333,
    0x4444_4444,
    0x5555_5555,
    0x6666_6666,
    0x7777_7777,
    SEGMENT_AT + MEMSZ as u64,
];

/// CR0 to CR4, EFER, LDTR and CS.
pub static CR: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];
pub static EFER: AtomicU64 = AtomicU64::new(0);
pub static LDT: AtomicU64 = AtomicU64::new(0);
pub static CS: AtomicU64 = AtomicU64::new(0);
/// ES, CS, SS, DS, FS and GS, by their number in an instruction; CS is not here.
pub static SELECTORS: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];

/// CR0 as Linux leaves it, and CR4 with 5-level paging, in a TDX guest.
const OLD_CR0: u64 = 0x8000_0033;
const OLD_CR4: u64 = 0x1060;
const OLD_EFER: u64 = 0xd01;
pub const PG: u64 = 1 << 31;
const PAE_AND_LA57: u64 = 1 << 5 | 1 << 12;
pub const LME: u64 = 1 << 8;
pub const LMA: u64 = 1 << 10;

/// Linux's state.
pub fn start() {
    for (register, value) in [
        (&CR[0], OLD_CR0),
        (&CR[3], 0x1000),
        (&CR[4], OLD_CR4),
        (&EFER, OLD_EFER),
        (&LDT, 0x40),
        (&CS, 0x10),
    ] {
        register.store(value, Ordering::Relaxed);
    }
}

/// The descriptor of a selector in the GDT; a triple fault if there is none.
fn descriptor(selector: u64) -> u64 {
    let limit = GDT_LIMIT.load(Ordering::Relaxed) as u64;
    if selector < 8 || selector & 7 != 0 || selector + 7 > limit {
        exit(TRIPLE_FAULT);
    }
    read(GDT.load(Ordering::Relaxed).wrapping_add(selector))
}

/// Whether the code segment is one of 64-bit mode.
fn is_long(selector: u64) -> bool {
    descriptor(selector) >> 53 & 1 != 0
}

/// Goes on in another code segment, which the CPU that this runs on has, too: Linux's for 64-bit
/// programs, or that for 32-bit programs.
pub fn far_return(registers: &mut Registers<'_>, rip: u64, selector: u64) {
    const USER_CS: u64 = 0x33;
    const USER32_CS: u64 = 0x23;
    // Code, readable, present: flat, in 32-bit mode.
    let native = match descriptor(selector) & 0x00ff_fa00_0000_ffff {
        0x00af_9a00_0000_ffff => USER_CS,
        0x00cf_9a00_0000_ffff => USER32_CS,
        _ => exit(TRIPLE_FAULT),
    };
    CS.store(selector, Ordering::Relaxed);
    let others = registers.get(libc::REG_CSGSFS) & !0xffff;
    registers.set(libc::REG_CSGSFS, others | native);
    registers.set(libc::REG_RIP, rip);
}

/// Writes a control register, if the CPU lets it (Intel SDM vol. 3A, "Switching Out of IA-32e Mode
/// Operation"; vol. 2B, "MOV—Move to/from Control Registers").
pub fn control(number: usize, value: u64) {
    let register = &CR[number.min(4)];
    let (old, efer) = (
        register.load(Ordering::Relaxed),
        EFER.load(Ordering::Relaxed),
    );
    match number {
        0 if old & !value & PG != 0 => {
            // Not in 64-bit mode.
            if is_long(CS.load(Ordering::Relaxed)) {
                exit(TRIPLE_FAULT);
            }
            EFER.store(efer & !LMA, Ordering::Relaxed);
        }
        4 if efer & LMA != 0 && (old ^ value) & PAE_AND_LA57 != 0 => exit(TRIPLE_FAULT),
        _ => {}
    }
    register.store(value, Ordering::Relaxed);
}

/// Whether the state is that of an exit to 32-bit mode (boot.rst, "32-bit Boot Protocol"), with
/// [`PROTECTED_REGISTERS`].
pub fn is_protected(registers: &Registers<'_>) -> bool {
    const IF_AND_DF: u64 = 1 << 9 | 1 << 10;
    let block = [
        libc::REG_RAX,
        libc::REG_RBX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_RBP,
        libc::REG_RSP,
    ];
    // Of EFLAGS the real IF is that of this process.
    let flags = registers.get(libc::REG_EFL) & IF_AND_DF & !(1 << 9);
    let selectors = [0, 2, 3, 4, 5].map(|at: usize| SELECTORS[at].load(Ordering::Relaxed));
    let controls = [0, 3, 4].map(|at: usize| CR[at].load(Ordering::Relaxed));
    block.map(|register| registers.get(register)) == PROTECTED_REGISTERS
        && registers.get(libc::REG_RIP) == PROTECTED
        && registers.get(libc::REG_CSGSFS) & 0xffff == 0x23
        && CS.load(Ordering::Relaxed) == 0x10
        && selectors == [0x18; 5]
        && descriptor(0x10) == 0x00cf_9b00_0000_ffff
        && descriptor(0x18) == 0x00cf_9300_0000_ffff
        && controls == [0x33, 0, 0x40]
        && EFER.load(Ordering::Relaxed) == 0
        && LDT.load(Ordering::Relaxed) == 0
        && IDT_LIMIT.load(Ordering::Relaxed) == 0
        && flags == 0
}
