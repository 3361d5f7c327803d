//! Lines of programs that call kexec(8), and what must come of each. Only arguments are taken from
//! those programs, with names and strings of our own.

use super::{Line, Run, Setup};

/// A line, and what must come of it.
#[derive(Debug)]
pub struct Caller {
    /// Who calls, and where that is written.
    pub source: &'static str,
    /// The words.
    pub words: &'static [&'static str],
    /// The calls, as [`Event`](super::Event) prints them.
    pub calls: &'static [&'static str],
    /// The exit code, or [`STARTED`](super::kernel::STARTED).
    pub code: i32,
}

const fn done(
    source: &'static str,
    words: &'static [&'static str],
    calls: &'static [&'static str],
) -> Caller {
    Caller {
        source,
        words,
        calls,
        code: 0,
    }
}

const STARTED: i32 = super::kernel::STARTED;
const START: &[&str] = &["sync()", "network down", "reboot(kexec)"];
const LOADED: &str = "kexec_file_load(kernel, 0x0, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0";
const APPEND: &str = "--append=root=/dev/sda1 ro";
const LINE: &str = "--command-line=root=/dev/sda1 ro";
const REUSED: &str =
    "kexec_file_load(kernel, 0x0, @kernel, @initrd, \"root=/dev/vda1 ro quiet\") = 0";
const CRASH: &str =
    "kexec_file_load(crash kernel, 0x0, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0";

/// All of them.
pub const CALLERS: &[Caller] = &[
    done(
        "Debian kexec-tools 2.0.32-3, /usr/sbin/kexec-load-kernel",
        &["-l", "@kernel", "--initrd=@initrd", APPEND],
        &[LOADED],
    ),
    Caller {
        source: "Debian kexec-tools, systemd and init scripts at the end of a reboot",
        words: &["-e"],
        calls: START,
        code: STARTED,
    },
    done(
        "Debian kdump-tools 1.10.7, kdump-config load",
        &["-p", LINE, "--initrd=@initrd", "@kernel"],
        &[CRASH],
    ),
    done(
        "the same under Secure Boot",
        &["-p", "-s", LINE, "--initrd=@initrd", "@kernel"],
        &[CRASH],
    ),
    done(
        "the same with KDUMP_KEXEC_ARGS=-c",
        &["-p", "-c", LINE, "--initrd=@initrd", "@kernel"],
        &["kexec_load(crash kernel, 0x3e0000, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0"],
    ),
    done(
        "kdump-config unload",
        &["-p", "-u"],
        &["kexec_file_load(unload crash kernel) = 0"],
    ),
    done(
        "the same under Secure Boot",
        &["-s", "-p", "-u"],
        &["kexec_file_load(unload crash kernel) = 0"],
    ),
    done(
        "Fedora, kdumpctl (rhkdump/kdump-utils): KEXEC_ARGS, \"-d -p\", command line, initrd, kernel",
        &["-s", "-d", "-p", LINE, "--initrd=@initrd", "@kernel"],
        &["kexec_file_load(crash kernel, 0x8, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0"],
    ),
    done(
        "RHEL, kdumpctl with \"-p -d -c\" and ELF core headers",
        &[
            "-p",
            "-d",
            "-c",
            "--elf64-core-headers",
            LINE,
            "--initrd=@initrd",
            "@kernel",
        ],
        &["kexec_load(crash kernel, 0x3e0000, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0"],
    ),
    done(
        "openSUSE kdump, init/unload.sh",
        &["-a", "-p", "-u"],
        &["kexec_file_load(unload crash kernel) = 0"],
    ),
    done(
        "openSUSE kdump, init/load.sh, load_kdump_kexec",
        &["-p", "@kernel", APPEND, "--initrd=@initrd", "-a"],
        &[CRASH],
    ),
    done(
        "openSUSE, kexec-bootloader(8) for kexec-load.service",
        &["-a", "-l", "@kernel", "--initrd=@initrd", APPEND],
        &[LOADED],
    ),
    done(
        "openSUSE MicroOS, reboot by kexec (salt, rebootmgr)",
        &[
            "--kexec-syscall-auto",
            "-l",
            "@kernel",
            "--initrd=@initrd",
            "--reuse-cmdline",
        ],
        &[REUSED],
    ),
    done(
        "KIWI, dracut kiwi-dump: --help is asked for --kexec-syscall-auto first",
        &[
            "--load",
            "@kernel",
            "--initrd",
            "@initrd",
            "--kexec-syscall-auto",
            "--command-line",
            "root=/dev/sda1 ro",
        ],
        &[LOADED],
    ),
    done(
        "systemd, systemctl kexec (src/systemctl/systemctl-start-special.c)",
        &[
            "--load",
            "@kernel",
            "--append",
            "root=/dev/sda1 ro",
            "--initrd",
            "@initrd",
        ],
        &[LOADED],
    ),
    done(
        "ZFSBootMenu, zfsbootmenu/lib/zfsbootmenu-core.sh",
        &["-a", "-l", "@kernel", "--initrd=@initrd", LINE],
        &[LOADED],
    ),
    Caller {
        source: "ZFSBootMenu, start",
        words: &["-e", "-i"],
        calls: START,
        code: STARTED,
    },
    done(
        "heads, initrd/bin/kexec-boot",
        &["-l", "@kernel", "--initrd=@initrd", APPEND],
        &[LOADED],
    ),
    done(
        "nixos-images, kexec-installer run script",
        &[
            "--load",
            "@kernel",
            "--kexec-syscall-auto",
            "--initrd=@initrd",
            "--no-checks",
            "--command-line",
            "root=/dev/sda1 ro",
        ],
        &[LOADED],
    ),
    done(
        "nixpkgs, netboot kexec-boot.sh",
        &["--load", "--initrd=@initrd", LINE, "--", "@kernel"],
        &[LOADED],
    ),
    done(
        "SONiC, sonic-utilities/scripts/fast-reboot, unload_kernel",
        &["-u", "-a"],
        &["kexec_file_load(unload kernel) = 0"],
    ),
    done(
        "SONiC, fast-reboot, load_kernel",
        &["-l", "@kernel", "--initrd=@initrd", APPEND, "-a"],
        &[LOADED],
    ),
    done(
        "SONiC, fast-reboot, load_kernel_secure",
        &["-l", "@kernel", "--initrd=@initrd", APPEND, "-s"],
        &[LOADED],
    ),
    done(
        "petitboot, discover/boot.c, kexec_load",
        &["-l", "--debug", "--initrd=@initrd", APPEND, "@kernel"],
        &["kexec_file_load(kernel, 0x8, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0"],
    ),
    done(
        "the same with a device tree, and \"\" for no command line",
        &[
            "-l",
            "--initrd=@initrd",
            "--dtb=@dtb",
            "--append=\"\"",
            "@kernel",
        ],
        &["kexec_load(kernel, 0x3e0000, @kernel, @initrd, \"\\\"\\\"\") = 0"],
    ),
    Caller {
        source: "petitboot, discover/boot.c, kexec_reboot, its last attempt",
        words: &["-e", "-f"],
        calls: &[],
        // A load without a kernel, as in kexec-tools.
        code: 255,
    },
    done(
        "Proxmox, Arch, Gentoo: kexec-load@.service of the wikis",
        &["-l", "@kernel", "--initrd=@initrd", "--reuse-cmdline"],
        &[REUSED],
    ),
    done(
        "LKP, bootstrap: kexec --noefi of a kernel and joined initrds",
        &["--noefi", "-l", "@kernel", "--initrd=@initrd"],
        &["kexec_load(kernel, 0x3e0000, @kernel, @initrd, \"\") = 0"],
    ),
    done(
        "Linux, tools/testing/selftests/kexec/test_kexec_load.sh",
        &["--load", "@kernel"],
        &["kexec_file_load(kernel, 0x4, @kernel, none, \"\") = 0"],
    ),
    done(
        "Linux, tools/testing/selftests/kexec/test_kexec_file_load.sh",
        &["--load", "--kexec-file-syscall", "@kernel"],
        &["kexec_file_load(kernel, 0x4, @kernel, none, \"\") = 0"],
    ),
    done(
        "the same, afterwards",
        &["--unload", "--kexec-file-syscall"],
        &["kexec_file_load(unload kernel) = 0"],
    ),
    done(
        "Linux, tools/testing/selftests/liveupdate/do_kexec.sh",
        &["-l", "-s", "--reuse-cmdline", "@kernel", "--initrd=@initrd"],
        &[REUSED],
    ),
    done(
        "LTP, ima_kexec.sh, unload",
        &["-su"],
        &["kexec_file_load(unload kernel) = 0"],
    ),
    done(
        "Linux, Documentation/admin-guide/kdump/kdump.rst",
        &["-p", "@kernel", "--initrd=@initrd", APPEND],
        &[CRASH],
    ),
    done(
        "scripts with -t, as kboot.sh: -l -t bzImage, files, --reuse-cmdline",
        &[
            "-l",
            "-t",
            "bzImage",
            "@kernel",
            "--initrd=@initrd",
            "--reuse-cmdline",
        ],
        &[REUSED],
    ),
    Caller {
        source: "Ansible tasks: kexec --type=bzImage without an action",
        words: &["--type=bzImage", "--initrd=@initrd", APPEND, "@kernel"],
        calls: &[LOADED, "shutdown -r now"],
        // There is no shutdown(8) on this machine.
        code: 255,
    },
    done(
        "docs/guide.md: the boot loader's default entry",
        &["-l", "--default"],
        &[LOADED],
    ),
    done(
        "the same by its name and by kexec_load",
        &["-c", "--defau=mine", "-l"],
        &["kexec_load(kernel, 0x3e0000, @kernel, @initrd, \"root=/dev/sda1 ro\") = 0"],
    ),
    done(
        "docs/guide.md: the entries that there are",
        &["--list"],
        &[],
    ),
    Caller {
        source: "the default entry and a kernel",
        words: &["-l", "--default", "@kernel"],
        calls: &[],
        code: 1,
    },
    Caller {
        source: "an entry that does not exist",
        words: &["-l", "--default=other"],
        calls: &[],
        code: 255,
    },
    Caller {
        source: "boot menus: kexec -f -e after a load, with -e the last",
        words: &["-f", "-e"],
        calls: START,
        code: STARTED,
    },
];

impl Caller {
    /// As a line on the usual machine.
    #[must_use]
    pub fn line(&self) -> Line {
        Line {
            setup: Setup::default(),
            words: self.words.iter().map(ToString::to_string).collect(),
        }
    }

    /// What is not as it must be.
    #[must_use]
    pub fn check(&self, run: &Run) -> Option<String> {
        let calls: Vec<String> = run.events.iter().map(ToString::to_string).collect();
        let wrong = calls != self.calls || run.code != self.code;
        wrong.then(|| {
            format!(
                "{}\n  {}\n  expected: {:?}, exit code {}\n  but:      {run}",
                self.source,
                self.line(),
                self.calls,
                self.code
            )
        })
    }
}
