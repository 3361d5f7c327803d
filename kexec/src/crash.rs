//! Crash kernels: the running kernel frees the old one before it looks at the new one, so what it
//! would refuse is looked for first.

use kexec_core::linux::{Contents, may_kexec_load};
use kexec_core::machine::{Firmware, Machine};
use kexec_core::memory::Range;
use kexec_core::route::{Call, Route};
use kexec_core::{Error, file_load};

use crate::by_file;
use crate::by_plan::{Mapped, What};
use crate::failure::Failure;
use crate::load::{Loader, route};

impl<'a> Loader<'a, '_> {
    /// What must stop any load of a crash kernel before the kernel is asked, by the plan that
    /// kexec_load would get. Other errors are for the call that is made, for kexec_file_load may
    /// know the image, unless there is an `old` crash kernel to lose. `asks`: whether the kernel
    /// may be asked for kexec_load, which a dry run does not.
    pub fn check_crash(&mut self, old: bool, asks: bool) -> Result<(), Failure<'a>> {
        self.read();
        let route = route(self.command, self.machine);
        let by_file = route.first() == Call::FileLoad;
        let joined = if by_file {
            match self.join() {
                Ok(()) => self.joined_file(),
                // Then kexec_load is the call that is made.
                Err(_) if route == Route::FileThenLoad => None,
                Err(failure) => return Err(failure),
            }
        } else {
            None
        };
        let joined = joined
            .map(|file| file.read(&self.inputs.copies))
            .transpose()
            .map_err(|error| Failure::Other("the joined initrds", error))?;
        let mapped = Mapped::to_look_at(self.inputs)?;
        let (path, kernel) = mapped.kernel();
        let image = if by_file {
            self.check_image(kernel)
        } else {
            Ok(())
        };
        // kexec_load takes a longer line, and kexec_file_load need not be asked for its no.
        self.only_by_plan = image.err().filter(|error| {
            route == Route::FileThenLoad && matches!(error, Error::CommandLineTooLong { .. })
        });
        let by_file = by_file && self.only_by_plan.is_none();
        if old && by_file {
            by_file::check_writers(&mapped.files, self.inputs.initrds.len())?;
            if let Err(error) = image {
                let follows = route == Route::FileThenLoad && (!asks || may_kexec_load(true));
                if !follows {
                    return Err(Failure::Load(path, error));
                }
            }
        }
        let known = Known::of(self.machine);
        if by_file {
            known.pretend(self.machine);
        }
        let mut what = What {
            initrds: self.inputs.initrds.len(),
            dtb: true,
            line: self.line,
            machine: self.machine,
            options: self.command.options,
        };
        if route == Route::File {
            what.dtb = false;
            what.options = by_file::options(what.options);
        }
        // No byte is read for a check.
        what.options.verify = false;
        let bytes = joined.as_ref().map(Contents::bytes);
        let planned = mapped.with_plan(&what, bytes, self.workspace, |_| Ok(()));
        known.restore(self.machine);
        match planned {
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
            // What there is no room for here, the kernel's own loader may have room for.
            Err(Failure::Load(_, Error::Full { .. })) if route == Route::File => Ok(()),
            Err(failure @ Failure::Load(_, Error::Unknown { .. })) if !by_file => Err(failure),
            Err(failure) if old || matches!(failure, Failure::File(..)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// What the kernel's own loader refuses of the image and the command line.
    fn check_image(&self, kernel: &[u8]) -> Result<(), Error> {
        file_load::check(
            &file_load::parse(kernel)?,
            self.line.to_bytes(),
            self.machine,
        )
    }

    /// As much of it as kexec_file_load, made after kexec_load was refused, adds.
    pub fn check_file_load(&self) -> Result<(), Failure<'a>> {
        let mapped = Mapped::to_look_at(self.inputs)?;
        by_file::check_writers(&mapped.files, self.inputs.initrds.len())?;
        let (path, kernel) = mapped.kernel();
        self.check_image(kernel)
            .map_err(|error| Failure::Load(path, error))
    }
}

/// What a plan must know and the running kernel's own loader has by itself.
#[derive(Clone, Copy)]
struct Known {
    vmcoreinfo: Option<Range>,
    firmware: Firmware,
}

impl Known {
    const fn of(machine: &Machine) -> Self {
        Self {
            vmcoreinfo: machine.dump.vmcoreinfo,
            firmware: machine.platform.firmware,
        }
    }

    /// Fills in what is not known: the plan is for its sizes only.
    fn pretend(self, machine: &mut Machine) {
        machine.dump.vmcoreinfo = self.vmcoreinfo.or(Range::from_size(1 << 20, 4096));
        machine.platform.firmware = Firmware::NotEfi;
    }

    const fn restore(self, machine: &mut Machine) {
        machine.dump.vmcoreinfo = self.vmcoreinfo;
        machine.platform.firmware = self.firmware;
    }
}
