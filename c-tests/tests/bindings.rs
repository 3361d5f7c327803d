//! The library used from other languages, and from another project's program.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_tests::{bzimage, cc, fetched, installed, kernels, not_tested, output, root, run};
use libkexec_tests::{scratch, slim, target, tool};

/// Every kernel available, and an artificial one.
fn images(name: &str) -> Vec<PathBuf> {
    let made_up = scratch(name).join("made-up");
    kexec_testing::file(&made_up, &bzimage(0x2_0000)).expect("written");
    let mut images = vec![made_up];
    images.extend(kernels());
    images
}

/// The output of both examples, without the version line.
fn plausible(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 5, "{said}");
    assert!(
        lines[0].starts_with("version ") && lines[0].contains("protocol 0x20"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("entry 0x") && lines[1].contains("digest "),
        "{said}"
    );
    for (line, name) in lines[2..]
        .iter()
        .zip(["kernel", "boot parameters", "purgatory"])
    {
        assert!(line.starts_with(&format!("segment {name} 0x")), "{said}");
    }
    said.into()
}

#[test]
fn python_and_go_see_the_same_plan() {
    let prefix = installed("bindings");
    let lib = prefix.join("lib");
    let python = tool(&["python3"], "Python bindings");
    let go = tool(&["go"], "Go bindings").and_then(|go| build_go(&go, &prefix));
    for image in images("bindings-images") {
        let say = |mut command: Command| {
            command
                .arg(&image)
                .arg("quiet name=K\u{fc}che")
                .env("LD_LIBRARY_PATH", &lib);
            plausible(&run(&mut command))
        };
        let mut outputs = Vec::new();
        if let Some(python) = &python {
            let mut command = Command::new(python);
            command.arg(root().join("ffi/examples/plan.py"));
            outputs.push(say(command));
        }
        if let Some(program) = &go {
            outputs.push(say(Command::new(program)));
        }
        assert!(
            outputs.windows(2).all(|pair| pair[0] == pair[1]),
            "{outputs:?}"
        );
    }
}

fn build_go(go: &Path, prefix: &Path) -> Option<PathBuf> {
    let program = scratch("go").join("plan");
    let cache = target().join("c-tests/go-cache");
    let mut command = fetched(go);
    command.args(["build", "-o"]).arg(&program);
    command.arg(root().join("ffi/examples/go/plan.go"));
    command
        .env("GOCACHE", &cache)
        .env("GOPATH", &cache)
        .env("CGO_ENABLED", "1");
    command.env("GO111MODULE", "off").env("GOFLAGS", "");
    command.env(
        "CGO_CFLAGS",
        format!("-I{}", prefix.join("include").display()),
    );
    command.env("CGO_LDFLAGS", format!("-L{}", prefix.join("lib").display()));
    // If it is unpacked elsewhere than it was built for, it needs the path of its library.
    let real = go.canonicalize().expect("a path");
    if let Some(goroot) = real
        .ancestors()
        .find(|path| path.join("src/runtime").exists())
    {
        command.env("GOROOT", goroot);
    }
    run(&mut command);
    Some(program)
}

#[test]
fn kexec_tools_loads_by_our_plan() {
    let tree = target().join("c-tests/kexec-tools");
    let scripts = root().join("c-tests/kexec-tools");
    let fetch = output(Command::new(scripts.join("fetch.sh")).arg(&tree));
    if !fetch.status.success() {
        let why = String::from_utf8_lossy(&fetch.stderr);
        not_tested(&format!(
            "kexec-tools with libkexec: its source cannot be fetched: {why}"
        ));
        return;
    }
    let Some(_) = tool(&["make"], "kexec-tools with libkexec") else {
        return;
    };
    run(Command::new(scripts.join("build.sh"))
        .arg(&tree)
        .arg(root().join("include"))
        .arg(slim()));
    let refuse = scratch("refuse").join("refuse");
    let mut compiler = cc();
    run(compiler
        .arg(scripts.join("refuse.c"))
        .arg("-o")
        .arg(&refuse));
    let initrd = scratch("kexec-tools-initrd").join("initrd");
    kexec_testing::file(&initrd, &[7; 5000]).expect("written");
    for image in images("kexec-tools-images") {
        let mut load = Command::new(&refuse);
        load.arg(tree.join("build/sbin/kexec"))
            .args(["-d", "-c", "-l"])
            .arg(&image);
        load.arg(format!("--initrd={}", initrd.display()))
            .arg(format!("--ramdisk={}", initrd.display()))
            .arg("--append=quiet");
        let done = output(&mut load);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {said}", done.status);
        assert!(said.contains("segment[4].memsz"), "{said}");
        // In address order, the second segment contains text that only libkexec's purgatory has.
        assert!(
            said.contains("bufsz = 0x1388"),
            "the initrd's 5000 bytes: {said}"
        );
    }
    // Errors are reported with libkexec's texts, and nothing is loaded.
    let directory = scratch("kexec-tools-bad");
    let (not_an_image, kernel) = (directory.join("bad"), directory.join("kernel"));
    std::fs::write(&not_an_image, b"no kernel").expect("written");
    kexec_testing::file(&kernel, &bzimage(0x1_0000)).expect("written");
    let long = format!("--append={}", "x".repeat(3000));
    let kernel = kernel.to_str().expect("UTF-8");
    for (arguments, says) in [
        (
            vec!["-l", not_an_image.to_str().expect("UTF-8")],
            "Cannot determine the file type",
        ),
        (
            vec!["-l", kernel, "--initrd=/nowhere/at/all"],
            "/nowhere/at/all: open: No such file",
        ),
        (
            vec!["-l", kernel, &long],
            "plan: the command line has 3000 bytes, the new kernel takes 2047",
        ),
        (
            vec!["-l", kernel, "--mem-max=0x3ffffff"],
            "plan: no free memory for the kernel",
        ),
        (
            vec!["--load-preserve-context", kernel, "--mem-max=0x3fffffff"],
            "--load-preserve-context is not done by libkexec",
        ),
        (vec!["-l", kernel, "--no-checks"], "note: "),
    ] {
        let mut load = Command::new(&refuse);
        load.arg(tree.join("build/sbin/kexec"))
            .args(["-c", "-t", "bzImage64"]);
        let done = output(load.args(&arguments));
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert_eq!(
            done.status.success(),
            says == "note: ",
            "{arguments:?}: {said}"
        );
    }
}
