//! A disk with a small Debian on it, made of unpacked packages.

use super::expected::{Expected, Kexec};
use crate::Outcome;
use crate::command::{output, read, write};
use crate::packages::Store;
use crate::system::System;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs as the init of kdump-tools' disk, in both kernels.
const KDUMP: &str = include_str!("../../guest/disk_init.sh");

/// Goes on with systemd, which then is process 1.
const SYSTEMD: &str = "#!/bin/sh\nexec /sbin/init\n";

/// A service after everything else that a Debian starts, without a limit on its time.
const SERVICE: &str = "\
[Service]
Type=oneshot
ExecStart=/bin/sh /guest/service
TimeoutStartSec=infinity
";

/// How the command is put in the place of kexec-tools, for people.
const REPLACE: &str = include_str!("../../../docs/replace.md");

const INSTALLED: &str = "\
Package: kexec-tools
Status: install ok installed
Architecture: amd64
Version: 1
Maintainer: nobody
Description: the guest's
";

/// No more than the files on it and a dump take up.
const SIZE: &str = "1G";

/// What kdump-tools needs to find: Debian's packages as they are, `crash` as the kernel and
/// `initrd` as the initrd that the package would have made, and its configuration.
pub fn kdump(
    more: &str,
    store: &Store,
    kexec: &Kexec,
    (crash, initrd): (&Expected, &Path),
    into: &Path,
) -> Outcome<PathBuf> {
    let tree = Tree::new(store, &store.debian(), into)?;
    let release = crash.kernel.release.as_str();
    tree.kexec(kexec)?;
    tree.copy(&format!("boot/vmlinuz-{release}"), &crash.kernel.image)?;
    // What the package leaves when it makes its initrd.
    let settings = read(&tree.0.join("etc/kdump/sysctl.conf"))?;
    let kept = format!("var/lib/kdump/latest_sysctls-{release}");
    tree.file(&kept, &settings)?;
    tree.copy(&format!("var/lib/kdump/initrd.img-{release}"), initrd)?;
    // What its postinst makes of it, and what an administrator adds.
    let configuration = read(&tree.0.join("usr/share/kdump-tools/kdump-tools.conf"))?;
    let mut configuration = String::from_utf8_lossy(&configuration).into_owned();
    configuration.push_str(more);
    tree.file("etc/default/kdump-tools", configuration.as_bytes())?;
    tree.file("guest/init", KDUMP.as_bytes())?;
    // Names that packages leave to their postinst, or to packages that are not there.
    for (name, target) in [("awk", "mawk"), ("reboot", "busybox")] {
        tree.link(&format!("usr/bin/{name}"), target)?;
    }
    tree.image(store, into)
}

/// A Debian that systemd boots, with kexec-tools as its package left it. `service` is a script.
pub fn systemd(service: &str, store: &Store, into: &Path) -> Outcome<PathBuf> {
    let tree = Tree::new(store, &System::get().debian(), into)?;
    tree.users()?;
    tree.file("etc/machine-id", b"0123456789abcdef0123456789abcdef\n")?;
    tree.file("etc/hostname", b"guest\n")?;
    tree.file("guest/init", SYSTEMD.as_bytes())?;
    tree.file("guest/service", service.as_bytes())?;
    tree.file("etc/systemd/system/guest.service", SERVICE.as_bytes())?;
    tree.link(
        "etc/systemd/system/multi-user.target.wants/guest.service",
        "../guest.service",
    )?;
    tree.link(
        "etc/systemd/system/default.target",
        "/usr/lib/systemd/system/multi-user.target",
    )?;
    // What packages do when they are installed, and systemd after an update of /usr.
    for directory in ["etc", "var"] {
        tree.file(&format!("{directory}/.updated"), b"")?;
    }
    // As far as the page asks dpkg.
    tree.file("var/lib/dpkg/status", INSTALLED.as_bytes())?;
    let files = "var/lib/dpkg/info/kexec-tools.list";
    tree.file(files, b"/.\n/usr\n/usr/sbin\n/usr/sbin/kexec\n")?;
    tree.file("guest/replace", replacing(REPLACE)?.as_bytes())?;
    tree.image(store, into)
}

/// The commands of the page for Debian. What cargo installs is copied in the guest.
fn replacing(page: &str) -> Outcome<String> {
    let commands = (|| {
        let (_, debian) = page.split_once("\n## Debian")?;
        let (_, block) = debian.split_once("\n```sh\n")?;
        Some(block.split_once("```")?.0)
    })();
    let commands = commands.ok_or("docs/replace.md has no commands for Debian")?;
    let kept = commands.lines().filter(|line| !line.starts_with("cargo "));
    Ok(kept.map(|line| format!("{line}\n")).collect())
}

/// A Debian with the selftests of kexec, and what they look at: the kernel's image, configuration.
/// `init` is a script.
pub fn selftests(
    init: &str,
    kernel: &str,
    store: &Store,
    kexec: &Kexec,
    into: &Path,
) -> Outcome<PathBuf> {
    let system = System::get();
    let tree = Tree::new(store, &system.debian(), into)?;
    tree.users()?;
    tree.kexec(kexec)?;
    tree.file("guest/init", init.as_bytes())?;
    // Names that packages leave to their postinst.
    for (name, target) in [("awk", "mawk"), ("which", "which.debianutils")] {
        tree.link(&format!("usr/bin/{name}"), target)?;
    }
    let kernel = store.kernel(kernel)?;
    let release = &kernel.release;
    tree.copy(&format!("boot/vmlinuz-{release}"), &kernel.image)?;
    tree.copy(&format!("boot/config-{release}"), &system.configuration())?;
    for entry in std::fs::read_dir(system.selftests()).map_err(|error| error.to_string())? {
        let file = entry.map_err(|error| error.to_string())?;
        let name = file.file_name();
        tree.copy(
            &format!("selftests/{}", name.to_string_lossy()),
            &file.path(),
        )?;
    }
    tree.image(store, into)
}

/// What becomes the root of a disk. Its files are links to those that were fetched: what is
/// replaced is removed first.
struct Tree(PathBuf);

impl Tree {
    fn new(store: &Store, from: &Path, into: &Path) -> Outcome<Self> {
        let tree = into.join("disk.tree");
        let copy = ["cp", "-a", "-l"];
        output(
            Command::new(store.busybox())
                .args(copy)
                .arg(from)
                .arg(&tree),
        )?;
        Ok(Self(tree))
    }

    /// Ours in place of Debian's.
    fn kexec(&self, kexec: &Kexec) -> Outcome {
        match kexec {
            Kexec::Ours(ours) => self.copy("usr/sbin/kexec", ours),
            Kexec::Reference => Ok(()),
        }
    }

    /// What base-passwd's postinst makes.
    fn users(&self) -> Outcome {
        for name in ["passwd", "group"] {
            let master = format!("usr/share/base-passwd/{name}.master");
            self.copy(&format!("etc/{name}"), &self.0.join(master))?;
        }
        Ok(())
    }

    /// Copies `from`, and replaces what was there before.
    fn copy(&self, name: &str, from: &Path) -> Outcome {
        let to = self.place(name)?;
        std::fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
        Ok(())
    }

    fn file(&self, name: &str, content: &[u8]) -> Outcome {
        write(&self.place(name)?, content)
    }

    /// A link, unless something is there.
    fn link(&self, name: &str, target: &str) -> Outcome {
        let to = self.0.join(name);
        if to.symlink_metadata().is_ok() {
            return Ok(());
        }
        let to = self.place(name)?;
        symlink(target, to).map_err(|error| format!("{name}: {error}"))
    }

    fn place(&self, name: &str) -> Outcome<PathBuf> {
        let to = self.0.join(name);
        if to.symlink_metadata().is_ok() {
            std::fs::remove_file(&to).map_err(|error| format!("{}: {error}", to.display()))?;
        }
        if let Some(above) = to.parent() {
            std::fs::create_dir_all(above)
                .map_err(|error| format!("{}: {error}", above.display()))?;
        }
        Ok(to)
    }

    fn image(self, store: &Store, into: &Path) -> Outcome<PathBuf> {
        let image = into.join("disk.img");
        output(
            store
                .program("usr/sbin/mke2fs")
                .args(["-q", "-t", "ext4", "-E", "root_owner=0:0", "-d"])
                .arg(&self.0)
                .arg(&image)
                .arg(SIZE),
        )?;
        std::fs::remove_dir_all(&self.0)
            .map_err(|error| format!("{}: {error}", self.0.display()))?;
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use super::replacing;

    #[test]
    fn commands_are_those_of_the_page() {
        let page =
            "\n```sh\nno\n```\n## Debian 1\n\n```sh\nx=1\ncargo run\ny $x\n```\n```sh\nz\n```\n";
        assert_eq!(replacing(page).unwrap(), "x=1\ny $x\n");
        assert!(replacing("").is_err());
    }
}
