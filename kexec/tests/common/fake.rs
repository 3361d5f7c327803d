//! Machines that are not this one: a tree of files in place of /proc and /sys. Needs root for the
//! mount namespace.

use std::process::Command;

use super::{Directory, Rule, Run, bzimage, finish, guard};

/// A machine with 3 GiB of RAM and two CPUs, as far as a plan asks.
pub struct Fake(Directory);

/// Without MemAvailable, copies would be limited by the memory that is free on the machine of the
/// test (sysinfo(2)): nearly nothing after a large build.
const MEMINFO: &str = "MemTotal:        3145728 kB\nMemAvailable:    2097152 kB\n";

/// In a namespace of its own: this machine's /proc to `real`, which `proc/self` points into, then
/// the tree's in place of /proc, /sys and /boot. Exit code 99 says that it may not.
const ENTER: &str = "cd \"$0\" && mount --rbind /proc real && mount --bind proc /proc && \
                     mount --bind sys /sys && mount --bind boot /boot && exec \"$@\" || exit 99";

/// The same with the tree in place of the root directory: /boot and all else are its own.
const ENTER_ROOT: &str = "cd \"$0\" && mount --rbind /proc real && exec chroot . \"$@\" || exit 99";

impl Fake {
    pub fn new(name: &str) -> Self {
        let fake = Self(Directory::new(name));
        for directory in ["real", "boot"] {
            std::fs::create_dir_all(fake.0.path(directory)).unwrap();
        }
        fake.put("proc/iomem", IOMEM)
            .put("proc/meminfo", MEMINFO)
            .put("proc/cmdline", "root=/dev/x ro\n")
            .put("proc/cpuinfo", "flags\t\t: fpu lm\n")
            .put("sys/kernel/boot_params/data", boot_params())
            .put("sys/firmware/acpi/pm_profile", "0\n")
            .put("proc/sys/kernel/osrelease", "6.12.0\n")
            .put("sys/kernel/kexec_loaded", "0\n")
            .put("sys/kernel/kexec_crash_loaded", "0\n");
        let own = std::path::Path::new(&fake.0.path("real")).join("self");
        std::os::unix::fs::symlink(own, fake.0.path("proc/self")).unwrap();
        fake
    }

    /// One with a reservation of 256 MiB, and a crash kernel in it.
    pub fn with_crash_kernel(name: &str) -> Self {
        let fake = Self::new(name);
        let reserved = "  60000000-6fffffff : Crash kernel\n";
        fake.put("proc/iomem", format!("{IOMEM}{reserved}"))
            .put("sys/kernel/kexec_crash_loaded", "1\n")
            .put("proc/kcore", kcore())
            .put("sys/kernel/vmcoreinfo", "1234000 1024\n")
            .put("sys/devices/system/cpu/possible", "0-1\n");
        for cpu in ["cpu0", "cpu1"] {
            fake.put(
                &format!("sys/devices/system/cpu/{cpu}/crash_notes"),
                "fe000\n",
            )
            .put(
                &format!("sys/devices/system/cpu/{cpu}/crash_notes_size"),
                "368\n",
            );
        }
        fake
    }

    /// Makes a file, and the directories above it.
    pub fn put(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path(path);
        std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
        self
    }

    /// Puts one file in the place of another, at once.
    pub fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.0.path(from), self.0.path(to)).unwrap();
    }

    /// Takes a file or a directory away.
    pub fn remove(&self, path: &str) -> &Self {
        let path = std::path::PathBuf::from(self.0.path(path));
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        self
    }

    /// Makes a file one that opens and cannot be read: a directory is in its place.
    pub fn unreadable(&self, path: &str) -> &Self {
        self.remove(path);
        std::fs::create_dir_all(self.0.path(path)).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path(name)
    }

    /// A file to load.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        self.0.file(name, bytes)
    }

    /// A kernel.
    pub fn kernel(&self) -> String {
        self.kernel_of(&bzimage(64 << 10))
    }

    /// A kernel of these bytes.
    pub fn kernel_of(&self, image: &[u8]) -> String {
        self.file("kernel", image)
    }

    /// Gives this thread mounts and a network of its own, and enters: as [`Fake::run`], for all
    /// that the thread starts. This machine's /proc stays at `real`.
    pub fn enter(&self) -> nix::Result<()> {
        use nix::mount::{MsFlags, mount};
        use nix::sched::{CloneFlags, unshare};
        const NOTHING: Option<&str> = None;
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET)?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(NOTHING, "/", NOTHING, private, NOTHING)?;
        let (bind, all) = (MsFlags::MS_BIND, MsFlags::MS_BIND | MsFlags::MS_REC);
        mount(
            Some("/proc"),
            self.path("real").as_str(),
            NOTHING,
            all,
            NOTHING,
        )?;
        for name in ["proc", "sys"] {
            let to = format!("/{name}");
            mount(
                Some(self.path(name).as_str()),
                to.as_str(),
                NOTHING,
                bind,
                NOTHING,
            )?;
        }
        Ok(())
    }

    /// The command there, not started yet.
    pub fn command(&self, rules: &[Rule], arguments: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", ENTER, &self.0.path("")]);
        command.arg(env!("CARGO_BIN_EXE_kexec")).args(arguments);
        guard(&mut command, rules);
        command
    }

    /// Makes a symbolic link, and the directories above it.
    pub fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.0.path(path);
        std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// As [`Fake::run`], with the whole tree in place of the root directory.
    pub fn run_in_root(&self, rules: &[Rule], arguments: &[&str]) -> Option<Run> {
        let root = self.0.path("");
        let root = root.trim_end_matches('/');
        // Where proc/self points to.
        let real = format!("{root}/real");
        if std::fs::read_link(self.0.path(&real[1..])).is_err() {
            self.link(&real[1..], "/real");
        }
        // Not a copy: a file that another test's child has open for writing cannot be started.
        let command = self.0.path("kexec-command");
        let _absent = std::fs::remove_file(&command);
        std::fs::hard_link(env!("CARGO_BIN_EXE_kexec"), command).unwrap();
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", ENTER_ROOT, root, "/kexec-command"]);
        command.args(arguments);
        guard(&mut command, rules);
        Self::output(command)
    }

    /// Runs the command there; `None`, and a word about it, where that cannot be done.
    pub fn run(&self, rules: &[Rule], arguments: &[&str]) -> Option<Run> {
        Self::output(self.command(rules, arguments))
    }

    fn output(mut command: Command) -> Option<Run> {
        let Ok(output) = command.output() else {
            kexec_testing::not_tested("a fake machine: no unshare(1)");
            return None;
        };
        let run = finish(&output);
        if run.code == 99 || run.stderr.starts_with("unshare:") {
            kexec_testing::not_tested(&format!("a fake machine: {}", run.stderr));
            return None;
        }
        Some(run)
    }
}

const IOMEM: &str = "00001000-0009fbff : System RAM\n\
                     00100000-bfffffff : System RAM\n  \
                       01000000-01ffffff : Kernel code\n  \
                       02000000-02ffffff : Kernel data\n";

/// A page with the same RAM in its e820 table, of a machine that EFI did not start.
pub fn boot_params() -> Vec<u8> {
    let mut page = vec![0; 4096];
    page[0x1e8] = 2;
    let table = [(0x1000_u64, 0x9_ec00_u64), (0x10_0000, 0xbff0_0000)];
    for (entry, (start, size)) in page[0x2d0..].chunks_mut(20).zip(table) {
        entry[..8].copy_from_slice(&start.to_le_bytes());
        entry[8..16].copy_from_slice(&size.to_le_bytes());
        entry[16] = 1;
    }
    page
}

/// The program headers that name the kernel's text and the direct map.
fn kcore() -> Vec<u8> {
    let mut file = vec![0; 64 + 2 * 56];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[32] = 64;
    file[54] = 56;
    file[56] = 2;
    let text = (0xffff_ffff_8100_0000_u64, 0x100_0000_u64, 0x200_0000_u64);
    let direct = (0xffff_8880_0010_0000, 0x10_0000, 0xbff0_0000);
    for (header, (virt, phys, size)) in file[64..].chunks_mut(56).zip([text, direct]) {
        header[0] = 1;
        for (offset, value) in [(16, virt), (24, phys), (32, size), (40, size)] {
            header[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    file
}
