//! Which Debian mirror does this machine use? Read from apt's own sources, both the
//! one-line style and deb822 (sources.list(5)), so that no host is written down here.

use crate::Outcome;
use crate::command::output;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Code names and aliases of Debian's suites; a source with one of them, component
/// `main`, is a Debian mirror.
const SUITES: &[&str] = &[
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "unstable",
    "testing",
    "stable",
    "oldstable",
    "oldoldstable",
];

/// One entry of apt's sources.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Source {
    pub uris: Vec<String>,
    pub suites: Vec<String>,
    pub components: Vec<String>,
    pub signed_by: Option<String>,
}

/// Where Debian's packages come from, and the keyring that vouches for them.
#[derive(Debug, PartialEq)]
pub struct Mirror {
    pub main: String,
    pub security: Option<String>,
    pub signed_by: Option<String>,
}

impl Source {
    fn has_suite(&self, ending: &str) -> bool {
        self.suites.iter().any(|suite| {
            suite
                .strip_suffix(ending)
                .is_some_and(|base| SUITES.contains(&base))
        })
    }
}

/// Picks the mirror out of all entries.
pub fn mirror(sources: &[Source]) -> Option<Mirror> {
    let debian = |ending: &str| {
        sources.iter().find(|source| {
            source.has_suite(ending) && source.components.iter().any(|name| name == "main")
        })
    };
    let main = debian("").or_else(|| debian("-updates"))?;
    let security = debian("-security").and_then(|source| source.uris.first().cloned());
    Some(Mirror {
        main: main.uris.first()?.clone(),
        security,
        signed_by: main.signed_by.clone().or_else(default_keyring),
    })
}

/// Debian's archive keyring, where the package of that name puts it.
fn default_keyring() -> Option<String> {
    ["gpg", "pgp"].iter().find_map(|kind| {
        let path = format!("/usr/share/keyrings/debian-archive-keyring.{kind}");
        Path::new(&path).is_file().then_some(path)
    })
}

/// All entries this machine's apt reads.
pub fn of_this_machine() -> Outcome<Vec<Source>> {
    let places = output(Command::new("apt-config").args([
        "shell",
        "LIST",
        "Dir::Etc::sourcelist/f",
        "PARTS",
        "Dir::Etc::sourceparts/d",
    ]))?;
    let place = |name: &str| {
        places.lines().find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix('=')?;
            Some(PathBuf::from(value.trim_matches('\'')))
        })
    };
    let mut files: Vec<PathBuf> = place("LIST").into_iter().collect();
    if let Some(parts) = place("PARTS") {
        let entries = std::fs::read_dir(parts).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        files.extend(paths);
    }
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => sources.extend(deb822(&text)),
            Some("list") => sources.extend(one_line(&text)),
            _ => {}
        }
    }
    Ok(sources)
}

/// `deb [signed-by=…] URI SUITE COMPONENT…`
pub fn one_line(text: &str) -> Vec<Source> {
    text.lines()
        .filter_map(|line| {
            let line = line.split('#').next()?.trim();
            let mut rest = line.strip_prefix("deb")?;
            if !rest.starts_with([' ', '\t']) {
                return None;
            }
            rest = rest.trim_start();
            let mut source = Source::default();
            if let Some(bracketed) = rest.strip_prefix('[') {
                let (options, after) = bracketed.split_once(']')?;
                source.signed_by = options
                    .split_whitespace()
                    .find_map(|option| option.strip_prefix("signed-by=").map(String::from));
                rest = after;
            }
            let mut words = rest.split_whitespace().map(String::from);
            source.uris = vec![words.next()?];
            source.suites = vec![words.next()?];
            source.components = words.collect();
            Some(source)
        })
        .collect()
}

/// Paragraphs of `Field: value`, values continued on indented lines.
pub fn deb822(text: &str) -> Vec<Source> {
    let without_comments: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    without_comments
        .split(|line| line.trim().is_empty())
        .filter_map(paragraph)
        .collect()
}

fn paragraph(lines: &[&str]) -> Option<Source> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut()?;
            value.push(' ');
            value.push_str(line.trim());
        } else {
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_string()));
        }
    }
    let words = |name: &str| -> Vec<String> {
        fields
            .iter()
            .filter(|(field, _)| field == name)
            .flat_map(|(_, value)| value.split_whitespace().map(String::from))
            .collect()
    };
    let binary = words("types").iter().any(|kind| kind == "deb");
    let enabled = !words("enabled").iter().any(|value| value == "no");
    (binary && enabled).then(|| Source {
        uris: words("uris"),
        suites: words("suites"),
        components: words("components"),
        // A key written into the field itself spans lines and is no path: leave that to apt.
        signed_by: words("signed-by")
            .into_iter()
            .find(|value| value.starts_with('/')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_say_the_same() {
        let old = one_line(
            "# comment\ndeb-src http://mirror.example/debian bookworm main\n\
             deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # x\n",
        );
        let new = deb822(
            "Types: deb deb-src\n# why\nURIs: http://mirror.example/debian\nSuites: bookworm\n\
             Components: main\n contrib\nSigned-By: /k.gpg\n",
        );
        assert_eq!(old, new);
        assert_eq!(old.len(), 1);
    }

    #[test]
    fn the_mirror_is_debians_and_not_a_vendors() {
        let sources = deb822(
            "Types: deb\nURIs: http://vendor.example\nSuites: nodistro\nComponents: main\n\n\
             Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\n\n\
             Types: deb\nURIs: http://mirror.example/debian-security\nSuites: trixie-security\n\
             Components: main\nSigned-By: /k.gpg\n\n\
             Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie trixie-updates\n\
             Components: main\nSigned-By: /k.gpg\n",
        );
        assert_eq!(
            mirror(&sources),
            Some(Mirror {
                main: "http://mirror.example/debian".into(),
                security: Some("http://mirror.example/debian-security".into()),
                signed_by: Some("/k.gpg".into()),
            })
        );
        assert_eq!(mirror(&sources[..1]), None);
    }
}
