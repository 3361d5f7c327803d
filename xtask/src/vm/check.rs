//! The one place where a run is judged: what was seen, against what must be.

use super::crash_check;
use super::expected::Expected;
use super::facts::Facts;
use super::guest::Guest;
use super::matches;
use super::memmap::{merged, number};
use super::multiboot_check;
use super::qemu::End;
use super::scenario::{Ending, Firmware, Hop, Scenario};
use super::screen_check;
use super::state_check;
use super::verdict_check;

/// Types of setup_data nodes (Documentation/arch/x86/boot.rst, `setup_data`).
const SETUP_EFI: &str = "0x4";
const SETUP_RNG_SEED: &str = "0x9";

/// Everything that is wrong with a run; nothing if it passed.
pub fn problems(scenario: &Scenario, guest: &Guest, end: &End, log: &[String]) -> Vec<String> {
    let mut facts = Facts::default();
    log.iter().for_each(|line| facts.read(line));
    let mut problems = Vec::new();
    problems.extend(ending(scenario, end));
    for text in &scenario.shows {
        if !log.iter().any(|line| matches(&format!("*{text}*"), line)) {
            problems.push(format!("never shown: {text}"));
        }
    }
    for text in &scenario.never {
        if let Some(line) = log.iter().find(|line| matches(&format!("*{text}*"), line)) {
            problems.push(format!("must not be shown: {line}"));
        }
    }
    let mut lines = log.iter();
    for text in scenario.order {
        let pattern = format!("*{text}*");
        if !lines.any(|line| matches(&pattern, line)) {
            problems.push(format!("not shown in this order: {text}"));
        }
    }
    problems.extend(crash_check::problems(scenario, &facts));
    problems.extend(screen_check::problems(scenario, log));
    problems.extend(state_check::problems(scenario, &facts, log));
    problems.extend(multiboot_check::problems(scenario, &facts, log));
    problems.extend(verdict_check::problems(scenario, &facts));
    if scenario.is_chain() {
        for (number, expected) in guest.hops.iter().enumerate() {
            let hop = number
                .checked_sub(1)
                .and_then(|index| scenario.hops.get(index));
            let mut judge = Judge {
                scenario,
                facts: &facts,
                number,
                problems: Vec::new(),
            };
            judge.kernel(expected, hop);
            problems.extend(judge.problems);
        }
        problems.extend(efi_complaints(scenario, &facts));
    }
    problems
}

fn ending(scenario: &Scenario, end: &End) -> Option<String> {
    match (scenario.ending, end) {
        (Ending::Init, End::Init(said)) if said == "ok" => None,
        (Ending::Shows(..), End::Shown) | (Ending::Reset, End::Exit) => None,
        (_, End::Init(said)) => Some(format!("init ended with: {said}")),
        (_, End::Exit) => Some("the machine reset or stopped (a panic?)".into()),
        (_, End::Limit) => Some("stuck: it said nothing more, or did not come to an end".into()),
        (_, End::Shown) => Some("ended early".into()),
    }
}

struct Judge<'a> {
    scenario: &'a Scenario,
    facts: &'a Facts,
    number: usize,
    problems: Vec<String>,
}

impl Judge<'_> {
    fn wrong(&mut self, text: &str) {
        self.problems.push(format!("hop {}: {text}", self.number));
    }

    fn same(&mut self, what: &str, seen: &[&str], wanted: &[&str]) {
        if seen == wanted && !wanted.is_empty() {
            return;
        }
        let missing: Vec<_> = wanted
            .iter()
            .filter(|value| !seen.contains(value))
            .collect();
        let extra: Vec<_> = seen
            .iter()
            .filter(|value| !wanted.contains(value))
            .collect();
        self.wrong(&format!(
            "{what}: missing {missing:?}, in its place {extra:?}"
        ));
    }

    /// What is checked of every kernel of a chain, and of one that was kexeced.
    fn kernel(&mut self, expected: &Expected, hop: Option<&Hop>) {
        let (facts, number) = (self.facts, self.number);
        if !facts.reached(number) {
            self.wrong(&format!(
                "kernel {} was never heard from",
                expected.kernel.release
            ));
            return;
        }
        let machine = &self.scenario.machine;
        let all = |name: &str| facts.all(number, name);
        self.same(
            "uname -r",
            &all("uname"),
            &[expected.kernel.release.as_str()],
        );
        self.same("CPUs", &all("cpus"), &[machine.cpus.to_string().as_str()]);
        let files: Vec<&str> = expected.files.iter().map(String::as_str).collect();
        self.same("files of the initrd", &all("sha256"), &files);
        if machine.firmware == Firmware::Uefi {
            let count = facts
                .one(number, "efivars")
                .and_then(|count| count.parse().ok());
            if count.unwrap_or(0_u32) == 0 {
                self.wrong("efivarfs lists no variable");
            }
        }
        for flag in self.scenario.flags {
            if !all("flag").contains(flag) {
                self.wrong(&format!("the CPU has no {flag}"));
            }
        }
        for flag in self.scenario.lacks {
            if all("flag").contains(flag) {
                self.wrong(&format!("the CPU has {flag}"));
            }
        }
        if number < self.scenario.hops.len() {
            self.same("exit code of kexec -l", &all("load"), &["0"]);
            self.same("kexec_loaded", &all("loaded"), &["1"]);
        }
        if let Some(hop) = hop {
            self.kexeced(expected, hop);
        }
    }

    fn kexeced(&mut self, expected: &Expected, hop: &Hop) {
        let (facts, hop_number) = (self.facts, self.number);
        let all = |name: &str| facts.all(hop_number, name);
        self.same(
            "command line",
            &all("cmdline"),
            &[expected.command_line.as_str()],
        );
        if let (Some(seen), Some(wanted)) =
            (facts.one(hop_number, "initrd_sha256"), &expected.initrd)
        {
            self.same("initrd as a whole", &[seen], &[wanted.as_str()]);
        }
        if !all("crng")
            .iter()
            .any(|line| line.starts_with("[    0.000000]"))
        {
            self.wrong(&format!("no crng at time 0: {:?}", all("crng")));
        }
        if self.scenario.machine.is_arm64() {
            self.of_arm64(hop);
        } else {
            self.of_x86(hop);
        }
    }

    /// What an arm64 kernel finds in its device tree.
    fn of_arm64(&mut self, hop: &Hop) {
        let randomised = if hop.words.contains("nokaslr") {
            "KASLR disabled on command line"
        } else {
            "KASLR enabled"
        };
        self.same(
            "KASLR",
            &self.facts.all(self.number, "kaslr"),
            &[randomised],
        );
        for (name, wanted) in [("chosen_initrd", "1"), ("memory", "")] {
            let before = self.facts.all(0, name);
            let wanted = if wanted.is_empty() {
                before
            } else {
                vec![wanted]
            };
            self.same(name, &self.facts.all(self.number, name), &wanted);
        }
    }

    fn of_x86(&mut self, hop: &Hop) {
        let (facts, hop_number) = (self.facts, self.number);
        let all = |name: &str| facts.all(hop_number, name);
        // What the firmware said must reach every kernel.
        match (merged(&all("memmap")), merged(&facts.all(0, "memmap"))) {
            (Some(seen), Some(wanted)) => {
                let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
                let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                self.same("memory map", &seen, &wanted);
            }
            _ => self.wrong(&format!("not a memory map: {:?}", all("memmap"))),
        }
        // Under UEFI only a kexec fills the field of boot_params: the kernel's own finding is
        // what both are compared with.
        let wanted = facts.one(0, "acpi_rsdp").and_then(number);
        for fact in ["rsdp", "acpi_rsdp"] {
            let seen = facts.one(self.number, fact).and_then(number);
            if seen.is_none() || seen != wanted {
                self.wrong(&format!("{fact} {seen:x?}, was {wanted:x?}"));
            }
        }
        if all("flag") != facts.all(0, "flag") {
            self.wrong(&format!(
                "CPU flags {:?}, were {:?}",
                all("flag"),
                facts.all(0, "flag")
            ));
        }
        let nodes = all("setup_data");
        let mut needed = vec![SETUP_RNG_SEED];
        if self.scenario.machine.firmware == Firmware::Uefi {
            needed.push(SETUP_EFI);
        }
        for node in needed {
            if !nodes.contains(&node) {
                self.wrong(&format!("setup_data has no node {node}: {nodes:?}"));
            }
        }
        self.placed(hop);
    }

    fn placed(&mut self, hop: &Hop) {
        let mut places = vec!["ramdisk"];
        if hop.words.contains("nokaslr") {
            places.push("kernel_code");
        }
        for place in places {
            let address = self.facts.one(self.number, place).and_then(number);
            match address {
                None => self.wrong(&format!("{place}: where is it?")),
                Some(address) if address < self.scenario.floor => {
                    self.wrong(&format!("{place} at {address:#x}, not above"));
                }
                Some(_) => {}
            }
        }
    }
}

/// A kernel started with `-c` complains about EFI no more than after `-s` between the same
/// two kernels, if the chain has that pair.
fn efi_complaints(scenario: &Scenario, facts: &Facts) -> Vec<String> {
    let pair = |number: usize| {
        let hop = number
            .checked_sub(1)
            .and_then(|index| scenario.hops.get(index))?;
        let before = number
            .checked_sub(2)
            .and_then(|index| scenario.hops.get(index));
        Some((
            before.map_or(scenario.start, |hop| hop.to),
            hop.to,
            hop.options,
        ))
    };
    let mut problems = Vec::new();
    for number in 1..=scenario.hops.len() {
        let Some((from, to, "-c")) = pair(number) else {
            continue;
        };
        let reference =
            (1..=scenario.hops.len()).find(|other| pair(*other) == Some((from, to, "-s")));
        let Some(reference) = reference else { continue };
        let accepted = facts.all(reference, "efi_complaint");
        for complaint in facts.all(number, "efi_complaint") {
            if !accepted.contains(&complaint) {
                problems.push(format!("hop {number}: only with -c: {complaint}"));
            }
        }
    }
    problems
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
