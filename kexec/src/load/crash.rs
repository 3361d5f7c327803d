//! Crash kernels: the running kernel frees the old one before it checks the new one, so its checks are
//! made before the call.

use kexec_core::image::{Image, Kernel};
use kexec_core::linux::{Contents, may_kexec_load};
use kexec_core::machine::{Firmware, Machine};
use kexec_core::memory::Range;
use kexec_core::route::{Call, Route};
use kexec_core::{Error, file_load};

use super::Loader;
use crate::by_file;
use crate::by_plan::PlanInputs;
use crate::job::Job;
use crate::opened::Parsed;
use crate::out::complain;
use kexec_cli::failure::Failure;

impl<'a> Loader<'a, '_> {
    /// Checks, with the plan for kexec_load, for errors that must stop any load of a crash kernel
    /// before the call. Other errors do not stop it, because kexec_file_load may support the image,
    /// unless an `old` crash kernel would be lost. `asks`: whether the kernel may be queried
    /// for kexec_load, which a dry run does not do.
    ///
    /// Returns the error for which kexec_file_load, which would come first, will refuse an image that
    /// kexec_load takes.
    pub(super) fn check_crash(
        &mut self,
        files: &Parsed<'a, '_, '_>,
        old: bool,
        asks: bool,
    ) -> Result<Option<Error>, Failure<'a>> {
        let route = self.job.route(self.facts.machine());
        let mut first_is_file = route.first() == Call::FileLoad;
        if first_is_file {
            if let Err(failure) = self.join() {
                if route != Route::FileThenLoad {
                    return Err(failure);
                }
                // Then kexec_file_load is not made, and kexec_load is the first call.
                first_is_file = false;
            }
        }
        let image = match route.first() {
            Call::FileLoad => check_image(self.job, files, self.facts.machine()),
            Call::Load => Ok(()),
        };
        // kexec_load accepts a longer line, which kexec_file_load would refuse.
        let only_load = image.err().filter(|error| {
            route == Route::FileThenLoad && matches!(error, Error::CommandLineTooLong { .. })
        });
        let by_file = first_is_file && only_load.is_none();
        if old && by_file {
            by_file::check_writers(files.opened.files(), self.job.inputs.initrds.len())?;
            if let Err(error) = image {
                let follows = route == Route::FileThenLoad && (!asks || may_kexec_load(true));
                if !follows {
                    return Err(Failure::Load(files.opened.kernel().0, error));
                }
            }
        }
        let checked = match self.planned(files, route, by_file) {
            Err(
                failure @ Failure::Load(
                    _,
                    Error::NoCrashReservation
                    | Error::CrashTooSmall { .. }
                    | Error::NoVmcoreinfo
                    | Error::NoCrashHotplug
                    | Error::CommandLineTooLong { .. },
                ),
            ) => Err(failure),
            // The kernel's own loader may find room where this plan does not.
            Err(Failure::Load(_, Error::Full { .. })) if route == Route::File => Ok(only_load),
            Err(failure @ Failure::Load(_, Error::Unknown { .. })) if !by_file => Err(failure),
            Err(failure) if old || matches!(failure, Failure::File(..) | Failure::Other(..)) => {
                Err(failure)
            }
            _ => Ok(only_load),
        };
        checked.inspect_err(|_| {
            if let Some(Err(unjoined)) = &self.joined {
                let error = unjoined.error();
                complain!("kexec_file_load is not tried: {error}; checked for kexec_load:");
            }
        })
    }

    /// Makes the plan for kexec_load, only to check its sizes.
    fn planned(
        &mut self,
        files: &Parsed<'a, '_, '_>,
        route: Route,
        by_file: bool,
    ) -> Result<(), Failure<'a>> {
        let joined = self.joined.as_ref().and_then(|joined| joined.as_ref().ok());
        let joined = joined
            .and_then(|copies| copies.initrd.as_ref())
            .map(|file| file.read(&self.job.inputs.copies))
            .transpose()
            .map_err(|error| Failure::Other("the joined initrds", error))?;
        let known = Pretended::of(self.facts.machine());
        if by_file {
            known.pretend(self.facts.machine_mut());
        }
        let mut inputs = PlanInputs::of(self.job, self.facts.machine());
        inputs.joined = joined.as_ref().map(Contents::bytes);
        if route == Route::File {
            inputs.dtb = false;
            inputs.options = by_file::options(inputs.options);
        }
        // No byte is read for a check.
        inputs.options.verify = false;
        let planned = inputs.with_plan(files, self.workspace, None, &mut |_, _| Ok(()));
        known.restore(self.facts.machine_mut());
        planned
    }

    /// The further checks for kexec_file_load after kexec_load was refused.
    pub(super) fn check_file_load(&self, files: &Parsed<'a, '_, '_>) -> Result<(), Failure<'a>> {
        by_file::check_writers(files.opened.files(), self.job.inputs.initrds.len())?;
        check_image(self.job, files, self.facts.machine())
            .map_err(|error| Failure::Load(files.opened.kernel().0, error))
    }
}

/// Checks the image and the command line for what the kernel's own loader refuses.
pub(super) fn check_image(
    job: Job<'_, '_>,
    files: &Parsed<'_, '_, '_>,
    machine: &Machine,
) -> Result<(), Error> {
    let line = job.line.to_bytes();
    match &files.image {
        Ok(Image::Linux(image @ Kernel::BzImage(_))) => file_load::check(image, line, machine),
        // kexec_file_load takes no other image, --args-linux or not.
        _ => file_load::check(&file_load::parse(files.opened.kernel().1)?, line, machine),
    }
}

/// Facts that a plan needs and kexec_file_load does not. While a plan is made only to check sizes,
/// invented values stand for those that are unknown.
#[derive(Clone, Copy)]
struct Pretended {
    vmcoreinfo: Option<Range>,
    firmware: Firmware,
}

impl Pretended {
    const fn of(machine: &Machine) -> Self {
        Self {
            vmcoreinfo: machine.dump.vmcoreinfo,
            firmware: machine.platform.firmware,
        }
    }

    /// Fills in unknown facts: only the sizes of the plan are used.
    fn pretend(self, machine: &mut Machine) {
        machine.dump.vmcoreinfo = self.vmcoreinfo.or(Range::from_size(1 << 20, 4096));
        machine.platform.firmware = Firmware::NotEfi;
    }

    const fn restore(self, machine: &mut Machine) {
        machine.dump.vmcoreinfo = self.vmcoreinfo;
        machine.platform.firmware = self.firmware;
    }
}
