# A running kernel that is taken for 5.4, which uses the first 640 KiB. Sourced by init, before
# crash.sh.
before() {
    echo 5.4.0-amd64 >/tmp/osrelease
    mount --bind /tmp/osrelease /proc/sys/kernel/osrelease
    # Kernels from 5.13 on keep low memory free: nobody minds.
    for at in 0x30000 0x58000 0x9e000; do
        devmem $at 32 0x6b786563 && fact "low=$at $(devmem $at 32)"
    done
}
