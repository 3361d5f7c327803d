#!/bin/sh
# The init of the disk, in place of systemd or sysvinit: it runs kdump-tools' own init script, in
# both kernels. In the first one that loads, in the second one it saves the dump and reboots.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
HOP=0
[ -s /proc/vmcore ] && HOP=1
fact() { echo "FACT hop=$HOP $*"; }
facts() { while IFS= read -r line; do fact "$1=$line"; done; }
end() { echo "SCENARIO-END $*"; sleep 3600; }
if [ $HOP = 1 ]; then
    fact "disk.cmdline=$(cat /proc/cmdline)"
    grep 'System RAM' /proc/iomem | sed 's/^ *//' | facts ram
    grep 'Kernel ' /proc/iomem | sed 's/^ *//' | facts image
    grep -E '^Mem(Total|Free)' /proc/meminfo | facts memory
    /etc/init.d/kdump-tools start
    end "kdump-tools did not reboot"
fi
grep 'Crash kernel' /proc/iomem | sed 's/^ *//' | facts reservation
# The package's command, and what became of the crash kernel: NAME ARGUMENTS
config() {
    name=$1
    shift
    "$@" >/tmp/said 2>&1
    fact "$name.exit=$?"
    facts "$name" </tmp/said
    fact "$name.loaded=$(cat /sys/kernel/kexec_crash_loaded)"
}
config before kdump-config status
config start /etc/init.d/kdump-tools start
config started kdump-config status
config unload kdump-config unload
config unloaded kdump-config status
# With nothing there to unload.
config again kdump-config unload
config load kdump-config load
# What udev does when CPUs or memory come and go.
config reload kdump-config try-reload
config show kdump-config show
config ready kdump-config status
# The console's last lines leave first: an emergency message cuts into them.
sleep 0.5
echo "<0>libkexec-mark-disk" >/dev/kmsg
sync
echo c >/proc/sysrq-trigger
end "the crash did not happen"
