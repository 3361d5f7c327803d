//! Second readers of lines and numbers, and files cut into pieces.

/// The pieces a file comes in: the first bytes of an input say where it is cut.
pub fn pieces(data: &[u8]) -> (Vec<u8>, Vec<&[u8]>) {
    let (cuts, file) = data.split_at(data.len().min(2));
    let step = cuts.first().map_or(1, |cut| usize::from(*cut)).max(1);
    let grow = cuts.get(1).map_or(0, |cut| usize::from(*cut));
    let (mut rest, mut size, mut all) = (file, step, Vec::new());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(size));
        all.push(piece);
        rest = after;
        size += grow;
    }
    (file.to_vec(), all)
}

/// An input of a file: cut nowhere, and into single bytes.
pub fn seed(file: &str) -> [Vec<u8>; 2] {
    [
        [&[255, 255], file.as_bytes()].concat(),
        [&[1, 0], file.as_bytes()].concat(),
    ]
}

/// The seeds of files.
pub fn seeds_of(files: &[&str]) -> Vec<Vec<u8>> {
    files.iter().flat_map(|file| seed(file)).collect()
}
