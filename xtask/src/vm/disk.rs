//! A disk with a small Debian on it, made of unpacked packages: what kdump-tools needs to find.

use super::expected::{Expected, Kexec};
use super::scenario::Disk;
use crate::Outcome;
use crate::command::{output, read, write};
use crate::packages::Store;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs as the init of the disk, in both kernels.
const INIT: &str = include_str!("../../guest/disk_init.sh");

/// No more than the files on it and a dump take up.
const SIZE: &str = "1G";

/// Makes the image: Debian's packages as they are, `crash` as the kernel and `initrd` as the
/// initrd that the package would have made, and the configuration of `disk`.
pub fn build(
    disk: &Disk,
    store: &Store,
    kexec: &Kexec,
    (crash, initrd): (&Expected, &Path),
    into: &Path,
) -> Outcome<PathBuf> {
    let tree = into.join("disk.tree");
    // Links to the store's files: what is replaced is removed first.
    let copy = ["cp", "-a", "-l"];
    output(
        Command::new(store.busybox())
            .args(copy)
            .arg(store.debian())
            .arg(&tree),
    )?;
    let release = crash.kernel.release.as_str();
    if let Kexec::Ours(ours) = kexec {
        replace(&tree.join("usr/sbin/kexec"), ours)?;
    }
    replace(
        &tree.join(format!("boot/vmlinuz-{release}")),
        &crash.kernel.image,
    )?;
    // What the package leaves when it makes its initrd.
    let kept = tree.join("var/lib/kdump");
    let settings = read(&tree.join("etc/kdump/sysctl.conf"))?;
    write(&kept.join(format!("latest_sysctls-{release}")), &settings)?;
    replace(&kept.join(format!("initrd.img-{release}")), initrd)?;
    // What its postinst makes of it, and what an administrator adds.
    let configuration = read(&tree.join("usr/share/kdump-tools/kdump-tools.conf"))?;
    let mut configuration = String::from_utf8_lossy(&configuration).into_owned();
    configuration.push_str(disk.configuration);
    write(
        &tree.join("etc/default/kdump-tools"),
        configuration.as_bytes(),
    )?;
    write(&tree.join("guest/init"), INIT.as_bytes())?;
    // Names that packages leave to their postinst, or to packages that are not there.
    for (name, target) in [("awk", "mawk"), ("reboot", "busybox")] {
        let link = tree.join("usr/bin").join(name);
        if link.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(target, link).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    let image = into.join("disk.img");
    output(
        store
            .program("usr/sbin/mke2fs")
            .args(["-q", "-t", "ext4", "-E", "root_owner=0:0", "-d"])
            .arg(&tree)
            .arg(&image)
            .arg(SIZE),
    )?;
    std::fs::remove_dir_all(&tree).map_err(|error| format!("{}: {error}", tree.display()))?;
    Ok(image)
}

/// Copies `from`, and replaces what was there before.
fn replace(to: &Path, from: &Path) -> Outcome {
    if to.exists() {
        std::fs::remove_file(to).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    if let Some(above) = to.parent() {
        std::fs::create_dir_all(above).map_err(|error| format!("{}: {error}", above.display()))?;
    }
    std::fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    Ok(())
}
