//! Loading by kexec_file_load(2): the kernel gets the open files.

use core::ffi::CStr;

use kexec_cli::command::{Command, Method};
use kexec_cli::table::Id;
use kexec_core::image::BzImage;
use kexec_core::linux::{Fd, Hold, file_flags, join, kexec_file_load, knows_file_flag};
use kexec_core::{Errno, Error};

use crate::by_plan::Files;
use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::out::complain;

/// Bytes of a command line that the kernel keeps for its own elfcorehdr= (MAX_ELFCOREHDR_STR_LEN
/// in arch/x86/kernel/kexec-bzimage64.c).
const ELFCOREHDR_WORDS: u64 = 30;

/// The flags the options ask for.
pub fn flags(command: &Command<'_>) -> u64 {
    [
        (Id::LoadPanic, file_flags::ON_CRASH),
        (Id::Debug, file_flags::DEBUG),
        (Id::NoCma, file_flags::NO_CMA),
        (Id::ForceDtb, file_flags::FORCE_DTB),
    ]
    .iter()
    .filter(|(id, _)| command.given(*id))
    .fold(0, |flags, (_, flag)| flags | flag)
}

/// Loads.
pub fn load<'a>(
    command: &Command<'a>,
    inputs: &Inputs<'a>,
    line: &CStr,
) -> Result<(), Failure<'a>> {
    let joined;
    let initrd = match &inputs.initrds[..] {
        [] => None,
        [one] => Some(one.file.fd()),
        [first, ..] => {
            joined = join(inputs.initrds.iter().map(|input| &input.file))
                .map_err(|error| Failure::File(first.path, error))?;
            Some(&joined)
        }
    };
    let kernel = inputs.kernel.file.fd();
    let failed = |error| Failure::Load(inputs.kernel.path, error);
    let flags = flags(command);
    let line = line.to_bytes_with_nul();
    match kexec_file_load(kernel, initrd, line, flags) {
        Err(Error::Syscall {
            errno: Errno::EINVAL,
            ..
        }) if flags & !file_flags::ON_CRASH != 0 => {
            again(kernel, initrd, line, flags).map_err(failed)
        }
        other => other.map_err(failed),
    }
}

/// What the kernel refuses of a crash kernel's files only once it has freed the old crash kernel,
/// as far as it can be known: files that are open for writing, and where no kexec_load follows,
/// an image without a setup header and a command line without room for the kernel's own words.
pub fn check_crash<'a>(
    command: &Command<'a>,
    files: &Files<'a, '_>,
    line: &CStr,
) -> Result<(), Failure<'a>> {
    // Several initrds are joined: the kernel never sees them. Behind them may be a device tree.
    let seen = if command.initrds.len() == 1 { 2 } else { 1 };
    for (input, held) in files.iter().take(seen) {
        if let Hold::Nothing {
            lease: Errno::EAGAIN,
            ..
        } = held.hold()
        {
            let (step, errno) = ("it is open for writing", Errno::ETXTBSY);
            return Err(Failure::File(input.path, Error::File { step, errno }));
        }
    }
    let Some((input, held)) = files.first().filter(|_| command.method == Method::File) else {
        return Ok(());
    };
    let mapping = held
        .map()
        .map_err(|error| Failure::File(input.path, error))?;
    let failed = |error| Failure::Load(input.path, error);
    let image = BzImage::parse(mapping.bytes()).map_err(failed)?;
    let length = line.count_bytes() as u64;
    let limit = image.cmdline_size().saturating_sub(ELFCOREHDR_WORDS);
    if length >= limit {
        let limit = limit.saturating_sub(1);
        return Err(failed(Error::CommandLineTooLong { length, limit }));
    }
    Ok(())
}

/// EINVAL may only mean that the kernel is older than a flag.
fn again(kernel: &Fd, initrd: Option<&Fd>, line: &[u8], flags: u64) -> Result<(), Error> {
    let unknown = |flag| flags & flag != 0 && !knows_file_flag(flag);
    if unknown(file_flags::FORCE_DTB) {
        return Err(Error::BadArgument {
            what: "this kernel's kexec_file_load does not know --force-dtb, newer ones do",
        });
    }
    let mut fewer = flags;
    if unknown(file_flags::DEBUG) {
        complain!("this kernel's kexec_file_load has no debug output");
        fewer &= !file_flags::DEBUG;
    }
    // A kernel that does not know the flag does not place segments there either.
    if unknown(file_flags::NO_CMA) {
        fewer &= !file_flags::NO_CMA;
    }
    kexec_file_load(kernel, initrd, line, fewer)
}
