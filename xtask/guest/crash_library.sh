# Loads a crash kernel by the C library, and crashes. Sourced by init.
grep 'Crash kernel' /proc/iomem | sed 's/^ *//' | facts reservation
load() {
    crash /hop/next/vmlinuz /hop/next/initrd.1 "$(cat /hop/next/cmdline)" >/tmp/said 2>&1
}
# What is loaded can be unloaded, and loaded again.
load
crash -u
fact "unloaded=$(cat /sys/kernel/kexec_crash_loaded)"
load
fact "load=$?"
facts said </tmp/said
fact "crash_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
crash -S
fact "status=$?"
# The console's last lines leave first: an emergency message cuts into them.
sleep 0.5
# Something to recognise in the dump's log.
echo "<0>libkexec-mark-$HOP" >/dev/kmsg
echo c >/proc/sysrq-trigger
end "the crash did not happen"
