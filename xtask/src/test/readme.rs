//! Every command that README.md and docs/guide.md show in a block marked `sh` is run: here, or by the
//! step or scenario that `COVERED` names. One that is neither way run is a failure.

use super::Result;
use crate::Outcome;
use crate::command::{build_kexec, cache, output, read, root, target};
use crate::cpio::Archive;
use crate::packages::Store;
use crate::vm::scenarios;
use std::process::Command;

/// Commands that are not run here, and what runs them instead: a step of `cargo xtask test`,
/// or a guest scenario.
const COVERED: &[(&str, Cover)] = &[
    ("cargo xtask test", Cover::All),
    ("cargo xtask vm --all", Cover::Step("vm")),
    ("cargo xtask demo", Cover::Step("demo")),
    ("cargo build --release", Cover::Step("build")),
    ("cargo test --workspace", Cover::Step("unit")),
    // The quick start of the C library, run as printed against an installed copy.
    ("cc -o plan plan.c", Cover::Step("unit")),
    ("cc -o plan-static -static plan.c", Cover::Step("unit")),
    ("kexec -l", Cover::Scenario("bios-pairs")),
    ("kexec -e", Cover::Scenario("bios-pairs")),
    ("kexec -s -l", Cover::Scenario("lockdown")),
    ("kexec -p", Cover::Scenario("crash-reuse")),
];

/// The pages with commands.
const PAGES: [&str; 2] = ["README.md", "docs/guide.md"];

#[derive(Debug, Clone, Copy)]
enum Cover {
    /// The very thing that runs this.
    All,
    Step(&'static str),
    Scenario(&'static str),
}

/// The step.
pub fn run() -> Outcome<Result> {
    let mut commands = Vec::new();
    let mut problems = Vec::new();
    for page in PAGES {
        let text = read(&root().join(page))?;
        let found = commands_of(&String::from_utf8_lossy(&text));
        if found.is_empty() {
            problems.push(format!("{page} has no commands in ```sh blocks"));
        }
        commands.extend(found);
    }
    build_kexec()?;
    for command in &commands {
        let command = command.as_str();
        let cover = COVERED
            .iter()
            .find(|(beginning, _)| covers(beginning, command));
        match cover {
            Some((_, cover)) => {
                println!("{command}\n    run by {cover:?}");
                problems.extend(exists(*cover).err());
            }
            None => match run_here(command) {
                Ok(()) => println!("{command}\n    run"),
                Err(why) => problems.push(why),
            },
        }
    }
    println!("{} commands", commands.len());
    match problems.as_slice() {
        [] => Ok(Result::Passed),
        some => Err(some.join("\n  ")),
    }
}

fn covers(beginning: &str, command: &str) -> bool {
    let rest = command.strip_prefix(beginning);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn exists(cover: Cover) -> Outcome {
    match cover {
        Cover::Step(name) if super::STEPS.iter().any(|step| step.name == name) => Ok(()),
        Cover::Scenario(name) if scenarios::all().iter().any(|one| one.name == name) => Ok(()),
        Cover::All => Ok(()),
        other => Err(format!("COVERED names {other:?}, which does not exist")),
    }
}

/// Runs a command at the root of the tree, with files of our own in place of the machine's.
fn run_here(command: &str) -> Outcome {
    let store = Store::open()?;
    let initrd = cache().join("readme-initrd.img");
    let mut archive = Archive::create(&initrd)?;
    archive.copy("bin/busybox", 0o755, &store.busybox())?;
    archive.finish()?;
    let kernel = store.kernel("6.12")?.image;
    let command = command
        .replace("/boot/vmlinuz", &kernel.display().to_string())
        .replace("/boot/initrd.img", &initrd.display().to_string());
    let mut shell = Command::new("sh");
    shell.current_dir(root()).args(["-e", "-c", &command]);
    // `kexec` is the one just built.
    let path = std::env::var("PATH").unwrap_or_default();
    let built = target().join("release");
    shell.env("PATH", format!("{}:{path}", built.display()));
    let said = output(&mut shell)?;
    let shown = said.lines().take(3).collect::<Vec<_>>().join("\n    ");
    println!("    {shown}");
    Ok(())
}

/// The commands in blocks marked `sh`, continued lines joined.
fn commands_of(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    let mut continued = String::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            inside = !inside && matches!(line, "```sh" | "```console" | "```bash");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            match line.strip_suffix('\\') {
                Some(part) => continued.push_str(part),
                None => commands.push(std::mem::take(&mut continued) + line),
            }
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_out_of_their_blocks() {
        let text = "text\n```sh\n# why\nfirst a \\\n  b\n\nsecond\n```\n```text\nnot this\n```\n";
        assert_eq!(commands_of(text), ["first a b", "second"]);
    }

    #[test]
    fn a_command_is_covered_by_its_beginning() {
        assert!(covers("kexec -l", "kexec -l /boot/vmlinuz"));
        assert!(!covers("kexec -l", "kexec -lx"));
        assert!(exists(Cover::Step("no such step")).is_err());
        COVERED
            .iter()
            .for_each(|(_, cover)| exists(*cover).unwrap());
    }
}
