//! Installing and uninstalling: all that was installed is removed, and nothing that was there
//! before.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_install::{Destination, Part, Source, Tools, install, uninstall};
use libkexec_tests::{LIBRARY, built, output, root, run, scratch, source, target};

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
        ..Destination::default()
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
    let said = install(&source(), &to, Part::ALL).expect("installed");
    assert!(said.contains(&prefix.join("share/man/man3/kx_plan.3")));
    for path in &said {
        assert!(path.symlink_metadata().is_ok(), "{}", path.display());
    }
    let files = tree(&place);
    // Installing twice is like once: the second one knows which directories the first one made.
    install(&source(), &to, Part::ALL).expect("installed again");
    assert_eq!(tree(&place), files);
    uninstall(root(), &to, Part::ALL).expect("uninstalled");
    assert_eq!(tree(&place), before);
    uninstall(root(), &to, Part::ALL).expect("nothing to do");
    assert_eq!(tree(&place), before);
}

#[test]
fn all_of_it_goes_but_for_what_others_put_there() {
    let place = place("install-others");
    let to = to(Path::new(""), &place.join("opt/kexec"), "lib");
    install(&source(), &to, Part::ALL).expect("installed");
    let others = place.join("opt/kexec/lib/other.so");
    std::fs::write(&others, b"").expect("written");
    uninstall(root(), &to, Part::ALL).expect("uninstalled");
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
    install(&source(), &to, Part::ALL).expect("installed");
    assert!(libdir.join("pkgconfig/libkexec.pc").exists());
    assert!(!place.join("b/usr/lib").exists());
    uninstall(root(), &to, Part::ALL).expect("uninstalled");
    assert_eq!(tree(&place), before);
}

#[test]
fn a_staging_directory_keeps_its_directories_and_has_no_record() {
    let place = place("install-destdir");
    let stage = place.join("stage");
    for libdir in ["lib", "/usr/lib/x86_64-linux-gnu", "/lib64"] {
        directory(stage.join("empty"));
        let to = to(&stage, Path::new("/usr"), libdir);
        let said = install(&source(), &to, Part::ALL).expect("installed");
        for path in &said {
            assert!(path.starts_with("/usr") || path.starts_with("/lib64"));
            let staged = stage.join(path.strip_prefix("/").expect("absolute"));
            assert!(staged.symlink_metadata().is_ok(), "{}", staged.display());
        }
        assert!(!stage.join("usr/share/libkexec").exists());
        uninstall(root(), &to, Part::ALL).expect("uninstalled");
        let left = tree(&stage);
        assert!(left.iter().all(|path| path.is_dir()), "{left:?}");
        assert!(
            left.contains(&stage.join("usr/share/man/man3")) && left.contains(&stage.join("empty"))
        );
        std::fs::remove_dir_all(&stage).expect("thrown away");
    }
}

/// A directory that is not part of the installation stays, whatever the record says.
#[test]
fn a_record_that_lies_is_not_believed() {
    let place = place("install-lies");
    directory(place.join("empty"));
    let before = tree(&place);
    let to = to(Path::new(""), &place.join("usr"), "lib");
    install(&source(), &to, Part::ALL).expect("installed");
    let record = place.join("usr/share/libkexec/directories");
    let text = std::fs::read_to_string(&record).expect("the record");
    let lie = format!("{}\n{text}", place.join("empty").display());
    std::fs::write(&record, lie).expect("written");
    uninstall(root(), &to, Part::ALL).expect("uninstalled");
    assert_eq!(tree(&place), before);
}

#[test]
fn spaces_in_the_prefix_reach_the_compiler() {
    let place = place("install-spaces");
    let prefix = place.join("my 'own' things & more");
    let to = to(Path::new(""), &prefix, "lib");
    install(&source(), &to, Part::ALL).expect("installed");
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
    uninstall(root(), &to, Part::ALL).expect("uninstalled");
    assert_eq!(tree(&place).len(), 2, "source and program");
}

#[test]
fn what_pkg_config_cannot_tell_is_refused() {
    let place = place("install-refused");
    for name in ["a#b", "a\"b", "a$b", "a\\b", "a\nb", "a(b)"] {
        let to = to(Path::new(""), &place.join(name), "lib");
        let said = install(&source(), &to, Part::ALL).expect_err("refused");
        assert!(said.contains("libkexec.pc cannot express"), "{said}");
        let said = install(
            &source(),
            &self::to(&place, Path::new("/usr"), name),
            Part::ALL,
        );
        assert!(said.is_err());
    }
    let relative = to(Path::new(""), Path::new("usr"), "lib");
    assert!(install(&source(), &relative, Part::ALL).is_err());
    assert_eq!(tree(&place).len(), 0);
}

/// The program, in a tree that was never built.
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

/// The permissions and kind of every installed file, under the most restrictive umask.
#[test]
fn modes_do_not_depend_on_the_umask() {
    let place = place("install-umask");
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = ["build", "-q", "-p", "libkexec-install", "--target-dir"];
    let directory = target().join("c-tests/installer");
    run(Command::new(cargo)
        .args(arguments)
        .arg(&directory)
        .current_dir(root()));
    for umask in ["0077", "0027", "0000"] {
        let stage = place.join(umask);
        let line = format!(
            "umask {umask}; exec '{}' install --prefix=/usr '--target={}'",
            directory.join("debug/libkexec-install").display(),
            built().display()
        );
        let mut shell = Command::new("sh");
        run(shell.args(["-ec", &line]).env("DESTDIR", &stage));
        for path in tree(&stage) {
            let data = path.symlink_metadata().expect("its kind");
            let mode = data.permissions().mode() & 0o7777;
            let wanted = match path.strip_prefix(&stage).expect("below").to_str() {
                _ if data.is_symlink() => continue,
                _ if data.is_dir() => 0o755,
                Some("usr/sbin/kexec") => 0o755,
                Some(path) if path.ends_with(".sh") => 0o755,
                // Also the shared object, which is not a program.
                _ => 0o644,
            };
            assert_eq!(mode, wanted, "umask {umask}: {}", path.display());
        }
        for name in [
            "usr/sbin/kexec",
            "usr/share/man/man8/kexec.8",
            "usr/share/bash-completion/completions/kexec",
            "usr/share/zsh/site-functions/_kexec",
            "usr/share/fish/vendor_completions.d/kexec.fish",
            "usr/share/doc/kexec/LICENSE-MIT",
            "usr/share/doc/libkexec/LICENSE-APACHE",
            "usr/lib/libkexec.so.0",
            "usr/lib/pkgconfig/libkexec.pc",
        ] {
            assert!(stage.join(name).exists(), "{name}");
        }
    }
}

fn sections(file: &Path) -> String {
    run(Command::new("readelf").arg("-SW").arg(file))
}

fn build_id(file: &Path) -> String {
    let notes = run(Command::new("readelf").arg("-nW").arg(file));
    let id = notes.lines().find_map(|line| line.split_once("Build ID: "));
    id.unwrap_or_else(|| panic!("{}: no build ID", file.display()))
        .1
        .into()
}

#[test]
fn stripping_is_a_choice_and_keeps_the_build_id() {
    let place = place("install-strip");
    for (strip, name) in [(true, "stripped"), (false, "whole")] {
        let to = to(Path::new(""), &place.join(name), "lib");
        let tools = Tools {
            strip,
            ..Tools::default()
        };
        install(&Source { tools, ..source() }, &to, Part::ALL).expect("installed");
        for file in ["lib/libkexec.so", "sbin/kexec"] {
            let file = place.join(name).join(file);
            assert_eq!(
                sections(&file).contains(".symtab"),
                !strip,
                "{}",
                file.display()
            );
            let made = file.file_name().expect("a name");
            assert_eq!(build_id(&file), build_id(&built().join(made)));
        }
        let version = run(Command::new(place.join(name).join("sbin/kexec")).arg("--version"));
        assert!(version.contains("kexec"), "{version}");
    }
}

/// With prefixed binutils, as of a cross compiler.
#[test]
fn tools_have_a_prefix() {
    let place = place("install-tools");
    for name in ["nm", "ar", "ld", "objdump", "objcopy", "strip"] {
        let script = format!(
            "#!/bin/sh\necho {name} >> '{}/log'\nexec {name} \"$@\"\n",
            place.display()
        );
        let path = place.join(format!("my-{name}"));
        std::fs::write(&path, script).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    }
    let to = to(Path::new(""), &place.join("usr"), "lib");
    let prefix = format!("{}/my-", place.display());
    let tools = Tools {
        prefix,
        ..Tools::default()
    };
    install(&Source { tools, ..source() }, &to, Part::ALL).expect("installed");
    let log = std::fs::read_to_string(place.join("log")).expect("used");
    for name in ["nm", "ar", "objdump", "objcopy", "strip"] {
        assert!(log.lines().any(|line| line == name), "{name}: {log}");
    }
    let tools = Tools {
        prefix: "none-here-".into(),
        ..Tools::default()
    };
    let said = install(&Source { tools, ..source() }, &to, Part::ALL).expect_err("no such tools");
    assert!(said.contains("none-here-"), "{said}");
}

#[test]
fn one_part_goes_and_the_other_stays() {
    let place = place("install-parts");
    let to = to(Path::new(""), &place.join("usr"), "lib");
    install(&source(), &to, LIBRARY).expect("installed");
    let library = tree(&place);
    assert!(!place.join("usr/sbin").exists());
    install(&source(), &to, &[Part::Command]).expect("installed");
    uninstall(root(), &to, &[Part::Command]).expect("uninstalled");
    assert_eq!(tree(&place), library);
    uninstall(root(), &to, LIBRARY).expect("uninstalled");
    assert_eq!(tree(&place).len(), 0);
}

/// A tree that was moved after the installation, found by the variable with its new place.
#[test]
fn the_pkg_config_file_is_relative_to_its_prefix() {
    let place = place("install-moved");
    let stage = place.join("stage");
    install(
        &source(),
        &to(&stage, Path::new("/opt/k"), "lib/x86"),
        LIBRARY,
    )
    .expect("installed");
    let moved = place.join("moved");
    std::fs::rename(stage.join("opt/k"), &moved).expect("moved");
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", moved.join("lib/x86/pkgconfig"));
    command.arg(format!("--define-variable=prefix={}", moved.display()));
    let said = run(command.args(["--cflags", "--libs", "libkexec"]));
    let (include, lib) = (moved.join("include"), moved.join("lib/x86"));
    assert!(said.contains(&format!("-I{}", include.display())), "{said}");
    assert!(said.contains(&format!("-L{}", lib.display())), "{said}");
}
