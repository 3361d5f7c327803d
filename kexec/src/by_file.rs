//! Loading by kexec_file_load(2): the kernel gets the open files.

use core::ffi::CStr;

use kexec_cli::command::Command;
use kexec_cli::meter::Step;
use kexec_cli::table::Id;
use kexec_core::linux::{
    Fd, File, Hold, file_flags, join, joined_size, kexec_file_load, knows_file_flag,
};
use kexec_core::plan::{CrashOptions, Options};
use kexec_core::{Errno, Error, file_load};

use crate::input::Input;
use crate::inputs::Inputs;
use crate::opened::OpenedFile;
use crate::out::complain;
use crate::progress;
use kexec_cli::failure::Failure;

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

/// The options of a plan that kexec_file_load supports: ignored options must not prevent the load of a
/// crash kernel.
pub const fn options(options: Options) -> Options {
    Options {
        crash: match options.crash {
            Some(crash) => Some(CrashOptions {
                memmap: false,
                ..crash
            }),
            None => None,
        },
        verify: options.verify,
        ..Options::DEFAULT
    }
}

/// Rejects files that the call would refuse for their size (EFBIG), and initrds that are too large to
/// join, before a byte is copied.
pub fn check_sizes<'a>(inputs: &Inputs<'a>) -> Result<(), Failure<'a>> {
    let within =
        |path, size| file_load::check_size(size).map_err(|error| Failure::Unfit(path, error));
    within(inputs.kernel.path, inputs.kernel.file.size())?;
    let mut limit = inputs.limit();
    let mut copied = |path, need| {
        let error = Error::CopyTooLarge { need, limit };
        limit = limit.checked_sub(need).ok_or(Failure::Unfit(path, error))?;
        Ok(())
    };
    if inputs.kernel.file.is_part() {
        copied(inputs.kernel.path, inputs.kernel.file.size())?;
    }
    let Some(first) = inputs.initrds.first() else {
        return Ok(());
    };
    let failed = |error| Failure::Unfit(first.path, error);
    let need = joined_size(inputs.initrds.iter().map(|input| &input.file)).map_err(failed)?;
    if inputs.joins() {
        copied(first.path, need)?;
    }
    within(first.path, need)
}

/// Copies in memory of what is not one whole file, for the call, which takes whole files.
pub struct Sealed {
    /// The kernel in a unified kernel image.
    pub kernel: Option<File>,
    /// All initrds.
    pub initrd: Option<File>,
}

/// Makes the copies that are needed: of a kernel that is a part of a file, and of more than one initrd, or of
/// one that is a part of a file.
pub fn joined<'a>(inputs: &Inputs<'a>) -> Result<Sealed, Failure<'a>> {
    check_sizes(inputs)?;
    let kernel = inputs.kernel.file.is_part();
    Ok(Sealed {
        kernel: copy(core::slice::from_ref(&inputs.kernel), kernel, inputs)?,
        initrd: copy(&inputs.initrds, inputs.joins(), inputs)?,
    })
}

/// A copy of files as one, if it is `wanted`.
fn copy<'a>(
    files: &[Input<'a>],
    wanted: bool,
    inputs: &Inputs<'a>,
) -> Result<Option<File>, Failure<'a>> {
    let Some(first) = files.first().filter(|_| wanted) else {
        return Ok(None);
    };
    progress::begin(Step::Copy, 0);
    let files = files.iter().map(|input| &input.file);
    let joined = join(files, &inputs.copies);
    joined
        .map(Some)
        .map_err(|error| Failure::Unfit(first.path, error))
}

/// Loads; `joined` is the result of [`joined`].
pub fn load<'a>(
    command: &Command<'a>,
    inputs: &Inputs<'a>,
    line: &CStr,
    joined: Option<&Sealed>,
) -> Result<(), Failure<'a>> {
    let first = || inputs.initrds.first().map(|input| &input.file);
    let initrd = joined.and_then(|copies| copies.initrd.as_ref());
    let initrd = initrd.or_else(first).map(File::fd);
    let kernel = joined.and_then(|copies| copies.kernel.as_ref());
    let kernel = kernel.unwrap_or(&inputs.kernel.file).fd();
    let failed = |error| Failure::Load(inputs.kernel.path, error);
    let flags = flags(command);
    let line = line.to_bytes_with_nul();
    progress::begin(Step::FileLoad, inputs.bytes());
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

/// Rejects files that are open for writing: the kernel refuses them, but for a crash kernel only after
/// it has freed the old one.
pub fn check_writers<'a>(files: &[OpenedFile<'a, '_>], initrds: usize) -> Result<(), Failure<'a>> {
    // Several initrds are joined: the kernel never gets them. A device tree may follow them.
    let seen = if initrds == 1 { 2 } else { 1 };
    // Nor does it get a file of which a part is loaded.
    let whole = |(input, _): &&OpenedFile<'a, '_>| !input.file.is_part();
    for (input, kept) in files.iter().take(seen).filter(whole) {
        if let Hold::Nothing {
            lease: Errno::EAGAIN,
            ..
        } = kept.held().hold()
        {
            let (step, errno) = ("it is open for writing", Errno::ETXTBSY);
            return Err(Failure::File(input.path, Error::File { step, errno }));
        }
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
