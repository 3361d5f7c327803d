# The purgatory's check: `tamper` plans, changes a byte of the initrd if HOW says so, loads and
# executes. Sourced by init; HOW comes from the kernel's command line, and the entry if it is not the
# 64-bit one: tamper=HOW or tamper=HOW-32.
HOW=$(sed 's/.*tamper=\([a-z]*\).*/\1/' /proc/cmdline)
BITS=$(sed -n 's/.*tamper=[a-z]*-\([0-9]*\).*/\1/p' /proc/cmdline)
tamper "$HOW" /hop/next/vmlinuz /hop/next/initrd.1 "$(cat /hop/next/cmdline)" $BITS
end "tamper came back with $?"
