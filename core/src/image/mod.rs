//! What is in a file; one format a file.

pub mod bzimage;

pub use bzimage::BzImage;
