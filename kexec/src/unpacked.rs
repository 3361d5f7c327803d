//! `--unpacked`: the kernel in a bzImage is unpacked and moved before it is loaded, so that it does not
//! unpack itself when the machine is down.

use kexec_cli::meter::Step;
use kexec_core::Error;
use kexec_core::image::x86::{Addresses, Payload, Unpacked, Words};
use kexec_core::image::{Image, Kernel};
use kexec_core::linux::{Copies, Memory, random_seed};
use kexec_unpack::{Codec, scratch_size, unpack};

use crate::out::complain;
use crate::progress;

/// Unpacks the kernel of a bzImage into `memory`. `shown`: only to show the plan, for which no address is
/// drawn that a load will have.
// Not a part of other loads, which need less memory.
#[inline(never)]
pub fn prepare<'m>(
    image: &Image<'m>,
    memory: &'m mut Option<Memory>,
    copies: &Copies,
    line: &[u8],
    shown: bool,
) -> Result<Image<'m>, Error> {
    let Image::Linux(Kernel::BzImage(image)) = image else {
        return Err(Error::NotBootable {
            why: "only a bzImage can be unpacked before it is started",
        });
    };
    let payload = Payload::of(image)?;
    let input = payload.bytes();
    let codec = Codec::of(input).ok_or(Error::NotThisFormat {
        what: "a payload of gzip, zstd, lz4, xz or lzma, which alone can be unpacked before the start",
        found: payload.codec(),
    })?;
    let (need, limit) = (payload.size(), copies.left());
    if need > limit {
        return Err(Error::CopyTooLarge { need, limit });
    }
    let addresses = addresses(line, shown)?;
    // A bzImage says at most 4 GiB, and the limit is less.
    let size = usize::try_from(need).unwrap_or(usize::MAX);
    progress::begin(Step::Copy, need);
    let memory = memory.insert(Memory::new(size)?);
    let mut scratch = Memory::new(scratch_size(codec, input, size))?;
    let output = memory.bytes_mut();
    let done = unpack(codec, input, output, scratch.bytes_mut());
    drop(scratch);
    let why = match done {
        Ok(done) if done.written == size => {
            let kernel = Unpacked::new(image, output, addresses)?;
            return Ok(Image::Linux(Kernel::Unpacked(kernel)));
        }
        Ok(_) => "the bzImage's payload unpacked has another size than it says",
        Err(error) => {
            complain!("cannot unpack the bzImage's payload: {error}");
            "the bzImage's payload cannot be unpacked"
        }
    };
    Err(Error::NotBootable { why })
}

/// How the kernel's addresses are chosen.
fn addresses(line: &[u8], shown: bool) -> Result<Addresses, Error> {
    if Words::of(line).nokaslr {
        return Ok(Addresses::AsLinked);
    }
    if shown {
        return Ok(Addresses::Drawn {
            physical: 0,
            virt: 0,
        });
    }
    let why = "no random numbers for the new kernel's addresses: getrandom(2) has none yet; give \
               nokaslr to the new kernel to start it without them";
    let seed = random_seed().ok_or(Error::NotBootable { why })?;
    let number = |at: usize| kexec_core::bytes::u64_at(&seed, at).unwrap_or(0);
    Ok(Addresses::Drawn {
        physical: number(0),
        virt: number(8),
    })
}
