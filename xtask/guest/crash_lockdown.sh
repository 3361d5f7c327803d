# A locked down kernel that trusts the signature of the crash kernel. Sourced by init, before
# crash.sh.
before() {
    mount -t securityfs securityfs /sys/kernel/security
    fact "lockdown=$(cat /sys/kernel/security/lockdown)"
    dmesg | grep 'X.509' | facts key
    try signed -s -p $kernel
    # Refused before the old crash kernel is freed.
    try load -c -p $kernel
    # An option that only kexec_load knows makes no detour around the lockdown.
    try auto -a -p --mem-min=0x1000 $kernel
    # A byte of the image changed: its signature is wrong, which the kernel finds out too late.
    cp $kernel /tmp/changed
    printf '\377' | dd of=/tmp/changed bs=1 seek=1000000 conv=notrunc 2>/dev/null
    for method in -s -a; do
        try "again$method" -s -p $kernel
        try "changed$method" $method -p /tmp/changed
    done
    # With nothing to lose there is nothing to warn of.
    try nothing -a -p /tmp/changed
    rm /tmp/changed
}
after() {
    try after -c -p $kernel
    dmesg | grep -i lockdown: | facts kernel
}
