//! Starting the loaded kernel, at once or by a shutdown; unloading.

use kexec_cli::command::{Command, Method};
use kexec_cli::failure::{Failure, code};
use kexec_cli::table::Id;
use kexec_core::linux::{
    Environment, execute, interfaces_down, kernel_has_kexec, kexec_file_unload, kexec_unload,
    loaded, read_machine, reboot_kexec, sync,
};
use kexec_core::machine::{Known, Machine};
use kexec_core::{Errno, Error};

use crate::out::complain;

/// Starts the loaded kernel. Returns only if that fails, with the exit code.
///
/// All possible checks are made before file systems are synced and the network goes down.
pub fn exec(command: &Command<'_>, machine: &mut Machine) -> u8 {
    read_machine(machine);
    // As in kexec(8): if it is unknown, reboot(2) decides.
    let known = loaded(false).ok().or_else(|| {
        let nothing = kernel_has_kexec() == Ok(false);
        nothing.then_some(false)
    });
    if known == Some(false) {
        // The text of kexec(8), which scripts look for.
        complain!("Nothing has been loaded!");
        return code::USAGE;
    }
    let refused = |error, machine: &Machine| {
        let failure = Failure::Other("cannot start the loaded kernel", error);
        crate::report(&failure, command, machine);
        failure.code()
    };
    if machine.kexec.cap_sys_boot == Known::No {
        let error = Error::Syscall {
            call: "reboot",
            errno: Errno::EPERM,
        };
        return refused(error, machine);
    }
    if !command.given(Id::NoSync) {
        sync();
    }
    if !command.given(Id::NoIfdown) {
        // As in kexec(8): a network that stays up does not prevent the start.
        let _stays_up = interfaces_down();
    }
    match reboot_kexec() {
        Err(error) => refused(error, machine),
        Ok(never) => match never {},
    }
}

/// Runs shutdown -r now, from the paths of kexec(8): the init system starts the loaded kernel at the
/// end of a reboot. Returns only if there is no shutdown program.
pub fn shutdown(environment: Environment) -> u8 {
    let arguments = [c"-r", c"now"];
    let mut errno = Errno::ENOENT;
    for path in [c"/sbin/shutdown", c"/etc/shutdown", c"/bin/shutdown"] {
        errno = execute(path, c"shutdown", &arguments, environment);
    }
    complain!("the kernel is loaded, but shutdown cannot be run: {errno}; reboot, or use -e");
    code::FAILED
}

/// Unloads by the requested call; `-a` tries the second call only if the kernel lacks the first.
pub fn unload(command: &Command<'_>) -> Result<(), Failure<'static>> {
    let crash = command.crash();
    let result = match command.method {
        Method::File => kexec_file_unload(crash),
        Method::Load => kexec_unload(crash),
        Method::Auto => match kexec_file_unload(crash) {
            Err(Error::Syscall {
                errno: Errno::ENOSYS,
                ..
            }) => kexec_unload(crash),
            other => other,
        },
    };
    result.map_err(|error| Failure::Other("kexec unload failed", error))
}
