//! Reading, planning and loading in one call, for programs that must be tiny.

use core::ffi::{c_char, c_int};

use kexec_core::linux::{Mapping, kexec_load, random_seed, read_machine_to_boot};
use kexec_core::plan::{Request, plan_to_boot};

use crate::code::Code;
use crate::files::open_path;
use crate::machine::{KX_MACHINE_SIZE, kx_machine};
use crate::object;
use crate::pointer;
use crate::workspace::{KX_WORKSPACE_SIZE, kx_workspace};

/// Loads this machine's Linux image (on x86-64 a bzImage); kx_exec() then starts it. Reads the
/// machine, maps the files, plans and loads, like kx_machine_read_to_boot(), kx_map(),
/// kx_plan_to_boot() with a fresh random seed, and kx_load() one after the other, but with half
/// their code. It is for programs that must be tiny, such as the only program in an initramfs. As
/// with kx_plan_to_boot(), nothing is verified before the new kernel starts.
///
/// `kernel` and `initrd` are paths; `initrd` may be NULL. `machine` and `workspace` are working
/// memory: they need not be initialised, their contents are lost, and afterwards they hold nothing
/// useful. When the function returns, all memory belongs to the caller again. Nobody may write to
/// the files during the call (kx_hold() keeps writers out). Needs CAP_SYS_BOOT, /proc and /sys. The
/// image is loaded for the whole system, whichever thread calls.
///
/// Returns 0, -errno of open, fstat, mmap or kexec_load; KX_E_NULL, KX_E_MISALIGNED;
/// KX_E_NOT_A_FILE, KX_E_EMPTY_FILE; for the image KX_E_TRUNCATED, KX_E_NOT_THIS_FORMAT,
/// KX_E_PROTOCOL, KX_E_BAD_FIELD, KX_E_NOT_BOOTABLE; KX_E_COMMAND_LINE_TOO_LONG,
/// KX_E_NO_MEMORY_MAP, KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL. If it fails, the image loaded
/// before stays loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_load_to_boot(
    kernel: *const c_char,
    initrd: *const c_char,
    command_line: *const c_char,
    machine: *mut kx_machine,
    workspace: *mut kx_workspace,
) -> c_int {
    // SAFETY: the caller's promise.
    let done = unsafe { load(kernel, initrd, command_line, machine, workspace) };
    done.err().map_or(0, |Code(code)| code)
}

/// # Safety
/// As documented in the header for kx_load_to_boot().
unsafe fn load(
    kernel: *const c_char,
    initrd: *const c_char,
    command_line: *const c_char,
    machine: *mut kx_machine,
    workspace: *mut kx_workspace,
) -> Result<(), Code> {
    // SAFETY: the caller's promise.
    let command_line = unsafe { pointer::string(command_line) }?;
    // SAFETY: the caller's promise.
    let object = unsafe { object::initialise(machine, KX_MACHINE_SIZE) }?;
    // SAFETY: the caller's promise.
    let inner = unsafe { object::initialise(workspace, KX_WORKSPACE_SIZE) }?;
    // SAFETY: it was initialised.
    let workspace = unsafe { &raw mut (*inner).workspace };
    // SAFETY: it was initialised, and nobody else uses it.
    let machine = unsafe { &mut (*object).machine };
    // SAFETY: as before.
    let workspace = unsafe { &mut *workspace };
    // SAFETY: the caller's promise.
    let kernel = unsafe { map(kernel) }?;
    let initrd = if initrd.is_null() {
        None
    } else {
        // SAFETY: the caller's promise.
        Some(unsafe { map(initrd) }?)
    };
    // SAFETY: the caller promises that nobody writes to the files during the call.
    let kernel = unsafe { kernel.bytes() };
    // SAFETY: as before.
    let bytes = |initrd| unsafe { Mapping::bytes(initrd) };
    let initrds = [initrd.as_ref().map_or(&[][..], bytes)];
    let request = Request {
        kernel,
        initrds: initrds
            .get(..usize::from(initrd.is_some()))
            .unwrap_or_default(),
        command_line: command_line.to_bytes(),
        rng_seed: random_seed(),
        ..Request::default()
    };
    read_machine_to_boot(machine);
    let loaded = plan_to_boot(&request, machine, workspace)
        .and_then(|plan| kexec_load(plan.entry, plan.segments(), plan.flags));
    loaded.map_err(Code::of)
}

/// # Safety
/// As `pointer::string`.
#[inline(never)]
unsafe fn map(path: *const c_char) -> Result<Mapping, Code> {
    // SAFETY: the caller's promise.
    let path = unsafe { pointer::string(path) }?;
    open_path(path).map_err(Code::of)
}
