# The purgatory's check: `tamper` plans, changes a byte of the initrd if HOW says so, loads and
# executes. Sourced by init; HOW comes from the kernel's command line.
HOW=$(sed 's/.*tamper=\([a-z]*\).*/\1/' /proc/cmdline)
tamper "$HOW" /hop/next/vmlinuz /hop/next/initrd.1 "$(cat /hop/next/cmdline)"
end "tamper came back with $?"
