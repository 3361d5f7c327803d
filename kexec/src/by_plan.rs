//! Loading by kexec_load(2): files are mapped, a plan is made, checked and handed over.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::MAX_INITRDS;
use kexec_cli::text::Text;
use kexec_core::Errno;
use kexec_core::linux::{
    Held, Hold, KEXEC_ON_CRASH, Mapping, kexec_load, kexec_unload, random_seed,
};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Options, Plan, Request, Workspace};

use crate::failure::Failure;
use crate::inputs::{Input, Inputs};
use crate::out::complain;

/// Every file of a load: kernel, initrds, device tree.
const MAX_FILES: usize = MAX_INITRDS + 2;

/// The files of a plan, kept as they are, in the order kernel, initrds, device tree.
pub type Files<'a, 'b> = Vec<(&'b Input<'a>, Held<'b>), MAX_FILES>;

/// The files of a plan, and their bytes.
pub struct Mapped<'a, 'b> {
    pub files: Files<'a, 'b>,
    mappings: Vec<Mapping, MAX_FILES>,
}

impl<'a, 'b> Mapped<'a, 'b> {
    /// Maps all files. One that gets no lease is copied if it has at most `copy_limit` bytes.
    pub fn new(inputs: &'b Inputs<'a>, copy_limit: u64) -> Result<Self, Failure<'a>> {
        let mut mapped = Self {
            files: Files::new(),
            mappings: Vec::new(),
        };
        let all = core::iter::once(&inputs.kernel)
            .chain(&inputs.initrds)
            .chain(&inputs.dtb);
        for input in all {
            let failed = |error| Failure::File(input.path, error);
            let held = input.file.hold(copy_limit).map_err(failed)?;
            // There is room for all: see MAX_FILES.
            let _fits = mapped.mappings.push(held.map().map_err(failed)?);
            let _fits = mapped.files.push((input, held));
        }
        Ok(mapped)
    }

    /// The kernel's path and bytes.
    pub fn kernel(&self) -> (&'a CStr, &[u8]) {
        let path = self.files.first().map_or(c"", |(input, _)| input.path);
        let bytes = self.mappings.first().map(Mapping::bytes);
        (path, bytes.unwrap_or_default())
    }

    /// Says of which files it is not certain that they stay as they are.
    pub fn warn(&self) {
        for (input, held) in &self.files {
            let path = Text(input.path.to_bytes());
            match held.hold() {
                Hold::Nothing { lease, copy } => complain!(
                    "warning: {path} may change while it is loaded: no lease ({lease}), no copy ({copy})"
                ),
                Hold::Copy {
                    lease: Errno::EAGAIN,
                } => complain!(
                    "warning: {path} is open for writing: what it holds now is loaded, which may \
                     be half of what it will"
                ),
                _ => {}
            }
        }
    }

    /// Makes and checks the plan, and hands it to `then`; what it points at lives no longer.
    /// `joined` takes the place of the initrds.
    pub fn with_plan<T>(
        &self,
        what: &What<'_>,
        joined: Option<&[u8]>,
        workspace: &mut Workspace,
        then: impl FnOnce(&Plan<'_>) -> Result<T, Failure<'a>>,
    ) -> Result<T, Failure<'a>> {
        let mut bytes = self.mappings.iter().map(Mapping::bytes);
        let kernel = bytes.next().unwrap_or_default();
        let mut initrds = Vec::<&[u8], MAX_INITRDS>::new();
        // Not extend(), which panics where this leaves out what does not fit; and all do.
        for initrd in bytes.by_ref().take(what.initrds) {
            let _fits = initrds.push(initrd);
        }
        let joined = joined.as_slice();
        let request = Request {
            kernel,
            initrds: if joined.is_empty() { &initrds } else { joined },
            command_line: what.line.to_bytes(),
            dtb: bytes.next().filter(|_| what.dtb),
            rng_seed: random_seed(),
            options: what.options,
        };
        let failed = |error| Failure::Load(self.kernel().0, error);
        let plan = plan::plan(&request, what.machine, workspace).map_err(failed)?;
        plan.check().map_err(failed)?;
        then(&plan)
    }
}

/// What is planned, the files aside.
pub struct What<'a> {
    /// How many of the files are initrds.
    pub initrds: usize,
    /// Whether a device tree behind them is handed on.
    pub dtb: bool,
    pub line: &'a CStr,
    pub machine: &'a Machine,
    pub options: Options,
}

/// Hands a plan to the kernel, and takes it back if a file changed meanwhile. What had changed
/// before costs nothing that is loaded: the kernel is not asked.
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
            // The image that was loaded before went when this one was taken.
            match kexec_unload(crash) {
                Err(error) => complain!("cannot unload it again: {error}"),
                Ok(()) => complain!(
                    "WARNING: no {} is loaded any more: the one before it was replaced, and \
                     this one was unloaded again",
                    if crash { "crash kernel" } else { "kernel" }
                ),
            }
            return Err(Failure::Load(input.path, error));
        }
    }
    Ok(())
}
