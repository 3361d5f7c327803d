//! The project's own tools: `cargo xtask <command>`.
//!
//! Nothing here ships. What a command needs beyond Rust and gcc (QEMU, kernels, firmware)
//! is fetched from Debian's archive into `target/xtask/`; nothing is installed.

mod apt;
mod arm64;
mod assemble;
mod command;
mod compare;
mod cpio;
mod cross;
mod demo;
mod dist;
mod downtime;
mod elf;
mod fuzz;
mod old_rust;
mod packages;
mod payloads;
mod sealed;
mod size;
mod system;
mod test;
mod unified;
mod vm;

use std::process::ExitCode;

/// What can go wrong, in words: these tools report to a person.
type Outcome<T = ()> = Result<T, String>;

/// A command of `cargo xtask`: its name, what it does, and the function that does it.
struct Tool {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "demo",
        about: "kexec from one kernel into another in a guest, and watch it",
        run: demo::run,
    },
    Tool {
        name: "test",
        about: "run the test steps; `test --list` names them, `test STEP...` runs some",
        run: test::run,
    },
    Tool {
        name: "vm",
        about: "list guest scenarios; `vm NAME...` or `vm --all` runs them",
        run: vm::run,
    },
    Tool {
        name: "fuzz",
        about: "the fuzz targets under libFuzzer: --minutes N, TARGET...; needs nightly Rust",
        run: fuzz::run,
    },
    Tool {
        name: "size",
        about: "sizes of what ships",
        run: size::run,
    },
    Tool {
        name: "install",
        about: "install the C library and the command; options in ffi/README.md",
        run: |arguments| installer("install", arguments),
    },
    Tool {
        name: "uninstall",
        about: "take it away again, with the same options",
        run: |arguments| installer("uninstall", arguments),
    },
    Tool {
        name: "dist",
        about: "a source tarball of what ships, with its crates; builds without network",
        run: dist::run,
    },
    Tool {
        name: "compare",
        about: "measure against kexec-tools and OpenSSL; --write for docs/benchmarks.md",
        run: compare::run,
    },
    Tool {
        name: "downtime",
        about: "time between two kernels in guests; --write for docs/downtime.md",
        run: downtime::run,
    },
    Tool {
        name: "fetch",
        about: "fetch QEMU, kernels and firmware now (the others do it when needed)",
        run: packages::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.first().map(String::as_str);
    let Some(tool) = TOOLS.iter().find(|tool| Some(tool.name) == wanted) else {
        usage();
        return match wanted {
            None | Some("help" | "-h" | "--help") => ExitCode::SUCCESS,
            Some(_) => ExitCode::from(2),
        };
    };
    match (tool.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask {}: {reason}", tool.name);
            ExitCode::FAILURE
        }
    }
}

/// What `ffi/install` does, after the release build where that is wanted.
fn installer(what: &str, arguments: &[String]) -> Outcome {
    if what != "uninstall" {
        command::run(command::cargo().args(["build", "--quiet", "--release"]))?;
    }
    let program = ["run", "--quiet", "--package", "libkexec-install", "--"];
    command::run(command::cargo().args(program).arg(what).args(arguments))
}

fn usage() {
    println!("usage: cargo xtask <command> [arguments]\n");
    for tool in TOOLS {
        println!("  {:9} {}", tool.name, tool.about);
    }
}
