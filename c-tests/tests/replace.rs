//! docs/replace.md as printed: the command in the place of kexec-tools, an upgrade of that package, and
//! the way back.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_tests::{built, not_tested, root, run, scratch, target};

/// The blocks of shell in a section of the page.
fn blocks(section: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/replace.md")).expect("the page");
    let text = page.split("\n## ").find(|text| text.starts_with(section));
    let text = text.expect("the section");
    let blocks = text.split("```sh\n").skip(1);
    let block = |rest: &str| rest.split("```").next().unwrap_or_default().to_owned();
    blocks.map(block).collect()
}

/// Whether the programs are here, and may be used.
fn can(programs: &[&str]) -> bool {
    let run = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let missing: Vec<&&str> = programs.iter().filter(|program| !run(program)).collect();
    if !missing.is_empty() {
        not_tested(&format!("replacing kexec-tools: no {missing:?}"));
    }
    missing.is_empty()
}

/// A package kexec-tools of this version, with its program in this directory.
fn package(place: &Path, version: &str, sbin: &str) -> PathBuf {
    let tree = place.join(format!("tree-{version}"));
    let put = |path: &str, text: &str| {
        let path = tree.join(path);
        std::fs::create_dir_all(path.parent().expect("above")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    put(
        "DEBIAN/control",
        &format!(
            "Package: kexec-tools\nVersion: {version}\nArchitecture: all\n\
             Maintainer: nobody <nobody@localhost>\nDescription: a test\n"
        ),
    );
    put(&format!("{sbin}/kexec"), version);
    put("usr/share/man/man8/kexec.8.gz", version);
    let file = place.join(format!("{version}.deb"));
    run(Command::new("dpkg-deb")
        .args(["--build", "--root-owner-group"])
        .args([&tree, &file]));
    file
}

/// A shell in which the lines of the page act on another root.
fn shell(root_of_system: &Path, before: &str, lines: &str) {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let directory = target().join("c-tests/installer");
    run(Command::new(cargo)
        .args(["build", "-q", "-p", "libkexec-install", "--target-dir"])
        .arg(&directory)
        .current_dir(root()));
    let script = format!(
        "cargo() {{ shift; '{}' \"$@\" '--target={}'; }}\n{before}\n{lines}",
        directory.join("debug/libkexec-install").display(),
        built().display()
    );
    run(Command::new("sh")
        .args(["-euxc", &script])
        .env("DESTDIR", root_of_system)
        .env("DPKG_ROOT", root_of_system)
        .env("ROOT", root_of_system));
}

fn is_ours(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
}

#[test]
fn a_diversion_outlives_an_upgrade() {
    if !can(&["dpkg", "dpkg-deb", "dpkg-divert"]) {
        return;
    }
    // As in Debian 13, and in Debian 12, where /sbin is a link.
    for sbin in ["usr/sbin", "sbin"] {
        let place = scratch("replace-debian").canonicalize().expect("a path");
        let system = place.join("root");
        std::fs::create_dir_all(system.join("usr/sbin")).expect("made");
        std::os::unix::fs::symlink("usr/sbin", system.join("sbin")).expect("made");
        for name in ["info", "updates"] {
            std::fs::create_dir_all(system.join("var/lib/dpkg").join(name)).expect("made");
        }
        std::fs::write(system.join("var/lib/dpkg/status"), "").expect("written");
        let install = |version| {
            run(Command::new("dpkg")
                .arg(format!("--root={}", system.display()))
                .args([
                    "--force-not-root",
                    "--force-bad-path",
                    "--log=/dev/null",
                    "-i",
                ])
                .arg(package(&place, version, sbin)));
        };
        let program = system.join("usr/sbin/kexec");
        let theirs = system.join("usr/sbin/kexec.kexec-tools");
        install("1");
        let [put, back] = &blocks("Debian")[..] else {
            panic!("two blocks");
        };
        shell(&system, "", put);
        assert!(is_ours(&program), "{sbin}");
        assert_eq!(std::fs::read_to_string(&theirs).expect("renamed"), "1");
        install("2");
        assert!(is_ours(&program), "{sbin}");
        assert_eq!(std::fs::read_to_string(&theirs).expect("upgraded"), "2");
        let pages = system.join("usr/share/man/man8");
        assert!(pages.join("kexec.8").is_file() && !pages.join("kexec.8.gz").exists());
        assert!(pages.join("kexec.kexec-tools.8.gz").is_file());
        shell(&system, "", back);
        assert_eq!(std::fs::read_to_string(&program).expect("back"), "2");
        assert!(!theirs.exists() && !pages.join("kexec.8").exists());
        assert_eq!(
            std::fs::read_to_string(pages.join("kexec.8.gz")).expect("back"),
            "2"
        );
    }
}

/// With Debian's program, which takes the same options as that of chkconfig.
#[test]
fn an_alternative_takes_the_place_of_a_file() {
    if !can(&["update-alternatives"]) {
        return;
    }
    let place = scratch("replace-rpm").canonicalize().expect("a path");
    let program = place.join("usr/sbin/kexec");
    for name in [
        "usr/sbin",
        "etc/alternatives",
        "var/lib/dpkg/alternatives",
        "var/log",
    ] {
        std::fs::create_dir_all(place.join(name)).expect("made");
    }
    std::fs::write(&program, "theirs").expect("written");
    let [put, back] = &blocks("Fedora")[..] else {
        panic!("two blocks");
    };
    // The program acts on the other root by itself.
    let before = "alternatives() { update-alternatives \"$@\"; }\n\
                  mv() { command mv \"$ROOT$1\" \"$ROOT$2\"; }";
    let link = |path: &str| std::fs::read_link(place.join(path)).expect("a link");
    shell(&place, before, put);
    assert_eq!(link("usr/sbin/kexec"), Path::new("/etc/alternatives/kexec"));
    assert_eq!(
        link("etc/alternatives/kexec"),
        Path::new("/usr/local/sbin/kexec")
    );
    assert!(is_ours(&place.join("usr/local/sbin/kexec")));
    shell(&place, before, back);
    assert!(!program.is_symlink());
    assert_eq!(std::fs::read_to_string(&program).expect("back"), "theirs");
    assert!(!place.join("usr/local/sbin/kexec").exists());
}
