//! Compares the exports of the shared object with `ffi/libkexec.map`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::Result;

/// The symbols of a version script, as nm writes them: `name@@VERSION`.
fn listed(map: &str) -> BTreeSet<String> {
    let mut version = "";
    let mut names = BTreeSet::new();
    for line in map.lines().map(str::trim) {
        if let Some(node) = line.strip_suffix(" {") {
            version = node;
        } else if let Some(name) = line
            .strip_suffix(';')
            .filter(|name| name.starts_with("kx_"))
        {
            names.insert(format!("{name}@@{version}"));
        }
    }
    names
}

/// Rejects a shared object whose symbols and versions are not those of the map: a program that was
/// linked with another one would not start.
///
/// `tools` is the prefix of the name of `nm`.
///
/// # Errors
/// A sentence.
pub fn check(shared: &Path, root: &Path, tools: &str) -> Result<()> {
    let map = crate::read(&root.join("ffi/libkexec.map"))?;
    let map = String::from_utf8_lossy(&map);
    let wanted = listed(&map);
    let mut nm = Command::new(format!("{tools}nm"));
    nm.args(["-D", "--defined-only"]).arg(shared);
    let said = crate::archive::output(&mut nm)?;
    let found: BTreeSet<String> = said
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        // Some linkers also make a symbol of the version itself.
        .filter(|name| name.contains('@') || name.starts_with("kx_"))
        .map(String::from)
        .collect();
    let of = shared.display();
    if let Some(missing) = wanted.difference(&found).next() {
        return Err(format!("{of}: {missing} is not among its symbols"));
    }
    match found.difference(&wanted).next() {
        Some(other) => Err(format!("{of}: {other} is not in ffi/libkexec.map")),
        None => Ok(()),
    }
}
