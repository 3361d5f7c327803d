//! Loading by kexec_load(2): a plan is made of the opened files, checked and handed over.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{MAX_INITRDS, MAX_MODULES};
use kexec_cli::meter::Step;
use kexec_cli::table::Id;
use kexec_cli::text::Text;
use kexec_core::Error;
use kexec_core::linux::{
    Copies, KEXEC_ON_CRASH, kexec_load, kexec_unload, random_secret, random_seed,
};
use kexec_core::machine::Machine;
use kexec_core::plan::{
    Details, Module, Options, Plan, Request, Segment, Workspace, plan_image_with_details,
    plan_image_with_progress,
};

use crate::job::Job;
use crate::opened::{OpenedFile, Parsed};
use crate::out::{caution, complain};
use crate::{progress, unpacked};
use kexec_cli::failure::Failure;

/// What is done with a plan.
pub type Then<'t, 'p> = &'t mut dyn FnMut(&Plan<'_>, Option<&Details>) -> Result<(), Failure<'p>>;

/// The inputs of a plan other than the files.
pub struct PlanInputs<'a> {
    line: &'a [u8],
    machine: &'a Machine,
    /// How many of the files are initrds.
    initrds: usize,
    /// The lines of the modules, whose files follow them.
    modules: &'a [&'a CStr],
    /// Whether a device tree after them is passed on.
    pub dtb: bool,
    /// Replaces the initrds.
    pub joined: Option<&'a [u8]>,
    pub options: Options,
    /// Whether the plan is only shown: without random numbers.
    shown: bool,
    /// Whether the kernel is unpacked before it is loaded.
    unpacked: bool,
    copies: &'a Copies,
}

impl<'a> PlanInputs<'a> {
    /// From the command.
    pub fn of(job: Job<'_, 'a>, machine: &'a Machine) -> Self {
        Self {
            line: job.line.to_bytes(),
            machine,
            initrds: job.inputs.initrds.len(),
            // All of them, or none.
            modules: (job.command.modules.get(..job.inputs.modules.len())).unwrap_or_default(),
            dtb: true,
            joined: None,
            options: job.command.options,
            shown: job.command.plan.is_some(),
            unpacked: job.command.given(Id::Unpacked),
            copies: &job.inputs.copies,
        }
    }

    /// Makes and checks the plan, and passes it to `then`; the data it borrows does not outlive that
    /// call. `details` are filled in, if they are wanted.
    pub fn with_plan<'p>(
        &self,
        files: &Parsed<'p, '_, '_>,
        workspace: &mut Workspace,
        details: Option<&mut Details>,
        then: Then<'_, 'p>,
    ) -> Result<(), Failure<'p>> {
        let failed = |error| Failure::Load(files.opened.kernel().0, error);
        let image = files.image.as_ref().map_err(|error| failed(*error))?;
        let (mut memory, unpacked);
        let image = if self.unpacked {
            memory = None;
            unpacked = unpacked::prepare(image, &mut memory, self.copies, self.line, self.shown);
            unpacked.as_ref().map_err(|error| failed(*error))?
        } else {
            image
        };
        let mut bytes = files.opened.files().iter().map(|(_, kept)| kept.bytes());
        let kernel = bytes.next().unwrap_or_default();
        let mut initrds = Vec::<&[u8], MAX_INITRDS>::new();
        // Not extend(), which can panic; here entries without room would be dropped, but all fit.
        for initrd in bytes.by_ref().take(self.initrds) {
            let _fits = initrds.push(initrd);
        }
        let mut modules = Vec::<Module<'_, '_>, MAX_MODULES>::new();
        for (line, bytes) in self.modules.iter().zip(bytes.by_ref()) {
            let arguments = line.to_bytes();
            let _fits = modules.push(Module { bytes, arguments });
        }
        let joined = self.joined.as_slice();
        // What only shows a plan loads nothing: equal inputs give equal digests, here and elsewhere.
        let secret = random_secret().filter(|_| !self.shown);
        let rng_seed = if self.shown {
            Some([0; 32])
        } else {
            random_seed()
        };
        let request = Request {
            kernel,
            initrds: if joined.is_empty() { &initrds } else { joined },
            modules: &modules,
            command_line: self.line,
            dtb: bytes.next().filter(|_| self.dtb),
            rng_seed,
            digest_secret: secret.as_ref(),
            options: self.options,
        };
        progress::begin(Step::Digest, 0);
        let (plan, details) = match details {
            None => {
                let progress = &mut progress::digested;
                let plan =
                    plan_image_with_progress(image, &request, self.machine, workspace, progress);
                (plan, None)
            }
            Some(details) => {
                let plan =
                    plan_image_with_details(image, &request, self.machine, workspace, details);
                (plan, Some(&*details))
            }
        };
        let plan = plan.map_err(failed)?;
        plan.check().map_err(failed)?;
        then(&plan, details)
    }
}

/// Loads a plan, and unloads it if a file changed meanwhile. If a file changed before, no call is made,
/// and the loaded image stays.
pub fn load<'a>(plan: &Plan<'_>, files: &[OpenedFile<'a, '_>]) -> Result<(), Failure<'a>> {
    let path = files.first().map_or(c"", |(input, _)| input.path);
    for (input, kept) in files {
        kept.held()
            .check()
            .map_err(|error| Failure::Load(input.path, error))?;
    }
    let bytes = |sum: u64, segment: &Segment<'_>| sum.saturating_add(segment.buf.len() as u64);
    progress::begin(Step::Load, plan.segments().iter().fold(0, bytes));
    kexec_load(plan.entry, plan.segments(), plan.flags)
        .map_err(|error| Failure::Load(path, error))?;
    for (input, kept) in files {
        match kept.held().check() {
            Ok(()) => {}
            Err(Error::FileChanged) => {
                unload_again(plan.flags & KEXEC_ON_CRASH != 0);
                return Err(Failure::Load(input.path, Error::FileChanged));
            }
            // If it is unknown, the image is most likely right and stays loaded.
            Err(error) => caution!(
                "the kernel is loaded, but whether {} changed meanwhile is not known: \
                 {error}",
                Text(input.path.to_bytes())
            ),
        }
    }
    Ok(())
}

/// Unloads the image of a file that changed meanwhile.
fn unload_again(crash: bool) {
    // The kernel freed the previous image when it accepted this one.
    match kexec_unload(crash) {
        Err(error) => complain!("cannot unload it again: {error}"),
        Ok(()) => complain!(
            "WARNING: no {} is loaded any more: the one before it was replaced, and this one was \
             unloaded again",
            if crash { "crash kernel" } else { "kernel" }
        ),
    }
}
