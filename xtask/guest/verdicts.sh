# What --check says of a load, and what the load then comes to. Sourced by init, before the states.
kernel=/hop/next/vmlinuz
initrd=/hop/next/initrd.1
line="$(cat /hop/next/cmdline)"
# Where it is seen whether the kernel is locked down, and whether it hands state over.
mount -t securityfs securityfs /sys/kernel/security
mount -t debugfs debugfs /sys/kernel/debug
as=
loaded() { cat /sys/kernel/kexec_loaded /sys/kernel/kexec_crash_loaded; }
# NAME OPTIONS...: afterwards nothing is loaded, unless the kernel forbids to unload.
state() {
    name=$1
    shift
    $as kexec --check "$@" >/tmp/said 2>&1
    fact "$name.check=$?"
    facts "$name.said" </tmp/said
    before=$(loaded)
    $as kexec "$@" >/tmp/said 2>&1
    fact "$name.load=$?"
    facts "$name.kernel" </tmp/said
    [ "$before" = "$(loaded)" ] && fact "$name.loaded=same" || fact "$name.loaded=changed"
    kexec -u >/dev/null 2>&1
    kexec -p -u >/dev/null 2>&1
}
# The same by each call, and by the command's choice of one.
states() {
    states=$1
    shift
    for method in c s a; do
        state "$states-$method" -$method "$@"
    done
}
