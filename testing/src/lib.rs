//! What the tests of all packages share: saying what was not tested, and files that nobody writes to.

mod settled;

pub use settled::{file, settle, sparse};

use std::fs::OpenOptions;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

/// Says that something is not tested, and why: to the person, and in `target/not-tested` for
/// `cargo xtask test`, which takes it for a skipped test.
///
/// # Panics
/// Where it cannot be written down: what nobody is told must not pass.
#[allow(clippy::expect_used)]
pub fn not_tested(what: &str) {
    eprintln!("NOT TESTED: {what}");
    write_down(what).expect("written down");
}

fn write_down(what: &str) -> Result<()> {
    // One write, for tests run at the same time.
    let line = format!("{}\n", what.replace('\n', " "));
    let list = list();
    if let Some(directory) = list.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).open(list)?;
    file.write_all(line.as_bytes())
}

/// Where the lines are.
#[must_use]
pub fn list() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR");
    // Relative to the workspace, not to the package whose test runs.
    root.join(target.unwrap_or("target".into()))
        .join("not-tested")
}
