//! The first page of a PC without a BIOS, as kernels read it that were made for those with one: interrupt
//! vectors, and the BIOS data area.
//!
//! All vectors point to code that returns with the carry flag set, by which a BIOS says that it does not have
//! a function. In the BIOS data area is the size of base memory, and that there is no extended BIOS data
//! area. Xen puts its trampoline where these two words say.

use crate::bytes::{put_slice, put_u16};

/// Bytes of the page that are written: the code is at its end.
pub(crate) const FIRST_PAGE_SIZE: usize = CODE_AT + CODE.len();

const CODE_AT: usize = 0x500;
#[rustfmt::skip]
const CODE: &[u8] = &[
    0x55,                   // push bp
    0x89, 0xe5,             // mov bp, sp
    0x80, 0x4e, 0x06, 0x01, // or byte ptr [bp + 6], 1: the carry flag of the caller
    0x5d,                   // pop bp
    IRET,
];
const IRET: u8 = 0xcf;
const IRET_AT: u16 = (CODE_AT + CODE.len() - 1) as u16;

/// KiB of base memory, in the BIOS data area.
const BASE_MEMORY: usize = 0x413;

/// Writes it to `out`, of [`FIRST_PAGE_SIZE`] bytes, with so many KiB of base memory.
pub(crate) fn first_page(lower: u32, out: &mut [u8]) {
    out.fill(0);
    for (number, vector) in out.chunks_exact_mut(4).take(256).enumerate() {
        // Those of hardware interrupts return and change nothing.
        let code = match number {
            0x08..=0x0f | 0x70..=0x77 => IRET_AT,
            _ => CODE_AT as u16,
        };
        let _ = put_u16(vector, 0, code);
    }
    let _ = put_u16(out, BASE_MEMORY, lower as u16);
    let _ = put_slice(out, CODE_AT, CODE);
}
