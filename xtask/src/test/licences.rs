//! The licences of all packages that anything here is built from, held against `deny.toml`, and what
//! ships held to a list of its own: cargo-deny's check of licences without cargo-deny.

use super::Result;
use crate::Outcome;
use crate::command::{cargo, output, root};

/// The packages that what ships is compiled from, by name: those that build.rs of kexec-unpack links, and
/// all that they name, among them.
const SHIPPED: &[&str] = &[
    "adler2",
    "block-buffer",
    "byteorder",
    "cfg-if",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "hash32",
    "heapless",
    "hybrid-array",
    "kexec-cli",
    "kexec-core",
    "kexec-rt",
    "kexec-unpack",
    "libkexec",
    "libkexec-shared",
    "linux-raw-sys",
    "lzma-rust2",
    "miniz_oxide",
    "sha2",
    "stable_deref_trait",
    "typenum",
    "zstd-zero",
];

/// The step.
pub fn run() -> Outcome<Result> {
    let path = root().join("deny.toml");
    let rules = std::fs::read_to_string(&path).map_err(|why| format!("deny.toml: {why}"))?;
    let rules = Rules::parse(&rules)?;
    let tree = |more: &[&str]| {
        let format = ["--prefix", "none", "--no-dedupe", "--locked", "--format"];
        output(
            cargo()
                .current_dir(root())
                .arg("tree")
                .args(format)
                .arg("{p}|{l}")
                .args(more),
        )
    };
    let all = tree(&["--workspace", "--edges", "all"])?;
    let mut problems: Vec<String> = packages(&all)
        .filter_map(|(name, licence)| rules.problem(name, licence))
        .collect();
    // The root's default members.
    let shipped = tree(&["--edges", "normal,build"])?;
    for (name, _) in packages(&shipped) {
        if !SHIPPED.contains(&name) {
            problems.push(format!(
                "{name} would ship: add it to {} if it may",
                file!()
            ));
        }
    }
    problems.sort();
    problems.dedup();
    match problems.as_slice() {
        [] => Ok(Result::Passed),
        some => Err(some.join("\n  ")),
    }
}

/// Name and licence expression of each line `name v1.2.3 (…)|licence`.
fn packages(tree: &str) -> impl Iterator<Item = (&str, &str)> {
    tree.lines().filter_map(|line| {
        let (package, licence) = line.split_once('|')?;
        Some((package.split(' ').next()?, licence))
    })
}

/// What deny.toml allows.
#[derive(Debug, Default)]
struct Rules {
    allowed: Vec<String>,
    /// Package and licence.
    exceptions: Vec<(String, String)>,
}

impl Rules {
    /// The section `[licenses]`, in the form in which it is written there.
    fn parse(text: &str) -> Outcome<Self> {
        let mut rules = Self::default();
        let section = text
            .split("\n[")
            .find_map(|part| part.strip_prefix("licenses]"));
        let section = section.ok_or("deny.toml: no section [licenses]")?;
        for line in section.lines().filter(|line| !line.starts_with('#')) {
            let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            match quoted[..] {
                [] => {}
                [licence] => rules.allowed.push(licence.into()),
                [licence, package] => rules.exceptions.push((package.into(), licence.into())),
                _ => return Err(format!("deny.toml: {line}: one licence on a line")),
            }
        }
        if rules.allowed.is_empty() {
            return Err("deny.toml: [licenses] allows none".into());
        }
        Ok(rules)
    }

    fn problem(&self, package: &str, expression: &str) -> Option<String> {
        let allows = |licence: &str| {
            let exception = |(name, of): &(String, String)| name == package && of == licence;
            self.allowed.iter().any(|allowed| allowed == licence)
                || self.exceptions.iter().any(exception)
        };
        (!holds(expression, &allows)).then(|| match expression {
            "" => format!("{package}: no licence"),
            _ => format!("{package}: {expression}: not allowed by deny.toml"),
        })
    }
}

/// Whether an SPDX expression can be met with licences that `allows`: any alternative of an OR, all
/// parts of an AND. Older packages write `/` for OR. "WITH" is part of a licence's name.
fn holds(expression: &str, allows: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.trim();
    if let Some(parts) = split(expression, &[" OR ", "/"]) {
        return parts.iter().any(|part| holds(part, allows));
    }
    if let Some(parts) = split(expression, &[" AND "]) {
        return parts.iter().all(|part| holds(part, allows));
    }
    let inside = expression
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    match inside {
        Some(inside) => holds(inside, allows),
        None => allows(expression),
    }
}

/// The parts between the operators that are outside of parentheses; `None` if there is none.
fn split<'e>(expression: &'e str, operators: &[&str]) -> Option<Vec<&'e str>> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let rest = &expression[at..];
        let operator = operators
            .iter()
            .find(|operator| rest.starts_with(**operator));
        if let Some(operator) = operator.filter(|_| depth == 0 && at >= start) {
            parts.push(&expression[start..at]);
            start = at + operator.len();
        }
    }
    parts.push(&expression[start..]);
    (parts.len() > 1).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allows = |licence: &str| matches!(licence, "MIT" | "Unicode-3.0");
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-2.0-only", false),
            ("MIT OR Apache-2.0", true),
            ("Apache-2.0/MIT", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND GPL-2.0-only", false),
            ("GPL-2.0-only OR (Apache-2.0 AND MIT)", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("", false),
        ] {
            assert_eq!(holds(expression, &allows), expected, "{expression}");
        }
    }

    #[test]
    fn rules_and_packages() {
        let text = "[graph]\nx = \"y\"\n\n[licenses]\nallow = [\n    \"MIT\",\n]\nexceptions = [\n    \
                    { allow = [\"MPL-2.0\"], crate = \"tool\" },\n]\n\n[bans]\nz = \"GPL-2.0\"\n";
        let rules = Rules::parse(text).unwrap();
        assert_eq!(rules.allowed, ["MIT"]);
        let tree = "a v1.0.0|MIT\ntool v0.2.0|MPL-2.0\nb v3.0.0 (*)|MPL-2.0\nc v1.0.0|\n";
        let problems: Vec<_> = packages(tree)
            .filter_map(|(n, l)| rules.problem(n, l))
            .collect();
        assert_eq!(
            problems,
            ["b: MPL-2.0: not allowed by deny.toml", "c: no licence"]
        );
        assert!(Rules::parse("[licenses]\n").is_err());
    }
}
