//! Unified kernel images: what is loaded of them by each call is what would be loaded of their parts.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;
mod plan_schema;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use common::{
    Directory, FILE_LOAD, Fake, Questions, Run, WILLING, asks, bzimage, guard, kexec_with,
};
use kexec_testing::{not_tested, pe};

const UCODE: &[u8] = b"070701 microcode";
const INITRD: &[u8] = b"070701 the initrd of the image";
const LINE: &[u8] = b" root=/dev/x\nquiet \0\0";

/// An image with two profiles.
fn image() -> Vec<u8> {
    let kernel = bzimage(64 << 10);
    pe(&[
        (".text", b"the stub"),
        (".osrel", b"ID=x\nPRETTY_NAME=\"System 1\"\n"),
        (".uname", b"6.12.1-test"),
        (".cmdline", LINE),
        (".initrd", INITRD),
        (".ucode", UCODE),
        (".linux", &kernel),
        (".dtbauto", b"tree"),
        (".profile", b"ID=main\n"),
        (".profile", b"ID=rescue\nTITLE=A rescue system\n"),
        (".cmdline", b"rescue line"),
        (".pcrsig", b"{}"),
    ])
}

/// A value of the report.
fn values<'r>(run: &'r Run, name: &str) -> Vec<&'r str> {
    let rows = run.stdout.lines().filter_map(|line| line.split_once(':'));
    rows.filter(|(key, _)| *key == name || key.starts_with(name) && name == "segment")
        .map(|(_, value)| value.trim())
        .collect()
}

struct Case {
    fake: Fake,
    image: String,
    /// Its parts, as files.
    kernel: String,
    initrds: [String; 2],
}

impl Case {
    fn new(name: &str) -> Self {
        let fake = Fake::new(&format!("uki-{name}"));
        Self {
            image: fake.file("image.efi", &image()),
            kernel: fake.kernel(),
            initrds: [("ucode", UCODE), ("initrd", INITRD)]
                .map(|(name, bytes)| format!("--initrd={}", fake.file(name, bytes))),
            fake,
        }
    }

    fn plan(&self, arguments: &[&str]) -> Option<Run> {
        let run = self
            .fake
            .run(&WILLING, &[&["--plan", "-c", "-l"], arguments].concat())?;
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        Some(run)
    }

    /// The plan of the image is that of its parts: segments, digest and command line.
    fn same(&self, given: &[&str], parts: &[&str]) {
        let one = self.plan(&[&[self.image.as_str()], given].concat());
        let other = self.plan(&[&[self.kernel.as_str()], parts].concat());
        let (Some(one), Some(other)) = (one, other) else {
            return;
        };
        for name in ["segment", "digest", "command line", "entry"] {
            let values = values(&one, name);
            assert!(!values.is_empty(), "{name}: {}", one.stdout);
            assert_eq!(values, self::values(&other, name), "{given:?}");
        }
    }
}

#[test]
fn the_plan_is_that_of_the_parts() {
    let case = Case::new("plan");
    let [ucode, initrd] = case.initrds.each_ref().map(String::as_str);
    let both = |line| [ucode, initrd, line];
    case.same(&[], &both("--append=root=/dev/x quiet"));
    // A line that is given replaces that of the image, unless it is empty or only names a profile.
    case.same(&["--append=ro"], &both("--append=ro"));
    case.same(&["--command-line=ro"], &both("--append=ro"));
    case.same(&["--append="], &both("--append=root=/dev/x quiet"));
    case.same(&["--reuse-cmdline"], &both("--reuse-cmdline"));
    case.same(
        &["--reuse-cmdline", "--append=ro"],
        &[ucode, initrd, "--reuse-cmdline", "--append=ro"],
    );
    // Profiles, by number, by ID, and by the beginning of the line.
    for profile in ["--profile=1", "--profile=rescue", "--append=@1"] {
        case.same(&[profile], &both("--append=rescue line"));
    }
    case.same(&["--profile=main"], &both("--append=root=/dev/x quiet"));
    case.same(&["--append=@1  a b"], &both("--append= a b"));
    case.same(
        &["--profile=0", "--append=@1"],
        &both("--append=root=/dev/x quiet"),
    );
    // The user's initrd is the last one.
    let own = format!("--initrd={}", case.fake.file("own", b"070701 own"));
    case.same(
        &[&own],
        &[ucode, initrd, &own, "--append=root=/dev/x quiet"],
    );
    case.same(
        &["--type=uki", "--mem-max=0x7fffffff"],
        &[
            ucode,
            initrd,
            "--append=root=/dev/x quiet",
            "--mem-max=0x7fffffff",
        ],
    );
}

#[test]
fn addons_add_to_it() {
    let case = Case::new("addons");
    let [ucode, initrd] = case.initrds.each_ref().map(String::as_str);
    let file = |name: &str, sections: &[(&str, &[u8])]| case.fake.file(name, &pe(sections));
    let one = file(
        "one.addon.efi",
        &[
            (".cmdline", b"one=1\n\0"),
            (".ucode", b"070701 new microcode"),
            (".initrd", b"070701 more"),
        ],
    );
    let two = file(
        "two.addon.efi",
        &[(".cmdline", b"two"), (".uname", b"6.12.1-test")],
    );
    let own = format!("--initrd={}", case.fake.file("own", b"070701 own"));
    let parts = [
        ("nu", &b"070701 new microcode"[..]),
        ("more", b"070701 more"),
    ]
    .map(|(name, bytes)| format!("--initrd={}", case.fake.file(name, bytes)));
    let [first, more] = parts.each_ref().map(String::as_str);
    let (one, two) = (format!("--addon={one}"), format!("--addon={two}"));
    case.same(
        &[&one, &own, &two],
        &[
            first,
            ucode,
            initrd,
            more,
            &own,
            "--append=root=/dev/x quiet one=1 two",
        ],
    );
    case.same(&[&two, "--append=ro"], &[ucode, initrd, "--append=ro two"]);

    let refused = |arguments: &[&str], code, words: &str| {
        let all = [&["-c", "-l"], arguments].concat();
        let run = kexec_with(&WILLING, &all);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    };
    let image = case.image.as_str();
    let other = file(
        "other.addon.efi",
        &[(".cmdline", b"x"), (".uname", b"6.13")],
    );
    let other = format!("--addon={other}");
    refused(&[image, &other], 255, "another version (section .uname)");
    let addon = two.strip_prefix("--addon=").unwrap();
    refused(
        &[addon],
        255,
        "an addon of unified kernel images: pass it as an addon",
    );
    refused(&[addon], 255, "--addon=");
    let kernel = format!("--addon={}", case.kernel);
    refused(
        &[image, &kernel],
        255,
        "not an addon of unified kernel images; it looks like a bzImage",
    );
    refused(
        &[image, "--addon=/nowhere"],
        1,
        "cannot use the addon /nowhere",
    );
    refused(
        &[&case.kernel, &two],
        255,
        "--profile and --addon are for those",
    );
    refused(
        &[&case.kernel, "--profile=0"],
        255,
        "--profile and --addon are for those",
    );
    refused(
        &[image, "--profile=2"],
        255,
        "no profile of this number or ID",
    );
    refused(
        &[image, "--append=@2"],
        255,
        "no profile of this number or ID",
    );
    refused(
        &[image, "--type=bzImage64"],
        255,
        "the file is of another type: uki",
    );
    refused(
        &[&case.kernel, "--type=uki"],
        255,
        "the file is of another type: bzImage64",
    );
}

/// A crash kernel in an image, by each call: checked before the old one is lost. Its own command line loses
/// crashkernel=, which would reserve memory once more.
#[test]
fn crash_kernels() {
    let fake = Fake::with_crash_kernel("uki-crash");
    let parts = pe(&[
        (".cmdline", b"root=/dev/x crashkernel=256M quiet"),
        (".initrd", INITRD),
        (".linux", &bzimage(64 << 10)),
    ]);
    let image = fake.file("crash.efi", &parts);
    let (kernel, initrd) = (fake.kernel(), fake.file("initrd", INITRD));
    let initrd = format!("--initrd={initrd}");
    let line = "--append=root=/dev/x quiet";
    for method in ["-c", "-s", "-a"] {
        let plan = ["--plan", method, "-p"];
        let run = |files: &[&str]| fake.run(&WILLING, &[&plan, files].concat());
        let (Some(one), Some(other)) = (run(&[&image]), run(&[&kernel, &initrd, line])) else {
            return;
        };
        assert_eq!(
            (one.code, other.code),
            (0, 0),
            "{}{}",
            one.stderr,
            other.stderr
        );
        for name in ["segment", "digest", "command line"] {
            assert_eq!(values(&one, name), values(&other, name), "{method} {name}");
        }
        let load = fake.run(&WILLING, &[method, "-p", &image]).unwrap();
        assert_eq!((load.code, load.stderr.as_str()), (0, ""), "{method}");
    }
}

/// What is told of it.
#[test]
fn reports() {
    let case = Case::new("report");
    let Some(run) = case.plan(&[&case.image]) else {
        return;
    };
    let said = |run: &Run, name| values(run, name).join("|");
    assert_eq!(said(&run, "unified image"), "profile 0 of 2, main");
    assert_eq!(said(&run, "image version"), "6.12.1-test");
    assert_eq!(said(&run, "image system"), "System 1");
    let size = bzimage(64 << 10).len();
    assert_eq!(
        said(&run, "kernel"),
        format!("{} ({size} bytes)", case.image)
    );
    assert!(
        run.stdout.contains("the image's device trees are not used"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains(".pcrsig"), "{}", run.stdout);
    let run = case.plan(&[&case.image, "--profile=rescue"]).unwrap();
    let title = "profile 1 of 2, rescue, A rescue system";
    assert_eq!(said(&run, "unified image"), title);
    assert!(run.stdout.contains("the image's .pcrsig"), "{}", run.stdout);
    let json = case
        .plan(&["--plan=json", &case.image, "--profile=1"])
        .unwrap();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let schema = include_str!("../../docs/plan.schema.json");
    plan_schema::check(&serde_json::from_str(schema).unwrap(), &json, "plan");
    let unified = r#"{"profile":1,"profiles":2,"id":"rescue","title":"A rescue system","release":"6.12.1-test","system":"System 1"}"#;
    let unified: serde_json::Value = serde_json::from_str(unified).unwrap();
    assert_eq!(json["unified"], unified);
    let check = ["--check", "-c", "-l", &case.image];
    let run = case.fake.run(&WILLING, &check).unwrap();
    assert!(run.stdout.starts_with("unified image:"), "{}", run.stdout);
    // With -d, by either call, on standard error.
    for method in ["-c", "-s"] {
        let run = case.fake.run(&WILLING, &["-d", method, "-l", &case.image]);
        let run = run.unwrap();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(
            run.stderr.contains("profile 0 of 2, main"),
            "{}",
            run.stderr
        );
    }
}

/// The files that kexec_file_load gets, by their descriptors' numbers; the bytes of the kernel and the
/// initrd, and the command line's length.
fn by_file(arguments: &[&str]) -> Option<(Vec<u8>, Option<Vec<u8>>, u64)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kexec"));
    command.args(["-s", "-l"]).args(arguments);
    guard(&mut command, &[asks(FILE_LOAD)]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let Some(questions) = Questions::of(&child) else {
        child.kill().unwrap();
        child.wait().unwrap();
        not_tested("what kexec_file_load gets: no descriptor of another process is to be had");
        return None;
    };
    let mut files = BTreeMap::new();
    let process = format!("/proc/{}", child.id());
    let asked = questions.succeed(|| {
        for entry in std::fs::read_dir(format!("{process}/fd")).unwrap() {
            let number = entry.unwrap().file_name().into_string().unwrap();
            let link = std::fs::read_link(format!("{process}/fd/{number}")).unwrap();
            let link = link.to_str().unwrap().to_owned();
            let info = std::fs::read_to_string(format!("{process}/fdinfo/{number}")).unwrap();
            let flags = info
                .lines()
                .find_map(|line| line.strip_prefix("flags:"))
                .unwrap();
            // O_WRONLY or O_RDWR: the kernel refuses a file that is open for writing.
            let written = flags.trim().ends_with(['1', '2']);
            assert!(!(link.contains("memfd") && written), "{link}: {info}");
            if link.starts_with('/') && !link.starts_with("/dev") {
                let bytes = std::fs::read(format!("{process}/fd/{number}")).unwrap();
                files.insert(number.parse::<u64>().unwrap(), bytes);
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
    let [kernel, initrd, length, ..] = asked;
    const NO_INITRAMFS: u64 = 4;
    let initrd = (asked[4] & NO_INITRAMFS == 0).then(|| files.remove(&initrd).unwrap());
    Some((files.remove(&kernel).unwrap(), initrd, length))
}

#[test]
fn kexec_file_load_gets_whole_files() {
    let directory = Directory::new("uki-by-file");
    let path = directory.file("image.efi", &image());
    let kernel = bzimage(64 << 10);
    let Some((got, initrd, length)) = by_file(&[&path]) else {
        return;
    };
    assert!(got == kernel);
    // Joined at a multiple of 4 bytes.
    assert_eq!(UCODE.len() % 4, 0);
    assert_eq!(initrd, Some([UCODE, INITRD].concat()));
    assert_eq!(length, b"root=/dev/x quiet\0".len() as u64);

    // One initrd of the image alone is a copy; one of the user's alone is the user's file.
    let small = pe(&[(".linux", &kernel), (".initrd", INITRD)]);
    let small = directory.file("small.efi", &small);
    let (got, initrd, length) = by_file(&[&small]).unwrap();
    assert!(got == kernel);
    assert_eq!((initrd.as_deref(), length), (Some(INITRD), 1));
    let own = format!("--initrd={}", directory.file("own", b"070701 own"));
    let bare = directory.file("bare.efi", &pe(&[(".linux", &kernel)]));
    let (_, initrd, _) = by_file(&[&bare, &own]).unwrap();
    assert_eq!(initrd.as_deref(), Some(&b"070701 own"[..]));
    let (_, initrd, _) = by_file(&[&bare]).unwrap();
    assert_eq!(initrd, None);
}

/// Cut off anywhere, and with bounds that lie: an error, by each call.
#[test]
fn damaged_images() {
    let directory = Directory::new("uki-damaged");
    let whole = image();
    let refused = |bytes: &[u8], what: &str| {
        let path = directory.file("damaged.efi", bytes);
        for method in ["-c", "-s", "-a"] {
            let run = kexec_with(&WILLING, &[method, "-l", &path]);
            assert_eq!(run.code, 255, "{what} {method}: {}", run.stderr);
            assert!(
                run.stderr.contains("cannot load "),
                "{what}: {}",
                run.stderr
            );
        }
    };
    for length in (0x200..whole.len() - 512)
        .step_by(6007)
        .chain([0x240, 0x300])
    {
        refused(&whole[..length], &format!("{length} bytes"));
    }
    // Size in memory and in the file, and place, of each section.
    for row in (0..12).map(|number| 0x78 + 24 + 240 + 40 * number) {
        let mut damaged = whole.clone();
        damaged[row + 8..row + 12].fill(0xff);
        damaged[row + 16..row + 20].fill(0xff);
        refused(&damaged, "size");
        let mut damaged = whole.clone();
        damaged[row + 20..row + 24].fill(0xff);
        refused(&damaged, "place");
    }
}
