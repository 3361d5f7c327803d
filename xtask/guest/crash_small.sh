# Spares the crash kernel memory: an initrd that is small and is not kept. Sourced by init, before
# crash.sh.
before() {
    gzip /hop/next/initrd.1
    mv /hop/next/initrd.1.gz /hop/next/initrd.1
    sed -i 's/ retain_initrd//' /hop/next/cmdline
}
