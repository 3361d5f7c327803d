//! Where others call kexec: systemd, and the kernel's own selftests.

use super::scenario::{Disk, Scenario};
use crate::system::KERNEL;
use std::time::Duration;

const SYSTEMD: &str = include_str!("../../guest/systemd.sh");
const SERVICE: &str = include_str!("../../guest/systemd_service.sh");
const DISK: &str = include_str!("../../guest/disk.sh");
const SELFTESTS: &str = include_str!("../../guest/selftests.sh");
const AFAR: &str = include_str!("../../guest/afar.sh");
const CONSOLE: &str = include_str!("../../guest/console.sh");

/// Every scenario of this kind.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![
        systemd(),
        selftests("selftests", "the kernel's own tests of kexec")
            .shows("FACT hop=0 lockdown=[none] integrity confidentiality")
            .shows("FACT hop=0 kexec_file_load=[INFO] secure boot mode not enabled")
            .shows("FACT hop=0 kexec_load.exit=0")
            .shows("FACT hop=0 kexec_load=kexec_load succeeded [PASS]")
            .shows("FACT hop=0 kexec_load-c=kexec_load succeeded [PASS]")
            .never("[FAIL]"),
        // A locked down kernel: kexec_load must be refused, and a signed image is loaded. The test of
        // kexec_load takes `kexec --load` for that call; by default it is kexec_file_load first, as
        // in kexec-tools.
        selftests("selftests-secure", "the same after Secure Boot")
            .secure()
            .shows("FACT hop=0 lockdown=none [integrity] confidentiality")
            .shows("FACT hop=0 kexec_file_load=[INFO] secure boot mode enabled (CONFIG_EFIVAR_FS)")
            .shows("FACT hop=0 kexec_load.exit=1")
            .shows("FACT hop=0 kexec_load=kexec_load succeeded [FAIL]")
            .shows("FACT hop=0 kexec_load-c=kexec_load failed [PASS]"),
    ];
    // A busy host: to start systemd, or a shell's scripts, takes long.
    for scenario in &mut all {
        scenario.silence = Duration::from_secs(300);
    }
    all.push(console());
    all.push(afar());
    all
}

fn systemd() -> Scenario {
    Scenario::new(
        "systemctl-kexec",
        "kexec replaces Debian's, and systemd reboots by it",
        "6.12-cloud",
    )
    .slow()
    .memory(1024)
    .words("tp_printk")
    .hop("", "7.x-cloud")
    .with("tp_printk")
    .payload(0)
    .hop("", "6.12")
    .payload(0)
    .disk(Disk::Systemd(SERVICE))
    .script(SYSTEMD)
    .in_order(&[
        "FACT hop=0 init=systemd",
        "FACT hop=0 systemd=systemd 2",
        "FACT hop=0 divert=*local diversion of /usr/sbin/kexec to /usr/sbin/kexec.kexec-tools",
        "FACT hop=0 theirs=kexec-tools 2.",
        "FACT hop=0 same=yes",
        // By systemctl, which finds the entry; by systemd-shutdown.
        "filename=/usr/sbin/kexec ",
        "sys_kexec_file_load(",
        "systemd-shutdown*Rebooting with kexec",
        "filename=/usr/sbin/kexec ",
        "sys_reboot(*cmd: *45584543",
        "FACT hop=1 init=systemd",
        "FACT hop=1 same=yes",
        // By the service, then by systemd-shutdown.
        "filename=/usr/sbin/kexec ",
        "sys_kexec_file_load(",
        "systemd-shutdown*Rebooting with kexec",
        "filename=/usr/sbin/kexec ",
        "sys_reboot(*cmd: *45584543",
    ])
    .shows("FACT hop=0 said=Running /usr/sbin/kexec --load \"/boot/vmlinuz-1\" --append")
    .shows("FACT hop=0 ext4=*mounted filesystem")
    .shows("FACT hop=1 ext4=*mounted filesystem")
    .never("ext4=*recover")
    .never("/guest/service:")
    .ours_only()
}

/// Both scripts run to their end, on an image that is signed, and leave nothing loaded.
fn selftests(name: &'static str, about: &'static str) -> Scenario {
    Scenario::new(name, about, KERNEL)
        .slow()
        .memory(1024)
        .disk(Disk::Selftests(SELFTESTS))
        .script(DISK)
        .shows("FACT hop=0 kexec_file_load=[INFO] PE signed kernel image required")
        .shows("FACT hop=0 kexec_file_load=[INFO] kexec kernel image PE signed")
        .shows("FACT hop=0 kexec_file_load=kexec_file_load succeeded [PASS]")
        .shows("FACT hop=0 kexec_file_load.exit=0")
        .shows("FACT hop=0 kexec_file_load.loaded=0")
        .shows("FACT hop=0 kexec_load.loaded=0")
        .shows("FACT hop=0 kexec_load-c.exit=0")
        .shows("FACT hop=0 kexec_load-c.loaded=0")
        .never("not found")
}

/// A terminal of 24 lines, the last of which is the prompt.
const SCREEN: usize = 23;
const LONG: usize = 200;

fn console() -> Scenario {
    Scenario::new(
        "console",
        "what is shown fits a serial console of 80 columns and 24 rows",
        "6.12",
    )
    .memory(512)
    .hop("", "6.12")
    .payload(0)
    .script(CONSOLE)
    .hurried()
    .shows("FACT hop=0 size=24 80")
    .screens(&[
        ("help", 0, SCREEN),
        ("help-all", 0, LONG),
        ("version", 0, SCREEN),
        ("type-help", 0, SCREEN),
        ("dry-run", 0, LONG),
        ("dry-run-c", 0, LONG),
        ("plan", 0, LONG),
        ("map", 0, SCREEN),
        ("map-ascii", 0, SCREEN),
        ("explain", 0, LONG),
        ("check", 0, LONG),
        ("check-load", 2, SCREEN),
        ("debug", 0, LONG),
        ("crash", 1, SCREEN),
        ("missing", 1, SCREEN),
        ("foreign", 255, SCREEN),
        ("unknown", 1, SCREEN),
    ])
    .ours_only()
}

/// Fifteen plans: each of the five, as JSON, text and a picture.
fn afar() -> Scenario {
    let mut scenario = Scenario::new(
        "afar",
        "a capture of this machine gives its own plans on the host",
        "6.12",
    )
    .slow()
    .uefi()
    .memory(1024)
    .words("crashkernel=160M")
    .hop("", "6.12")
    .payload(0)
    .script(AFAR)
    .afar()
    .never("DIFFERENT ");
    for form in ["json", "text", "map"] {
        for options in [
            "-c -l",
            "-s -l",
            "-c -p",
            "-s -p",
            "-c -l --explain --noefi --mem-max=0x20000000",
        ] {
            let text = format!("SAME * bytes: --plan={form} {options}");
            scenario = scenario.shows(text.leak());
        }
    }
    scenario
}
