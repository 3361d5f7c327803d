//! The purgatory's digest beside what the new kernel does next, the decompression of itself.

use super::measure::run as measure;
use super::stats::Spread;
use crate::Outcome;
use crate::command::{cache, output, read, target, write};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// A kernel of 14 MiB and an initrd of 300 MiB.
const MIB: u64 = 314;

/// Seconds of CPU time, round by round.
#[derive(Debug, Default)]
pub struct Decompression {
    /// The purgatory's code over [`MIB`].
    pub digest: Vec<f64>,
    /// A plain read of the same.
    pub plain_read: Vec<f64>,
    /// `zstd -dc` of the kernel's payload.
    pub zstd: Vec<f64>,
}

/// Measures, after [`super::native::measure`] has built the program.
pub fn run(kernel: &Path, rounds: usize) -> Outcome<Decompression> {
    let image = read(kernel)?;
    let payload = payload(&image).ok_or("the kernel's payload is not zstd")?;
    let file = cache().join("compare/payload.zst");
    write(&file, payload)?;
    let mut all = Decompression::default();
    for _ in 0..rounds {
        let mut program = Command::new(target().join("release/purgatory"));
        let said = output(program.arg("spent").arg(MIB.to_string()))?;
        let mut numbers = said.split_whitespace().map(str::parse);
        let (Some(Ok(digest)), Some(Ok(read))) = (numbers.next(), numbers.next()) else {
            return Err(format!("the purgatory's time: {said}"));
        };
        all.digest.push(digest);
        all.plain_read.push(read);
        let mut zstd = Command::new("zstd");
        zstd.args(["-dcqq"]).arg(&file);
        all.zstd.push(measure(zstd)?.cpu);
    }
    Ok(all)
}

/// The compressed kernel without the four bytes after it (boot.rst, `payload_offset`).
fn payload(image: &[u8]) -> Option<&[u8]> {
    let word = |at: usize| {
        let bytes = image.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    let setup = (usize::from(*image.get(0x1f1)?) + 1) * 512;
    let (offset, length) = (word(0x248)?, word(0x24c)?);
    let payload = image.get(setup..)?.get(offset..)?.get(..length)?;
    let (payload, _size) = payload.split_at_checked(length.checked_sub(4)?)?;
    payload
        .starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        .then_some(payload)
}

/// The paragraph. Writing to a string cannot fail.
pub fn section(text: &mut String, times: &Decompression) {
    if times.digest.is_empty() {
        return;
    }
    let milliseconds = |times: &[f64]| {
        let times: Vec<f64> = times.iter().map(|seconds| seconds * 1e3).collect();
        Spread::of(&times)
    };
    let _ = writeln!(
        text,
        "\nCompared with the next step of the new kernel, its decompression: CPU time in ms of the \
         purgatory's code over {MIB} MiB, of a plain read of the same bytes, and of `zstd -dc` of the \
         kernel's payload, in turn.\n\n\
         | | ms | / zstd |\n|---|---|---|\n\
         | purgatory | {} | {} |\n| plain read | {} | {} |\n| zstd -dc | {} | |",
        milliseconds(&times.digest),
        Spread::ratio(&times.digest, &times.zstd),
        milliseconds(&times.plain_read),
        Spread::ratio(&times.plain_read, &times.zstd),
        milliseconds(&times.zstd),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_where_the_header_says() {
        let mut image = vec![0; 2048];
        image[0x1f1] = 1;
        image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&12_u32.to_le_bytes());
        image[1040..1048].copy_from_slice(b"\x28\xb5\x2f\xfdbody");
        assert_eq!(payload(&image).unwrap(), &image[1040..1048]);
        image[1040] = 0;
        assert_eq!(payload(&image), None);
        assert_eq!(payload(&image[..1050]), None);
    }

    #[test]
    fn a_section_of_times() {
        let times = Decompression {
            digest: vec![0.02, 0.02],
            plain_read: vec![0.01, 0.01],
            zstd: vec![0.2, 0.2],
        };
        let mut text = String::new();
        section(&mut text, &times);
        assert!(
            text.contains("| purgatory | 20.0 (20.0–20.0) | 0.10 (0.10–0.10) |"),
            "{text}"
        );
        text.clear();
        section(&mut text, &Decompression::default());
        assert!(text.is_empty());
    }
}
