//! Installing and taking away again: nothing stays that was installed, and nothing goes that was
//! there before.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_install::{Destination, install, uninstall};
use libkexec_tests::{built, output, root, run, scratch};

/// Every path below a directory.
fn tree(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("its kind");
        if kind.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path);
    }
    found
}

fn to(destdir: &Path, prefix: &Path, libdir: &str) -> Destination {
    Destination {
        destdir: destdir.into(),
        prefix: prefix.into(),
        libdir: libdir.into(),
    }
}

fn place(name: &str) -> PathBuf {
    scratch(name).canonicalize().expect("a path")
}

fn directory(path: PathBuf) {
    std::fs::create_dir_all(path).expect("made");
}

#[test]
fn directories_that_were_there_stay() {
    let place = place("install-there-before");
    let prefix = place.join("usr/local");
    for name in ["include", "lib", "share/man/man3", "share/man/man1"] {
        directory(prefix.join(name));
    }
    let before = tree(&place);
    let to = to(Path::new(""), &prefix, "lib");
    let said = install(root(), built(), &to).expect("installed");
    assert!(said.contains(&prefix.join("share/man/man3/kx_plan.3")));
    for path in &said {
        assert!(path.symlink_metadata().is_ok(), "{}", path.display());
    }
    let files = tree(&place);
    // Twice is once: what the first one made the second does not take for another's.
    install(root(), built(), &to).expect("installed again");
    assert_eq!(tree(&place), files);
    uninstall(root(), &to).expect("uninstalled");
    assert_eq!(tree(&place), before);
    uninstall(root(), &to).expect("nothing to do");
    assert_eq!(tree(&place), before);
}

#[test]
fn all_of_it_goes_but_for_what_others_put_there() {
    let place = place("install-others");
    let to = to(Path::new(""), &place.join("opt/kexec"), "lib");
    install(root(), built(), &to).expect("installed");
    let others = place.join("opt/kexec/lib/other.so");
    std::fs::write(&others, b"").expect("written");
    uninstall(root(), &to).expect("uninstalled");
    let left: Vec<PathBuf> = tree(&place).into_iter().collect();
    let lib = place.join("opt/kexec/lib");
    let parents = [place.join("opt"), place.join("opt/kexec"), lib];
    assert_eq!(left, [&parents[..], &[others]].concat());
}

#[test]
fn an_absolute_libdir_outside_of_the_prefix() {
    let place = place("install-libdir");
    directory(place.join("b"));
    let before = tree(&place);
    let libdir = place.join("a/lib64");
    let to = to(
        Path::new(""),
        &place.join("b/usr"),
        libdir.to_str().expect("UTF-8"),
    );
    install(root(), built(), &to).expect("installed");
    assert!(libdir.join("pkgconfig/libkexec.pc").exists());
    assert!(!place.join("b/usr/lib").exists());
    uninstall(root(), &to).expect("uninstalled");
    assert_eq!(tree(&place), before);
}

#[test]
fn a_staging_directory_keeps_its_directories_and_has_no_record() {
    let place = place("install-destdir");
    let stage = place.join("stage");
    for libdir in ["lib", "/usr/lib/x86_64-linux-gnu", "/lib64"] {
        directory(stage.join("empty"));
        let to = to(&stage, Path::new("/usr"), libdir);
        let said = install(root(), built(), &to).expect("installed");
        for path in &said {
            assert!(path.starts_with("/usr") || path.starts_with("/lib64"));
            let staged = stage.join(path.strip_prefix("/").expect("absolute"));
            assert!(staged.symlink_metadata().is_ok(), "{}", staged.display());
        }
        assert!(!stage.join("usr/share/libkexec").exists());
        uninstall(root(), &to).expect("uninstalled");
        let left = tree(&stage);
        assert!(left.iter().all(|path| path.is_dir()), "{left:?}");
        assert!(
            left.contains(&stage.join("usr/share/man/man3")) && left.contains(&stage.join("empty"))
        );
        std::fs::remove_dir_all(&stage).expect("thrown away");
    }
}

/// Whatever stands in the record, what is not a directory of the installation stays.
#[test]
fn a_record_that_lies_is_not_believed() {
    let place = place("install-lies");
    directory(place.join("empty"));
    let before = tree(&place);
    let to = to(Path::new(""), &place.join("usr"), "lib");
    install(root(), built(), &to).expect("installed");
    let record = place.join("usr/share/libkexec/directories");
    let text = std::fs::read_to_string(&record).expect("the record");
    let lie = format!("{}\n{text}", place.join("empty").display());
    std::fs::write(&record, lie).expect("written");
    uninstall(root(), &to).expect("uninstalled");
    assert_eq!(tree(&place), before);
}

#[test]
fn spaces_in_the_prefix_reach_the_compiler() {
    let place = place("install-spaces");
    let prefix = place.join("my 'own' things & more");
    let to = to(Path::new(""), &prefix, "lib");
    install(root(), built(), &to).expect("installed");
    std::fs::write(
        place.join("version.c"),
        "#include <libkexec.h>\n\
         int main(void) { return kx_version_number() != KX_VERSION_NUMBER; }\n",
    )
    .expect("written");
    let line =
        "eval \"cc -o version version.c $(pkg-config --cflags --libs libkexec)\" && ./version";
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]).current_dir(&place);
    shell.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    run(shell.env("LD_LIBRARY_PATH", prefix.join("lib")));
    uninstall(root(), &to).expect("uninstalled");
    assert_eq!(tree(&place).len(), 2, "source and program");
}

#[test]
fn what_pkg_config_cannot_tell_is_refused() {
    let place = place("install-refused");
    for name in ["a#b", "a\"b", "a$b", "a\\b", "a\nb", "a(b)"] {
        let to = to(Path::new(""), &place.join(name), "lib");
        let said = install(root(), built(), &to).expect_err("refused");
        assert!(said.contains("libkexec.pc could not tell"), "{said}");
        let said = install(root(), built(), &self::to(&place, Path::new("/usr"), name));
        assert!(said.is_err());
    }
    let relative = to(Path::new(""), Path::new("usr"), "lib");
    assert!(install(root(), built(), &relative).is_err());
    assert_eq!(tree(&place).len(), 0);
}

/// The program, of a tree that was never built.
#[test]
fn uninstalling_needs_no_build() {
    let place = place("install-program");
    let prefix = format!("--prefix={}", place.join("usr").display());
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let program = |arguments: &[&str]| {
        let mut command = Command::new(&cargo);
        command.args(["run", "-q", "-p", "libkexec-install", "--"]);
        command.args(arguments).current_dir(root());
        output(&mut command)
    };
    let target = format!("--target={}", built().display());
    let done = program(&["install", &prefix, &target]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.contains("/usr/lib/libkexec.so.0\n"), "{said}");
    let done = program(&["uninstall", &prefix, "--target=/nowhere"]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(tree(&place).len(), 0);
}
