//! `--plan`, `--ascii` and `--explain` of the command: on machines that are not this one, by both calls.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;
mod plan_schema;

use common::{FILE_LOAD, Fake, LOAD, Rule, Run, boot_params, gives};
use serde_json::Value;

/// What nothing else gives: a call that is made is seen.
const SEEN: [Rule; 2] = [gives(FILE_LOAD, libc::E2BIG), gives(LOAD, libc::E2BIG)];

/// Runs the command, which makes no call that loads.
fn shown(fake: &Fake, arguments: &[&str]) -> Option<Run> {
    let run = fake.run(&SEEN, arguments)?;
    let said = &run.stderr;
    assert!(
        !said.contains("Argument list too long"),
        "{arguments:?}: {said}"
    );
    Some(run)
}

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Machines on which a load is planned, and on which none is.
fn machines() -> Vec<Fake> {
    let named = |name: &str| Fake::new(&format!("show-{name}"));
    let plain = named("plain");
    let crash = Fake::with_crash_kernel("show-crash");
    let efi = named("efi");
    efi.put("sys/firmware/efi/systab", "ACPI20=0x7fb7e014\n")
        .put("sys/firmware/efi/fw_platform_size", "64\n")
        .put("sys/firmware/efi/runtime", "0xfffffffeffa00000\n");
    let xen = named("xen");
    xen.put("proc/xen/capabilities", "")
        .put("sys/hypervisor/type", "xen\n")
        .put("sys/hypervisor/guest_type", "PVH\n");
    let locked = named("locked");
    locked.put(
        "sys/kernel/security/lockdown",
        "none [integrity] confidentiality\n",
    );
    let open = named("open");
    open.put(
        "sys/kernel/security/lockdown",
        "[none] integrity confidentiality\n",
    )
    .put("proc/sys/kernel/kexec_load_disabled", "0\n")
    .put("proc/sys/kernel/kexec_load_limit_reboot", "3\n");
    let memmap = named("memmap");
    for (number, (start, end, kind)) in [
        ("0x0", "0x9fbff", "System RAM"),
        ("0x9fc00", "0x9ffff", "Reserved"),
        ("0x100000", "0xbfffffff", "System RAM"),
    ]
    .into_iter()
    .enumerate()
    {
        let entry = format!("sys/firmware/memmap/{number}");
        memmap
            .put(&format!("{entry}/start"), format!("{start}\n"))
            .put(&format!("{entry}/end"), format!("{end}\n"))
            .put(&format!("{entry}/type"), format!("{kind}\n"));
    }
    let folded = named("folded");
    let mut iomem = String::from("00001000-0009fbff : System RAM\n");
    for hole in 0..500_u64 {
        let start = (1 << 20) + (hole << 23);
        let end = start + (1 << 23) - 0x1001;
        iomem += &format!("{start:08x}-{end:08x} : System RAM\n");
    }
    folded.put("proc/iomem", iomem);
    let masked = named("masked");
    masked.put("proc/iomem", "00000000-00000000 : System RAM\n");
    let unread = named("unread");
    unread.remove("proc/iomem").remove("proc/meminfo");
    let small = named("small");
    let mut params = boot_params();
    params[0x2d0 + 28..0x2d0 + 36].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    small.put("sys/kernel/boot_params/data", params).put(
        "proc/iomem",
        "00001000-0009fbff : System RAM\n00100000-001fffff : System RAM\n",
    );
    let fives = named("five-levels");
    fives.put("proc/cpuinfo", "flags\t\t: fpu lm la57\n");
    vec![
        plain, crash, efi, xen, locked, open, memmap, folded, masked, unread, small, fives,
    ]
}

/// JSON is by the schema on every machine, with every request, whether it is refused or not; a
/// picture and a text fit their screens.
#[test]
fn every_machine_is_shown() {
    let schema = schema();
    let mut planned = 0;
    for fake in machines() {
        let kernel = fake.kernel();
        let initrd = format!("--initrd={}", fake.file("initrd", b"070701"));
        for request in [
            &["-c", "-l", &kernel, &initrd, "--append=a \"b\" \t c"][..],
            &["-a", "-l", &kernel, &initrd],
            &["-a", "-l", &kernel, "--mem-max=0x7fffffff"],
            &["-s", "-f", &kernel, &initrd, &initrd],
            &["-p", &kernel],
            &["-u"],
            &["-e"],
        ] {
            let with = |option| [&[option, "--explain"], request].concat();
            let Some(json) = shown(&fake, &with("--plan=json")) else {
                return;
            };
            let value: Value = serde_json::from_str(&json.stdout)
                .unwrap_or_else(|error| panic!("{request:?}: {error}: {}", json.stdout));
            plan_schema::check(&schema, &value, "$");
            let again = shown(&fake, &with("--plan=json")).unwrap();
            assert_eq!(json.stdout, again.stdout, "{request:?}");
            planned += usize::from(value["plan"].is_object());

            let map = shown(&fake, &with("--plan=map")).unwrap();
            let ascii = shown(&fake, &[&["--plan=map", "--ascii"], request].concat()).unwrap();
            let text = shown(&fake, &with("--plan")).unwrap();
            for run in [&map, &ascii, &text] {
                assert_eq!(run.code, json.code, "{request:?}: {}", run.stderr);
                assert_eq!(run.stderr, json.stderr);
                for line in run.stdout.lines() {
                    let free = ["kernel:", "initrd:"]
                        .iter()
                        .any(|name| line.starts_with(name));
                    assert!(free || line.chars().count() <= 80, "{line}");
                }
            }
            assert!(ascii.stdout.is_ascii());
            assert!(ascii.stdout.lines().count() <= 23, "{}", ascii.stdout);
            let last = text.stdout.lines().last().unwrap();
            assert_eq!(
                json.code == 0,
                last.starts_with("would:"),
                "{}",
                text.stdout
            );
        }
    }
    assert!(planned >= 20, "{planned}");
}

/// What the JSON says is what the other forms say, and what is asked for.
#[test]
fn the_calls_and_the_line() {
    let fake = Fake::new("show-calls");
    let kernel = fake.kernel();
    let json = |arguments: &[&str]| {
        let arguments = [&["--plan=json", "--append=x"], arguments].concat();
        let run = shown(&fake, &arguments)?;
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        Some(serde_json::from_str::<Value>(&run.stdout).unwrap())
    };
    for (arguments, calls, has_plan) in [
        (&["-s", &kernel][..], &["kexec_file_load"][..], false),
        (&["-c", &kernel], &["kexec_load"], true),
        (&[&kernel], &["kexec_file_load", "kexec_load"], true),
        (
            &[&kernel, "--console-serial"],
            &["kexec_load", "kexec_file_load"],
            true,
        ),
        (&["-e"], &[], false),
        (&["-u"], &[], false),
    ] {
        let Some(value) = json(arguments) else {
            return;
        };
        assert_eq!(value["calls"], serde_json::json!(calls), "{arguments:?}");
        assert_eq!(value["plan"].is_object(), has_plan);
        let file = calls.contains(&"kexec_file_load");
        // KEXEC_FILE_NO_INITRAMFS.
        let flags = if file { 4.into() } else { Value::Null };
        assert_eq!(value["file_flags"], flags);
        if calls.is_empty() {
            assert!(value["command_line"].is_null() && value["image"].is_null());
        } else {
            assert_eq!(value["command_line"], "x");
            assert_eq!(value["image"]["format"], "bzImage");
            assert_eq!(value["files"][0]["path"], kernel.as_str());
        }
    }
    let value = json(&["-c", "--reuse-cmdline", &kernel]).unwrap();
    assert_eq!(value["command_line"], "root=/dev/x ro x");
    assert!(value["plan"].get("placement").is_none());

    // The segments of the text are those of the JSON.
    let text = shown(&fake, &["--plan=text", "--append=x", "-c", &kernel]).unwrap();
    let value = json(&["-c", &kernel]).unwrap();
    let lines = text.stdout.lines();
    let lines: Vec<_> = lines.filter(|line| line.starts_with("segment ")).collect();
    let segments = value["plan"]["segments"].as_array().unwrap();
    assert_eq!(lines.len(), segments.len());
    for (line, segment) in lines.iter().zip(segments) {
        let words: Vec<_> = line.split_whitespace().collect();
        let mem = segment["mem"].as_u64().unwrap();
        assert_eq!(words[2], format!("{mem:#x}"));
        assert_eq!(words[4], segment["memsz"].to_string());
        assert_eq!(words[6], segment["bufsz"].to_string());
        assert_eq!(words[7], segment["kind"].as_str().unwrap());
    }
}

/// What is not placed by a plan is not shown as if it were.
#[test]
fn the_running_kernel_places_the_segments() {
    let fake = Fake::new("show-file");
    let kernel = fake.kernel();
    for (method, words) in [
        ("-s", "the running kernel places the segments itself"),
        ("-a", "kexec_file_load is tried first"),
    ] {
        let Some(run) = shown(&fake, &["--plan=map", method, &kernel]) else {
            return;
        };
        assert!(run.stdout.contains(words), "{}", run.stdout);
        let planned = run.stdout.contains("purgatory");
        assert_eq!(planned, method == "-a", "{}", run.stdout);
    }
    let run = shown(&fake, &["--explain", "-s", &kernel]).unwrap();
    assert!(
        run.stdout.contains("\nwhy: the running kernel"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("segment 0:"), "{}", run.stdout);
    let run = shown(&fake, &["--explain", "-c", &kernel]).unwrap();
    assert!(run.stdout.contains("\nwhy kernel: 0x"), "{}", run.stdout);
    let run = shown(&fake, &["--plan=picture", "-c", &kernel]).unwrap();
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("--plan=picture: text, json or map"),
        "{}",
        run.stderr
    );
}
