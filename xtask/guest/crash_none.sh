# No reservation, or one that is too small. Sourced by init.
fact "ckr=$(kexec --print-ckr-size)"
for method in -c -s -a; do
    kexec $method -p /hop/next/vmlinuz --initrd=/hop/next/initrd.1 >/tmp/said 2>&1
    fact "load$method=$?"
    facts "said$method" </tmp/said
done
fact "crash_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
