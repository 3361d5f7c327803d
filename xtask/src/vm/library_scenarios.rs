//! Other programs with the C library: kexec-tools with libkexec as its file type, and a program
//! in C that loads a crash kernel.

use super::crash_scenarios::crash;
use super::scenario::Scenario;

const CRASH: &str = include_str!("../../guest/crash_library.sh");

/// Every scenario of the C library but the inits.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "fork-bios",
            "kexec-tools with libkexec, two initrds, its other method",
            "6.12",
        )
        .fork()
        .hop("-c -t bzImage64", "7.x")
        .hop("-c --type=bzImage64", "6.1")
        .split()
        .hop("-s", "6.12")
        .hop("-c -t bzImage64", "6.12")
        .command_line_of(2047),
        Scenario::new("fork-uefi", "kexec-tools with libkexec under UEFI", "7.x")
            .slow()
            .uefi()
            .fork()
            .hop("-s", "6.1")
            .hop("-c -t bzImage64", "7.x")
            .hop("-c -t bzImage64", "6.1")
            .hop("-s", "7.x"),
        Scenario::new(
            "fork-entries",
            "kexec-tools with libkexec, by the other entries",
            "6.12",
        )
        .slow()
        .fork()
        .hop("-c -t bzImage64 --entry-32bit", "6.12")
        .hop("-c -t bzImage64 --real-mode", "6.12"),
        crash("fork-crash", "-c -t bzImage64 -p", "6.12").fork(),
        crash("library-crash", "", "6.12")
            .example("bin/crash", "c-crash")
            .script(CRASH)
            .shows("FACT hop=0 said=cpus 2 ")
            .shows("FACT hop=0 said=segment elfcorehdr ")
            .never("FACT hop=0 said=note")
            .shows("FACT hop=0 unloaded=0")
            .shows("FACT hop=1 note=1 prstatus bytes=336 rip=0xffffffff"),
    ]
}
