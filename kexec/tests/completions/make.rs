//! The files of the three shells, made from the table of options.

use core::fmt::Write;

use kexec_cli::kind::KINDS;
use kexec_cli::table::{Id, OPTIONS, Opt};

/// What a shell offers for the value of an option.
enum Offered {
    Files,
    Words(Vec<&'static str>),
    Nothing,
}

fn offered(value: &'static str) -> Offered {
    match value {
        "PORT" => Offered::Words(vec!["ttyS0", "ttyS1"]),
        "TYPE" => {
            let kinds = KINDS.iter().map(|kind| kind.name);
            Offered::Words(core::iter::once("help").chain(kinds).collect())
        }
        _ if value.contains("FILE") || value.contains("DIR") => Offered::Files,
        _ if value.contains('|') => Offered::Words(value.split('|').collect()),
        _ => Offered::Nothing,
    }
}

/// The words that an option takes after a sign, and may be without; empty for any word.
fn after_sign(option: &Opt) -> Option<String> {
    match option.value() {
        Some(value) if option.optional && !value.contains('|') => Some(String::new()),
        Some(value) if option.optional => Some(value.replace('|', " ")),
        _ => (option.id == Id::Help).then(|| "all".to_owned()),
    }
}

/// The value that an option must have.
fn value(option: &Opt) -> Option<&'static str> {
    option.value().filter(|_| !option.optional)
}

/// Whether an option may be given more than once, each time with an effect.
fn is_repeated(option: &Opt) -> bool {
    matches!(option.id, Id::Initrd | Id::Module)
}

/// An option's names, with dashes.
fn names(option: &Opt) -> Vec<String> {
    let letter = option
        .short
        .map(|letter| format!("-{}", char::from(letter)));
    letter
        .into_iter()
        .chain([format!("--{}", option.long())])
        .collect()
}

const ORIGIN: &str = "made from the table of options by kexec/tests/completions/make.rs.";

/// For bash.
pub fn bash() -> String {
    let mut options = String::new();
    let mut values = String::new();
    let mut without = Vec::new();
    for option in OPTIONS {
        writeln!(options, "        {}", names(option).join(" ")).unwrap();
        let pattern = names(option).join(" | ");
        if let Some(word) = after_sign(option) {
            let what = format!("[[ $sign ]] && what=(-W \"{word}\")");
            writeln!(values, "        {pattern}) {what} ;;").unwrap();
        }
        match value(option).map(offered) {
            Some(Offered::Files) => writeln!(values, "        {pattern}) ;;").unwrap(),
            Some(Offered::Words(words)) => {
                let what = format!("what=(-W \"{}\")", words.join(" "));
                writeln!(values, "        {pattern}) {what} ;;").unwrap();
            }
            Some(Offered::Nothing) => without.push(pattern),
            None => {}
        }
    }
    let without = without.join(" | ");
    format!(
        r#"# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of kexec(8) for bash, {ORIGIN}
_kexec() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD - 1]}} sign=
    # Bash makes a word of the sign in --initrd=FILE.
    if [[ $current == = ]]; then
        current= sign=1
    elif [[ $option == = ]]; then
        option=${{COMP_WORDS[COMP_CWORD - 2]}} sign=1
    fi
    local -a options=(
{options}    )
    local -a what=(-f)
    [[ $current == -* ]] && what=(-W "${{options[*]}}")
    case $option in
{values}        {without}) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen "${{what[@]}}" -- "$current")
}}
complete -o filenames -F _kexec kexec
"#
    )
}

/// For zsh.
pub fn zsh() -> String {
    let mut specs = String::new();
    for option in OPTIONS {
        let names = names(option);
        let help = option.help().replace('\'', r"'\''");
        let help = help.replace('[', r"\[").replace(']', r"\]");
        let (sign, rest) = match (value(option), after_sign(option)) {
            (Some(value), _) => match offered(value) {
                Offered::Files => ("=", format!(":{value}:_files")),
                Offered::Words(words) => ("=", format!(":{value}:({})", words.join(" "))),
                Offered::Nothing => ("=", format!(":{value}: ")),
            },
            (None, Some(words)) => {
                let name = option.value().unwrap_or("all");
                let words = match words.as_str() {
                    "" => " ".to_owned(),
                    words => format!("({words})"),
                };
                ("=-", format!("::{name}:{words}"))
            }
            (None, None) => ("", String::new()),
        };
        // A value may follow a letter in the same word, without a sign.
        let specified = names.iter().map(|name| match (sign, name.len()) {
            ("=", 2) => format!("{name}+"),
            ("=-", 2) => name.clone(),
            _ => format!("{name}{sign}"),
        });
        let specified: Vec<String> = specified.collect();
        let before = match is_repeated(option) {
            true => "*".to_owned(),
            false => format!("({})", names.join(" ")),
        };
        for (name, specified) in names.iter().zip(&specified) {
            let rest = if sign == "=-" && name.len() == 2 {
                ""
            } else {
                &rest
            };
            writeln!(specs, "    '{before}{specified}[{help}]{rest}' \\").unwrap();
        }
    }
    format!(
        "#compdef kexec
# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of kexec(8) for zsh, {ORIGIN}
_arguments -s -S \\
{specs}    ':kernel:_files'
"
    )
}

/// For fish.
pub fn fish() -> String {
    let mut lines = String::new();
    for option in OPTIONS {
        let letter = option
            .short
            .map(|letter| format!(" -s {}", char::from(letter)));
        let value = match (value(option).map(offered), after_sign(option)) {
            (Some(Offered::Files), _) => " -r -F".to_owned(),
            (Some(Offered::Words(words)), _) => format!(" -x -a '{}'", words.join(" ")),
            (Some(Offered::Nothing), _) => " -x".to_owned(),
            (None, Some(words)) if words.is_empty() => " -f".to_owned(),
            (None, Some(words)) if words.contains(' ') => format!(" -f -a '{words}'"),
            (None, Some(word)) => format!(" -f -a {word}"),
            (None, None) => String::new(),
        };
        let help = option.help().replace('\'', r"\'");
        let letter = letter.unwrap_or_default();
        let long = option.long();
        writeln!(
            lines,
            "complete -c kexec{letter} -l {long}{value} -d '{help}'"
        )
        .unwrap();
    }
    format!(
        "# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of kexec(8) for fish, {ORIGIN}
{lines}"
    )
}
