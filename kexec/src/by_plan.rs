//! Loading by kexec_load(2): files are mapped, a plan is made, checked and handed over.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS};
use kexec_cli::text::Text;
use kexec_core::linux::{
    Held, Hold, KEXEC_ON_CRASH, Mapping, kexec_load, kexec_unload, random_seed,
};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Plan, Request, Workspace};

use crate::failure::Failure;
use crate::inputs::{Input, Inputs};
use crate::out::complain;

/// Every file of a load: kernel, initrds, device tree.
const MAX_FILES: usize = MAX_INITRDS + 2;

/// The files of a plan, kept as they are.
pub type Files<'a, 'b> = Vec<(&'b Input<'a>, Held<'b>), MAX_FILES>;

/// Makes the plan and hands it to `then`, with the files it was made of; what it points at lives
/// no longer. A file that gets no lease is copied if it has at most `copy_limit` bytes; `None` if
/// nothing will be loaded.
pub fn with_plan<'a, T>(
    command: &Command<'a>,
    inputs: &Inputs<'a>,
    line: &CStr,
    machine: &Machine,
    workspace: &mut Workspace,
    copy_limit: Option<u64>,
    then: impl FnOnce(&Plan<'_>, &Files<'a, '_>) -> Result<T, Failure<'a>>,
) -> Result<T, Failure<'a>> {
    let mut files = Files::new();
    let mut mappings = Vec::<_, MAX_FILES>::new();
    let all = core::iter::once(&inputs.kernel)
        .chain(&inputs.initrds)
        .chain(&inputs.dtb);
    for input in all {
        let failed = |error| Failure::File(input.path, error);
        let held = input.file.hold(copy_limit.unwrap_or(0)).map_err(failed)?;
        // There is room for all: see MAX_FILES.
        let _fits = mappings.push(held.map().map_err(failed)?);
        let _fits = files.push((input, held));
    }
    if copy_limit.is_some() {
        warn(&files);
    }
    let mut bytes = mappings.iter().map(Mapping::bytes);
    let kernel = bytes.next().unwrap_or_default();
    let mut initrds = Vec::<&[u8], MAX_INITRDS>::new();
    // Not extend(), which panics where this leaves out what does not fit; and all do.
    for initrd in bytes.by_ref().take(inputs.initrds.len()) {
        let _fits = initrds.push(initrd);
    }
    let request = Request {
        kernel,
        initrds: &initrds,
        command_line: line.to_bytes(),
        dtb: bytes.next(),
        rng_seed: random_seed(),
        options: command.options,
    };
    let failed = |error| Failure::Load(inputs.kernel.path, error);
    let plan = plan::plan(&request, machine, workspace).map_err(failed)?;
    plan.check().map_err(failed)?;
    then(&plan, &files)
}

/// Says of which files it is not certain that they stay as they are.
fn warn(files: &Files<'_, '_>) {
    for (input, held) in files {
        if let Hold::Nothing { lease, copy } = held.hold() {
            complain!(
                "warning: {} may change while it is loaded: no lease ({lease}), no copy ({copy})",
                Text(input.path.to_bytes())
            );
        }
    }
}

/// Hands a plan to the kernel, and takes it back if a file changed meanwhile. What had changed
/// before costs no crash kernel: the kernel is not asked.
pub fn load<'a>(plan: &Plan<'_>, files: &Files<'a, '_>) -> Result<(), Failure<'a>> {
    let path = files.first().map_or(c"", |(input, _)| input.path);
    for (input, held) in files {
        held.check()
            .map_err(|error| Failure::Load(input.path, error))?;
    }
    kexec_load(plan.entry, plan.segments(), plan.flags)
        .map_err(|error| Failure::Load(path, error))?;
    for (input, held) in files {
        if let Err(error) = held.check() {
            let crash = plan.flags & KEXEC_ON_CRASH != 0;
            if let Err(error) = kexec_unload(crash) {
                complain!("cannot unload it again: {error}");
            }
            return Err(Failure::Load(input.path, error));
        }
    }
    Ok(())
}
