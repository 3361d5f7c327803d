//! The command line of kexec(8).

use std::ffi::CStr;

use kexec_cli::command::{MAX_INITRDS, Request, parse};
use kexec_cli::table::Id;

/// Arguments, each ended by a NUL.
pub fn seeds() -> Vec<Vec<u8>> {
    let lines: &[&[&str]] = &[
        &[
            "-l",
            "/boot/vmlinuz",
            "--initrd=/boot/initrd",
            "--append=root=/dev/sda1 ro",
        ],
        &[
            "-c",
            "-d",
            "--mem-min=0x1000000",
            "--mem-max",
            "4294967295",
            "-l",
            "k",
        ],
        &["-p", "-s", "--reuse-cmdline", "k"],
        &["-a", "-f", "-x", "--", "-k"],
        &["-u", "-p"],
        &["-S"],
        &["-e"],
        &[
            "--load-panic",
            "--console-serial",
            "--serial=ttyS1",
            "--serial-baud=9600",
            "k",
        ],
        &["-t", "bzImage", "-l", "k", "--dtb=d", "--command-line", "x"],
        &["--print-ckr-size", "-v", "-h"],
        &["--list"],
        &["--plan=json", "--explain", "-f", "k"],
        &["--ascii", "--pl=map", "--dry-run", "-u"],
        &["-l", "--default=arch*", "--initrd=a", "--append=b"],
        &["--default", "-p"],
        &[
            "--initrd",
            "a",
            "--initrd",
            "b",
            "--ramdisk=c",
            "k",
            "--no-checks",
            "-i",
            "-y",
        ],
    ];
    lines
        .iter()
        .map(|words| words.join("\0").into_bytes())
        .collect()
}

/// The target: every command line has a result, the same each time, with words of the line only.
pub fn run(data: &[u8]) {
    let words: Vec<Vec<u8>> = data
        .split(|byte| *byte == 0)
        .map(|word| [word, b"\0"].concat())
        .collect();
    let words: Vec<&CStr> = words
        .iter()
        .map(|word| CStr::from_bytes_with_nul(word).expect("one NUL"))
        .collect();
    let ours = |text: &CStr| {
        let bytes = text.to_bytes();
        bytes.is_empty() || words.iter().any(|word| word.to_bytes().ends_with(bytes))
    };
    let once = parse(words.iter().copied());
    let again = parse(words.iter().copied());
    assert_eq!(format!("{once:?}"), format!("{again:?}"));
    match once {
        Err(refused) => {
            assert!(
                matches!(refused.code, 1 | 255),
                "exit code {}",
                refused.code
            );
            assert!(!refused.why.to_string().is_empty());
        }
        Ok(Request::Work(command)) => {
            assert!(command.initrds.len() <= MAX_INITRDS);
            let initrds = command.initrds.iter().copied();
            let all = initrds
                .chain(command.kernel)
                .chain(command.dtb)
                .chain(command.default)
                .chain(command.kind)
                .chain([command.append]);
            for text in all {
                assert!(ours(text), "{text:?} is from nowhere");
            }
            let about_a_plan = [Id::Plan, Id::DryRun, Id::Explain, Id::Ascii];
            assert_eq!(
                about_a_plan.into_iter().any(|id| command.given(id)),
                command.plan.is_some(),
                "a plan that is shown is not loaded"
            );
            let actions = &command.actions;
            assert!(
                !actions.load
                    || command.kernel.is_some()
                    || command.default.is_some()
                    || actions.unload
                    || actions.status
                    || actions.exec,
                "a load of nothing: {actions:?}"
            );
        }
        Ok(_) => {}
    }
}
