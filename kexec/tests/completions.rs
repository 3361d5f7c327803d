//! The completions for bash: made from the table of options, and committed.
//! `KEXEC_WRITE_COMPLETIONS=1 cargo test -p kexec-cli --test completions` makes the file anew.
#![allow(clippy::panic, clippy::unwrap_used)]

use core::fmt::Write;
use std::path::Path;
use std::process::Command;

use kexec_cli::kind::KINDS;
use kexec_cli::table::{OPTIONS, Opt};

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/kexec.bash")
}

/// The long names of some options, as a pattern of `case`.
fn pattern(which: impl Fn(&Opt) -> bool) -> String {
    let names: Vec<String> = OPTIONS
        .iter()
        .filter(|option| which(option))
        .map(|option| format!("--{}", option.long))
        .collect();
    names.join(" | ")
}

fn made() -> String {
    let mut words = String::new();
    for option in OPTIONS {
        let short = option
            .short
            .map(|letter| format!("-{} ", char::from(letter)));
        let line = format!("{}--{}", short.unwrap_or_default(), option.long);
        writeln!(words, "        {line}").unwrap();
    }
    let of = |value| move |option: &Opt| option.value == Some(value);
    let files = pattern(of("FILE"));
    let actions = pattern(of("halt|reboot"));
    let ports = pattern(of("PORT"));
    let types = pattern(of("TYPE"));
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let kinds = kinds.join(" ");
    let others = pattern(|option| {
        let known = ["FILE", "halt|reboot", "PORT", "TYPE"];
        option.value.is_some_and(|value| !known.contains(&value))
    });
    format!(
        r#"# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of kexec(8) for bash, made from the table of options by kexec/tests/completions.rs.
_kexec() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD - 1]}}
    # Bash makes a word of the sign in --initrd=FILE.
    if [[ $current == = ]]; then
        current=
    elif [[ $option == = ]]; then
        option=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    local -a options=(
{words}    )
    local -a what=(-f)
    case $option in
        {files}) ;;
        {actions}) what=(-W "halt reboot") ;;
        {ports}) what=(-W "ttyS0 ttyS1") ;;
        {types} | -t) what=(-W "help {kinds}") ;;
        {others}) return ;;
        *) [[ $current == -* ]] && what=(-W "${{options[*]}}") ;;
    esac
    mapfile -t COMPREPLY < <(compgen "${{what[@]}}" -- "$current")
}}
complete -o filenames -F _kexec kexec
"#
    )
}

#[test]
fn the_file_is_what_the_table_makes() {
    let made = made();
    if std::env::var_os("KEXEC_WRITE_COMPLETIONS").is_some() {
        std::fs::write(file(), &made).unwrap();
    }
    let committed = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(committed == made, "stale: see the head of this test");
}

/// What bash offers for the last of some words.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    let script = "source \"$0\"; COMP_WORDS=(kexec \"$@\"); COMP_CWORD=$#; _kexec; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", script])
        .arg(file())
        .args(words)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let Ok(output) = output else {
        kexec_testing::not_tested("completions: there is no bash");
        return None;
    };
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_offers_options_files_and_words() {
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
        (&["--append", "Cargo."], &[""]),
    ] {
        let Some(offered) = offered(words) else {
            return;
        };
        assert_eq!(offered, expected, "{words:?}");
    }
    let options = offered(&["-"]).unwrap();
    for option in OPTIONS {
        assert!(options.contains(&format!("--{}", option.long)));
    }
}
