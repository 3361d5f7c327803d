use std::ffi::CString;
use std::string::ToString;
use std::vec::Vec;

use super::*;

fn with<T>(words: &str, look: impl FnOnce(Result<Request<'_>, Refused<'_>>) -> T) -> T {
    let owned: Vec<CString> = words
        .split_whitespace()
        .map(|word| CString::new(word).unwrap())
        .collect();
    look(parse(owned.iter().map(CString::as_c_str)))
}

fn command<T>(words: &str, look: impl FnOnce(Command<'_>) -> T) -> T {
    with(words, |request| match request.unwrap() {
        Request::Work(command) => look(command),
        other => panic!("{other:?}"),
    })
}

fn refused(words: &str) -> (u8, std::string::String) {
    with(words, |request| {
        let bad = request.unwrap_err();
        (bad.code, bad.why.to_string())
    })
}

fn actions(words: &str) -> [bool; 5] {
    command(words, |command| {
        let a = command.actions;
        [a.status, a.unload, a.load, a.shutdown, a.exec]
    })
}

#[test]
fn the_last_mode_counts() {
    const NO: bool = false;
    assert_eq!(actions("k"), [NO, NO, true, true, NO]);
    assert_eq!(actions("-l k"), [NO, NO, true, NO, NO]);
    assert_eq!(actions("-e"), [NO, NO, NO, NO, true]);
    assert_eq!(actions("-l -e"), [NO, NO, NO, NO, true]);
    assert_eq!(actions("-e -l k"), [NO, NO, true, NO, NO]);
    assert_eq!(actions("-f k"), [NO, NO, true, NO, true]);
    assert_eq!(actions("-u"), [NO, true, NO, NO, NO]);
    // The load replaces the loaded image: nothing is lost if it fails.
    assert_eq!(actions("-u -l k"), [NO, NO, true, NO, NO]);
    assert_eq!(actions("-u -f k"), [NO, NO, true, NO, true]);
    assert_eq!(actions("-l -u k"), [NO, true, NO, NO, NO]);
    assert_eq!(actions("-e -u -l k"), [NO, NO, true, NO, NO]);
    assert!(actions("-S")[0] && actions("-S -l")[2]);
    assert_eq!(command("-c -a -s k", |c| c.method), Method::File);
    assert_eq!(command("-s -c -a k", |c| c.method), Method::Auto);
}

#[test]
fn the_crash_kernel_in_any_order() {
    for (words, unload, load) in [
        ("-p k", false, true),
        ("-s -p -l k", false, true),
        ("-p -u", true, false),
        ("-u -p", true, false),
        ("-p -u k", true, false),
        ("-u -p k", false, true),
        ("-u -p -l k", false, true),
        ("-e -p k", false, true),
        ("-e -u -p", true, false),
        ("-u -p -u k", true, false),
    ] {
        command(words, |c| {
            assert!(c.crash() && c.options.crash.is_some(), "{words}");
            assert_eq!(
                (c.actions.unload, c.actions.load),
                (unload, load),
                "{words}"
            );
            assert!(!c.actions.shutdown && !c.actions.exec, "{words}");
        });
    }
    assert_eq!(command("-l --hotplug k", |c| c.options.crash), None);
    let options = command("-p --hotplug --elf64-core-headers k", |c| c.options.crash);
    assert!(options.is_some_and(|o| o.hotplug && !o.memmap));
    let options = command("--pass-memmap-cmdline -p k", |c| c.options.crash);
    assert!(options.is_some_and(|o| !o.hotplug && o.memmap));
    with("-p --print-ckr-size", |request| {
        assert!(matches!(request, Ok(Request::CrashSize { machine: None })));
    });
}

/// A plan for another machine changes nothing, and a capture is all that is done.
#[test]
fn another_machine_is_for_plans() {
    for words in [
        "--plan --machine=d k",
        "--machine d --dry-run -p k",
        "--explain -e --machine=d",
        "--ascii --machine=d k",
        "--plan=json --machine d -u",
        "--check --machine=d k",
        "--machine=d --check",
        "--machine=d --check --json k",
    ] {
        command(words, |c| assert_eq!(c.machine, Some(c"d"), "{words}"));
    }
    for words in [
        "--print-ckr-size --machine=d",
        "--machine=d --print-ckr-size",
    ] {
        with(words, |request| {
            let size = matches!(request, Ok(Request::CrashSize { machine: Some(d) }) if d == c"d");
            assert!(size, "{words}");
        });
    }
    for (words, code) in [
        ("--machine=d k", 1),
        ("-l --machine=d k", 1),
        ("-p --machine=d k", 1),
        ("-f --machine=d k", 1),
        ("-e --machine=d", 1),
        ("-u --machine=d", 1),
        ("-S --machine=d", 255),
        ("-S --plan --machine=d", 255),
        ("-S --check --machine=d", 255),
    ] {
        let (found, text) = refused(words);
        assert_eq!(found, code, "{words}");
        assert!(text.contains("give --plan with it"), "{words}: {text}");
    }
    for words in ["--list --machine=d", "--machine=d --list"] {
        let (found, text) = refused(words);
        assert_eq!(found, 1, "{words}");
        assert!(
            text.contains("--list read this machine's"),
            "{words}: {text}"
        );
    }
    for words in [
        "--capture=c",
        "--with-cmdline --capture c",
        "--capture=c -d",
    ] {
        command(words, |c| {
            assert_eq!(c.capture, Some(c"c"), "{words}");
            assert_eq!(c.given(Id::WithCmdline), words.contains("with"));
        });
    }
    for words in [
        "--capture=c k",
        "--capture=c -l",
        "-e --capture=c",
        "-u --capture=c",
        "--plan --capture=c",
        "--capture=c --machine=d",
        "--capture=c --machine=d --dry-run",
    ] {
        let (code, text) = refused(words);
        assert_eq!(code, 1, "{words}");
        assert!(text.contains("does nothing else"), "{words}: {text}");
    }
    assert_eq!(refused("-S --capture=c").0, 255);
}

/// Nothing is unloaded or started by what cannot be meant.
#[test]
fn what_excludes_each_other() {
    for words in ["-u -e", "-e -u", "-f -u", "-f -u k", "-l -u -e k"] {
        let (code, text) = refused(words);
        assert_eq!(code, 1, "{words}");
        assert!(text.contains("-u takes away"), "{words}: {text}");
    }
    for words in ["-p -e", "-p -f k", "-p -e k", "-u -p -f k", "-f -p -e"] {
        let (code, text) = refused(words);
        assert_eq!(code, 1, "{words}");
        assert!(text.contains("only a crash starts"), "{words}: {text}");
    }
    assert_eq!(refused("-u -p -e k").0, 1);
}

/// 0 and 1 are results.
#[test]
fn a_bad_option_beside_status_prints_nothing() {
    for words in [
        "-S --type",
        "-S --bogus",
        "-Z -lS",
        "-S --mem-min=zz",
        "-S --entry=zz",
        "--serial=x --status",
        "-S --initrd",
    ] {
        assert_eq!(refused(words).0, 255, "{words}");
    }
    // What takes no part is no mistake.
    for words in [
        "-S -u -e",
        "-S -p -f",
        "-S --append=x",
        "-S -f -u k",
        "-S -t x",
        "--reuseinitrd -S",
    ] {
        assert!(actions(words)[0], "{words}");
    }
    // An operand and a value are no options.
    assert_eq!(refused("--bogus -- -S").0, 1);
    assert_eq!(refused("--bogus --append -S").0, 1);
}

#[test]
fn files_and_strings() {
    command(
        "-l --initrd=a one --append=x --ramdisk b two --command-line=y",
        |c| {
            assert_eq!(c.kernel, Some(c"one"));
            assert_eq!(&c.initrds[..], [c"a", c"b"]);
            assert_eq!(c.append, c"y");
            assert!(c.given(Id::Append) && !c.given(Id::ReuseCmdline));
        },
    );
    let many = "--initrd=a ".repeat(MAX_INITRDS);
    command(&std::format!("{many} k"), |c| {
        assert_eq!(c.initrds.len(), MAX_INITRDS);
    });
    assert_eq!(refused(&std::format!("{many} --initrd=a k")).0, 1);
    let many = "--module=a ".repeat(MAX_MODULES);
    command(&std::format!("{many} k"), |c| {
        assert_eq!(c.modules.len(), MAX_MODULES);
    });
    assert_eq!(refused(&std::format!("{many} --module=a k")).0, 1);
}

#[test]
fn numbers_and_words() {
    command(
        "k --mem-min=0x100000 --mem-max=4294967295 -i --noefi --entry-32bit",
        |c| {
            assert_eq!(c.options.mem_min, 1 << 20);
            assert_eq!(c.options.mem_max, u64::from(u32::MAX));
            assert!(!c.options.verify && !c.options.efi);
            assert_eq!(c.options.entry, Some(Entry::X86Protected));
            let only: Vec<&str> = c.only_for(Honours::Load).map(|o| o.long()).collect();
            assert_eq!(only, ["mem-min", "mem-max", "noefi", "entry-32bit"]);
        },
    );
    for (words, entry) in [
        ("k --real-mode", Entry::X86Real),
        ("k --entry-32bit --real-mode", Entry::X86Real),
        ("k --real-mode --entry-32bit", Entry::X86Protected),
    ] {
        command(words, |c| assert_eq!(c.options.entry, Some(entry)));
    }
    command("k -a --unpacked", |c| {
        let only: Vec<&str> = c.only_for(Honours::Load).map(|o| o.long()).collect();
        assert_eq!(only, ["unpacked"]);
    });
    assert_eq!(refused("-s --unpacked k").0, 1);
    command(
        "k --serial=ttyS1 --serial-baud=0 --console-serial --on-mismatch=reboot",
        |c| {
            assert_eq!(c.options.console.serial_port, 0x2f8);
            assert_eq!(c.options.console.serial_baud, 0);
            assert!(c.options.console.serial && !c.options.console.vga);
            assert_eq!(c.options.on_failure, OnFailure::Reboot);
        },
    );
    command("k --serial=0x3e8 --serial-baud=115200", |c| {
        assert_eq!(c.options.console.serial_port, 0x3e8);
        assert_eq!(c.options.console.serial_baud, 115_200);
    });
    for (words, code) in [
        ("k --mem-min=zz", 1),
        ("k --mem-max=08", 1),
        ("k --mem-max=1k", 1),
        ("k --entry=0x", 1),
        ("k --on-mismatch=explode", 1),
        ("k --serial=ttyS2", 255),
        ("k --serial=1016", 255),
        ("k --serial=0x10000", 255),
        ("k --serial=0X3f8", 255),
        ("k --serial=0x3f8,", 255),
        ("k --serial=0x-1", 255),
        ("k --serial-baud=", 255),
        ("k --serial-baud=x", 255),
        ("k --serial-baud=7", 255),
        ("k --serial-baud=4800", 255),
        ("k --serial-baud=10000", 255),
        ("k --serial-baud=230400", 255),
        ("-l", 255),
        ("", 255),
        ("-l --reuseinitrd k", 1),
        // What kexec(8) finds first.
        ("--serial=x --mem-min=zz k", 1),
        ("--reuseinitrd --bogus k", 1),
        ("--reuseinitrd --serial=x --bogus k", 1),
        ("--bogus", 1),
    ] {
        assert_eq!(refused(words).0, code, "{words}");
    }
    assert_eq!(refused("-l").1, "No kernel specified");
}

/// As strtoul(3) reads them, which counts minus signs down and takes what is too large for the
/// largest.
#[test]
fn numbers_as_in_the_reference() {
    for (text, value) in [
        ("0b11", 3),
        ("010", 8),
        ("+0x10", 16),
        ("-1", u64::MAX),
        ("0x1ffffffffffffffff", u64::MAX),
        ("", 0),
    ] {
        let words = std::format!("k --mem-min={text} --mem-max={text} --entry={text}");
        command(&words, |c| {
            assert_eq!(c.options.mem_min, value, "{text}");
            assert_eq!(c.options.mem_max, value, "{text}");
        });
    }
    for (text, port) in [("0x", 0), ("0x0x3f8", 0x3f8), ("0x+2f8", 0x2f8)] {
        let words = std::format!("k --serial={text} --serial-baud=0x2580");
        command(&words, |c| {
            assert_eq!(c.options.console.serial_port, port);
            assert_eq!(c.options.console.serial_baud, 9600);
        });
    }
}

/// kexec(8) looks for the reservation before it misses a kernel or finds a bad serial port.
#[test]
fn what_comes_after_the_reservation() {
    let crash_load = |words| with(words, |request| request.unwrap_err().crash_load);
    for words in ["-p", "-e -p", "-p --serial=x k", "-p --serial-baud=7 k"] {
        assert!(crash_load(words), "{words}");
    }
    for words in [
        "-l",
        "",
        "-p --bogus",
        "-p --mem-min=zz",
        "-S -p --serial=x",
        "-p -e",
    ] {
        assert!(!crash_load(words), "{words}");
    }
    // Nothing is loaded.
    assert!(!crash_load("-p -u --serial=x"));
}

#[test]
fn options_taken_without_effect() {
    let words = "k -t bzImage64 --entry=0x10 --reuse-video-type";
    command(words, |c| {
        assert_eq!(c.kind, Some(c"bzImage64"));
        let neither: Vec<&str> = c.only_for(Honours::Neither).map(|o| o.long()).collect();
        assert_eq!(neither, ["entry"]);
        assert_eq!(c.only_for(Honours::Load).count(), 0);
    });
}

/// The last one counts.
#[test]
fn what_an_elf_file_is() {
    for (words, elf) in [
        ("k", None),
        ("k --args-elf --args-linux", Some(ElfAs::Linux)),
        ("k --args-linux --args-none", Some(ElfAs::Bare)),
        ("k --args-none --args-elf", Some(ElfAs::BootNotes)),
    ] {
        command(words, |c| {
            assert_eq!(c.options.elf, elf, "{words}");
            let only = c.only_for(Honours::Load).count();
            assert_eq!(only, words.split(' ').count() - 1, "{words}");
        });
    }
}

#[test]
fn help_and_version_come_at_once() {
    with("-h --bogus", |request| {
        assert!(matches!(request, Ok(Request::Help { all: false })));
    });
    with("--help=all --bogus", |request| {
        assert!(matches!(request, Ok(Request::Help { all: true })));
    });
    for words in ["-t help", "--type=help -l"] {
        with(words, |request| {
            assert!(matches!(request, Ok(Request::Types)))
        });
    }
    // Before errors that are found after all arguments are read.
    with("--serial=x --reuseinitrd -h", |request| {
        assert!(matches!(request, Ok(Request::Help { .. })));
    });
    with("-l k -v", |request| {
        assert!(matches!(request, Ok(Request::Version)));
    });
    with("--bogus -h", |request| assert!(request.is_err()));
}

/// What shows a plan does not load, whatever it is given with.
#[test]
fn a_plan_is_shown_and_nothing_else_done() {
    let plan = |words: &str| command(words, |command| command.plan);
    for (words, format) in [
        ("k", None),
        ("-l k --plan", Some(Format::Text)),
        ("-l k --plan=text", Some(Format::Text)),
        ("--plan=json -f k", Some(Format::Json)),
        ("--plan=map k", Some(Format::Map)),
        ("--plan=map --dry-run --explain k", Some(Format::Map)),
        ("--dry-run --plan=json k", Some(Format::Json)),
        ("--dry-run k", Some(Format::Text)),
        ("--explain k", Some(Format::Text)),
        ("--ascii k", Some(Format::Map)),
        ("-u --ascii --explain", Some(Format::Map)),
        // The form is given by a sign only.
        ("--plan json", Some(Format::Text)),
        ("--pl=map k", Some(Format::Map)),
    ] {
        assert_eq!(plan(words), format, "{words}");
    }
    command("--plan json", |command| {
        assert_eq!(command.kernel, Some(c"json"));
    });
    let (code, why) = refused("--plan=picture k");
    assert_eq!(
        (code, why.as_str()),
        (1, "Bad option value in --plan=picture: text, json or map")
    );
}

/// `given` has a place for every option.
#[test]
fn ids_fit_the_table() {
    assert!(
        OPTIONS
            .iter()
            .all(|option| (option.id as usize) < OPTIONS.len())
    );
}
