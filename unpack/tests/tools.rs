//! Against the programs that compress kernels: what they write is decoded to the same bytes, and what
//! is damaged is never accepted where they reject it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    clippy::unwrap_used
)]

use std::io::Write;
use std::process::{Command, Stdio};

use kexec_testing::not_tested;
use kexec_unpack::{Codec, scratch_size, unpack};

/// How data is compressed, from a pipe.
const WAYS: [(Codec, &str); 19] = [
    (Codec::Gzip, "gzip -1"),
    (Codec::Gzip, "gzip -9n"),
    (Codec::Zstd, "zstd -1"),
    (Codec::Zstd, "zstd -19 --no-check"),
    // The kernel's own way: of a pipe, so without a size, and with a window of 128 MiB.
    (Codec::Zstd, "zstd --ultra -22"),
    (Codec::Zstd, "zstd -3 --long=27"),
    (Codec::Zstd, "zstd --fast=5"),
    (Codec::Lz4, "lz4 -1"),
    (Codec::Lz4, "lz4 -9 -BD -B4"),
    (Codec::Lz4, "lz4 -9 -BX -BI"),
    (Codec::Lz4, "lz4 -9 --no-frame-crc"),
    (Codec::Lz4, "lz4 -l -9"),
    (Codec::Xz, "xz -6"),
    (Codec::Xz, "xz -0 --check=none"),
    (Codec::Xz, "xz -1 --check=sha256"),
    // The kernel's own way.
    (Codec::Xz, "xz --check=crc32 --x86 --lzma2=dict=32MiB"),
    (Codec::Xz, "xz -0 --block-size=300000 --arm64 --lzma2"),
    (Codec::Lzma, "lzma -9"),
    (Codec::Lzma, "xz --format=lzma --lzma1=lc=0,lp=4,pb=0"),
];

/// What a program writes of this input; `None` if it fails, or is not there.
fn piped(command: &str, input: &[u8]) -> Option<Vec<u8>> {
    let mut words = command.split(' ');
    let mut child = Command::new(words.next()?)
        .args(words)
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut pipe = child.stdin.take()?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(input));
        child.wait_with_output()
    });
    output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| output.stdout)
}

fn unpacked(codec: Codec, input: &[u8], room: usize) -> kexec_unpack::Result<Vec<u8>> {
    const BEHIND: [u8; 64] = [0xaa; 64];
    let mut output = vec![0xaa; room + BEHIND.len()];
    let mut scratch = vec![0x55; scratch_size(codec, input, room)];
    let done = unpack(codec, input, &mut output[..room], &mut scratch);
    assert_eq!(output[room..], BEHIND, "written behind the output");
    let done = done?;
    assert!(done.consumed <= input.len());
    output.truncate(done.written);
    Ok(output)
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Data of several kinds: this test's own program, repetitions far apart, noise, one byte.
fn samples() -> Vec<Vec<u8>> {
    let program = std::fs::read("/proc/self/exe").expect("this program");
    let program = program[..program.len().min(2 << 20)].to_vec();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let noise: Vec<u8> = (0..300_000).map(|_| random.next() as u8).collect();
    let far = [&noise[..], &vec![0; 1 << 20], &noise, &noise[..70_000]].concat();
    let text = "0123456789 the same line again and again\n"
        .repeat(9000)
        .into_bytes();
    vec![
        Vec::new(),
        vec![7],
        vec![0; 3 << 20],
        noise,
        far,
        text,
        program,
    ]
}

#[test]
fn what_the_programs_write_is_decoded() {
    for (codec, command) in WAYS {
        if piped(command, b"x").is_none() {
            not_tested(&format!("decoding what {command} writes: it does not run"));
            continue;
        }
        for sample in samples() {
            let compressed = piped(command, &sample).unwrap();
            let decoded = unpacked(codec, &compressed, sample.len());
            assert!(
                decoded.as_ref() == Ok(&sample),
                "{command}, {} bytes: {:?}",
                sample.len(),
                decoded.err()
            );
            // With room to spare, as of who does not know the size.
            let decoded = unpacked(codec, &compressed, sample.len() + 200_000);
            assert!(decoded == Ok(sample), "{command}, with more room");
        }
    }
}

/// Damaged data: whatever is returned, nothing is written behind the output; and what the program
/// rejects although it has a checksum is rejected.
#[test]
fn damaged_data_is_rejected() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    let text = samples().swap_remove(5);
    let sample: Vec<u8> = text
        .iter()
        .take(4000)
        .enumerate()
        .map(|(i, byte)| byte ^ (i / 97) as u8)
        .collect();
    let mut rejected = 0;
    for (codec, command) in WAYS {
        let Some(compressed) = piped(command, &sample) else {
            not_tested(&format!("damaged data of {command}: it does not run"));
            continue;
        };
        for _ in 0..400 {
            let mut damaged = compressed.clone();
            for _ in 0..=random.next() % 3 {
                let at = random.next() as usize % damaged.len();
                damaged[at] = random.next() as u8;
            }
            if random.next() % 4 == 0 {
                damaged.truncate(random.next() as usize % damaged.len());
            }
            let has_checksum = ![
                "--no-check",
                "--no-frame-crc",
                "--check=none",
                "-l ",
                "lzma",
            ]
            .iter()
            .any(|without| command.contains(without));
            match unpacked(codec, &damaged, 1 << 16) {
                Err(_) => rejected += 1,
                Ok(decoded) => assert!(
                    !has_checksum || decoded == sample || decoded.is_empty(),
                    "{command}"
                ),
            }
        }
    }
    println!("{rejected} of {} rejected", 400 * WAYS.len());
}
