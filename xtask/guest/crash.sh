# Loads a crash kernel and crashes. Sourced by init.
fact "ckr=$(kexec --print-ckr-size)"
grep 'Crash kernel' /proc/iomem | sed 's/^ *//' | facts reservation
fact "reservations=$(grep -c 'Crash kernel' /proc/iomem)"
# What some scenarios do before the load that counts, and after it.
type before >/dev/null 2>&1 && before
kexec -d $(cat /hop/next/options) /hop/next/vmlinuz --initrd=/hop/next/initrd.1 \
    --command-line="$(cat /hop/next/cmdline)" >/tmp/said 2>&1
fact "load=$?"
facts said </tmp/said
fact "crash_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
kexec -S
fact "status=$?"
dmesg | grep -i kexec | facts kernel
type after >/dev/null 2>&1 && after
# The console's last lines leave first: an emergency message cuts into them.
sleep 0.5
# Something to recognise in the dump's log.
echo "<0>libkexec-mark-$HOP" >/dev/kmsg
echo c >/proc/sysrq-trigger
end "the crash did not happen"
