//! What a multiboot kernel of our own was told (`xtask/payloads/multiboot.s`), read as the specifications have
//! it, against what `--plan=json` said before, and the memory map of the kernel that started it.

use super::facts::Facts;
use super::scenario::{Multiboot, Scenario};
use super::state_check::{number, segment};
use std::collections::BTreeMap;

/// What the guest's script passes: the kernel's line, and those of its modules.
const LINE: &str = "kernel what it is told";
const MODULES: [&str; 2] = ["/tmp/one with  words", "/tmp/two"];
const ONE: &[u8] = b"the first module, of one line\n";
const LOADER: &str = "kexec";

/// Memory, as far as it was printed.
#[derive(Default)]
struct Memory(BTreeMap<u32, u8>);

impl Memory {
    fn read(log: &[String]) -> Self {
        let mut memory = Self::default();
        let lines = log.iter().filter_map(|line| line.split_once("MB at "));
        for (at, bytes) in lines.filter_map(|(_, rest)| rest.trim_end().split_once('=')) {
            let (Some(at), Some(bytes)) = (hex(at), hex(bytes)) else {
                continue;
            };
            let at = bytes_to_word(&at);
            memory.0.extend((at..).zip(bytes));
        }
        memory
    }

    fn bytes(&self, at: u32, size: u32) -> Option<Vec<u8>> {
        let bytes = (at..at.checked_add(size)?).map(|at| self.0.get(&at).copied());
        bytes.collect()
    }

    fn word(&self, at: u32) -> Option<u32> {
        self.bytes(at, 4).map(|bytes| bytes_to_word(&bytes))
    }

    fn long(&self, at: u32) -> Option<u64> {
        let high = self.word(at.checked_add(4)?)?;
        Some(u64::from(high) << 32 | u64::from(self.word(at)?))
    }

    fn text(&self, at: u32) -> Option<String> {
        let bytes = (at..).map_while(|at| self.0.get(&at).copied());
        let bytes = bytes.take_while(|byte| *byte != 0).collect();
        String::from_utf8(bytes).ok()
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Little-endian.
fn bytes_to_word(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// What was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    line: Option<String>,
    loader: Option<String>,
    /// Start, end and line.
    modules: Vec<(u32, u32, Option<String>)>,
    lower: Option<u32>,
    upper: Option<u32>,
    /// Start, last address and type.
    map: Vec<(u64, u64, u32)>,
}

fn entry(memory: &Memory, at: u32) -> Option<(u64, u64, u32)> {
    let [start, size] = [memory.long(at)?, memory.long(at + 8)?];
    Some((
        start,
        start.checked_add(size)?.checked_sub(1)?,
        memory.word(at + 16)?,
    ))
}

/// Multiboot Specification 0.6.96, 3.3.
fn one(memory: &Memory, at: u32) -> Option<Told> {
    let mut told = Told {
        lower: memory.word(at + 4),
        upper: memory.word(at + 8),
        line: memory.text(memory.word(at + 16)?),
        loader: memory.text(memory.word(at + 64)?),
        ..Told::default()
    };
    // Memory, line, modules, map and loader, and no more.
    if memory.word(at)? != 0x24d {
        return None;
    }
    let table = memory.word(at + 24)?;
    for number in 0..memory.word(at + 20)? {
        let module = table + 16 * number;
        let line = memory.text(memory.word(module + 8)?);
        told.modules
            .push((memory.word(module)?, memory.word(module + 4)?, line));
    }
    let mut next = memory.word(at + 48)?;
    let end = next + memory.word(at + 44)?;
    while next < end {
        told.map.push(entry(memory, next + 4)?);
        next += memory.word(next)? + 4;
    }
    Some(told)
}

/// Multiboot2 Specification 2.0, 3.6.
fn two(memory: &Memory, start: u32) -> Option<Told> {
    let mut told = Told::default();
    let mut at = start + 8;
    loop {
        let (kind, size) = (memory.word(at)?, memory.word(at + 4)?);
        match kind {
            0 => return (at + size == start + memory.word(start)?).then_some(told),
            1 => told.line = memory.text(at + 8),
            2 => told.loader = memory.text(at + 8),
            3 => {
                let line = memory.text(at + 16);
                told.modules
                    .push((memory.word(at + 8)?, memory.word(at + 12)?, line));
            }
            4 => (told.lower, told.upper) = (memory.word(at + 8), memory.word(at + 12)),
            6 => {
                let step = memory.word(at + 8)?;
                for next in (at + 16..at + size).step_by(step as usize) {
                    told.map.push(entry(memory, next)?);
                }
            }
            _ => return None,
        }
        at += size.next_multiple_of(8);
    }
}

/// The running kernel's map, `START END TYPE` a line, where touching entries of one type are one.
fn expected_map(facts: &Facts) -> Vec<(u64, u64, u32)> {
    let mut map: Vec<(u64, u64, u32)> = Vec::new();
    for line in facts.all(0, "memmap") {
        let mut words = line.splitn(3, ' ');
        let mut address = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
        let (Some(start), Some(last)) = (address(), address()) else {
            continue;
        };
        let kind = match words.next() {
            Some("System RAM") => 1,
            Some("ACPI Tables") => 3,
            Some("ACPI Non-volatile Storage") => 4,
            Some("Unusable memory") => 5,
            _ => 2,
        };
        map.push((start, last, kind));
    }
    map.sort_unstable();
    let mut joined: Vec<(u64, u64, u32)> = Vec::new();
    for (start, last, kind) in map {
        match joined.last_mut() {
            Some(before) if before.2 == kind && before.1.wrapping_add(1) == start => {
                before.1 = last;
            }
            _ => joined.push((start, last, kind)),
        }
    }
    joined
}

/// What is wrong with what was told; nothing if the scenario does not ask for it.
pub fn problems(scenario: &Scenario, facts: &Facts, log: &[String]) -> Vec<String> {
    let Some(version) = scenario.multiboot else {
        return Vec::new();
    };
    check(version, facts, log).unwrap_or_else(|| vec!["multiboot: it cannot be read".into()])
}

fn check(version: Multiboot, facts: &Facts, log: &[String]) -> Option<Vec<String>> {
    let entry = log.iter().find_map(|line| line.split_once("MB entry="));
    let registers = hex(entry?.1.trim_end())?;
    let [eax, ebx] = [registers.get(..4)?, registers.get(4..)?].map(bytes_to_word);
    let memory = Memory::read(log);
    let (magic, told) = match version {
        Multiboot::One => (0x2bad_b002, one(&memory, ebx)?),
        Multiboot::Two => (0x36d7_6289, two(&memory, ebx)?),
    };
    let plan = facts.all(0, "plan").concat();
    let mut problems = Vec::new();
    let mut same = |what: &str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
        let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
        if found != expected {
            problems.push(format!("multiboot {what}: {found}, not {expected}"));
        }
    };
    same("EAX", &eax, &magic);
    same("EBX", &Some(u64::from(ebx)), &segment(&plan, "info"));
    same("line", &told.line.as_deref(), &Some(LINE));
    same("loader", &told.loader.as_deref(), &Some(LOADER));
    same("modules", &told.modules.len(), &MODULES.len());
    // The modules of the plan, in their order.
    let mut rest = plan.split("\"kind\": \"module\"").skip(1);
    for (start, end, line) in &told.modules {
        let planned = rest.next()?;
        let size = u64::from(end.wrapping_sub(*start));
        same(
            "module's start",
            &Some(u64::from(*start)),
            &number(planned, "", "\"mem\""),
        );
        same(
            "module's size",
            &Some(size),
            &number(planned, "", "\"bufsz\""),
        );
        let line = line.as_deref().unwrap_or_default();
        same("module's line", &MODULES.contains(&line), &true);
    }
    let (first, _, _) = told.modules.first()?;
    same(
        "first module",
        &memory.bytes(*first, 16),
        &ONE.get(..16).map(<[u8]>::to_vec),
    );
    let (start, end, _) = told.modules.get(1)?;
    let begin = facts.one(0, "two.begin").and_then(hex);
    same(
        "second module's beginning",
        &memory.bytes(*start, 16),
        &begin,
    );
    let last = facts.one(0, "two.end").and_then(hex);
    same(
        "second module's end",
        &memory.bytes(end.checked_sub(16)?, 16),
        &last,
    );
    let map = expected_map(facts);
    same("map", &told.map, &map);
    let kib = |at: u64, end: u64| {
        let mut ram = map.iter().filter(|entry| entry.2 == 1);
        let found = ram.find(|(start, last, _)| (*start..=*last).contains(&at))?;
        u32::try_from((found.1.wrapping_add(1).min(end).wrapping_sub(at)) >> 10).ok()
    };
    same("mem_lower", &told.lower, &kib(0, 640 << 10));
    same("mem_upper", &told.upper, &kib(1 << 20, u64::MAX));
    Some(problems)
}
