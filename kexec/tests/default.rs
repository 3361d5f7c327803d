//! `--default` and `--list`, on trees as distributions make them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use common::{FILE_LOAD, Fake, LOAD, Rule, Run, bzimage, gives, loaded};

const KIND: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

/// A machine with files, each with something in it: a kernel's name gives a kernel.
fn machine(name: &str, files: &[&str]) -> Fake {
    let fake = Fake::new(&format!("default-{name}"));
    for file in files {
        if file.contains("vmlinuz") || file.ends_with("/linux") {
            fake.put(file, bzimage(64 << 10));
        } else {
            fake.put(file, "070701");
        }
    }
    fake
}

/// A dry run by kexec_file_load, whose report names each file once.
fn chosen(fake: &Fake, arguments: &[&str]) -> Option<Run> {
    let all = [&["--dry-run", "-s", "-l"], arguments].concat();
    fake.run_in_root(&KIND, &all)
}

const DEBIAN: &[&str] = &[
    "boot/vmlinuz-6.12.48+deb13-amd64",
    "boot/initrd.img-6.12.48+deb13-amd64",
    "boot/vmlinuz-6.9.7-amd64",
    "boot/initrd.img-6.9.7-amd64",
    "boot/vmlinuz-6.12.48+deb13-amd64.old",
    "boot/vmlinuz-9.dpkg-tmp",
    "boot/config-6.12.48+deb13-amd64",
];

/// Debian with GRUB: no entries, but links.
#[test]
fn debian() {
    let fake = machine("debian", DEBIAN);
    fake.put(
        "proc/cmdline",
        "BOOT_IMAGE=/boot/vmlinuz-6.9.7-amd64 root=UUID=1 ro initrd=\\a.img quiet\n",
    )
    .put(
        "boot/grub/grubenv",
        "# GRUB Environment Block\nsaved_entry=x\n###",
    );
    let Some(run) = chosen(&fake, &["--default"]) else {
        return;
    };
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        loaded(&run),
        [
            "/boot/vmlinuz-6.12.48+deb13-amd64",
            "/boot/initrd.img-6.12.48+deb13-amd64",
            "root=UUID=1 ro quiet"
        ]
    );
    fake.link("vmlinuz", "boot/vmlinuz-6.9.7-amd64")
        .link("initrd.img", "boot/initrd.img-6.9.7-amd64");
    let run = chosen(&fake, &["--default", "--append=single"]).unwrap();
    assert_eq!(
        loaded(&run),
        ["/vmlinuz", "/initrd.img", "root=UUID=1 ro quiet single"]
    );
    let run = chosen(&fake, &["--default=vmlinuz-6.12*"]).unwrap();
    assert_eq!(loaded(&run)[0], "/boot/vmlinuz-6.12.48+deb13-amd64");
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    assert_eq!(
        list.stdout,
        "* vmlinuz\n\
         \x20 vmlinuz-6.12.48+deb13-amd64  6.12.48+deb13-amd64\n\
         \x20 vmlinuz-6.9.7-amd64  6.9.7-amd64\n\
         (* the default, by the order of the entries)\n"
    );
}

/// Fedora: entries for GRUB, on a partition of their own or not, and the environment block.
#[test]
fn fedora() {
    const OLD: &str = "title Fedora Linux (6.8.5-301.fc40.x86_64) 40 (Server)\n\
                       version 6.8.5-301.fc40.x86_64\n\
                       linux /vmlinuz-6.8.5-301.fc40.x86_64\n\
                       initrd /initramfs-6.8.5-301.fc40.x86_64.img $tuned_initrd\n\
                       options $kernelopts $tuned_params\n\
                       grub_users $grub_users\ngrub_arg --unrestricted\ngrub_class fedora\n";
    let new = OLD.replace("6.8.5-301", "6.10.3-200");
    let rescue = OLD.replace("6.8.5-301.fc40.x86_64", "0-rescue-6a9857");
    let fake = machine(
        "fedora",
        &[
            "boot/vmlinuz-6.8.5-301.fc40.x86_64",
            "boot/vmlinuz-6.10.3-200.fc40.x86_64",
            "boot/initramfs-6.8.5-301.fc40.x86_64.img",
            "boot/initramfs-6.10.3-200.fc40.x86_64.img",
            "boot/tuned.img",
        ],
    );
    fake.put("boot/loader/entries/6a9857-6.8.5-301.fc40.x86_64.conf", OLD)
        .put(
            "boot/loader/entries/6a9857-6.10.3-200.fc40.x86_64.conf",
            new,
        )
        .put("boot/loader/entries/6a9857-0-rescue.conf", rescue)
        .put(
            "boot/grub2/grubenv",
            "# GRUB Environment Block\nkernelopts=root=/dev/mapper/fedora-root ro \n####",
        );
    let Some(run) = chosen(&fake, &["--default"]) else {
        return;
    };
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        loaded(&run),
        [
            "/boot/vmlinuz-6.10.3-200.fc40.x86_64",
            "/boot/initramfs-6.10.3-200.fc40.x86_64.img",
            "root=/dev/mapper/fedora-root ro",
        ]
    );
    // The saved entry, with tuned's variables.
    fake.put(
        "boot/grub2/grubenv",
        "# GRUB Environment Block\nsaved_entry=6a9857-6.8.5-301.fc40.x86_64\n\
         kernelopts=root=/dev/a ro\ntuned_params=nohz=on\ntuned_initrd=/tuned.img\n####",
    );
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!(
        loaded(&run),
        [
            "/boot/vmlinuz-6.8.5-301.fc40.x86_64",
            "/boot/initramfs-6.8.5-301.fc40.x86_64.img",
            "/boot/tuned.img",
            "root=/dev/a ro nohz=on",
        ]
    );
    // As grub2-set-default and grub2-reboot write it; /boot is no partition.
    fake.put(
        "boot/grub2/grubenv",
        "# GRUB Environment Block\nsaved_entry=1\nnext_entry=0\nkernelopts=a\n",
    );
    let below_boot = "linux /boot/vmlinuz-6.8.5-301.fc40.x86_64\noptions ro\n";
    fake.put("boot/loader/entries/7b.conf", below_boot);
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!(loaded(&run), ["/boot/vmlinuz-6.8.5-301.fc40.x86_64", "ro"]);
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert!(
        list.stdout.starts_with("* 7b.conf\n  6a9857-6.10.3-200"),
        "{}",
        list.stdout
    );
    assert!(list.stdout.ends_with("by next_entry)\n"), "{}", list.stdout);
    // What GRUB's own configuration would set is not known.
    fake.remove("boot/grub2/grubenv");
    let run = chosen(&fake, &["--default=6a9857-6.8.5*"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("$kernelopts is not set"),
        "{}",
        run.stderr
    );
    fake.put(
        "boot/grub2/grubenv",
        "# GRUB Environment Block\nsaved_entry=gone\n",
    );
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert!(
        list.stderr
            .contains("saved_entry names gone, which is no entry")
    );
    assert!(list.stdout.starts_with("* 7b.conf\n"), "{}", list.stdout);
}

/// An EFI variable of the Boot Loader Interface.
fn variable(fake: &Fake, name: &str, value: &str) {
    let mut contents = vec![7, 0, 0, 0];
    for byte in value.bytes().chain([0]) {
        contents.extend([byte, 0]);
    }
    let vendor = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    fake.put(
        &format!("sys/firmware/efi/efivars/{name}-{vendor}"),
        contents,
    );
}

/// systemd-boot, as kernel-install makes its entries on an EFI system partition.
#[test]
fn systemd_boot() {
    let fake = machine("systemd-boot", &[]);
    let entry = |name: &str, version: &str, more: &str| {
        fake.put(&format!("efi/token/{version}/linux"), bzimage(64 << 10))
            .put(&format!("efi/token/{version}/initrd"), "070701")
            .put(
                &format!("efi/loader/entries/{name}.conf"),
                format!(
                    "# kernel-install\ntitle      Debian GNU/Linux 13\nversion    {version}\n\
                     machine-id 6a9857a393724b7a981ebb5b8495b9ea\nsort-key   debian\n\
                     options    root=UUID=2 quiet\noptions    crashkernel=256M\n\
                     linux      /token/{version}/linux\n\
                     initrd     /token/{version}/initrd\n{more}"
                ),
            );
    };
    entry("token-6.12.9", "6.12.9", "");
    entry("token-6.12.48+0-3", "6.12.48", "");
    entry(
        "token-6.12.31+2-1",
        "6.12.31",
        "initrd token/6.12.9/initrd\n",
    );
    entry("arm", "6.99", "architecture AA64\n");
    let line = "root=UUID=2 quiet crashkernel=256M";
    let Some(run) = chosen(&fake, &["--default"]) else {
        return;
    };
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        loaded(&run),
        [
            "/efi/token/6.12.31/linux",
            "/efi/token/6.12.31/initrd",
            "/efi/token/6.12.9/initrd",
            line,
        ]
    );
    fake.put(
        "efi/loader/loader.conf",
        "timeout 3\n#default x\ndefault token-6.12.9*\n",
    );
    let run = chosen(&fake, &["--default", "--initrd=/efi/token/6.12.48/initrd"]).unwrap();
    assert_eq!(
        loaded(&run),
        ["/efi/token/6.12.9/linux", "/efi/token/6.12.48/initrd", line]
    );
    std::fs::create_dir_all(fake.path("sys/firmware/efi/efivars")).unwrap();
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!(list.code, 0);
    assert!(
        list.stderr.contains("efivarfs is not mounted"),
        "{}",
        list.stderr
    );
    variable(&fake, "LoaderEntryDefault", "TOKEN-6.12.48.conf");
    let kernel = |arguments: &[&str]| {
        let run = chosen(&fake, arguments).unwrap();
        assert_eq!(run.code, 0, "{}", run.stderr);
        loaded(&run)[0].to_owned()
    };
    assert_eq!(kernel(&["--default"]), "/efi/token/6.12.48/linux");
    variable(&fake, "LoaderEntryOneShot", "@saved");
    variable(&fake, "LoaderEntryLastBooted", "token-6.12.31.conf");
    assert_eq!(kernel(&["--default"]), "/efi/token/6.12.31/linux");
    for name in [
        "token-6.12.31+2-1.conf",
        "token-6.12.31+2-1",
        "token-6.12.31",
    ] {
        let name = format!("--default={name}");
        assert_eq!(kernel(&[&name]), "/efi/token/6.12.31/linux", "{name}");
    }
    assert_eq!(kernel(&["--default="]), "/efi/token/6.12.31/linux");
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!(
        (list.code, list.stdout.as_str()),
        (
            0,
            "* token-6.12.31+2-1.conf  Debian GNU/Linux 13  6.12.31\n\
             \x20 token-6.12.9.conf  Debian GNU/Linux 13  6.12.9\n\
             \x20 token-6.12.48+0-3.conf  Debian GNU/Linux 13  6.12.48  [no tries left]\n\
             \x20 arm.conf  Debian GNU/Linux 13  6.99  [another architecture]\n\
             (* the default, by LoaderEntryLastBooted)\n"
        )
    );
    // A crash kernel does not reserve memory again.
    let crash = Fake::with_crash_kernel("default-crash");
    crash.put("boot/linux", bzimage(64 << 10)).put(
        "boot/loader/entries/a.conf",
        "linux linux\noptions ro crashkernel=1G initrd=\\a\n",
    );
    let run = crash
        .run_in_root(&KIND, &["--dry-run", "-s", "-p", "--default"])
        .unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(loaded(&run).contains(&"ro"), "{}", run.stdout);
    let run = chosen(&crash, &["--default", "--reuse-cmdline"]).unwrap();
    assert!(loaded(&run).contains(&"root=/dev/x ro"), "{}", run.stdout);
}

/// Arch: the EFI system partition is /boot, and a microcode image comes first.
#[test]
fn arch() {
    let fake = machine(
        "arch",
        &[
            "boot/vmlinuz-linux",
            "boot/initramfs-linux.img",
            "boot/amd-ucode.img",
        ],
    );
    fake.put(
        "boot/loader/loader.conf",
        "default  arch.conf\r\ntimeout 4\r\n",
    )
    .put(
        "boot/loader/entries/arch.conf",
        "title   Arch Linux\r\nlinux   /vmlinuz-linux\r\ninitrd  /amd-ucode.img\r\n\
         initrd  /initramfs-linux.img\r\noptions root=\"PARTUUID=x y\" rw\r\n",
    );
    fake.put(
        "boot/loader/entries/windows.conf",
        "title Windows\nefi /EFI/x.efi\n",
    );
    let Some(run) = chosen(&fake, &["--default"]) else {
        return;
    };
    assert_eq!(
        loaded(&run),
        [
            "/boot/vmlinuz-linux",
            "/boot/amd-ucode.img",
            "/boot/initramfs-linux.img",
            "root=\"PARTUUID=x y\" rw",
        ]
    );
    // All of it by both calls.
    for method in ["-s", "-c", "-a"] {
        let run = fake
            .run_in_root(&KIND, &[method, "-l", "--default"])
            .unwrap();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{method}");
    }
    let run = chosen(&fake, &["--default=windows"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(
        run.stderr
            .contains("windows.conf: it starts an EFI program"),
        "{}",
        run.stderr
    );
    let arm = "linux /vmlinuz-linux\narchitecture aa64\n";
    fake.put("boot/loader/entries/arm.conf", arm);
    let run = chosen(&fake, &["--default=arm"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("for another architecture"));
    let overlay = "linux /vmlinuz-linux\ndevicetree /a.dtb\ndevicetree-overlay /a.dtbo\n";
    fake.put("boot/loader/entries/overlay.conf", overlay);
    let run = chosen(&fake, &["--default=overlay"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("devicetree-overlay is not supported"));
    let run = chosen(&fake, &["--default=fedora"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(
        run.stderr
            .contains("--default=fedora: there is no such entry")
    );
    let run = chosen(&fake, &["--default", "/boot/vmlinuz-linux"]).unwrap();
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("in place of a kernel's name"),
        "{}",
        run.stderr
    );
    // Without entries, the files.
    fake.remove("boot/loader");
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!(
        loaded(&run),
        [
            "/boot/vmlinuz-linux",
            "/boot/initramfs-linux.img",
            "root=/dev/x ro"
        ]
    );
}

#[test]
fn nothing() {
    let fake = machine("nothing", &["boot/config-6.12"]);
    for arguments in [
        &["--list"][..],
        &["-l", "--default"],
        &["--default=x", "-f"],
    ] {
        let Some(run) = fake.run_in_root(&KIND, arguments) else {
            return;
        };
        assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{arguments:?}");
        assert!(
            run.stderr.contains("there is no boot loader entry"),
            "{}",
            run.stderr
        );
    }
    // Not needed, not looked at.
    let run = fake.run_in_root(&KIND, &["-u", "--default"]).unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

/// What cannot be read is said, and is never passed over: another entry may be the default.
#[test]
fn not_readable() {
    let fake = machine("not-readable", &["boot/linux"]);
    fake.put(
        "boot/loader/entries/good.conf",
        "title Good\nlinux /linux\n",
    )
    .put("boot/loader/entries/none.conf", "title None\n")
    .put("boot/loader/entries/long.conf", "x".repeat(20_000))
    .put("boot/loader/entries/nul.conf", "linux /li\0nux\n")
    .put("boot/loader/entries/directory.conf/file", "");
    let Some(list) = fake.run_in_root(&[], &["--list"]) else {
        return;
    };
    assert_eq!(list.code, 255, "{}", list.stderr);
    for (name, why) in [
        ("long", "File too large"),
        ("nul", "Invalid argument"),
        ("directory", "Is a directory"),
    ] {
        let said = format!("cannot read /boot/loader/entries/{name}.conf: {why}");
        assert!(list.stderr.contains(&said), "{}", list.stderr);
        assert!(
            list.stdout
                .contains(&format!("{name}.conf  [not readable]\n"))
        );
        let run = chosen(&fake, &[&format!("--default={name}")]).unwrap();
        assert_eq!(run.code, 255);
        assert!(run.stderr.contains("it cannot be read"), "{}", run.stderr);
    }
    let run = chosen(&fake, &["--default=none"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("it names no kernel"), "{}", run.stderr);
    // One of them may be the first, but not what is named.
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!(run.code, 255, "{}", run.stderr);
    fake.put("boot/loader/loader.conf", "default good.conf\n");
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!((run.code, loaded(&run)[0]), (0, "/boot/linux"));
    fake.remove("boot/loader/loader.conf");
    // loader.conf may name another default.
    fake.put("boot/loader/loader.conf/file", "");
    let run = chosen(&fake, &["--default"]).unwrap();
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("cannot read /boot/loader/loader.conf"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("which entry is the default is not known")
    );
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!(list.code, 255);
    assert!(!list.stdout.contains("* good"), "{}", list.stdout);
    let run = chosen(&fake, &["--default=good"]).unwrap();
    assert_eq!((run.code, loaded(&run)[0]), (0, "/boot/linux"));
    // More than there is room for.
    for n in 0..130 {
        fake.put(
            &format!("boot/loader/entries/n{n}.conf"),
            format!("linux /{n}\n"),
        );
    }
    let list = fake.run_in_root(&[], &["--list"]).unwrap();
    assert_eq!(list.code, 255);
    assert!(
        list.stderr.contains("too many boot loader entries"),
        "{}",
        list.stderr
    );
}
