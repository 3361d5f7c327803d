# A load, or another request, and whether a crash kernel is loaded afterwards. Sourced by init.
kernel=/hop/next/vmlinuz
try() {
    name=$1
    shift
    kexec "$@" >/tmp/said 2>&1
    fact "$name.exit=$?"
    facts "$name.said" </tmp/said
    fact "$name.loaded=$(cat /sys/kernel/kexec_crash_loaded)"
}
