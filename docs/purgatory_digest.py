#!/usr/bin/env python3
"""The purgatory's digest, from docs/purgatory.md and xxHash's doc/xxhash_spec.md alone.

Prints the test vectors of core/src/purgatory/digest/tests.rs: region lengths, and the digest with
the default secret. Byte i of all regions put together is (i * 167 + i // 256) mod 256. Where there is
an xxhsum, every message goes through `xxhsum -H2` as well.
"""
import shutil
import struct
import subprocess

P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F
P64_3, P64_4, P64_5 = 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MASK = (1 << 64) - 1
STRIPE = 64

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)


def words(data):
    return struct.unpack(f"<{len(data) // 8}Q", data)


def message(regions):
    """docs/purgatory.md, "Digest"."""
    out = b""
    for region in regions:
        out += region.ljust((len(region) // STRIPE + 1) * STRIPE, b"\0")
        out += struct.pack("<Q", len(region)).ljust(STRIPE, b"\0")
    return out + struct.pack("<Q", len(regions)).ljust(4 * STRIPE, b"\0")


def xxh3_128(data, secret=SECRET):
    """XXH3-128 of more than 240 bytes, in its canonical form."""
    accumulators = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]

    def accumulate(stripe, at):
        for i, (value, key) in enumerate(zip(words(stripe), words(secret[at : at + STRIPE]))):
            keyed = value ^ key
            accumulators[i ^ 1] = (accumulators[i ^ 1] + value) & MASK
            product = (keyed & 0xFFFFFFFF) * (keyed >> 32)
            accumulators[i] = (accumulators[i] + product) & MASK

    keys = len(secret) - STRIPE
    block = keys // 8 * STRIPE
    for start in range(0, len(data) - 1, block):
        # All stripes but the message's last, which may be cut short and overlaps the one before.
        for number in range(min(block, len(data) - 1 - start) // STRIPE):
            at = start + number * STRIPE
            accumulate(data[at : at + STRIPE], 8 * number)
        if len(data) - 1 - start >= block:
            for i, key in enumerate(words(secret[-STRIPE:])):
                value = accumulators[i]
                accumulators[i] = (value ^ value >> 47 ^ key) * P32_1 & MASK
    accumulate(data[-STRIPE:], keys - 7)

    def merge(at, start):
        keys = words(secret[at : at + STRIPE])
        total = start
        for i in range(0, 8, 2):
            product = (accumulators[i] ^ keys[i]) * (accumulators[i + 1] ^ keys[i + 1])
            total += (product & MASK) ^ (product >> 64)
        total &= MASK
        total ^= total >> 37
        total = total * 0x165667919E3779F9 & MASK
        return total ^ total >> 32

    low = merge(11, len(data) * P64_1 & MASK)
    high = merge(keys - 11, ~(len(data) * P64_2) & MASK)
    return f"{high:016x}{low:016x}"


def regions(lengths):
    at = 0
    for length in lengths:
        yield bytes((i * 167 + i // 256) % 256 for i in range(at, at + length))
        at += length


if __name__ == "__main__":
    xxhsum = shutil.which("xxhsum")
    for lengths in [
        [],
        [0],
        [1],
        [63],
        [64],
        [65],
        [0, 0],
        [64, 64],
        [128],
        [127, 1],
        [1, 127],
        [1023],
        [1024],
        [1025],
        [64, 448, 512],
        [16384],
        [100000, 4096, 0, 777],
        [1000003],
        [4096] * 16,
    ]:
        data = message(list(regions(lengths)))
        digest = xxh3_128(data)
        if xxhsum:
            said = subprocess.run([xxhsum, "-H2"], input=data, capture_output=True, check=True)
            assert said.stdout.decode().split()[0] == digest, lengths
        print(f'    (&{lengths}, "{digest}"),')
