//! With every linker, the shared object has its symbol versions, or it is not built.
#![allow(missing_docs)]

use std::process::{Command, Output};

use libkexec_install::versions;
use libkexec_tests::{output, root, target, tool};

fn build(linker: &str) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "-p", "libkexec-shared"])
        .arg("--target-dir")
        .arg(target().join("c-tests/linkers"))
        .env("KEXEC_LD", linker)
        .current_dir(root());
    output(&mut command)
}

#[test]
fn every_linker_gives_versions_or_nothing() {
    let so = target().join("c-tests/linkers/release/libkexec.so");
    for linker in ["ld.bfd", "ld.gold", "ld.lld"] {
        // If lld is missing this is no skip: the other builds use it if it exists.
        let what = format!("libkexec.so linked by {linker}");
        let Some(path) = (match linker {
            "ld.lld" => libkexec_tests::find(&[linker]),
            _ => tool(&[linker], &what),
        }) else {
            continue;
        };
        let built = build(path.to_str().expect("UTF-8"));
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{linker}: {said}");
        versions::check(&so, root(), "").expect(linker);
        std::fs::remove_file(&so).expect("it was made");
    }
    // A linker that reports success but ignores the map.
    for linker in ["/bin/false", "/bin/true", "/nowhere/ld"] {
        let refused = build(linker);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{linker}");
        assert!(said.contains("would have no symbol versions"), "{said}");
        assert!(!so.exists());
    }
}
