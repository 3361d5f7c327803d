//! Where others call kexec: systemd.

use super::scenario::{Disk, Scenario};
use std::time::Duration;

const SYSTEMD: &str = include_str!("../../guest/systemd.sh");
const SERVICE: &str = include_str!("../../guest/systemd_service.sh");

/// Every scenario of this kind.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![systemd()];
    // A busy host: to start systemd takes long.
    for scenario in &mut all {
        scenario.silence = Duration::from_secs(300);
    }
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
