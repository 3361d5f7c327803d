//! A fuzz target under libFuzzer: the one of the program's name.
#![no_main]

use kexec_fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let mut all = TARGETS.iter();
    all.find(|target| target.name == env!("CARGO_BIN_NAME")).expect("a target of this name")
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
