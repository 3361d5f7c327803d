//! The completions for bash, zsh and fish: made from the table of options, and committed.
//! `KEXEC_WRITE_COMPLETIONS=1 cargo test -p kexec-cli --test completions` makes the files anew.
#![allow(clippy::panic, clippy::unwrap_used)]

mod make;

use std::path::{Path, PathBuf};
use std::process::Command;

use kexec_cli::table::OPTIONS;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

#[test]
fn the_files_are_what_the_table_makes() {
    for (name, made) in [
        ("kexec.bash", make::bash()),
        ("_kexec", make::zsh()),
        ("kexec.fish", make::fish()),
    ] {
        let file = directory().join(name);
        if std::env::var_os("KEXEC_WRITE_COMPLETIONS").is_some() {
            std::fs::write(&file, &made).unwrap();
        }
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            committed == made,
            "{name} is stale: see the head of this test"
        );
    }
}

/// A shell, and what it needs to know of the place it was unpacked at.
struct Shell {
    /// Its program, after a loader if it is not installed.
    command: Vec<String>,
    /// The directory it was unpacked into, if it is not installed.
    tree: Option<PathBuf>,
}

impl Shell {
    /// An installed one, or the one that `cargo xtask test unit` has unpacked.
    fn find(name: &str) -> Option<Self> {
        let installed = Command::new(name).args(["-c", ":"]).output();
        if installed.is_ok_and(|output| output.status.success()) {
            let command = vec![name.to_owned()];
            return Some(Self {
                command,
                tree: None,
            });
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into());
        let tree = root.join(target).join("xtask/shells");
        let program = tree.join("usr/bin").join(name);
        if !program.is_file() {
            kexec_testing::not_tested(&format!("completions: there is no {name}"));
            return None;
        }
        let path = |path: &str| tree.join(path).to_str().unwrap().to_owned();
        Some(Self {
            command: vec![
                path("usr/lib64/ld-linux-x86-64.so.2"),
                "--library-path".to_owned(),
                path("usr/lib/x86_64-linux-gnu"),
                program.to_str().unwrap().to_owned(),
            ],
            tree: Some(tree),
        })
    }

    /// What it prints, by line, when it is started with these arguments.
    fn lines(&self, arguments: &[&str], environment: &[(&str, String)]) -> Vec<String> {
        let (program, before) = self.command.split_first().unwrap();
        let output = Command::new(program)
            .args(before)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// What bash offers for the last of some words.
fn by_bash(shell: &Shell, words: &[&str]) -> Vec<String> {
    let script = "source \"$0\"; COMP_WORDS=(kexec \"$@\"); COMP_CWORD=$#; _kexec; \
                  (( ${#COMPREPLY[@]} )) && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let file = directory().join("kexec.bash");
    let arguments = [&["-c", script, file.to_str().unwrap()], words].concat();
    shell.lines(&arguments, &[])
}

#[test]
fn bash_offers_options_files_and_words() {
    let Some(bash) = Shell::find("bash") else {
        return;
    };
    for (words, expected) in [
        (&["--ini"][..], &["--initrd"][..]),
        (
            &["-l", "--console-"],
            &["--console-vga", "--console-serial"],
        ),
        (&["-l", "Cargo."], &["Cargo.toml"]),
        (&["--initrd", "=", "Cargo."], &["Cargo.toml"]),
        (&["--ramdisk", "Cargo."], &["Cargo.toml"]),
        (&["--on-mismatch", "="], &["halt", "reboot"]),
        (&["--serial", "ttyS1"], &["ttyS1"]),
        (&["-t", "bzImage6"], &["bzImage64"]),
        (&["--type", "=", "h"], &["help"]),
        (&["--help", "="], &["all"]),
        (&["--plan", "="], &["text", "json", "map"]),
        (&["--append", "Cargo."], &[]),
    ] {
        assert_eq!(by_bash(&bash, words), expected, "{words:?}");
    }
    let options = by_bash(&bash, &["-"]);
    for option in OPTIONS {
        assert!(options.contains(&format!("--{}", option.long())));
    }
}

/// Beginnings of a command line, and what zsh and fish offer for the last word of each.
const LINES: &[(&str, &[&str])] = &[
    ("kexec --initr", &["--initrd"]),
    (
        "kexec -l --console-",
        &["--console-serial", "--console-vga"],
    ),
    ("kexec -l Cargo.", &["Cargo.toml"]),
    ("kexec --initrd=Cargo.", &["Cargo.toml"]),
    ("kexec --initrd=a --initrd=Cargo.", &["Cargo.toml"]),
    ("kexec --ramdisk Cargo.", &["Cargo.toml"]),
    ("kexec --on-mismatch=", &["halt", "reboot"]),
    ("kexec --serial ttyS1", &["ttyS1"]),
    ("kexec -t bzImage6", &["bzImage64"]),
    ("kexec --type=h", &["help"]),
    ("kexec --help=", &["all"]),
    ("kexec --plan=", &["json", "map", "text"]),
    ("kexec --append Cargo.", &[]),
    ("kexec --append=Cargo.", &[]),
];

/// Compares what a shell offers for some lines with [`LINES`], and whether it offers every option.
fn check(by: impl Fn(&[&str]) -> Vec<Vec<String>>) {
    let lines: Vec<&str> = LINES.iter().map(|(line, _)| *line).collect();
    let mut all = by(&[lines.as_slice(), &["kexec -"]].concat()).into_iter();
    for ((line, expected), mut offered) in LINES.iter().zip(&mut all) {
        offered.sort();
        assert_eq!(offered, *expected, "{line}");
    }
    let options = all.next().unwrap();
    for option in OPTIONS {
        let long = format!("--{}", option.long());
        assert!(options.contains(&long), "{long}: {options:?}");
    }
}

#[test]
fn zsh_offers_options_files_and_words() {
    let Some(zsh) = Shell::find("zsh") else {
        return;
    };
    let directory = directory();
    let script = directory.with_file_name("tests/completions/offered.zsh");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let environment = [
        ("COMPLETIONS", text(&directory)),
        ("SHELL_COMMAND", format!("'{}'", zsh.command.join("' '"))),
        ("TREE", zsh.tree.as_deref().map(text).unwrap_or_default()),
    ];
    check(|lines| {
        let printed = zsh.lines(&[&["-f", &text(&script)], lines].concat(), &environment);
        let each = printed.split(|line| line == ".");
        let words = |some: &[String]| {
            some.iter()
                .filter(|word| !word.is_empty())
                .cloned()
                .collect()
        };
        each.map(words).collect()
    });
}

#[test]
fn fish_offers_options_files_and_words() {
    let Some(fish) = Shell::find("fish") else {
        return;
    };
    let script = "source completions/kexec.fish; complete -C $argv[1]";
    // A value after a sign is offered with its option, and everything with a description.
    let value = |line: &String| {
        let word = line.split('\t').next().unwrap();
        word.rsplit('=').next().unwrap().to_owned()
    };
    let offered = |line: &&str| {
        let lines = fish.lines(&["--no-config", "-c", script, "--", line], &[]);
        lines.iter().map(value).collect()
    };
    check(|lines| lines.iter().map(offered).collect());
}
