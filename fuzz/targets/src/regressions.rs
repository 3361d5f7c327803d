//! Inputs that were findings, in hexadecimal, so that each stays one that is run.

/// Target, what was found, and the input.
const FOUND: &[(&str, &str, &str)] = &[
    (
        "cmdline",
        "a vertical tab before a word ended the line",
        "61 20 0b 62 20 63",
    ),
    (
        "cmdline",
        "a no-break space of Latin-1 was part of a word",
        "61 a0 62",
    ),
    (
        "vmlinux",
        "e_entry between two parts",
        "8c89f5121ab9098fd899f96748d06d56",
    ),
    (
        "plan",
        "the same, planned",
        "f9b797a22148a5ecf04f66060193ef074dfa6e2ae94bb082",
    ),
    (
        "crash",
        "the same, in a reservation",
        "fb3a84be00000000000400",
    ),
    (
        "plan",
        "an EFI runtime region whose size passes 2^64",
        "e6a7e07430d0b96509a2c4f80b50bd8ad8a6d789fa8ee20279",
    ),
    (
        "plan",
        "mem_min above mem_max: no hole",
        "df0ab74314329248715afc0a13c8affd9460e328c04855bc2db5936e542b3ddc\
         2cce3b860240a4da1fa9d73703786f1d802f0059413b69469657b3904595b924",
    ),
    (
        "plan",
        "a window without mem_min and mem_max",
        "00000000000000000000adf6f1baa3a8a63b025fbc6e0222510379f07ec26740\
         a01bb42e8f2afdb4013708d9810a38ec6384d5ae0e540dad",
    ),
    (
        "plan",
        "a largest range in an EFI runtime region",
        "176e04095ffb0b96639c29b2d33bdf209a90b0a0649f8047eb5600b85918fcbb6a988df519",
    ),
    (
        "crash",
        "a reservation above what the kernel can map",
        "479c1e01264c6eb122e183c051d3fe4abf30ce9c574674bf",
    ),
    (
        "crash",
        "a window past what the kernel can map",
        "00800000000000106b81a73c",
    ),
];

/// Those of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let found = FOUND.iter().filter(|(name, ..)| *name == target);
    found.map(|(.., input)| bytes(input)).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}
