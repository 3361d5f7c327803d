# What must be refused, with an old crash kernel left loaded. Sourced by init, before crash.sh.
before() {
    try load -c -p $kernel
    try unload -p -u
    kexec -p -S
    fact "unload.status=$?"
    try load -s -p $kernel
    kexec -p -S
    fact "load.status=$?"
    try unload-other-way -u -p
    # What is in the dump of this call's crash kernel is the running kernel's matter.
    mount --bind /dev/null /sys/kernel/vmcoreinfo
    try vmcoreinfo-s -s -p $kernel
    umount /sys/kernel/vmcoreinfo
}
after() {
    truncate -s 450000000 /tmp/large
    for method in -c -s; do
        try "empty$method" $method -p /dev/null
        try "other$method" $method -p /bin/busybox
        try "long$method" $method -p $kernel --append="$(head -c 3000 /dev/zero | tr '\0' x)"
        try "large$method" $method -p $kernel --initrd=/tmp/large
    done
    mount --bind /dev/null /sys/kernel/vmcoreinfo
    try vmcoreinfo-c -c -p $kernel
    umount /sys/kernel/vmcoreinfo
    rm /tmp/large
    # What the kernel refuses of kexec_file_load only after it has freed the old crash kernel: no
    # room for its own elfcorehdr=, an ELF kernel, a file that is open for writing.
    try "room-s" -s -p $kernel --append="$(head -c 2017 /dev/zero | tr '\0' x)"
    try "elf-s" -s -p --args-linux /bin/busybox
    cp $kernel /tmp/open
    exec 9>>/tmp/open
    try "open-s" -s -p /tmp/open
    try "open-a" -a -p $kernel --initrd=/tmp/open
    exec 9>&-
    rm /tmp/open
    mount --bind /dev/null /proc/kcore
    try kcore -c -d -p --dry-run $kernel
    umount /proc/kcore
    # The limit is used up: the kernel refuses before it frees anything.
    echo 0 >/proc/sys/kernel/kexec_load_limit_panic && try limit -c -p $kernel
}
