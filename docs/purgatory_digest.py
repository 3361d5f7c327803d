#!/usr/bin/env python3
"""The purgatory's digest, from docs/purgatory.md and hashlib alone.

Prints the test vectors of core/src/purgatory/digest/tests.rs: region lengths, digest. Byte i
of all regions put together is (i * 167 + i // 256) mod 256.
"""
import hashlib
import struct

LANES, BLOCK = 8, 64
DOMAIN = b"libkexec purgatory digest 1".ljust(32, b"\0")


def digest(regions):
    lanes = [b""] * LANES
    tail = b""
    for region in regions:
        whole = len(region) - len(region) % (LANES * BLOCK)
        for lane in range(LANES):
            starts = range(lane * BLOCK, whole, LANES * BLOCK)
            lanes[lane] += b"".join(region[at : at + BLOCK] for at in starts)
        tail += region[whole:] + struct.pack("<Q", len(region))
    parts = [hashlib.sha256(stream).digest() for stream in lanes + [tail]]
    return hashlib.sha256(DOMAIN + b"".join(parts)).hexdigest()


def regions(lengths):
    at = 0
    for length in lengths:
        yield bytes((i * 167 + i // 256) % 256 for i in range(at, at + length))
        at += length


if __name__ == "__main__":
    for lengths in [
        [],
        [0],
        [1],
        [511],
        [512],
        [513],
        [0, 0],
        [512, 512],
        [1024],
        [1023, 1],
        [1, 1023],
        [64, 448, 512],
        [16384],
        [100000, 4096, 0, 777],
        [1000003],
        [4096] * 16,
    ]:
        print(f'    (&{lengths}, "{digest(list(regions(lengths)))}"),')
