//! Request + machine → plan: segments, entry and flags for kexec_load(2). Pure.

mod request;
mod rule;
mod segment;

pub use request::{Console, OnMismatch, Options, Request};
pub use rule::Rule;
pub use segment::{Segment, SegmentKind};
