//! Builds the purgatory blob.
fn main() {}
