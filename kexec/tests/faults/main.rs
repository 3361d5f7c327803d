//! The fault matrix: each system call of each action fails in turn, with each errno it can have.
//!
//! The command runs under ptrace(2) on a fake machine; a model gives the results of kexec_load,
//! kexec_file_load and reboot, which never reach the kernel. Needs root for the namespaces.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod actions;
#[path = "../common/mod.rs"]
mod common;
mod judge;
mod kernel;
mod table;
mod trace;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use actions::{ACTIONS, Action};
use common::{Fake, bzimage};
use judge::Reference;
use kernel::{Kernel, Refusals};
use table::Fault;
use trace::{At, Injection, Trace};

/// Faults that the matrix has at least.
const LEAST: usize = 1_500;

/// What loads something else for a reason: words of the fault, all of which it has.
const ACCEPTED: &[&[&str]] = &[
    // A kernel has all of an attribute's value given by the first read(2).
    &["read sys/devices/system/cpu/", "Short"],
    // Where the file is missing, the size is that of all kernels without it.
    &["crash_notes_size", "ENOENT"],
];

#[test]
fn nothing_fails_in_silence() {
    if !nix::unistd::geteuid().is_root() {
        kexec_testing::not_tested("the fault matrix: not root");
        return;
    }
    let next = Mutex::new(ACTIONS.iter());
    let results = Mutex::new(Vec::new());
    let work = |worker: usize| {
        let fake = machine(&format!("faults-{worker}"));
        fake.enter().expect("a namespace of its own");
        loop {
            let Some(action) = next.lock().unwrap().next() else {
                return;
            };
            let result = matrix(&fake, action);
            results.lock().unwrap().push((action.name, result));
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..2 {
            scope.spawn(move || work(worker));
        }
    });
    let mut faults = 0;
    let mut problems: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, result) in results.into_inner().unwrap() {
        println!("{name}: {} calls, {} faults", result.calls, result.faults);
        faults += result.faults;
        for (what, fault) in result.problems {
            let mut accepted = ACCEPTED.iter();
            let by = |words: &&[&str]| words.iter().all(|word| fault.contains(word));
            if what.contains("it loads something else") && accepted.any(by) {
                continue;
            }
            let all = problems.entry(format!("{name}: {what}")).or_default();
            all.push(fault);
        }
    }
    // Also where the output of tests that pass is not shown.
    let total = format!("{faults} faults injected\n");
    std::io::stderr().write_all(total.as_bytes()).unwrap();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(faults >= LEAST, "only {faults} faults");
}

/// Files of a load are opened once and mapped at most once, whatever is checked first.
#[test]
fn each_file_is_opened_and_mapped_once() {
    if !nix::unistd::geteuid().is_root() {
        kexec_testing::not_tested("how often files are opened and mapped: not root");
        return;
    }
    let fake = machine("faults-once");
    fake.enter().expect("a namespace of its own");
    let (mut opened, mut mapped) = (0, 0);
    for action in ACTIONS {
        let (trace, _) = run(&fake, action, action.refusals, None);
        assert_eq!(trace.code, Some(action.code), "{}", trace.stderr);
        for name in ["kernel", "initrd", "other"] {
            let path = fake.path(name);
            let named = |call: &&trace::Call| call.path == path;
            let count = |number| {
                let calls = trace.calls.iter().filter(named);
                calls.filter(|call| call.number == number).count()
            };
            let given = action.arguments.iter().any(|argument| {
                let file = argument.rsplit('=').next();
                file == Some(&format!("@/{name}"))
            });
            let (opens, maps) = (count(libc::SYS_openat), count(libc::SYS_mmap));
            assert_eq!(
                opens,
                usize::from(given),
                "{}: {name} is opened",
                action.name
            );
            assert!(maps <= 1, "{}: {name} is mapped {maps} times", action.name);
            (opened, mapped) = (opened + opens, mapped + maps);
        }
    }
    assert!(
        opened > 20 && mapped > 15,
        "{opened} opened, {mapped} mapped"
    );
}

/// What the faults of an action gave.
struct Matrix {
    calls: usize,
    faults: usize,
    /// What is wrong, and by which fault.
    problems: Vec<(String, String)>,
}

/// Runs an action with each fault, one a run.
fn matrix(fake: &Fake, action: &Action) -> Matrix {
    let (clean, reference) = reference(fake, action);
    let mut matrix = Matrix {
        calls: clean.calls.len(),
        faults: 0,
        problems: Vec::new(),
    };
    let mut injections = Vec::new();
    let mut numbers = Vec::new();
    for (index, call) in clean.calls.iter().enumerate() {
        let entry = table::find(call.number);
        for (turn, fault) in entry.faults().enumerate() {
            // What an action repeats of others gets a third of the faults, others at each call.
            if !action.repeats || (turn + index) % 3 == 0 {
                let at = At::Call(index);
                let what = format!("{} {} (call {index})", entry.name, call.path);
                injections.push((Injection { at, fault }, what));
            }
        }
        if !numbers.contains(&call.number) {
            numbers.push(call.number);
        }
    }
    for number in numbers {
        let entry = table::find(number);
        // Who is interrupted each time tries again each time.
        let faults = entry.faults();
        for fault in faults.filter(|fault| *fault != Fault::Gives(libc::EINTR)) {
            let at = At::Each(number);
            injections.push((Injection { at, fault }, format!("each {}", entry.name)));
        }
    }
    for (injection, what) in injections {
        let (trace, kernel) = run(fake, action, action.refusals, Some(injection));
        matrix.faults += usize::from(trace.hit);
        for problem in judge::judge(action, &reference, &trace, &kernel, injection) {
            let fault = match injection.fault {
                Fault::Gives(errno) => nix::errno::Errno::from_raw(errno).to_string(),
                other => format!("{other:?}"),
            };
            let fault = format!("{what}: {fault}");
            matrix.problems.push((problem, fault));
        }
    }
    matrix
}

fn run<'a>(
    fake: &'a Fake,
    action: &Action,
    refusals: Refusals,
    injection: Option<Injection>,
) -> (Trace, Kernel<'a>) {
    let mut kernel = Kernel::new(fake, refusals);
    let directory = fake.path("");
    let arguments = action.arguments.iter();
    let arguments: Vec<String> = arguments
        .map(|argument| argument.replace("@/", &directory))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let trace = trace::run(fake, &arguments, &mut kernel, injection);
    (trace, kernel)
}

/// The run without a fault, and what each call that loads may be given.
fn reference(fake: &Fake, action: &Action) -> (Trace, Reference) {
    let (clean, kernel) = run(fake, action, action.refusals, None);
    let name = action.name;
    assert_eq!(clean.code, Some(action.code), "{name}: {}", clean.stderr);
    assert!(clean.leaks.is_empty(), "{name}: {:?}", clean.leaks);
    let mut images = vec![kernel.of(false), kernel.of(true)];
    // Where the other call is the first to go well.
    for (load, file_load) in [(libc::EINVAL, 0), (0, libc::EINVAL), (0, libc::ENOSYS)] {
        let (_, kernel) = run(fake, action, Refusals { load, file_load }, None);
        images.extend([kernel.of(false), kernel.of(true)]);
    }
    // A seed that is not random is worse than none, and without a secret of its own the digest is
    // keyed with the standard one: each alone, and both.
    let random = clean.calls.iter().enumerate();
    let random = random.filter(|(_, call)| call.number == libc::SYS_getrandom);
    let each = random.map(|(index, _)| At::Call(index));
    for at in each.chain([At::Each(libc::SYS_getrandom)]) {
        for errno in [libc::EAGAIN, libc::ENOSYS] {
            let fault = Fault::Gives(errno);
            let injection = Some(Injection { at, fault });
            let (_, kernel) = run(fake, action, action.refusals, injection);
            images.extend([kernel.of(false), kernel.of(true)]);
        }
    }
    let reference = Reference {
        images,
        stdout: clean.stdout.clone(),
    };
    (clean, reference)
}

/// The machine, with the files to load.
fn machine(name: &str) -> Fake {
    let fake = Fake::with_crash_kernel(name);
    fake.kernel_of(&bzimage(8 << 10));
    fake.file("initrd", b"070701 one");
    fake.file("other", b"070701 two");
    fake.put("proc/cpuinfo", "flags\t\t: fpu sse2 la57 sha_ni\n");
    fake.put(
        "sys/kernel/security/lockdown",
        "[none] integrity confidentiality\n",
    );
    for (file, text) in [
        ("proc/sys/kernel/kexec_load_disabled", "0\n"),
        ("proc/sys/kernel/kexec_load_limit_reboot", "-1\n"),
        ("proc/sys/kernel/kexec_load_limit_panic", "-1\n"),
        (
            "proc/meminfo",
            "MemTotal: 3145728 kB\nMemAvailable: 1048576 kB\n",
        ),
    ] {
        fake.put(file, text);
    }
    // The same RAM as in the other sources: a map from one of those is as good.
    for (number, (start, end, kind)) in [
        ("0x1000", "0x9fbff", "System RAM"),
        ("0x100000", "0xbfffffff", "System RAM"),
    ]
    .into_iter()
    .enumerate()
    {
        for (file, text) in [("start", start), ("end", end), ("type", kind)] {
            let path = format!("sys/firmware/memmap/{number}/{file}");
            fake.put(&path, format!("{text}\n"));
        }
    }
    fake
}
