//! Packages from Debian's archive, by apt and dpkg, without installing anything.
//!
//! Each release gets an apt of its own under the cache directory: sources, lists, archives
//! and an empty dpkg status, so that the machine's own apt is neither used nor changed, and
//! no privilege is needed.

pub mod sources;

use crate::Outcome;
use crate::command::{cache, on_path, output, write};
use sources::Mirror;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// A Debian release, with an apt of its own.
pub struct Release {
    directory: PathBuf,
    /// Separated by commas, the first is that of this machine.
    architectures: String,
}

/// A package file in the release's archive directory.
#[derive(Debug, Clone)]
pub struct Archive {
    /// `name_version_architecture.deb`
    pub name: String,
    pub path: PathBuf,
}

/// Says what this machine lacks, all of it at once.
pub fn requirements() -> Outcome<Mirror> {
    let missing: Vec<&str> = ["apt-get", "apt-cache", "dpkg-deb", "tar"]
        .into_iter()
        .filter(|program| !on_path(program))
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "missing here: {} (guests need QEMU, kernels and firmware from Debian's archive, \
             fetched with apt and unpacked with dpkg-deb and tar)",
            missing.join(", ")
        ));
    }
    if !cfg!(target_arch = "x86_64") {
        return Err("guests are x86_64 and so are the packages: run this on x86_64".into());
    }
    if let Ok(main) = std::env::var("XTASK_DEBIAN_MIRROR") {
        return Ok(Mirror {
            main,
            security: None,
            signed_by: std::env::var("XTASK_DEBIAN_KEYRING").ok(),
        });
    }
    sources::mirror(&sources::targets()?).ok_or_else(|| {
        "missing here: a Debian mirror among apt's sources. Name one in XTASK_DEBIAN_MIRROR \
         and its keyring (package debian-archive-keyring) in XTASK_DEBIAN_KEYRING"
            .into()
    })
}

impl Release {
    /// Sets up the apt of the release `name` with its security and backports suites, and
    /// fetches its package lists.
    pub fn open(name: &str, mirror: &Mirror) -> Outcome<Self> {
        Self::open_foreign(name, mirror, &[])
    }

    /// The same with the packages of other architectures too, in a directory of its own.
    pub fn open_foreign(name: &str, mirror: &Mirror, foreign: &[&str]) -> Outcome<Self> {
        let directory = cache()
            .join("apt")
            .join([&[name], foreign].concat().join("+"));
        for part in ["lists/partial", "cache/archives/partial"] {
            std::fs::create_dir_all(directory.join(part)).map_err(|error| error.to_string())?;
        }
        write(&directory.join("status"), b"")?;
        let signed = mirror
            .signed_by
            .as_ref()
            .map_or(String::new(), |key| format!("Signed-By: {key}\n"));
        let paragraph = |uri: &str, suites: &str| {
            format!("Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\n{signed}\n")
        };
        // What is not released has neither.
        let released = name != "sid";
        let suites = if released {
            format!("{name} {name}-backports")
        } else {
            name.into()
        };
        let mut text = paragraph(&mirror.main, &suites);
        if let Some(security) = mirror.security.as_ref().filter(|_| released) {
            text.push_str(&paragraph(security, &format!("{name}-security")));
        }
        write(&directory.join("debian.sources"), text.as_bytes())?;
        let architectures = [&["amd64"], foreign].concat().join(",");
        let release = Self {
            directory,
            architectures,
        };
        // A suite may be gone (an old release's backports are archived away): that shows as a
        // package not found, which is what matters, so a partial update is not an error.
        if let Err(said) = output(release.apt("apt-get").arg("update")) {
            eprintln!("apt-get update for {name} was not complete:\n{said}");
        }
        Ok(release)
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C");
        let path = |part: &str| self.directory.join(part).display().to_string();
        for option in [
            format!("Dir::Etc::sourcelist={}", path("debian.sources")),
            "Dir::Etc::sourceparts=-".into(),
            "Dir::Etc::preferences=-".into(),
            "Dir::Etc::preferencesparts=-".into(),
            format!("Dir::State={}", self.directory.display()),
            format!("Dir::State::lists={}", path("lists")),
            format!("Dir::State::status={}", path("status")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::Cache::archives={}", path("cache/archives")),
            "APT::Architecture=amd64".into(),
            format!("APT::Architectures={}", self.architectures),
            "APT::Sandbox::User=".into(),
            "APT::Install-Recommends=false".into(),
            "Acquire::Languages=none".into(),
            "Acquire::Retries=3".into(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }

    /// The newest package whose name begins and ends so and is in the archive; `version` of
    /// the name is compared number by number.
    pub fn newest(&self, beginning: &str, ending: &str) -> Outcome<String> {
        let listed = output(self.apt("apt-cache").args(["pkgnames", beginning]))?;
        let mut names: Vec<&str> = listed
            .lines()
            .filter(|name| {
                name.strip_prefix(beginning)
                    .and_then(|rest| rest.strip_suffix(ending))
                    .is_some_and(|middle| {
                        middle.starts_with(|first: char| first.is_ascii_digit())
                            && !middle.contains(['/', '_'])
                            && !["-cloud", "-rt"].iter().any(|kind| middle.ends_with(kind))
                    })
            })
            .collect();
        names.sort_by_key(|name| std::cmp::Reverse(numbers(name)));
        // apt-cache also lists names that are only mentioned by other packages.
        names
            .into_iter()
            .find(|name| {
                output(self.apt("apt-cache").args(["show", name]))
                    .is_ok_and(|shown| shown.contains("Filename:"))
            })
            .map(String::from)
            .ok_or_else(|| format!("no package {beginning}*{ending} in the archive"))
    }

    /// Downloads the packages, and with `closure` everything they depend on.
    pub fn download(&self, packages: &[&str], closure: bool) -> Outcome<Vec<Archive>> {
        let archives = self.directory.join("cache/archives");
        // apt-get lists only what is not yet in the archive directory: ask in an empty one.
        let nothing = self.directory.join("empty");
        std::fs::create_dir_all(nothing.join("partial")).map_err(|error| error.to_string())?;
        let asked = |directory: &Path, option: &str| {
            let mut command = self.apt("apt-get");
            command
                .current_dir(directory)
                .args(["-y", "-q", option, "-o"])
                .arg(format!("Dir::Cache::archives={}", directory.display()))
                .arg(if closure { "install" } else { "download" })
                .args(packages);
            command
        };
        let listed = output(&mut asked(&nothing, "--print-uris"))?;
        let names: Vec<String> = listed
            .lines()
            .filter(|line| line.starts_with('\''))
            .filter_map(|line| line.split_whitespace().nth(1))
            .map(String::from)
            .collect();
        output(&mut asked(&archives, "--download-only"))?;
        names
            .into_iter()
            .map(|name| {
                let path = archives.join(&name);
                if path.is_file() {
                    Ok(Archive { name, path })
                } else {
                    Err(format!("apt-get did not download {name}"))
                }
            })
            .collect()
    }
}

/// The numbers in a name, for ordering: 6.12.95 comes before 6.12.107.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// Unpacks all of a package into a directory.
pub fn unpack(archive: &Archive, into: &Path) -> Outcome {
    output(
        Command::new("dpkg-deb")
            .arg("-x")
            .arg(&archive.path)
            .arg(into),
    )
    .map(|_| ())
}

/// Unpacks the members of a package that match tar's wildcards.
pub fn unpack_some(archive: &Archive, into: &Path, patterns: &[&str]) -> Outcome {
    // tar complains about patterns that match nothing; the caller looks for what it needs.
    let (dpkg, _) = unpack_with(archive, into, patterns, Stdio::inherit())?;
    if dpkg.success() {
        Ok(())
    } else {
        Err(format!("dpkg-deb {}: {dpkg}", archive.name))
    }
}

/// Unpacks the first member of a package that matches, and reads no further.
pub fn unpack_first(archive: &Archive, into: &Path, pattern: &str) -> Outcome {
    // dpkg-deb has nobody to write the rest to.
    let (_, tar) = unpack_with(archive, into, &["--occurrence=1", pattern], Stdio::null())?;
    if tar.success() {
        Ok(())
    } else {
        Err(format!("{pattern} of {}: tar: {tar}", archive.name))
    }
}

/// How dpkg-deb and tar ended.
fn unpack_with(
    archive: &Archive,
    into: &Path,
    arguments: &[&str],
    complaints: Stdio,
) -> Outcome<(ExitStatus, ExitStatus)> {
    std::fs::create_dir_all(into).map_err(|error| format!("{}: {error}", into.display()))?;
    let mut dpkg = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(&archive.path)
        .stdout(Stdio::piped())
        .stderr(complaints)
        .spawn()
        .map_err(|error| format!("dpkg-deb: {error}"))?;
    let stream = dpkg.stdout.take().ok_or("dpkg-deb: no output")?;
    let tar = Command::new("tar")
        .arg("-x")
        .arg("-C")
        .arg(into)
        .arg("--wildcards")
        .args(arguments)
        .stdin(stream)
        .stderr(Stdio::null())
        .status();
    let unpacked = dpkg.wait().map_err(|error| format!("dpkg-deb: {error}"))?;
    let tar = tar.map_err(|error| format!("tar: {error}"))?;
    Ok((unpacked, tar))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn names_are_ordered_by_number() {
        let mut names = [
            "linux-6.12.107+deb13",
            "linux-6.12.95+deb13",
            "linux-7.0+deb13",
        ];
        names.sort_by_key(|name| numbers(name));
        assert_eq!(
            names,
            [
                "linux-6.12.95+deb13",
                "linux-6.12.107+deb13",
                "linux-7.0+deb13"
            ]
        );
    }
}
