# Xen, and Linux as its first domain, by whose init all is seen: `kexec` loads them, and starts Xen. Options come
# from the kernel's command line, up to its end: xen=OPTIONS. Sourced by init.
set -- $(sed 's/.*xen=//; s/ *initrd=.*//' /proc/cmdline)
mkdir -p /tmp/dom0/bin /tmp/dom0/proc /tmp/dom0/sys /tmp/dom0/dev
cp /bin/busybox /tmp/dom0/bin/busybox
cat >/tmp/dom0/init <<'DOM0'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
echo "DOM0 cmdline=$(/bin/busybox cat /proc/cmdline)"
echo "DOM0 tables=$(/bin/busybox ls /sys/firmware/acpi/tables | /bin/busybox wc -l)"
echo "DOM0 hypervisor=$(/bin/busybox cat /sys/hypervisor/type)"
/bin/busybox sleep 3600
DOM0
chmod 755 /tmp/dom0/init
(cd /tmp/dom0 && find . | cpio -o -H newc) >/tmp/dom0.cpio
gunzip -c /hop/xen.gz >/tmp/xen
kexec "$@" -l /tmp/xen "--module=/hop/dom0 console=hvc0 first=word" --module=/tmp/dom0.cpio \
    "--command-line=console=com1 com1=115200,8n1 dom0_mem=512M loglvl=info" >/tmp/said 2>&1
fact "xen.exit=$?"
facts xen.said </tmp/said
kexec -e
end "kexec -e came back with $?"
