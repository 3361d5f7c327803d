//! What `kexec --check` said of a load, against what the load then came to in the guest.

use super::facts::Facts;
use super::matches;
use super::scenario::{Scenario, State};

/// What is wrong with the verdicts of a run; nothing if the scenario has no states.
pub fn problems(scenario: &Scenario, facts: &Facts) -> Vec<String> {
    let mut problems = Vec::new();
    for &State {
        name,
        check: wanted,
        loads,
        said,
    } in scenario.states
    {
        let fact = |what: &str| facts.one(0, &format!("{name}.{what}"));
        let mut wrong = |text: String| problems.push(format!("state {name}: {text}"));
        let (Some(check), Some(load), Some(loaded)) = (fact("check"), fact("load"), fact("loaded"))
        else {
            wrong("was not reached".into());
            continue;
        };
        if (load == "0") != loads || (loaded == "changed") != loads {
            wrong(format!(
                "the load ended with {load}, what is loaded: {loaded}"
            ));
        }
        if check != wanted.to_string() {
            wrong(format!("--check ended with {check}"));
        }
        let rows = rows(&facts.all(0, &format!("{name}.said")));
        let pattern = format!("*{said}*");
        if !rows.iter().any(|row| matches(&pattern, row)) {
            wrong(format!("--check did not say {said}: {rows:?}"));
        }
    }
    problems
}

/// The rows of a report, each on one line: long ones are wrapped, and go on after blanks.
fn rows(lines: &[&str]) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for line in lines {
        match rows.last_mut() {
            Some(row) if line.starts_with(' ') => {
                row.push(' ');
                row.push_str(line.trim_start());
            }
            _ => rows.push((*line).into()),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: &[State] = &[
        State {
            name: "yes",
            check: 0,
            loads: true,
            said: "verdict: yes",
        },
        State {
            name: "no",
            check: 255,
            loads: false,
            said: "reason: *the limit",
        },
    ];
    const RIGHT: &str = "\
FACT hop=0 yes.check=0
FACT hop=0 yes.said=verdict: yes, by kexec_load
FACT hop=0 yes.load=0
FACT hop=0 yes.loaded=changed
FACT hop=0 no.check=255
FACT hop=0 no.said=verdict: no
FACT hop=0 no.said=reason: kexec_load: the
FACT hop=0 no.said=        limit
FACT hop=0 no.load=255
FACT hop=0 no.loaded=same";

    fn found(log: &str) -> usize {
        let mut facts = Facts::default();
        log.lines().for_each(|line| facts.read(line));
        let mut scenario = Scenario::new("name", "about", "6.1");
        scenario.states = STATES;
        problems(&scenario, &facts).len()
    }

    #[test]
    fn a_verdict_that_the_kernel_disagrees_with_is_found() {
        assert_eq!(found(RIGHT), 0);
        for (right, wrong) in [
            ("yes.check=0", "yes.check=1"),
            ("yes.load=0", "yes.load=255"),
            ("yes.loaded=changed", "yes.loaded=same"),
            ("no.check=255", "no.check=2"),
            ("no.load=255", "no.load=0"),
            ("no.loaded=same", "no.loaded=changed"),
            ("        limit", "        lockdown"),
            ("no.load=255\n", ""),
        ] {
            let log = RIGHT.replace(right, wrong);
            assert_ne!(log, RIGHT, "{right}");
            assert_eq!(found(&log), 1, "{wrong}");
        }
    }
}
