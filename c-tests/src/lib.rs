//! Shared by the tests of the C library: the library built for release, compilers, and a loud
//! report of what is not tested because a tool is missing.
//!
//! `c-tests/tools.sh` fetches the tools that are optional.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub use kexec_testing::not_tested;
use libkexec_install::{Destination, Part, Source, Tools, archive, install};

/// The project.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A directory for this test's files, empty.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn scratch(name: &str) -> PathBuf {
    let path = target().join("c-tests/scratch").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a scratch directory");
    path
}

/// Cargo's target directory.
#[must_use]
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command that must succeed, and returns its output.
///
/// # Panics
/// When it fails, with all of its output.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}{complained}",
        output.status
    );
    let lines = complained.lines();
    lines
        .filter_map(|line| line.strip_prefix("NOT TESTED: "))
        .for_each(not_tested);
    said
}

/// Runs a command.
///
/// # Panics
/// When it cannot be started.
pub fn output(command: &mut Command) -> Output {
    command
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The directory of the release build, made once.
#[must_use]
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        run(Command::new(cargo)
            .args([
                "build",
                "--release",
                "-p",
                "libkexec",
                "-p",
                "libkexec-shared",
                "-p",
                "kexec-cli",
            ])
            .current_dir(root()));
        target().join("release")
    })
}

/// The slim archive, made once.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn slim() -> &'static Path {
    static SLIM: OnceLock<PathBuf> = OnceLock::new();
    SLIM.get_or_init(|| {
        let path = scratch("slim").join("libkexec.a");
        let bytes =
            archive::slim(&built().join("libkexec.a"), &Tools::default()).expect("a slim archive");
        std::fs::write(&path, bytes).expect("the slim archive written");
        path
    })
}

/// Installs the library below a directory, and returns its path.
///
/// # Panics
/// When it cannot be installed.
#[must_use]
pub fn installed(name: &str) -> PathBuf {
    let prefix = scratch(name).canonicalize().expect("a path");
    install(&source(), &destination(&prefix), LIBRARY).expect("an installed library");
    prefix
}

/// The part that [`installed`] installs: the command belongs to another crate.
pub const LIBRARY: &[Part] = &[Part::Library];

/// The release build, to be stripped.
#[must_use]
pub fn source() -> Source<'static> {
    Source {
        root: root(),
        built: built(),
        tools: Tools::default(),
    }
}

/// Where [`installed`] puts things.
#[must_use]
pub fn destination(prefix: &Path) -> Destination {
    Destination {
        prefix: prefix.into(),
        ..Destination::default()
    }
}

/// The README's quick start, exactly as printed, with a copy installed below `prefix`: shared and
/// static.
///
/// # Panics
/// When it does not compile, or prints something else than it should.
pub fn quick_start(name: &str, prefix: &Path) {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let block = |kind: &str| {
        let (_, rest) = readme.split_once(&format!("```{kind}\n")).expect(kind);
        rest.split_once("```").expect("its end").0
    };
    let directory = scratch(name);
    std::fs::write(directory.join("plan.c"), block("c")).expect("written");
    kexec_testing::file(&directory.join("kernel"), &bzimage(0x1_0000)).expect("written");
    let commands: Vec<&str> = block("console")
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert_eq!(commands.len(), 2);
    let shell = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-ec", line]).current_dir(&directory);
        shell.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        shell.env("LD_LIBRARY_PATH", prefix.join("lib"));
        shell
    };
    commands.iter().for_each(|line| drop(run(&mut shell(line))));
    for program in ["./plan", "./plan-static"] {
        let said = run(&mut shell(&format!("{program} kernel")));
        assert!(said.starts_with("the new kernel starts at 0x"), "{said}");
        let refused = output(&mut shell(&format!("{program} plan.c")));
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("not an image"));
    }
}

/// A C compiler with the project's warnings, all of them errors.
#[must_use]
pub fn cc() -> Command {
    let mut command = Command::new("cc");
    command.args(["-std=c99", "-D_GNU_SOURCE", "-g", "-O1"]);
    command.args(["-Wall", "-Wextra", "-pedantic", "-Werror"]);
    command.arg("-I").arg(root().join("include"));
    command
}

/// The sources of the API tests.
///
/// # Panics
/// When they are not there.
#[must_use]
pub fn api_sources() -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> = std::fs::read_dir(root().join("c-tests/api"))
        .expect("c-tests/api")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    sources
}

/// A program of this machine, or one that `c-tests/tools.sh` fetched. If there is none, reports
/// that `what` is not tested.
#[must_use]
pub fn tool(names: &[&str], what: &str) -> Option<PathBuf> {
    let found = find(names);
    if found.is_none() {
        let names = names.join(", ");
        not_tested(&format!(
            "{what}: no {names} here (c-tests/tools.sh fetches it)"
        ));
    }
    found
}

/// Like [`tool`], without a report.
#[must_use]
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let mut directories = vec![
        root().join("target/c-tests/tools/usr/bin"),
        root().join("target/c-tests/tools/usr/lib/go/bin"),
    ];
    directories.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    names.iter().find_map(|name| {
        let mut paths = directories.iter().map(|directory| directory.join(name));
        paths.find(|path| path.exists())
    })
}

/// A command for a program found by [`tool`], with the libraries fetched with it.
#[must_use]
pub fn fetched(program: &Path) -> Command {
    let usr = root().join("target/c-tests/tools/usr");
    let mut command = Command::new(program);
    if program.starts_with(&usr) {
        let libraries = [
            usr.join("lib/x86_64-linux-gnu"),
            usr.join("lib/llvm-19/lib"),
        ];
        command.env(
            "LD_LIBRARY_PATH",
            std::env::join_paths(libraries).unwrap_or_default(),
        );
    }
    command
}

/// Kernel images to test with: `*/vmlinuz` below KEXEC_TEST_KERNELS; reports if there is none.
#[must_use]
pub fn kernels() -> Vec<PathBuf> {
    let directory = std::env::var_os("KEXEC_TEST_KERNELS")
        .map_or_else(|| target().join("xtask/store/kernels"), PathBuf::from);
    let mut kernels: Vec<PathBuf> = std::fs::read_dir(&directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("vmlinuz")))
        .filter(|path| path.exists())
        .collect();
    kernels.sort();
    if kernels.is_empty() {
        not_tested(&format!(
            "real kernels: none in {} (cargo xtask fetch; KEXEC_TEST_KERNELS)",
            directory.display()
        ));
    }
    kernels
}

/// A well-formed bzImage with `size` bytes of protected-mode code.
#[must_use]
pub fn bzimage(size: usize) -> Vec<u8> {
    let setup = 5 * 512;
    let mut file = vec![0_u8; setup];
    file.extend((0..size).map(|index| (index.wrapping_mul(31) + (index >> 8)) as u8));
    let mut put = |offset: usize, bytes: &[u8]| {
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x1f1, &[4]);
    put(0x1f4, &((size / 16) as u32).to_le_bytes());
    put(0x1fe, &0xaa55_u16.to_le_bytes());
    put(0x200, &[0xeb, 0x6a]);
    put(0x202, b"HdrS\x0f\x02");
    put(0x211, &[1]);
    put(0x230, &0x20_0000_u32.to_le_bytes());
    put(0x234, &[1, 21, 0x7f, 0]);
    put(0x238, &2047_u32.to_le_bytes());
    put(0x258, &0x100_0000_u64.to_le_bytes());
    put(0x260, &0x3c3_9000_u32.to_le_bytes());
    file
}
