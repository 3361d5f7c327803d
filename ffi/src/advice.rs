//! What to do after a refusal, in terms of the functions and flags of the C library.

use kexec_core::refusal::Advice;

/// The functions of this library if the advice is about a call or a request, else core's own text.
pub const fn words(advice: Advice) -> &'static str {
    match advice {
        Advice::LoadFirst => "load a kernel first (kx_load() or kx_load_files())",
        Advice::UseFileLoad => "use kx_load_files()",
        Advice::UseLoad => "use kx_load()",
        Advice::UseLoadOrNoRuntime => {
            "use kx_load(), or boot the running kernel with efi=noruntime"
        }
        Advice::LoadMayTakeIt => "try kx_load(), which may accept it",
        Advice::LoadPlacesFiles => "use kx_plan() and kx_load(), which place them themselves",
        Advice::LoadNeedsLessMemory => "kx_load() needs half of that",
        Advice::LoadHasNoSizeLimit => "kx_load() has no such limit",
        Advice::RequestElf => {
            "if it is a Linux kernel (vmlinux), set KX_REQUEST_VMLINUX; if it needs nothing, \
             KX_REQUEST_ELF_BARE"
        }
        Advice::RequestNoEfi => "if it was not EFI, set KX_REQUEST_NO_EFI",
        other => other.text(),
    }
}
