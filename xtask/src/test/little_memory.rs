//! A load of files that are larger than the memory there is: in a memory control group, with
//! nothing in the page cache. The kernel can drop every page after it was digested.

use crate::Outcome;
use crate::command::{cache, write};
use crate::compare::files::cool;
use crate::compare::measure::run as measure;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The memory of the group, page cache included.
pub const MEMORY: u64 = 24 << 20;
/// The bytes of the initrd.
const INITRD: usize = 128 << 20;

/// A control group that is removed when dropped.
struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        // It is empty by now; if not, nothing else can be done about it.
        let _ = std::fs::remove_dir(&self.0);
    }
}

impl Group {
    /// A group with [`MEMORY`], or why there is none: version 1 or 2 of the interface
    /// (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst).
    fn new() -> Outcome<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, limit) = if root.join("memory/memory.limit_in_bytes").exists() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else if root.join("cgroup.controllers").exists() {
            let control = root.join("cgroup.subtree_control");
            std::fs::write(&control, "+memory")
                .map_err(|error| format!("{}: {error}", control.display()))?;
            (root.to_path_buf(), "memory.max")
        } else {
            return Err("no memory control groups".into());
        };
        let path = parent.join(format!("libkexec-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let group = Self(path);
        let limit = group.0.join(limit);
        std::fs::write(&limit, MEMORY.to_string())
            .map_err(|error| format!("{}: {error}", limit.display()))?;
        Ok(group)
    }
}

/// The peak of what the command had resident, or why that cannot be measured here.
pub fn resident(command: &Path) -> Outcome<Result<u64, String>> {
    let directory = cache().join("budget");
    let (kernel, initrd) = (directory.join("kernel"), directory.join("initrd-large"));
    write(&kernel, &benches::bzimage(1 << 20))?;
    write(&initrd, &vec![7; INITRD])?;
    let group = match Group::new() {
        Ok(group) => group,
        Err(why) => return Ok(Err(why)),
    };
    for file in [&kernel, &initrd] {
        let synced = std::fs::File::open(file).and_then(|file| file.sync_all());
        synced.map_err(|error| format!("{}: {error}", file.display()))?;
        cool(file)?;
    }
    let mut load = Command::new("sh");
    load.args(["-c", "echo $$ >\"$0\" && exec \"$@\""])
        .arg(group.0.join("cgroup.procs"))
        .arg(command)
        .args(["-c", "-l", "--append=ro"])
        .arg(&kernel)
        .arg(format!("--initrd={}", initrd.display()));
    let cost = measure(load).map_err(|error| format!("in {MEMORY} bytes of memory: {error}"))?;
    std::fs::remove_file(&initrd).map_err(|error| error.to_string())?;
    Ok(Ok(cost.resident))
}
