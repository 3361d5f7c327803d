# An image that is no 64-bit Linux: `kexec` loads it as a file among others, and starts it. What to load, and
# with what, comes from the kernel's command line, up to its end: image=OPTIONS. Sourced by init.
set -- $(sed 's/.*image=//' /proc/cmdline)
if [ -f /hop/busybox ]; then
    # An initrd for it, of busybox and an init that says where it is.
    mkdir -p /tmp/small/bin /tmp/small/proc
    cp /hop/busybox /tmp/small/bin/busybox
    cat >/tmp/small/init <<'SMALL'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "SMALL machine=$(/bin/busybox uname -m)"
echo "SMALL cmdline=$(/bin/busybox cat /proc/cmdline)"
/bin/busybox sleep 3600
SMALL
    chmod 755 /tmp/small/init
    (cd /tmp/small && find . | cpio -o -H newc) >/tmp/small.cpio
    set -- "$@" --initrd=/tmp/small.cpio
fi
kexec "$@" -l /hop/image >/tmp/said 2>&1
fact "image.exit=$?"
facts image.said </tmp/said
fact "image.loaded=$(cat /sys/kernel/kexec_loaded)"
kexec -e
end "kexec -e came back with $?"
