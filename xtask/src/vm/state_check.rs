//! The state in which a payload of our own was entered (`xtask/payloads/state.s`), against the boot protocol
//! (Documentation/arch/x86/boot.rst), docs/purgatory.md, and what `--plan=json` said before.

use super::facts::Facts;
use super::scenario::{Mode, Scenario};
use std::collections::BTreeMap;

/// What the payload begins each line with.
const BEGIN: &str = "STATE ";
/// What the guest's script passes.
const LINE: &str = "the state of the CPU";
/// A reply of QEMU's monitor to `info registers`.
const HIDDEN: &str = r#"monitor: {"return": "\r\nCPU#0\r\nEAX="#;
const INITRD: &[u8] = b"initrd of the state\n";

/// A field, the bits of it that count, and their value.
type Row = (&'static str, u64, u64);
const ALL: u64 = u64::MAX;
/// Interrupts, and the direction of strings.
const IF_AND_DF: u64 = 1 << 9 | 1 << 10;

/// boot.rst, "64-bit Boot Protocol": CS and the others flat, read/execute and read/write, interrupts off,
/// RSI boot_params. Long mode with paging; all other registers are 0 by docs/purgatory.md.
const LONG: &[Row] = &[
    ("rax", ALL, 0),
    ("rbx", ALL, 0),
    ("rcx", ALL, 0),
    ("rdx", ALL, 0),
    ("rdi", ALL, 0),
    ("rbp", ALL, 0),
    ("r8", ALL, 0),
    ("r9", ALL, 0),
    ("r10", ALL, 0),
    ("r11", ALL, 0),
    ("r12", ALL, 0),
    ("r13", ALL, 0),
    ("r14", ALL, 0),
    ("r15", ALL, 0),
    ("rflags", IF_AND_DF, 0),
    ("cs", ALL, 0x10),
    ("ds", ALL, 0x18),
    ("es", ALL, 0x18),
    ("ss", ALL, 0x18),
    ("fs", ALL, 0x18),
    ("gs", ALL, 0x18),
    ("cs.is", ALL, 0x00af_9b00_0000_ffff),
    ("ds.is", ALL, 0x00cf_9300_0000_ffff),
    ("ss.limit", ALL, 0xffff_ffff),
    // PG, TS, EM and PE.
    ("cr0", 0x8000_000d, 0x8000_0001),
    // PAE; OSFXSR is as Linux left it.
    ("cr4", 1 << 5, 1 << 5),
    // LMA and LME.
    ("efer", 0x500, 0x500),
];

/// boot.rst, "32-bit Boot Protocol": CS 0x10, the others 0x18, flat, interrupts off; ESI boot_params; EBP, EDI
/// and EBX 0; no paging. The rest by docs/purgatory.md, "Exit in 32-bit mode".
const PROTECTED: &[Row] = &[
    ("eax", ALL, 0),
    ("ebx", ALL, 0),
    ("ecx", ALL, 0),
    ("edx", ALL, 0),
    ("edi", ALL, 0),
    ("ebp", ALL, 0),
    ("eflags", IF_AND_DF, 0),
    ("cs", ALL, 0x10),
    ("ds", ALL, 0x18),
    ("es", ALL, 0x18),
    ("ss", ALL, 0x18),
    ("fs", ALL, 0x18),
    ("gs", ALL, 0x18),
    ("cs.is", ALL, 0x00cf_9b00_0000_ffff),
    ("ds.is", ALL, 0x00cf_9300_0000_ffff),
    ("cs.limit", ALL, 0xffff_ffff),
    ("ds.limit", ALL, 0xffff_ffff),
    ("ss.limit", ALL, 0xffff_ffff),
    ("idt.limit", ALL, 0),
    ("ldtr", ALL, 0),
    // PE, ET; MP and NE as Linux has them.
    ("cr0", ALL, 0x33),
    ("cr3", ALL, 0),
    ("cr4", ALL, 0),
    ("efer", ALL, 0),
];

/// boot.rst, "Running the Kernel": all data segments that of the setup code, SP the end of its heap,
/// interrupts off. The rest by docs/purgatory.md, "Real mode"; a BIOS whose interrupts arrive.
const REAL: &[Row] = &[
    ("eax", ALL, 0),
    ("ebx", ALL, 0),
    ("ecx", ALL, 0),
    ("edx", ALL, 0),
    ("esi", ALL, 0),
    ("edi", ALL, 0),
    ("ebp", ALL, 0),
    ("esp", ALL, 0xe000),
    ("eflags", IF_AND_DF, 0),
    ("idt.limit", ALL, 0x3ff),
    ("idt.base", ALL, 0),
    ("cr0", ALL, 0x10),
    ("cr3", ALL, 0),
    ("cr4", ALL, 0),
    ("efer", ALL, 0),
    ("pic1", ALL, 0xb8),
    ("pic2", ALL, 0x8e),
    ("ticks", ALL, 1),
    // "a", and its scan code.
    ("key", ALL, 0x1e61),
    ("loadflags", ALL, 0x81),
    ("heap_end", ALL, 0xde00),
    ("code32", ALL, 0x100_0000),
];

/// What is wrong with the state that was printed; nothing if the scenario asks for none.
pub fn problems(scenario: &Scenario, facts: &Facts, log: &[String]) -> Vec<String> {
    let Some(mode) = scenario.state else {
        return Vec::new();
    };
    let state = read(mode, log);
    let plan = facts.all(0, "plan").concat();
    let mut problems = Vec::new();
    let (rows, rest) = match mode {
        Mode::Long => (LONG, planned(&plan, "rsi", "rsp", None)),
        Mode::Protected => (PROTECTED, planned(&plan, "esi", "esp", Some("code32"))),
        Mode::Real => (REAL, planned_real(&plan)),
    };
    let Some(rest) = rest else {
        return vec!["the plan lacks an address".into()];
    };
    for &(name, bits, expected) in rows.iter().chain(&rest).chain(&common(mode)) {
        match state.get(name).map(|text| u64::from_str_radix(text, 16)) {
            Some(Ok(value)) if value & bits == expected => {}
            found => problems.push(format!("state {name}: {found:x?}, not {expected:#x}")),
        }
    }
    if state.get("line").map(String::as_str) != Some(LINE) {
        problems.push(format!("state line: {:?}", state.get("line")));
    }
    if mode == Mode::Real {
        // What QEMU's monitor says of it: base, limit and flags.
        let said = log.iter().find(|line| line.contains(HIDDEN));
        for segment in ["CS", "DS", "ES", "SS", "FS", "GS"] {
            if said.and_then(|said| limit(said, segment)) != Some(0xffff) {
                problems.push(format!("state: the limit of {segment}: {said:?}"));
            }
        }
    }
    // Something is there, whatever it is.
    let entries = state.get("e820").and_then(|text| text.parse::<u8>().ok());
    if entries.is_none_or(|entries| entries < 3) {
        problems.push(format!("state e820: {entries:?}"));
    }
    problems
}

/// The limit of a segment in `SS =4100 00041000 0000ffff 00009300`.
fn limit(said: &str, segment: &str) -> Option<u64> {
    let (_, rest) = said.split_once(&format!("{segment} ="))?;
    u64::from_str_radix(rest.split(' ').nth(2)?, 16).ok()
}

fn common(mode: Mode) -> Vec<Row> {
    let mut rows = vec![
        ("a20", ALL, 1),
        ("loader", ALL, 0xd0),
        ("initrd.size", ALL, INITRD.len() as u64),
    ];
    if mode != Mode::Real {
        rows.push(("initrd.has", ALL, 0x7469_6e69));
    }
    rows
}

/// The fields of a mode.
fn read(mode: Mode, log: &[String]) -> BTreeMap<String, String> {
    let begin = format!("{BEGIN}{} ", mode.name());
    let lines = log.iter().filter_map(|line| line.split_once(&begin));
    let fields = lines.filter_map(|(_, field)| field.split_once('='));
    fields
        .map(|(name, value)| (name.into(), value.trim_end().into()))
        .collect()
}

/// A number behind a key, the first after `from`.
pub fn number(plan: &str, from: &str, key: &str) -> Option<u64> {
    let (_, rest) = plan.split_once(from)?;
    let (_, rest) = rest.split_once(key)?;
    let digits = rest.trim_start_matches([':', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    digits.get(..end)?.parse().ok()
}

pub fn segment(plan: &str, kind: &str) -> Option<u64> {
    number(plan, &format!("\"kind\": \"{kind}\""), "\"mem\"")
}

/// Where the plan put boot_params, the end of the purgatory, the initrd and the entry.
fn planned(
    plan: &str,
    params: &'static str,
    stack: &'static str,
    entry: Option<&'static str>,
) -> Option<Vec<Row>> {
    let boot_params = segment(plan, "boot_params")?;
    let purgatory = segment(plan, "purgatory")?;
    let size = number(plan, "\"kind\": \"purgatory\"", "\"memsz\"")?;
    let mut rows = vec![
        (params, ALL, boot_params),
        (stack, ALL, purgatory.wrapping_add(size)),
        ("initrd", ALL, segment(plan, "initrd")?),
        // The command line is behind the page of boot_params.
        ("line.at", ALL, boot_params.wrapping_add(4096)),
    ];
    if let Some(entry) = entry {
        rows.push((entry, ALL, number(plan, "\"plan\"", "\"kernel_entry\"")?));
    }
    Some(rows)
}

/// Where it put the setup code and the rest of it.
fn planned_real(plan: &str) -> Option<Vec<Row>> {
    let setup = segment(plan, "kernel")?;
    let line = segment(plan, "command_line")?;
    let entry = number(plan, "\"plan\"", "\"kernel_entry\"")?;
    Some(vec![
        ("cs", ALL, entry >> 4),
        ("ds", ALL, setup >> 4),
        ("es", ALL, setup >> 4),
        ("ss", ALL, setup >> 4),
        ("fs", ALL, setup >> 4),
        ("gs", ALL, setup >> 4),
        ("initrd", ALL, segment(plan, "initrd")?),
        ("line.at", ALL, line.wrapping_add(0x100)),
        ("setup_data", ALL, line.wrapping_add(0xd0)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"plan": {"kernel_entry": 266752, "segments": [
        {"kind": "kernel", "mem": 266240, "memsz": 57344, "bufsz": 8192},
        {"kind": "command_line", "mem": 323584, "memsz": 4096, "bufsz": 277},
        {"kind": "initrd", "number": 0, "mem": 2147479552, "memsz": 4096, "bufsz": 20},
        {"kind": "purgatory", "mem": 2147467264, "memsz": 12288, "bufsz": 4720}]}}"#;

    /// A log in which every field has the value that is expected.
    fn log() -> Vec<String> {
        let rest = planned_real(PLAN).unwrap();
        let rows = REAL.iter().chain(&rest).copied().chain(common(Mode::Real));
        let mut log: Vec<String> = rows
            .map(|(name, _, value)| format!("STATE 16 {name}={value:x}\r"))
            .collect();
        log.push(format!("STATE 16 line={LINE}"));
        log.push("STATE 16 e820=07".into());
        let hidden = |name| format!("{name} =4100 00041000 0000ffff 00009300\\r\\n");
        let hidden = ["ES", "CS", "SS", "DS", "FS", "GS"].map(hidden).concat();
        log.push(format!("{HIDDEN}00000000\\r\\n{hidden}\"}}"));
        log.push(format!("FACT hop=0 plan={}", PLAN.replace('\n', "")));
        log
    }

    fn found(log: &[String]) -> Vec<String> {
        let scenario = Scenario::new("name", "about", "6.1").state(Mode::Real);
        let mut facts = Facts::default();
        log.iter().for_each(|line| facts.read(line));
        problems(&scenario, &facts, log)
    }

    #[test]
    fn the_expected_state_is_accepted() {
        assert_eq!(found(&log()), Vec::<String>::new());
        assert_eq!(segment(PLAN, "kernel"), Some(0x4_1000));
        assert!(log().contains(&"STATE 16 cs=4120\r".into()));
    }

    #[test]
    fn every_other_value_and_every_missing_field_is_found() {
        let log = log();
        let hidden = log.len() - 2;
        for at in 0..hidden {
            let mut other = log.clone();
            other[at] = other[at].replace('=', "=f0");
            let one = found(&other);
            assert_eq!(one.len(), 1, "{}: {one:?}", other[at]);
            other.remove(at);
            assert_eq!(found(&other).len(), 1, "{}", log[at]);
        }
        let mut other = log.clone();
        other[hidden] = other[hidden].replacen("0000ffff", "ffffffff", 1);
        assert_eq!(found(&other).len(), 1);
        other.remove(hidden);
        assert_eq!(found(&other).len(), 6);
    }
}
