# Loads what the hop says and starts it; the host has the clock.
kexec $(cat /hop/next/options) -l /hop/next/vmlinuz --initrd=/hop/next/initrd.1 \
    --command-line="$(cat /hop/next/cmdline)" || end "load failed"
dmesg -n 8
kexec -e
end "kexec -e came back with $?"
