use std::ffi::CString;
use std::string::ToString;
use std::vec::Vec;

use super::*;

fn parsed(words: &[&str]) -> Vec<std::string::String> {
    let owned: Vec<CString> = words.iter().map(|w| CString::new(*w).unwrap()).collect();
    Getopt::new(owned.iter().map(CString::as_c_str))
        .map(|item| match item {
            Ok(Item::Option(id, value)) => std::format!("{id:?}={}", value.to_str().unwrap()),
            Ok(Item::Unsupported(option)) => std::format!("? {}", option.long),
            Ok(Item::Positional(path)) => path.to_str().unwrap().to_string(),
            Err(mistake) => std::format!("! {mistake}"),
        })
        .collect()
}

#[test]
fn options_may_follow_the_kernel_until_two_dashes() {
    assert_eq!(
        parsed(&["vmlinuz", "-l", "-", "--", "-e", "--"]),
        ["vmlinuz", "Load=", "-", "-e", "--"]
    );
}

#[test]
fn short_options_are_bundled() {
    assert_eq!(
        parsed(&["-lsd", "k"]),
        ["Load=", "FileSyscall=", "Debug=", "k"]
    );
    assert_eq!(
        parsed(&["-lZd"]),
        ["Load=", "! invalid option -- 'Z'", "Debug="]
    );
    // The rest of a word, or the next one, is the value of a letter that takes one.
    assert_eq!(
        parsed(&["-ltbzImage", "-dt", "x", "-t=y", "-t", ""]),
        [
            "Load=",
            "Type=bzImage",
            "Debug=",
            "Type=x",
            "Type==y",
            "Type="
        ]
    );
    assert_eq!(
        parsed(&["-lt"]),
        ["Load=", "! option '--type' requires an argument"]
    );
}

#[test]
fn values_come_with_a_sign_or_next() {
    assert_eq!(
        parsed(&["--initrd=a=b", "--ramdisk", "-l", "--append=", "--append"]),
        [
            "Initrd=a=b",
            "Initrd=-l",
            "Append=",
            "! option '--append' requires an argument"
        ]
    );
    assert_eq!(
        parsed(&["--load=1"]),
        ["! option '--load' doesn't allow an argument"]
    );
}

#[test]
fn long_options_may_be_cut_short_while_unique() {
    // Longer names that begin with a whole one do not make it ambiguous.
    assert_eq!(parsed(&["--load", "--exec"]), ["Load=", "Exec="]);
    assert_eq!(
        parsed(&["--reuse-c", "--ini=x"]),
        ["ReuseCmdline=", "Initrd=x"]
    );
    assert_eq!(parsed(&["--command=q"]), ["Append=q"]);
    let ambiguous = parsed(&["--re"]);
    assert!(
        ambiguous[0].starts_with("! option '--re' is ambiguous; possibilities: '--reuse-cmdline'")
    );
    assert!(ambiguous[0].contains("'--real-mode'"));
    assert_eq!(parsed(&["--mo=x"]), ["Module=x"]);
    assert_eq!(parsed(&["--real"]), ["RealMode="]);
    assert_eq!(
        parsed(&["--real-mode=x"]),
        ["! option '--real-mode' doesn't allow an argument"]
    );
    // Ambiguous in kexec(8) too, with an option that is not here yet.
    assert!(parsed(&["--ent"])[0].contains("ambiguous"));
}

/// An abbreviation that kexec-tools 2.0.32 understands means there what it means here, whatever
/// newer names there are.
#[test]
fn the_reference_comes_before_newer_names() {
    for (short, item) in [
        ("--f", "Force="),
        ("--fo", "Force="),
        ("--force", "Force="),
        ("--no-c", "NoChecks="),
        ("--noe", "NoEfi="),
    ] {
        assert_eq!(parsed(&[short]), [item], "{short}");
    }
    // No older name begins like these.
    assert_eq!(
        parsed(&["--force-d", "--no-cm", "--dr", "--o=halt"]),
        ["ForceDtb=", "NoCma=", "DryRun=", "OnMismatch=halt"]
    );
    // Newer names are not among the possibilities.
    assert_eq!(
        parsed(&["--no"]),
        [
            "! option '--no' is ambiguous; possibilities: '--no-checks' '--noefi' '--no-ifdown' '--no-sync'"
        ]
    );
    assert_eq!(
        parsed(&["--d"]),
        ["! option '--d' is ambiguous; possibilities: '--debug' '--dtb'"]
    );
}

/// The long options of kexec-tools 2.0.32 on x86-64, what each is here, and whether it takes a value.
#[rustfmt::skip]
const REFERENCE: [(&str, &str, bool); 48] = [
    ("help", "Help", false),
    ("version", "Version", false),
    ("force", "Force", false),
    ("no-checks", "NoChecks", false),
    ("no-ifdown", "NoIfdown", false),
    ("no-sync", "NoSync", false),
    ("load", "Load", false),
    ("unload", "Unload", false),
    ("exec", "Exec", false),
    ("exec-live-update", "? exec-live-update", false),
    ("load-preserve-context", "? load-preserve-context", false),
    ("load-jump-back-helper", "? load-jump-back-helper", false),
    ("load-live-update", "? load-live-update", false),
    ("entry", "Entry", true),
    ("type", "Type", true),
    ("load-panic", "LoadPanic", false),
    ("mem-min", "MemMin", true),
    ("mem-max", "MemMax", true),
    ("reuseinitrd", "? reuseinitrd", false),
    ("kexec-file-syscall", "FileSyscall", false),
    ("kexec-syscall", "LoadSyscall", false),
    ("kexec-syscall-auto", "AutoSyscall", false),
    ("debug", "Debug", false),
    ("status", "Status", false),
    ("print-ckr-size", "PrintCkrSize", false),
    ("hotplug", "Hotplug", false),
    ("reset-vga", "ResetVga", false),
    ("serial", "Serial", true),
    ("serial-baud", "SerialBaud", true),
    ("console-vga", "ConsoleVga", false),
    ("console-serial", "ConsoleSerial", false),
    ("elf32-core-headers", "Elf32CoreHeaders", false),
    ("elf64-core-headers", "Elf64CoreHeaders", false),
    ("pass-memmap-cmdline", "PassMemmapCmdline", false),
    ("noefi", "NoEfi", false),
    ("reuse-video-type", "ReuseVideoType", false),
    ("command-line", "Append", true),
    ("append", "Append", true),
    ("reuse-cmdline", "ReuseCmdline", false),
    ("initrd", "Initrd", true),
    ("ramdisk", "Initrd", true),
    ("args-elf", "ArgsElf", false),
    ("args-linux", "ArgsLinux", false),
    ("args-none", "ArgsNone", false),
    ("module", "Module", true),
    ("real-mode", "RealMode", false),
    ("entry-32bit", "Entry32", false),
    ("dtb", "Dtb", true),
];

/// Every beginning of every name means what it does by the rules of getopt_long(3) with these names
/// alone: a whole name itself, another beginning the one option that has it, or it is ambiguous. No newer
/// name and none of this command's own changes that.
#[test]
fn every_abbreviation_of_the_reference_means_the_same() {
    let ends = |name: &'static str| (1..=name.len()).map(move |end| &name[..end]);
    let words: std::collections::BTreeSet<&str> =
        REFERENCE.iter().flat_map(|row| ends(row.0)).collect();
    assert_eq!(words.len(), 367);
    let mut ambiguous = 0;
    for word in words {
        let begins = REFERENCE.iter().filter(|row| row.0.starts_with(word));
        let found: Vec<_> = match REFERENCE.iter().find(|row| row.0 == word) {
            Some(whole) => [whole].into(),
            None => begins.collect(),
        };
        let (_, meant, valued) = *found[0];
        let got = parsed(&[&std::format!("--{word}{}", if valued { "=v" } else { "" })]);
        if found.iter().any(|row| row.1 != meant) {
            let said = std::format!("! option '--{word}' is ambiguous; ");
            assert!(got[0].starts_with(&said), "{word}: {got:?}");
            ambiguous += 1;
            continue;
        }
        let expected = match (meant.strip_prefix("? "), valued) {
            (Some(_), _) => meant.to_string(),
            (None, true) => std::format!("{meant}=v"),
            (None, false) => std::format!("{meant}="),
        };
        assert_eq!(got, [expected], "{word}");
    }
    assert!(ambiguous > 20, "{ambiguous}");
    // This table is all of the reference's names, and no other name claims to be one.
    let here = (0..).map_while(nth);
    let here: Vec<&str> = here
        .filter(|(_, found)| found.origin() == Origin::Reference)
        .map(|(long, _)| long)
        .collect();
    assert_eq!(here.len(), REFERENCE.len());
    assert!(REFERENCE.iter().all(|row| here.contains(&row.0)));
}

#[test]
fn help_has_one_word_of_its_own() {
    assert_eq!(parsed(&["--help", "--he=all"]), ["Help=", "Help=all"]);
    assert_eq!(
        parsed(&["--help=al", "--version=all"]),
        [
            "! option '--help' doesn't allow an argument",
            "! option '--version' doesn't allow an argument"
        ]
    );
}

#[test]
fn a_near_name_is_offered() {
    assert_eq!(
        parsed(&["--initd=x", "--bogus", "--entry-32bits"]),
        [
            "! unrecognized option '--initd'; did you mean '--initrd'?",
            "! unrecognized option '--bogus'",
            "! unrecognized option '--entry-32bits'; did you mean '--entry-32bit'?"
        ]
    );
}

#[test]
fn strange_words_are_shown_safely() {
    assert_eq!(
        parsed(&["--\u{1b}[2J"]),
        ["! unrecognized option '--\\x1b[2J'"]
    );
    assert!(parsed(&["--"]).is_empty());
    assert!(parsed(&["--="])[0].contains("ambiguous"));
}

/// Names and letters are unique, across both tables.
#[test]
fn the_tables_are_consistent() {
    let mut names: Vec<&str> = names(b"").map(|(long, _)| long).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let mut letters: Vec<u8> = OPTIONS.iter().filter_map(|option| option.short).collect();
    let count = letters.len();
    letters.sort_unstable();
    letters.dedup();
    assert_eq!(letters.len(), count);
}
