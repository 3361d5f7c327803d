//! Which Debian mirror does this machine use? Asked of its apt, so that no host is written down here.

use crate::Outcome;
use crate::command::output;
use std::path::Path;
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

/// Where Debian's packages come from, and the keyring that vouches for them.
#[derive(Debug, PartialEq)]
pub struct Mirror {
    pub main: String,
    pub security: Option<String>,
    pub signed_by: Option<String>,
}

/// What apt would fetch, a line each: kind of index, component, suite, address. It says so before
/// anything was fetched, too (`--no-release-info`).
pub fn targets() -> Outcome<String> {
    output(Command::new("apt-get").env("LC_ALL", "C").args([
        "indextargets",
        "--no-release-info",
        "--format",
        "$(IDENTIFIER) $(COMPONENT) $(RELEASE) $(REPO_URI)",
    ]))
}

/// Picks the mirror out of apt's targets.
pub fn mirror(targets: &str) -> Option<Mirror> {
    let debian = |ending: &str| {
        targets.lines().find_map(|line| {
            let rest = line.strip_prefix("Packages main ")?;
            let (suite, uri) = rest.split_once(' ')?;
            let base = suite.strip_suffix(ending)?;
            SUITES.contains(&base).then(|| uri.to_string())
        })
    };
    Some(Mirror {
        main: debian("").or_else(|| debian("-updates"))?,
        security: debian("-security"),
        signed_by: keyring(),
    })
}

/// Debian's archive keyring, where the package of that name puts it; without it, the keys that this
/// machine's apt trusts count.
fn keyring() -> Option<String> {
    ["gpg", "pgp"].iter().find_map(|kind| {
        let path = format!("/usr/share/keyrings/debian-archive-keyring.{kind}");
        Path::new(&path).is_file().then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_debians_and_not_a_vendors() {
        let vendor = "Packages main nodistro http://vendor.example/\n\
            Packages contrib trixie http://contrib.example/debian/\n\
            Contents-deb main trixie http://contents.example/debian/\n";
        assert_eq!(mirror(vendor), None);
        let debian = "Packages main trixie-security http://mirror.example/debian-security/\n\
            Packages main trixie-updates http://updates.example/debian/\n\
            Packages main trixie http://mirror.example/debian/\n";
        let found = mirror(&format!("{vendor}{debian}")).unwrap();
        assert_eq!(found.main, "http://mirror.example/debian/");
        assert_eq!(
            found.security.as_deref(),
            Some("http://mirror.example/debian-security/")
        );
        let updates = "Packages main trixie-updates http://updates.example/debian/\n";
        assert_eq!(
            mirror(updates).unwrap().main,
            "http://updates.example/debian/"
        );
        assert_eq!(mirror(updates).unwrap().security, None);
    }
}
