//! From request and machine to a plan.

use core::ffi::{c_int, c_void};
use core::ops::ControlFlow;

use kexec_core::Error;
use kexec_core::machine::Machine;
use kexec_core::plan::{
    Module, Plan, Request, SEGMENT_MAX, Workspace, plan_to_boot, plan_with_progress,
};
use kexec_core::purgatory::Secret;

use crate::code::{Code, KX_E_BUSY};
use crate::error::{About, Failure, kx_error, plain, report};
use crate::machine::{self, kx_machine};
use crate::module::modules;
use crate::object;
use crate::pointer;
use crate::request::kx_request;
use crate::versioned;
use crate::workspace::{Inner, State, kx_workspace};

/// Makes a plan: decides where kernel, initrds, boot parameters and purgatory go, writes the latter
/// two into the workspace, and computes a digest of all bytes once, unless the request says not to.
/// It makes no system call: it works for any machine, on any machine, without privileges.
///
/// The previous contents of the workspace are forgotten, whatever the return value. The plan points
/// to the request's kernel and initrds, which must stay unchanged. Machine, command line, dtb, seed
/// and the request itself need not stay. The plan also points into the workspace, so a copy of the
/// workspace has no usable plan (KX_E_MOVED).
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
/// KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (a seed that does not have 32 bytes, an invalid port or speed,
/// flags that do not go together, a format, entry or modules that no image here has, a crash kernel
/// with CPUs' notes but without their size); the errors of kx_image_probe() for the image,
/// KX_E_NOT_BOOTABLE also for an image of another architecture, in Xen's control domain and in
/// paravirtualised guests; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL, KX_E_EMPTY_FILE (the
/// kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP, KX_E_NOT_KNOWN,
/// KX_E_NOT_BUILT, KX_E_NO_HOLE, KX_E_FULL, KX_E_CANCELLED, KX_E_BUSY; for a crash kernel
/// KX_E_NO_CRASH_RESERVATION, KX_E_CRASH_TOO_SMALL, KX_E_NO_VMCOREINFO, KX_E_NO_CRASH_HOTPLUG. If
/// it fails, the workspace holds no plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan(
    request: *const kx_request,
    machine: *const kx_machine,
    workspace: *mut kx_workspace,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise. It comes before the check of `error`, which may be invalid.
    let _said_again = unsafe { forget(workspace) };
    // SAFETY: the caller's promise.
    let body = || unsafe { planned(request, machine, workspace, with_progress) };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Like kx_plan(), for this machine's Linux image (on x86-64 a bzImage) that will be started by a
/// reboot, with a third of the code. It is for programs that have little room. The facts read by
/// kx_machine_read_to_boot() suffice for it.
///
/// Nothing is verified before the new kernel starts: there is no digest, as with
/// KX_REQUEST_NO_VERIFY, so on_failure has no meaning. No progress function is called, because no
/// byte of kernel and initrds is read. A vmlinux, a crash kernel and a console of the purgatory are
/// unsupported.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
/// KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (also for KX_REQUEST_VMLINUX, KX_REQUEST_CRASH,
/// KX_REQUEST_CONSOLE_VGA, KX_REQUEST_CONSOLE_SERIAL, KX_REQUEST_RESET_VGA, any format but
/// KX_FORMAT_BZIMAGE, any architecture but KX_ARCH_X86_64 and any module); the errors of
/// kx_image_probe() for the image; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL,
/// KX_E_EMPTY_FILE (the kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP,
/// KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL, KX_E_BUSY. If it fails, the workspace holds no plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_to_boot(
    request: *const kx_request,
    machine: *const kx_machine,
    workspace: *mut kx_workspace,
) -> c_int {
    // SAFETY: the caller's promise.
    plain(|| unsafe { planned(request, machine, workspace, to_boot) })
}

const INITRDS: &str = "request.initrds[]";

/// A function that makes a plan.
type Make = for<'a> fn(
    &Request<'_, 'a>,
    &Machine,
    &'a mut Workspace,
    &kx_request,
) -> Result<Plan<'a>, Error>;

fn with_progress<'a>(
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    asked: &kx_request,
) -> Result<Plan<'a>, Error> {
    let cpus = &machine.dump.cpus;
    if request.options.crash.is_some() && cpus.size == 0 && !cpus.addresses().is_empty() {
        let what = "the CPUs' notes have no size: parse KX_SOURCE_CRASH_NOTES_SIZE";
        return Err(Error::BadArgument { what });
    }
    let (progress, context) = (asked.progress, asked.progress_context);
    let mut report = |done, total| match progress {
        None => ControlFlow::Continue(()),
        Some(progress) => call_progress(progress, done, total, context),
    };
    plan_with_progress(request, machine, workspace, &mut report)
}

fn to_boot<'a>(
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    _: &kx_request,
) -> Result<Plan<'a>, Error> {
    plan_to_boot(request, machine, workspace)
}

/// The workspace, with the plan in it forgotten.
///
/// # Safety
/// As `object::find_mut`, and nobody else uses it.
unsafe fn forget(workspace: *mut kx_workspace) -> Result<*mut Inner, Code> {
    // SAFETY: the caller's promise.
    let inner = unsafe { object::find_mut(workspace) }?;
    // SAFETY: it was initialised.
    if let (State::BUSY, true) = unsafe { Inner::state(inner) } {
        return Err(Code(KX_E_BUSY));
    }
    // SAFETY: it was initialised, and nobody else uses it: no kx_plan() is under way in it.
    unsafe { Inner::enter(inner, State::EMPTY) };
    Ok(inner)
}

/// Reads the request, and keeps the plan that `make` makes of it in the workspace.
///
/// # Safety
/// As documented in the header for kx_plan().
unsafe fn planned(
    request: *const kx_request,
    machine: *const kx_machine,
    workspace: *mut kx_workspace,
    make: Make,
) -> Result<c_int, Failure> {
    // SAFETY: the caller's promise.
    let inner = unsafe { forget(workspace) }.about("workspace")?;
    // SAFETY: the caller's promise.
    let asked = unsafe { versioned::read(request) }.about("request")?;
    // SAFETY: the caller's promise.
    let machine = unsafe { machine::shared(machine) }.about("machine")?;
    // SAFETY: the caller's promise.
    let list =
        unsafe { pointer::array(asked.initrds, asked.initrd_count) }.about("request.initrds")?;
    if list.len() > SEGMENT_MAX {
        // Kernel, boot parameters and purgatory are segments too.
        let count = list.len().saturating_add(3) as u64;
        let max = SEGMENT_MAX as u64;
        return Err(Error::TooManySegments { count, max }.into());
    }
    let members = [
        (asked.kernel, "request.kernel"),
        (asked.command_line, "request.command_line"),
        (asked.dtb, "request.dtb"),
        (asked.rng_seed, "request.rng_seed"),
        (asked.digest_secret, "request.digest_secret"),
    ];
    let mut given = [&[][..]; 5];
    for (bytes, (from, name)) in given.iter_mut().zip(members) {
        // SAFETY: the caller's promise.
        *bytes = unsafe { pointer::bytes(from.data, from.length) }.about(name)?;
    }
    let mut initrds = [&[][..]; SEGMENT_MAX];
    for (index, (bytes, from)) in initrds.iter_mut().zip(list).enumerate() {
        // SAFETY: the caller's promise.
        let initrd = unsafe { pointer::bytes(from.data, from.length) };
        *bytes = initrd.about_nth(INITRDS, index)?;
    }
    let mut room = [Module::default(); SEGMENT_MAX];
    // SAFETY: the caller's promise.
    let modules = unsafe { modules(asked.modules, asked.module_count, &mut room) }?;
    let [kernel, command_line, dtb, seed, secret] = &given;
    if kernel.is_empty() {
        return Err(Failure::File(Error::EmptyFile, "request.kernel", 0));
    }
    let rng_seed = <[u8; 32]>::try_from(*seed).ok();
    if rng_seed.is_none() && !seed.is_empty() {
        let what = "the seed must have 32 bytes, or none";
        return Err(Error::BadArgument { what }.into());
    }
    let digest_secret = <&Secret>::try_from(*secret).ok();
    if digest_secret.is_none() && !secret.is_empty() {
        let what = "the digest's secret must have 192 bytes, or none";
        return Err(Error::BadArgument { what }.into());
    }
    let request = Request {
        kernel,
        initrds: initrds.get(..list.len()).unwrap_or_default(),
        modules,
        command_line,
        dtb: (!dtb.is_empty()).then_some(*dtb),
        rng_seed,
        digest_secret,
        options: asked.options()?,
    };
    // SAFETY: it was initialised.
    let work = unsafe { &raw mut (*inner).workspace };
    // SAFETY: nobody else uses it, and the plan that pointed into it was forgotten.
    let work = unsafe { &mut *work };
    // SAFETY: it was initialised, and nobody else uses it.
    unsafe { Inner::enter(inner, State::BUSY) };
    let made = make(&request, machine, work, &asked);
    // SAFETY: it was initialised. The progress function may have initialised it again during the
    // call: then the plan is no longer in it.
    let (State::BUSY, true) = (unsafe { Inner::state(inner) }) else {
        return Err(Failure::Argument(KX_E_BUSY, "workspace", [0, 0]));
    };
    // SAFETY: it was initialised, and nobody else uses it.
    unsafe { Inner::enter(inner, State::EMPTY) };
    let made = made.map_err(|error| match error {
        Error::EmptyFile => {
            let empty = request.initrds.iter().position(|initrd| initrd.is_empty());
            Failure::File(error, INITRDS, empty.unwrap_or_default() as u64)
        }
        other => other.into(),
    })?;
    // SAFETY: it was initialised.
    let place = unsafe { &raw mut (*inner).plan }.cast::<Plan<'_>>();
    // SAFETY: storage for a plan of any lifetime. This plan holds pointers to the caller's files
    // and the workspace, and none to this function's list of initrds.
    unsafe { place.write(made) };
    // SAFETY: it was initialised, and nobody else uses it.
    unsafe { Inner::enter(inner, State::PLANNED) };
    Ok(0)
}

/// Calls the caller's function.
fn call_progress(
    progress: unsafe extern "C" fn(u64, u64, *mut c_void) -> c_int,
    done: u64,
    total: u64,
    context: *mut c_void,
) -> ControlFlow<()> {
    // SAFETY: the caller gave function and context for this.
    match unsafe { progress(done, total, context) } {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}
