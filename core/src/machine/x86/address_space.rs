//! Where an x86-64 kernel maps itself and all of RAM (Documentation/arch/x86/x86_64/mm.rst).

/// The last 2 GiB of the address space hold the kernel's image and its modules
/// (__START_KERNEL_map).
const KERNEL_MAP: u64 = 0xffff_ffff_8000_0000;
/// The kernel's half of the address space begins here with 5-level page tables.
const KERNEL_HALF: u64 = 0xff00_0000_0000_0000;
/// KASLR moves the direct map by whole GiB (arch/x86/mm/kaslr.c).
const DIRECT_MAP_ALIGN: u64 = 1 << 30;

/// Whether a virtual address is in the kernel's image or a module.
pub const fn is_kernel_text(virt: u64) -> bool {
    virt >= KERNEL_MAP
}

/// The virtual address of physical address 0, if `virt`, outside of the kernel's image, is the
/// address of `phys` in the direct map.
pub const fn direct_map(virt: u64, phys: u64) -> Option<u64> {
    let base = virt.wrapping_sub(phys);
    if virt >= KERNEL_HALF && base >= KERNEL_HALF && base % DIRECT_MAP_ALIGN == 0 {
        Some(base)
    } else {
        None
    }
}
