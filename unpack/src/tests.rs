//! Literal streams, every truncation and every changed bit of them, and what exceeds limits.

use std::vec;
use std::vec::Vec;

use super::*;
use crate::crc32::crc32;
use crate::xxh32::xxh32;

/// "hello, hello, hello\n" by gzip, zstd, lz4 (frame, legacy), xz (with the x86 filter) and lzma.
const TEXT: &[u8] = b"hello, hello, hello\n";

fn unpacked(codec: Codec, input: &[u8], room: usize) -> Result<(Unpacked, Vec<u8>)> {
    let mut output = vec![0xaa; room + 16];
    let mut scratch = vec![0x55; scratch_size(codec, input, room)];
    let done = unpack(codec, input, &mut output[..room], &mut scratch);
    assert_eq!(output[room..], [0xaa; 16], "written behind the output");
    done.map(|done| {
        output.truncate(done.written);
        (done, output)
    })
}
/// `gzip -9`: with a name.
const GZIP: &[u8] = b"\
    \x1f\x8b\x08\x08\x0d\xbe\x09k\x02\x03t\0\xcbH\xcd\xc9\xc9\xd7Q\xc8@\xa2\xb8\0\xe7BnR\x14\0\0\
    \0";

/// `zstd -19`: with a size and a checksum.
const ZSTD: &[u8] = b"\
    (\xb5/\xfd$\x14u\0\0@hello,\x20\n\x01\0\xe2\x8a\x11!i\x9d\x87";

/// `zstd --ultra -22` of a pipe: neither, and a window of 128 MiB.
const ZSTD_PIPED: &[u8] = b"\
    (\xb5/\xfd\0\x88u\0\0@hello,\x20\n\x01\0\xe2\x8a\x11";

/// `lz4 --content-size -BX`: with block checksums.
const LZ4: &[u8] = b"\
    \x04\"M\x18|@\x14\0\0\0\0\0\0\0\x14\x10\0\0\0thello,\x20\x07\0Pello\n\xa1\xb1\\N\0\0\0\0'{z\
    \x9f";

/// `lz4 -l`, as kernel builds do it.
const LZ4_LEGACY: &[u8] = b"\
    \x02!L\x18\x10\0\0\0thello,\x20\x07\0Pello\n";

/// `xz --x86 --lzma2 --check=crc32`, as kernel builds do it.
const XZ: &[u8] = b"\
    \xfd7zXZ\0\0\x01i\"\xde6\x02\x01\x04\0!\x01\x08\0\xd2\xb9t\xcb\xe0\0\x13\0\x0e]\x004\x19I\xee\
    \x8d\xef\x8c\x871\xf5/d\0\0\0\0\0\xe7BnR\0\x01&\x14r\xe2\x82\xf9\x90B\x99\x0d\x01\0\0\0\0\
    \x01YZ";

/// `lzma -9` of a pipe: with an end mark.
const LZMA: &[u8] = b"\
    ]\0\0\0\x04\xff\xff\xff\xff\xff\xff\xff\xff\x004\x19I\xee\x8d\xef\x8c\x871\xf5y\x89\xbf\xff\
    \xff\xdd$\0\0";

const ALL: [(Codec, &[u8]); 7] = [
    (Codec::Gzip, GZIP),
    (Codec::Zstd, ZSTD),
    (Codec::Zstd, ZSTD_PIPED),
    (Codec::Lz4, LZ4),
    (Codec::Lz4, LZ4_LEGACY),
    (Codec::Xz, XZ),
    (Codec::Lzma, LZMA),
];

#[test]
fn every_format_is_decoded_into_exactly_its_room() {
    for (codec, input) in ALL {
        assert_eq!(Codec::of(input), Some(codec));
        let (done, output) = unpacked(codec, input, TEXT.len())
            .unwrap_or_else(|error| panic!("{codec:?} {error:?} {input:x?}"));
        assert_eq!(output, TEXT, "{codec:?}");
        assert_eq!(done.consumed, input.len(), "{codec:?}");
        assert_eq!(
            unpacked(codec, input, 1 << 20).unwrap().1,
            TEXT,
            "{codec:?}"
        );
    }
}

#[test]
fn a_byte_less_is_refused() {
    for (codec, input) in ALL {
        for room in 0..TEXT.len() {
            let error = unpacked(codec, input, room).unwrap_err();
            let stated = stated_size(codec, input);
            let expected = stated.map_or(Error::OutputFull, |stated| Error::TooLarge { stated });
            assert_eq!(error, expected, "{codec:?} {room}");
        }
    }
}

#[test]
fn sizes_are_stated() {
    let stated = ALL.map(|(codec, input)| stated_size(codec, input));
    assert_eq!(stated, [None, Some(20), None, Some(20), None, None, None]);
}

/// A kernel's payload has its size behind it, as four bytes; gzip has it already.
#[test]
fn what_follows_is_not_looked_at() {
    for (codec, input) in ALL {
        for tail in [&b"\x14\0\0\0"[..], b"\0\0\0\0\0\0\0", b"\0"] {
            let (done, output) = unpacked(codec, &[input, tail].concat(), 64).unwrap();
            assert_eq!((done.consumed, &*output), (input.len(), TEXT), "{codec:?}");
        }
    }
}

#[test]
fn streams_of_a_format_follow_each_other() {
    for (codec, input) in ALL {
        if codec == Codec::Lzma {
            continue;
        }
        let (done, output) = unpacked(codec, &[input, input].concat(), 64).unwrap();
        assert_eq!(done.consumed, 2 * input.len(), "{codec:?}");
        assert_eq!(output, [TEXT, TEXT].concat(), "{codec:?}");
    }
}

#[test]
fn every_truncation_is_noticed() {
    for (codec, input) in ALL {
        for length in 0..input.len() {
            let result = unpacked(codec, &input[..length], 64);
            if input == LZ4_LEGACY && length == 4 {
                // No block, and no mark of the end.
                assert_eq!(result.unwrap().0.written, 0);
                continue;
            }
            let error = result.unwrap_err();
            let begins = matches!(error, Error::NotThis) && length < 6;
            assert!(
                begins || error == Error::Truncated,
                "{codec:?} {length}: {error:?}"
            );
        }
    }
}

/// Formats with checksums never return other bytes.
#[test]
fn changed_bits_are_noticed() {
    for (codec, input) in ALL {
        for bit in 0..8 * input.len() {
            let mut changed = input.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok((_, output)) = unpacked(codec, &changed, 4096) else {
                continue;
            };
            let checked = [GZIP, ZSTD, LZ4, XZ].contains(&input);
            assert!(!checked || output == TEXT, "{codec:?} {bit}");
        }
    }
}

#[test]
fn a_stack_that_does_not_fit_is_asked_for() {
    let mut output = [0; 64];
    for length in [0, 1, 65535] {
        let result = unpack(Codec::Gzip, GZIP, &mut output, &mut vec![0; length]);
        assert_eq!(result, Err(Error::Scratch { need: 131_072 }));
    }
    // Both blocks do not fit.
    let result = unpack(Codec::Zstd, ZSTD, &mut output, &mut vec![0; 150_000]);
    assert_eq!(result, Err(Error::Scratch { need: 0 }));
}

/// The output may be as long as is stated and no longer, and that is known before.
#[test]
fn a_bomb_is_refused_by_its_header() {
    let frame = b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0";
    let result = unpacked(Codec::Zstd, frame, 64);
    let stated = 1 << 40;
    assert_eq!(result.unwrap_err(), Error::TooLarge { stated });
}

/// The check values of both specifications, and XXH32 over more than a stripe.
#[test]
fn checksums() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(xxh32(b""), 0x02cc_5d05);
    assert_eq!(
        xxh32(b"Nobody inspects the spammish repetition"),
        0xe229_3b2f
    );
}

#[test]
fn the_dictionary_of_an_xz_block_is_read() {
    assert_eq!(
        scratch_size(Codec::Xz, XZ, 1 << 30),
        131_072 + (512 << 10) + (64 << 10)
    );
}
