//! `cargo xtask fuzz [--minutes N] [--runs N] [TARGET...]`: the fuzz targets under libFuzzer, with
//! AddressSanitizer. Needs nightly Rust and cargo-fuzz; `cargo xtask test fuzz` needs neither.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::command::{cache, cargo, output, root, run as run_command, target};

const USAGE: &str = "usage: cargo xtask fuzz [--minutes N] [--runs N] [TARGET...]";

/// Inputs that `cargo xtask test fuzz` makes for each target.
const SHORT: u32 = 30_000;

/// The runner on stable Rust.
fn runner(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--profile",
        "fuzz",
        "--package",
        "kexec-fuzz",
        "--",
    ]);
    command.args(arguments);
    command
}

/// The step of `cargo xtask test`: seeds, former findings and mutations, on stable Rust.
pub fn short() -> Outcome {
    run_command(&mut runner(&["--all", "--count", &SHORT.to_string()]))
}

/// How long each target runs.
struct Limits {
    minutes: Option<u64>,
    runs: Option<u64>,
}

impl Limits {
    /// As libFuzzer's options; a minute by default.
    fn arguments(&self) -> Vec<String> {
        let minutes = match (self.minutes, self.runs) {
            (None, None) => Some(1),
            (minutes, _) => minutes,
        };
        let time = minutes.map(|minutes| format!("-max_total_time={}", minutes * 60));
        let runs = self.runs.map(|runs| format!("-runs={runs}"));
        time.into_iter().chain(runs).collect()
    }
}

/// `cargo xtask fuzz`
pub fn run(arguments: &[String]) -> Outcome {
    let mut limits = Limits {
        minutes: None,
        runs: None,
    };
    let mut names = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().and_then(|value| value.parse().ok());
            value.ok_or_else(|| format!("{word} needs a number\n{USAGE}"))
        };
        match word.as_str() {
            "--minutes" => limits.minutes = Some(number()?),
            "--runs" => limits.runs = Some(number()?),
            name if name.starts_with('-') => return Err(format!("no option {name}\n{USAGE}")),
            name => names.push(name.to_string()),
        }
    }
    let listed = output(&mut runner(&["--list"]))?;
    let known: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!(
            "no target {unknown}; there are {}",
            known.join(", ")
        ));
    }
    if names.is_empty() {
        names.extend(known.iter().map(ToString::to_string));
    }
    let kept = cache().join("fuzz");
    let corpus = kept.join("corpus");
    let mut write = runner(&["--write"]);
    run_command(write.arg(&corpus).args(&names))?;
    for name in &names {
        one(name, &limits, &kept)?;
    }
    Ok(())
}

/// Runs one target; a finding's input stays in `kept`.
fn one(name: &str, limits: &Limits, kept: &Path) -> Outcome {
    let mut command = nightly();
    command.args(["fuzz", "run", name]);
    command.arg(kept.join("corpus").join(name)).arg("--");
    command.args(limits.arguments());
    command.args([
        "-print_final_stats=1",
        "-timeout=20",
        "-use_value_profile=1",
    ]);
    command.arg(format!("-artifact_prefix={}/{name}-", kept.display()));
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|why| format!("cannot run rustup: {why}; see docs/TESTING.md"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let count = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    if !done.status.success() {
        return Err(format!("{name}: {}\n{}", done.status, said.trim_end()));
    }
    let count = count.ok_or_else(|| format!("{name} does not say how often it ran"))?;
    // "Done 20000 runs in 2 second(s)": without the build.
    let seconds = said
        .lines()
        .find_map(|line| line.strip_prefix("Done ")?.split(" in ").nth(1))
        .and_then(|time| time.split(' ').next())
        .unwrap_or("?");
    println!("{name:12} {:>10} executions {seconds:>6} s", count.trim());
    Ok(())
}

/// Nightly cargo, whichever cargo runs this.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo"])
        .current_dir(root());
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command.env("CARGO_TARGET_DIR", target().join("fuzz-nightly"));
    command
}
