//! `--check`: every reason on a machine that has it, with its message and its exit code; none is a yes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod cases;
#[path = "../common/mod.rs"]
mod common;
#[path = "../plan_schema/mod.rs"]
mod plan_schema;

use cases::{BOTH, CASES, CONFIG, FORCED, LOCKDOWN, LOCKED, YES};
use common::{FILE_LOAD, Fake, LOAD, Rule, bits_give, bzimage, gives};
use serde_json::Value;

/// A machine on which nothing speaks against a load, and everything is known.
fn good(name: &str) -> Fake {
    made_good(Fake::new(&format!("check-{name}")))
}

fn made_good(fake: Fake) -> Fake {
    for (path, contents) in [
        (
            "sys/kernel/security/lockdown",
            "[none] integrity confidentiality\n",
        ),
        ("proc/sys/kernel/kexec_load_disabled", "0\n"),
        ("proc/sys/kernel/kexec_load_limit_reboot", "-1\n"),
        ("proc/sys/kernel/kexec_load_limit_panic", "-1\n"),
        (
            "proc/meminfo",
            "MemTotal: 3145728 kB\nMemAvailable: 1048576 kB\n",
        ),
        (
            "boot/config-6.12.0",
            "CONFIG_KEXEC=y\nCONFIG_KEXEC_FILE=y\nCONFIG_KEXEC_SIG=y\n",
        ),
    ] {
        fake.put(path, contents);
    }
    fake
}

/// Replaces this process's entry in /proc by files.
fn own_process(fake: &Fake, status: &str, user: &str, pid: &str) {
    std::fs::remove_file(fake.path("proc/self")).unwrap();
    fake.put("proc/self/status", status);
    std::fs::create_dir_all(fake.path("proc/self/ns")).unwrap();
    for (name, link) in [("user", user), ("pid", pid)] {
        let path = fake.path(&format!("proc/self/ns/{name}"));
        std::os::unix::fs::symlink(link, path).unwrap();
    }
}

const ROOT: &str = "CapEff:\t000001ffffffffff\n";
const USER: &str = "user:[4026531837]";
const PID: &str = "pid:[4026531836]";

/// The verdict on a load, as text without line breaks, and its exit code.
fn check(fake: &Fake, rules: &[Rule], arguments: &[&str]) -> Option<(String, i32)> {
    let run = fake.run(rules, &[&["--check"], arguments].concat())?;
    for line in run.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let text = run.stdout.replace(&format!("\n{:17}", ""), " ");
    Some((text, run.code))
}

fn changed(fake: &Fake, files: &[(&str, &str)]) {
    for (path, contents) in files {
        if contents.is_empty() {
            if std::path::Path::new(&fake.path(path)).exists() {
                fake.remove(path);
            }
        } else {
            fake.put(path, contents);
        }
    }
}

#[test]
fn every_reason_has_its_message_and_exit_code() {
    for case in CASES {
        let fake = good(case.name);
        changed(&fake, case.files);
        let kernel = fake.kernel();
        let arguments = ["-l", case.option, &kernel];
        let Some((text, code)) = check(&fake, &case.rules, &arguments) else {
            return;
        };
        for words in case.says {
            assert!(text.contains(words), "{}: {words}\n{text}", case.name);
        }
        assert_eq!(code, case.code, "{}: {text}", case.name);
        if case.code == 0 && case.says.len() == 1 && case.says[0].ends_with("load\n") {
            assert_eq!(text, case.says[0], "{}: nothing else is said", case.name);
        }
    }
}

#[test]
fn reasons_of_the_process() {
    let rows: &[(&str, &str, &str, &str, i32, &str)] = &[
        (
            "cap",
            "CapEff:\t0000000000000000\n",
            USER,
            PID,
            255,
            "reason:          CAP_SYS_BOOT is needed; run as root\n",
        ),
        (
            "cap-unknown",
            "Name:\tx\n",
            USER,
            PID,
            2,
            "not known:       whether this process has CAP_SYS_BOOT; mount /proc\n",
        ),
        (
            "user",
            ROOT,
            "user:[4026532281]",
            PID,
            255,
            "reason:          this is a user namespace other than the first, and nobody in it may load; run it outside of \
             the container\n",
        ),
        (
            "user-unknown",
            ROOT,
            "x",
            PID,
            2,
            "not known:       whether this is the first user namespace; mount /proc\n",
        ),
        (
            "pid",
            ROOT,
            USER,
            "pid:[4026532281]",
            0,
            "warning:         this is a PID namespace other than the first, and nothing in it starts a kernel; run kexec -e \
             outside of the container\n",
        ),
    ];
    for (name, status, user, pid, code, says) in rows {
        let fake = good(&format!("process-{name}"));
        own_process(&fake, status, user, pid);
        let kernel = fake.kernel();
        let Some((text, got)) = check(&fake, &BOTH, &["-l", &kernel]) else {
            return;
        };
        assert!(text.contains(says), "{name}: {text}");
        assert_eq!(got, *code, "{name}: {text}");
    }
    // A load that starts at once.
    let fake = good("process-start");
    own_process(&fake, ROOT, USER, "pid:[4026532281]");
    let kernel = fake.kernel();
    let (text, code) = check(&fake, &BOTH, &["-f", &kernel]).unwrap();
    assert_eq!(code, 255, "{text}");
    assert!(
        text.contains("reason:          this is a PID namespace"),
        "{text}"
    );
    own_process_pid(&fake, "x");
    let (text, code) = check(&fake, &BOTH, &["-f", &kernel]).unwrap();
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("not known:       whether this is the first PID namespace"),
        "{text}"
    );
}

fn own_process_pid(fake: &Fake, link: &str) {
    let path = fake.path("proc/self/ns/pid");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(link, path).unwrap();
}

/// A PE file's header in front of the setup header, with a certificate or without.
fn pe(signed: bool) -> Vec<u8> {
    let mut image = bzimage(64 << 10);
    let mut put = |offset: usize, bytes: &[u8]| {
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x58, &0x20b_u16.to_le_bytes());
    put(0x58 + 108, &6_u32.to_le_bytes());
    if signed {
        put(0x58 + 144, &0x2000_u32.to_le_bytes());
        put(0x58 + 148, &0x100_u32.to_le_bytes());
        put(0x2000, &0x100_u32.to_le_bytes());
        put(0x2004, &[0, 2, 2, 0]);
    }
    image
}

/// The image is looked at for kexec_file_load too.
#[test]
fn reasons_of_the_image() {
    let fake = good("image");
    let kernel = fake.kernel();
    let long = format!("--append={}", "x".repeat(2017));
    let longer = format!("--append={}", "x".repeat(2048));
    let text_file = fake.file(
        "text",
        b"hello, not a kernel at all, and longer than its magic",
    );
    let missing = fake.path("missing");
    let signed = fake.file("signed", &pe(true));
    let mut low = bzimage(64 << 10);
    low[0x236] &= !2;
    let low = fake.file("low", &low);
    let mut four = bzimage(64 << 10);
    four[0x236] &= !0x20;
    let four = fake.file("four-levels", &four);
    let large = fake.file("large", b"");
    let file = std::fs::OpenOptions::new().write(true).open(&large);
    file.unwrap().set_len(2 << 30).unwrap();
    let initrd = format!("--initrd={large}");
    for (arguments, code, says) in [
        (
            &["-s", &kernel, &long][..],
            253,
            "reason:          kexec_file_load: ",
        ),
        (
            &["-a", &kernel, &long],
            0,
            "verdict:         yes, by kexec_load\nreason:          kexec_file_load: ",
        ),
        (
            &["-c", &kernel, &longer],
            255,
            "reason:          kexec_load: ",
        ),
        (&["-s", &text_file], 255, "check-image/text: not a bzImage"),
        (&["-c", &text_file], 255, "verdict:         no\n"),
        (&["-s", &low], 253, "kernels that can be loaded above 4 GiB"),
        (&["-a", &low], 0, "verdict:         yes, by kexec_load\n"),
        (
            &["-s", &signed],
            0,
            "verdict:         yes, by kexec_file_load\n",
        ),
        (
            &["-s", &missing],
            1,
            "check-image/missing: open: No such file or directory (ENOENT)\n",
        ),
        (&["-c", &kernel, &initrd], 255, "verdict:         no\n"),
        (&["-p", &kernel], 1, "crashkernel="),
        (&["-s", &four], 0, "verdict:         yes"),
    ] {
        let Some((text, got)) = check(&fake, &BOTH, &[&["-l"], arguments].concat()) else {
            return;
        };
        assert!(text.contains(says), "{arguments:?}: {text}");
        assert_eq!(got, code, "{arguments:?}: {text}");
    }
    // The same exit codes and first reasons as of the loads.
    let half = fake.path("half");
    kexec_testing::sparse(half.as_ref(), 1 << 40).unwrap();
    let half = format!("--initrd={half}");
    let refuses = [gives(FILE_LOAD, libc::ENOEXEC), gives(LOAD, 0)];
    for arguments in [&["-s", text_file.as_str()][..], &["-c", &kernel, &half]] {
        let load = fake.run(&refuses, &[&["-l"], arguments].concat()).unwrap();
        let (text, code) = check(&fake, &BOTH, &[&["-l"], arguments].concat()).unwrap();
        assert_eq!(code, load.code, "{text}{}", load.stderr);
    }
    // What a file is does not depend on the calls that the kernel has.
    let (text, code) = check(&fake, &cases::NO_FILE_LOAD, &["-l", "-s", &low]).unwrap();
    assert_eq!(code, 253, "{text}");
    assert!(text.contains("CONFIG_KEXEC_FILE"), "{text}");
    assert!(
        text.contains("kernels that can be loaded above 4 GiB"),
        "{text}"
    );
    // 5-level paging, in use, and not known.
    fake.put("proc/cpuinfo", "flags\t\t: fpu lm la57\n");
    let (text, code) = check(&fake, &BOTH, &["-l", "-s", &four]).unwrap();
    assert!(
        text.contains("reason:          kexec_file_load: ") && text.contains("no5lvl"),
        "{text}"
    );
    assert_eq!(code, 253);
    // A signature that is demanded and there may still be refused.
    fake.put(CONFIG, FORCED);
    let unknown = "not known:       kexec_file_load: whether the signature of the image is valid";
    for (is, says, expected) in [(true, unknown, 2), (false, "image is not signed", 255)] {
        // In a unified kernel image, which itself is not signed, it is that of the kernel.
        let unified = kexec_testing::pe(&[(".linux", &pe(is))]);
        for image in [fake.file("alone", &pe(is)), fake.file("unified", &unified)] {
            let (text, code) = check(&fake, &BOTH, &["-l", "-s", &image]).unwrap();
            assert!(text.contains(says), "{text}");
            assert_eq!(code, expected);
        }
    }
}

/// Of files that do not exist each is named, and what a plan does not come to.
#[test]
fn every_file_is_named() {
    let fake = good("files");
    let (kernel, missing, other) = (fake.kernel(), fake.path("missing"), fake.path("other"));
    let initrds = [format!("--initrd={missing}"), format!("--initrd={other}")];
    let arguments = ["--check", "-l", "-c", &kernel, &initrds[0], &initrds[1]];
    let Some(run) = fake.run(&BOTH, &arguments) else {
        return;
    };
    assert_eq!(run.code, 1, "{}", run.stdout);
    let text = run.stdout.replace(&format!("\n{:17}", ""), " ");
    assert!(
        text.contains(&format!("reason:          {missing}: ")),
        "{text}"
    );
    assert!(
        run.stderr.contains(&format!("cannot use {other}: ")),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.matches(&missing).count(), 1, "{}", run.stderr);

    let large = fake.path("large");
    kexec_testing::sparse(large.as_ref(), 1 << 40).unwrap();
    let (large, long) = (
        format!("--initrd={large}"),
        format!("--append={}", "x".repeat(2048)),
    );
    let arguments = ["--check", "-l", "-c", &kernel, &large, &long];
    let run = fake.run(&BOTH, &arguments).unwrap();
    assert_eq!(run.code, 255, "{}", run.stdout);
    assert!(
        run.stdout.contains("verdict:         no\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr.contains("the command line has 2048 bytes"),
        "{}",
        run.stderr
    );
}

/// A dry run with -a succeeds if the first call may take what the second has no plan for, and the running
/// kernel's known refusal of a plain ELF file is said.
#[test]
fn dry_runs_by_the_first_call() {
    let fake = good("first-call");
    let kernel = fake.kernel();
    let longer = format!("--append={}", "x".repeat(2048));
    let room = ["--dry-run", "-l", "-a", &kernel];
    fake.put("proc/iomem", "not the kernel's\n");
    let Some(run) = fake.run(&BOTH, &room) else {
        return;
    };
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(
        run.stdout.contains("\nnote:            but not here: "),
        "{}",
        run.stdout
    );
    // Neither takes it.
    let run = fake.run(&BOTH, &[&room[..], &[&longer]].concat()).unwrap();
    assert_eq!(run.code, 255, "{}", run.stdout);
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(4096, 0);
    elf[16..20].copy_from_slice(&[2, 0, 62, 0]);
    let elf = fake.file("elf", &elf);
    let run = fake.run(&BOTH, &["--plan", "-s", "-l", &elf]).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("is known to refuse this"),
        "{}",
        run.stderr
    );
}

#[test]
fn every_reason_at_once() {
    let fake = good("all");
    own_process(&fake, "CapEff:\t0\n", "user:[4026532281]", PID);
    fake.put("proc/sys/kernel/kexec_load_disabled", "1\n")
        .put("proc/sys/kernel/kexec_load_limit_reboot", "0\n")
        .put(LOCKDOWN, LOCKED)
        .put(
            "proc/meminfo",
            "MemTotal: 3145728 kB\nMemAvailable: 64 kB\n",
        );
    let kernel = fake.kernel();
    let Some((text, code)) = check(&fake, &BOTH, &["-l", "-c", &kernel]) else {
        return;
    };
    assert_eq!(code, 255, "{text}");
    assert_eq!(text.matches("\nreason: ").count(), 6, "{text}");
    assert!(!text.contains("not known"), "{text}");
}

/// What the check says is what the load then does: --force-lose-handover for both.
#[test]
fn finalised_state_is_not_lost_by_a_load() {
    let fake = good("lose");
    fake.put("sys/kernel/debug/kho/out/finalize", "1\n");
    let kernel = fake.kernel();
    let kind = [gives(FILE_LOAD, 0), gives(LOAD, 0)];
    let Some(run) = fake.run(&kind, &["-l", "-c", &kernel]) else {
        return;
    };
    assert_eq!(run.code, 255, "{}", run.stderr);
    assert!(
        run.stderr.contains("--force-lose-handover"),
        "{}",
        run.stderr
    );
    let run = fake
        .run(&kind, &["-l", "-c", &kernel, "--force-lose-handover"])
        .unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let (text, code) = check(
        &fake,
        &BOTH,
        &["-l", "-c", &kernel, "--force-lose-handover"],
    )
    .unwrap();
    assert!(
        text.starts_with("verdict:         yes, by kexec_load\nwarning: "),
        "{text}"
    );
    assert_eq!(code, 0);
    // kexec_file_load hands it over.
    let run = fake.run(&kind, &["-l", &kernel]).unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn crash_kernels_unloads_and_starts() {
    let fake = made_good(Fake::with_crash_kernel("check-crash"));
    let kernel = fake.kernel();
    let Some((text, code)) = check(&fake, &BOTH, &["-p", &kernel]) else {
        return;
    };
    assert_eq!((text.as_str(), code), (YES[0], 0));
    let (text, code) = check(&fake, &BOTH, &["-u"]).unwrap();
    assert_eq!((text.as_str(), code), (YES[0], 0));
    fake.put("proc/sys/kernel/kexec_load_limit_panic", "0\n");
    for arguments in [&["-p", kernel.as_str()][..], &["-p", "-u"]] {
        let (text, code) = check(&fake, &BOTH, arguments).unwrap();
        assert!(
            text.contains("kernel.kexec_load_limit_panic is used up"),
            "{text}"
        );
        assert_eq!(code, 255);
    }
    // The file says that nothing is loaded.
    let (text, code) = check(&fake, &BOTH, &["-e"]).unwrap();
    assert!(
        text.contains("reason:          nothing is loaded; load a kernel first (kexec -l)\n"),
        "{text}"
    );
    assert_eq!(code, 1);
    fake.put("sys/kernel/kexec_loaded", "1\n");
    let (text, code) = check(&fake, &BOTH, &["-e"]).unwrap();
    assert_eq!((text.as_str(), code), ("verdict:         yes\n", 0));
    // A kernel without kexec.
    fake.remove("sys/kernel/kexec_loaded");
    let (text, code) = check(&fake, &BOTH, &["-e"]).unwrap();
    assert!(
        text.contains("reason:          nothing is loaded; load a kernel first (kexec -l)\n"),
        "{text}"
    );
    assert_eq!(code, 1);
    fake.put("sys/kernel/kexec_loaded", "x\n");
    let (text, code) = check(&fake, &BOTH, &["-e"]).unwrap();
    assert!(
        text.contains("not known:       whether a kernel is loaded; mount /sys\n"),
        "{text}"
    );
    assert_eq!(code, 2);
}

#[test]
fn without_a_kernel_it_is_the_state_of_the_machine() {
    let fake = good("status");
    let Some((text, code)) = check(&fake, &BOTH, &[]) else {
        return;
    };
    assert_eq!(code, 0, "{text}");
    for line in [
        "memory:          /sys/kernel/boot_params, 2 ranges, 3071 MiB RAM\n",
        "crash kernel:    no reservation\n",
        "lockdown:        none\n",
        "loaded:          no\n",
        "crash loaded:    no\n",
        "kexec_load:      yes\n",
        "kexec_file_load: yes\n",
        "signatures:      checked yes, demanded no\n",
        "first ns:        user yes, pid yes\n",
        "available:       1024 MiB\n",
        "watchdogs:       0 running\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.ends_with(YES[0]), "{text}");
    // With the prompt on a screen of 24 lines.
    assert!(text.lines().count() <= 23, "{text}");
    let (text, code) = check(
        &fake,
        &[gives(FILE_LOAD, libc::ENOSYS), gives(LOAD, libc::ENOSYS)],
        &[],
    )
    .unwrap();
    assert_eq!(code, 255, "{text}");
    assert!(text.contains("kexec_load:      no\n"), "{text}");
    // A crash kernel has no room.
    let (text, code) = check(&fake, &BOTH, &["-p"]).unwrap();
    assert_eq!(code, 1, "{text}");
}

#[test]
fn json_has_the_same() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut plans = 0;
    for case in CASES {
        let fake = good(&format!("json-{}", case.name));
        changed(&fake, case.files);
        let kernel = fake.kernel();
        for arguments in [&["-l", case.option, &kernel][..], &[case.option]] {
            let arguments = [&["--check", "--json"], arguments].concat();
            let Some(run) = fake.run(&case.rules, &arguments) else {
                return;
            };
            let json: Value = serde_json::from_str(&run.stdout).unwrap();
            plan_schema::check(&schema, &json, "");
            let verdict = &json["verdict"];
            assert_eq!(verdict["exit_code"], run.code, "{}", case.name);
            let outcome = match run.code {
                0 => "yes",
                2 => "unknown",
                _ => "no",
            };
            assert_eq!(verdict["outcome"], outcome, "{}", case.name);
            assert!(json["machine"]["host"].is_object());
            // The plan is that of the load, not one that is made for the check.
            if let Some(verified) = json["plan"].get("verified") {
                assert_eq!(verified, true, "{}", case.name);
                plans += 1;
            }
        }
    }
    assert_ne!(plans, 0);
    let run = common::kexec(&["--json", "-l", "x"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("--json is a form of --check"),
        "{}",
        run.stderr
    );
}

/// The kernel sees both calls without CAP_SYS_BOOT, and with arguments that load nothing: here a list
/// of as many segments as there are numbers, and no flags. Other calls would succeed.
#[test]
fn nothing_is_loaded() {
    let fake = good("probes");
    let kernel = fake.kernel();
    // kexec_load with less than 2^31 segments, kexec_file_load with any flags.
    let few = [
        bits_give(LOAD, 1, 1 << 31, libc::EPERM),
        gives(LOAD, libc::E2BIG),
        bits_give(FILE_LOAD, 0, 1 << 31, libc::EPERM),
        gives(FILE_LOAD, libc::E2BIG),
    ];
    for option in ["-a", "-s", "-c"] {
        let Some(run) = fake.run(&few, &["--check", "-l", option, &kernel]) else {
            return;
        };
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (0, ""),
            "{option}: {}",
            run.stdout
        );
    }
}
