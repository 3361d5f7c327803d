# A service of systemd's: puts kexec in place of Debian's, and reboots by it, twice: first systemd
# loads what the boot loader's entry names, then it is loaded already.
exec >/dev/console 2>&1
# The shutdown that it asks for stops it too, and it has a line to say then.
trap "" TERM
HOP=$(cat /guest/hop)
fact() { echo "FACT hop=$HOP $*"; }
facts() { while IFS= read -r line; do fact "$1=$line"; done; }
next=$((HOP + 1))
fact "init=$(cat /proc/1/comm)"
systemctl --version | head -n 1 | facts systemd
fact "state=$(systemctl is-system-running)"
if [ "$HOP" = 0 ]; then
    cd /guest
    # The commands of docs/replace.md; then what `cargo xtask install` does in their middle.
    . ./replace >/tmp/said 2>&1
    facts divert </tmp/said
    install -m 755 kexec "$kexec"
    /usr/sbin/kexec.kexec-tools --version | facts theirs
fi
[ "$(sha256sum </usr/sbin/kexec)" = "$(sha256sum </guest/kexec)" ] && fact "same=yes"
kexec --version | facts ours
# What runs kexec from here on, and each call of the kernel for it, as the kernel sees it.
trace=/sys/kernel/tracing/events
[ -d $trace ] || mount -t tracefs tracefs /sys/kernel/tracing
echo 'filename ~ "*kexec*"' >$trace/sched/sched_process_exec/filter
for event in sched/sched_process_exec syscalls/sys_enter_kexec_load \
    syscalls/sys_enter_kexec_file_load syscalls/sys_enter_reboot; do
    echo 1 >$trace/$event/enable
done
dmesg -n 7
if [ "$HOP" = 0 ]; then
    mkdir -p /boot/loader/entries
    cat >/boot/loader/entries/next.conf <<END
title Next
linux /vmlinuz-$next
initrd /initrd.img-$next
options $(cat /boot/cmdline-$next)
END
    # This machine has no EFI, and so no partition for boot loaders: where their entries are.
    SYSTEMD_ESP_PATH=/boot systemctl kexec >/tmp/said 2>&1
    code=$?
else
    rm -r /boot/loader
    kexec -l /boot/vmlinuz-$next --initrd=/boot/initrd.img-$next \
        --command-line="$(cat /boot/cmdline-$next)" >/tmp/said 2>&1 &&
        systemctl kexec >>/tmp/said 2>&1
    code=$?
fi
fact "load=$code"
facts said </tmp/said
fact "loaded=$(cat /sys/kernel/kexec_loaded)"
