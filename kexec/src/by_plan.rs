//! Loading by kexec_load(2): files are mapped, a plan is made, checked and handed over.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS};
use kexec_core::linux::{kexec_load, random_seed};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Plan, Request, Workspace};

use crate::failure::Failure;
use crate::inputs::Inputs;

/// Makes the plan and hands it to `then`; what it points at lives no longer.
pub fn with_plan<'a, T>(
    command: &Command<'a>,
    inputs: &Inputs<'a>,
    line: &CStr,
    machine: &Machine,
    workspace: &mut Workspace,
    then: impl FnOnce(&Plan<'_>) -> Result<T, Failure<'a>>,
) -> Result<T, Failure<'a>> {
    let kernel = inputs.kernel.map()?;
    let mut mappings = Vec::<_, MAX_INITRDS>::new();
    for initrd in &inputs.initrds {
        let _fits = mappings.push(initrd.map()?);
    }
    let mut initrds = Vec::<&[u8], MAX_INITRDS>::new();
    for mapping in &mappings {
        let _fits = initrds.push(mapping.bytes());
    }
    let dtb = match &inputs.dtb {
        Some(input) => Some(input.map()?),
        None => None,
    };
    let request = Request {
        kernel: kernel.bytes(),
        initrds: &initrds,
        command_line: line.to_bytes(),
        dtb: dtb.as_ref().map(|mapping| mapping.bytes()),
        rng_seed: random_seed(),
        options: command.options,
    };
    let failed = |error| Failure::Load(inputs.kernel.path, error);
    let plan = plan::plan(&request, machine, workspace).map_err(failed)?;
    plan.check().map_err(failed)?;
    then(&plan)
}

/// Hands a plan to the kernel.
pub fn load<'a>(inputs: &Inputs<'a>, plan: &Plan<'_>) -> Result<(), Failure<'a>> {
    kexec_load(plan.entry, plan.segments(), plan.flags)
        .map_err(|error| Failure::Load(inputs.kernel.path, error))
}
