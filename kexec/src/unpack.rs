//! Compressed kernels, unpacked before the load into memory that nobody can change: everything after that
//! sees a file that was never compressed.

use kexec_cli::command::Command;
use kexec_cli::failure::Failure;
use kexec_cli::meter::Step;
use kexec_cli::plan::size::Size;
use kexec_cli::table::Id;
use kexec_cli::text::Text;
use kexec_core::Error;
use kexec_core::image::probe;
use kexec_core::linux::{Copies, written};
use kexec_unpack::{Codec, Unpacked, scratch_size, stated_size, unpack};

use crate::input::Input;
use crate::out::{caution, complain};
use crate::progress;
use crate::unify::keep;

/// The most that a kernel unpacks to. Copies in memory have a limit of their own, which is a quarter of
/// the memory that is available.
const LIMIT: u64 = 1 << 30;

/// Replaces a compressed kernel by what is in it.
pub fn unwrap<'a>(
    command: &Command<'a>,
    kernel: &mut Input<'a>,
    copies: &Copies,
) -> Result<(), Failure<'a>> {
    let start = kernel.start();
    let start = start.get().unwrap_or_default();
    match Codec::of(start) {
        Some(codec) if probe(start).is_compressed() => by(codec, command, kernel, copies),
        _ => Ok(()),
    }
}

// Not a part of a load of anything else, which needs less memory.
#[inline(never)]
fn by<'a>(
    codec: Codec,
    command: &Command<'a>,
    kernel: &mut Input<'a>,
    copies: &Copies,
) -> Result<(), Failure<'a>> {
    let failed = |error| Failure::Load(kernel.path, error);
    let kept = keep(kernel, copies)?;
    let input = kept.bytes();
    progress::begin(Step::Unpack, input.len() as u64);
    let limit = LIMIT.min(copies.left());
    if let Some(need) = stated_size(codec, input).filter(|size| *size > limit) {
        return Err(failed(Error::CopyTooLarge { need, limit }));
    }
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut done = Ok(Unpacked::default());
    let scratch = scratch_size(codec, input, room);
    let file = written(room, scratch, copies, &mut |output, scratch| {
        done = unpack(codec, input, output, scratch);
        done.ok().map(|done| done.written)
    });
    let (path, name) = (Text(kernel.path.to_bytes()), codec.name());
    let why = match (file.map_err(failed)?, done) {
        (_, Err(kexec_unpack::Error::TooLarge { stated: need })) => {
            return Err(failed(Error::CopyTooLarge { need, limit }));
        }
        (_, Err(kexec_unpack::Error::OutputFull)) => {
            let need = limit.saturating_add(1);
            return Err(failed(Error::CopyTooLarge { need, limit }));
        }
        (_, Err(error)) => {
            complain!("cannot unpack {path} ({name}): {error}");
            "it is compressed, and cannot be unpacked"
        }
        (None, Ok(_)) => "it is compressed, and empty",
        (Some(file), Ok(done)) => {
            let unused = input.get(done.consumed..).unwrap_or_default();
            if unused.iter().any(|byte| *byte != 0) {
                let unused = unused.len();
                caution!("{path}: {unused} bytes after the compressed data ({name}) are ignored");
            }
            if command.given(Id::Debug) {
                let (from, to) = (Size(input.len() as u64), Size(file.size()));
                complain!("{path}: unpacked by {name}, {from} to {to}");
            }
            drop(kept);
            kernel.file = file;
            return Ok(());
        }
    };
    Err(failed(Error::NotBootable { why }))
}
