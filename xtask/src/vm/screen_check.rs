//! What a command showed on a serial console of 80 columns: that no line is broken by the terminal,
//! and that what must fit on a screen does.

use super::scenario::Scenario;

const BEGIN: &str = "SCREEN-BEGIN ";
const END: &str = "SCREEN-END ";
const COLUMNS: usize = 80;

/// What is wrong with the screens of a run; nothing if the scenario has none.
pub fn problems(scenario: &Scenario, log: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    for &(name, code, rows) in scenario.screens {
        let begin = format!("{BEGIN}{name}");
        let end = format!("{END}{name} {code}");
        let mut lines = log.iter().skip_while(|line| **line != begin).skip(1);
        let shown: Vec<&String> = lines
            .by_ref()
            .take_while(|line| !line.starts_with(END))
            .collect();
        if !log.contains(&begin) || !log.contains(&end) {
            problems.push(format!("screen {name}: did not end with exit code {code}"));
        }
        if shown.is_empty() {
            problems.push(format!("screen {name}: nothing was shown"));
        }
        if shown.len() > rows {
            problems.push(format!("screen {name}: {} lines", shown.len()));
        }
        for line in shown {
            let columns = line.chars().count();
            if columns > COLUMNS {
                problems.push(format!("screen {name}: {columns} columns: {line}"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(log: &str) -> Vec<String> {
        let lines: Vec<String> = log.lines().map(String::from).collect();
        let scenario = Scenario::new("name", "about", "6.1").screens(&[("one", 0, 2)]);
        problems(&scenario, &lines)
    }

    #[test]
    fn a_screen_that_fits() {
        let full = "─".repeat(80);
        let log = format!("SCREEN-BEGIN one\n{full}\nb\nSCREEN-END one 0\nc\n");
        assert_eq!(found(&log), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_found() {
        let wide = "x".repeat(81);
        let log = format!("SCREEN-BEGIN one\n{wide}\nSCREEN-END one 0\n");
        assert_eq!(
            found(&log),
            [format!("screen one: 81 columns: {wide}").as_str()]
        );
        let high = "SCREEN-BEGIN one\na\nb\nc\nSCREEN-END one 0\n";
        assert_eq!(found(high), ["screen one: 3 lines"]);
        let failed = "SCREEN-BEGIN one\na\nSCREEN-END one 1\n";
        assert_eq!(found(failed), ["screen one: did not end with exit code 0"]);
        assert_eq!(found("SCREEN-BEGIN one\nSCREEN-END one 0\n").len(), 1);
        assert_eq!(found("").len(), 2);
    }
}
