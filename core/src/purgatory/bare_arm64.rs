//! The purgatory of arm64: kexec_load(2) leaves X0 at 0, and the new kernel wants its device tree there
//! (arch/arm64/kernel/machine_kexec.c; Documentation/arch/arm64/booting.rst).

/// Its code, relocatable to any address without change: the two numbers follow it.
///
/// ```text
/// ldr x0, 0x18
/// mov x1, xzr
/// mov x2, xzr
/// mov x3, xzr
/// ldr x16, 0x20
/// br  x16
/// ```
const CODE: [u32; 6] = [
    0x5800_00c0,
    0xaa1f_03e1,
    0xaa1f_03e2,
    0xaa1f_03e3,
    0x5800_0090,
    0xd61f_0200,
];

/// Bytes of the code and of the numbers.
const SIZE: usize = size_of::<[u32; 6]>() + 2 * size_of::<u64>();

/// The purgatory that enters an arm64 kernel and verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BareArm64 {
    /// X0: the device tree.
    pub x0: u64,
    /// Entry point, physical.
    pub entry: u64,
}

impl BareArm64 {
    /// Writes the finished segment to the start of `out` and returns it; `None` if there is no room.
    #[must_use]
    pub fn build<'a>(&self, out: &'a mut [u8]) -> Option<&'a [u8]> {
        let out = out.get_mut(..SIZE)?;
        let code = CODE.map(u32::to_le_bytes);
        let numbers = [self.x0, self.entry].map(u64::to_le_bytes);
        let bytes = code.as_flattened().iter().chain(numbers.as_flattened());
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = *from;
        }
        Some(out)
    }
}
