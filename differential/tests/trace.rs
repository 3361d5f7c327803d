//! A traced command sees the fake machine and cannot get out.

use differential::machine::{Machine, RAM, span};
use differential::trace::{self, Program};

#[test]
fn a_traced_command_sees_the_fake_machine_and_stays_alone() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace");
    if let Err(reason) = trace::private_tmpfs(&directory) {
        libkexec_tests::not_tested(&format!("tracing on a fake machine: {reason}"));
        return;
    }
    let tree = directory.join("machine");
    let machine = Machine::new("test", vec![span(0, 1 << 30, RAM)]);
    machine.write(&tree).unwrap();
    let program = Program {
        name: "sh".into(),
        path: "/bin/sh".into(),
        prefix: vec!["-c".into()],
    };
    let script = "read line < /proc/cmdline; echo \"$line\"; echo /dev/* /sys/*; exit 3";
    let run = |script: &str| {
        let arguments = [script.into()];
        trace::run(&program, &arguments, &tree, &directory.join("log")).unwrap()
    };
    let seen = run(script);
    assert_eq!(seen.code, Some(3));
    assert_eq!(
        seen.said,
        format!(
            "{}\n/dev/* /sys/firmware /sys/kernel\n",
            machine.command_line
        )
    );
    assert!(seen.refused.is_empty() && seen.loads.is_empty());

    let alone = run("(exit 0); echo got out");
    assert!(!alone.refused.is_empty(), "{alone:?}");
    assert!(!alone.said.contains("got out"), "{alone:?}");
}
