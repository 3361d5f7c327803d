# Files that change while they are loaded and afterwards. Sourced by init, before crash.sh.
before() {
    try old -c -p $kernel
    # Larger than the command copies, and written to all the time.
    truncate -s 200M /tmp/large
    exec 9<>/tmp/large
    while :; do printf x >&9; done &
    writer=$!
    for method in -c -s; do
        try "changed$method" $method -p $kernel --initrd=/tmp/large
    done
    kill $writer
    exec 9>&-
    rm /tmp/large
}
after() {
    : >$kernel
    dd if=/dev/urandom of=/hop/next/initrd.1 bs=1M count=8 conv=notrunc 2>/dev/null
    fact "left=$(stat -c %s $kernel)"
    fact "still_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
}
