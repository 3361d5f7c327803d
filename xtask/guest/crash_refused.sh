# What must be refused, with an old crash kernel left loaded. Sourced by init, before crash.sh.
try() {
    name=$1
    shift
    kexec "$@" >/tmp/said 2>&1
    fact "$name.exit=$?"
    facts "$name.said" </tmp/said
    fact "$name.loaded=$(cat /sys/kernel/kexec_crash_loaded)"
}
before() {
    kernel=/hop/next/vmlinuz
    try load -c -p $kernel
    try unload -p -u
    try load -s -p $kernel
    try unload-other-way -u -p
}
after() {
    head -c 450000000 /dev/zero >/tmp/large
    for method in -c -s; do
        try "empty$method" $method -p /dev/null
        try "other$method" $method -p /bin/busybox
        try "long$method" $method -p $kernel --append="$(head -c 3000 /dev/zero | tr '\0' x)"
        try "large$method" $method -p $kernel --initrd=/tmp/large
        mount --bind /dev/null /sys/kernel/vmcoreinfo
        try "vmcoreinfo$method" $method -p $kernel
        umount /sys/kernel/vmcoreinfo
    done
    rm /tmp/large
    mount --bind /dev/null /proc/kcore
    try kcore -c -d -p --dry-run $kernel
    umount /proc/kcore
    # The limit is used up: the kernel refuses before it frees anything.
    echo 0 >/proc/sys/kernel/kexec_load_limit_panic && try limit -c -p $kernel
}
