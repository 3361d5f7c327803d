//! Loading by kexec_load(2): files are mapped, a plan is made, checked and handed over.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS};
use kexec_cli::kind;
use kexec_cli::text::Text;
use kexec_core::linux::{
    Copies, Hold, KEXEC_ON_CRASH, kexec_load, kexec_unload, random_secret, random_seed,
};
use kexec_core::machine::Machine;
use kexec_core::plan::{self, Options, Plan, Request, Rule, Workspace};
use kexec_core::{Errno, Error};

use crate::failure::Failure;
use crate::inputs::{Input, Inputs};
use crate::kept::Kept;
use crate::out::complain;

/// Every file of a load: kernel, initrds, device tree.
const MAX_FILES: usize = MAX_INITRDS + 2;

/// The files of a plan, kept as they are, in the order kernel, initrds, device tree.
pub type Files<'a, 'b> = Vec<(&'b Input<'a>, Kept<'b>), MAX_FILES>;

/// The files of a plan, and their bytes.
pub struct Mapped<'a, 'b> {
    pub files: Files<'a, 'b>,
}

impl<'a, 'b> Mapped<'a, 'b> {
    /// Holds all files, of which those without a lease are copied as far as the inputs' copies
    /// go. What no machine like this one can load is not copied.
    pub fn to_load(inputs: &'b Inputs<'a>, machine: &Machine) -> Result<Self, Failure<'a>> {
        check_total(inputs, machine)?;
        Self::new(inputs, &inputs.copies, &inputs.copies)
    }

    /// For a check that changes nothing: only what cannot be mapped is copied.
    pub fn to_look_at(inputs: &'b Inputs<'a>) -> Result<Self, Failure<'a>> {
        Self::new(inputs, &Copies::limited(0), &Copies::of_available_memory())
    }

    fn new(inputs: &'b Inputs<'a>, holds: &Copies, maps: &Copies) -> Result<Self, Failure<'a>> {
        let mut files = Files::new();
        let all = core::iter::once(&inputs.kernel)
            .chain(&inputs.initrds)
            .chain(&inputs.dtb);
        for input in all {
            let kept = Kept::new(&input.file, holds, maps)
                .map_err(|error| Failure::File(input.path, error))?;
            // There is room for all: see MAX_FILES.
            let _fits = files.push((input, kept));
        }
        Ok(Self { files })
    }

    /// The kernel's path and bytes.
    pub fn kernel(&self) -> (&'a CStr, &[u8]) {
        let first = self.files.first();
        let path_and_bytes = first.map(|(input, kept)| (input.path, kept.bytes()));
        path_and_bytes.unwrap_or_default()
    }

    /// Refuses a kernel of another type than asked for.
    pub fn check_kind(&self, command: &Command<'_>) -> Result<(), Failure<'a>> {
        let (path, bytes) = self.kernel();
        let checked = match command.kind {
            Some(kind) => kind::check(kind.to_bytes(), bytes),
            None => Ok(()),
        };
        checked.map_err(|why| Failure::Load(path, Error::NotBootable { why }))
    }

    /// Says of which files it is not certain that they stay as they are.
    pub fn warn(&self) {
        for (input, kept) in &self.files {
            let path = Text(input.path.to_bytes());
            match kept.held().hold() {
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
        let mut bytes = self.files.iter().map(|(_, kept)| kept.bytes());
        let kernel = bytes.next().unwrap_or_default();
        let mut initrds = Vec::<&[u8], MAX_INITRDS>::new();
        // Not extend(), which panics where this leaves out what does not fit; and all do.
        for initrd in bytes.by_ref().take(what.initrds) {
            let _fits = initrds.push(initrd);
        }
        let joined = joined.as_slice();
        let secret = random_secret();
        let request = Request {
            kernel,
            initrds: if joined.is_empty() { &initrds } else { joined },
            modules: &[],
            command_line: what.line.to_bytes(),
            dtb: bytes.next().filter(|_| what.dtb),
            rng_seed: random_seed(),
            digest_secret: secret.as_ref(),
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
    for (input, kept) in files {
        kept.held()
            .check()
            .map_err(|error| Failure::Load(input.path, error))?;
    }
    kexec_load(plan.entry, plan.segments(), plan.flags)
        .map_err(|error| Failure::Load(path, error))?;
    for (input, kept) in files {
        match kept.held().check() {
            Ok(()) => {}
            Err(Error::FileChanged) => {
                unload_again(plan.flags & KEXEC_ON_CRASH != 0);
                return Err(Failure::Load(input.path, Error::FileChanged));
            }
            // What is not known is no reason to unload what is most likely right.
            Err(error) => complain!(
                "warning: the kernel is loaded, but whether {} changed meanwhile is not known: \
                 {error}",
                Text(input.path.to_bytes())
            ),
        }
    }
    Ok(())
}

/// Takes back what was loaded of a file that changed meanwhile.
fn unload_again(crash: bool) {
    // The image that was loaded before went when this one was taken.
    match kexec_unload(crash) {
        Err(error) => complain!("cannot unload it again: {error}"),
        Ok(()) => complain!(
            "WARNING: no {} is loaded any more: the one before it was replaced, and this one was \
             unloaded again",
            if crash { "crash kernel" } else { "kernel" }
        ),
    }
}

/// Initrds that are more than kexec_load takes, each of which becomes a segment as large as it
/// is: by the rule that a plan's check makes of all segments, but before anything is copied.
fn check_total<'a>(inputs: &Inputs<'a>, machine: &Machine) -> Result<(), Failure<'a>> {
    let half = machine
        .platform
        .total_ram
        .map_or(u64::MAX, |total| total / 2);
    let mut sum = 0_u64;
    for (initrd, segment) in inputs.initrds.iter().zip(1..) {
        sum = sum.saturating_add(initrd.file.size());
        if sum > half {
            let rule = Rule::TooMuchMemory;
            return Err(Failure::Load(initrd.path, Error::Check { segment, rule }));
        }
    }
    Ok(())
}
