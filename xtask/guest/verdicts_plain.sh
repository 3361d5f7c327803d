# Every reason that a machine without Secure Boot has, one after the other. Sourced by init.
fact "reservation=$(cat /sys/kernel/kexec_crash_size)"
# Without the kernel's configuration it is not known whether it demands signatures.
boot=/boot/config-$(uname -r)
mv $boot /tmp/config
state unconfigured-s -s -l $kernel --initrd=$initrd --command-line="$line"
mv /tmp/config $boot
states plain -l $kernel --initrd=$initrd --command-line="$line"
states crash -p $kernel --initrd=$initrd --command-line="$line"

# Files.
long=$(printf '%3000s' '' | tr ' ' x)
states long -l $kernel --initrd=$initrd --command-line="$long"
# elfcorehdr= goes in front of it.
state crash-long-s -s -p $kernel --initrd=$initrd --command-line="$(echo "$long" | cut -c -2040)"
truncate -s 3G /tmp/large
states large -l $kernel --initrd=/tmp/large --command-line="$line"
truncate -s 200M /tmp/large
states crash-large -p $kernel --initrd=/tmp/large --command-line="$line"
rm /tmp/large
echo "no kernel" >/tmp/text
states text -l /tmp/text
states cpio -l $initrd
head -c 1000000 $kernel >/tmp/cut
states cut -l /tmp/cut --command-line="$line"
: >/tmp/empty
states empty -l /tmp/empty
states missing -l /tmp/missing

# Who asks.
mkdir -p /etc
echo "root:x:0:0::/:/bin/sh" >/etc/passwd
echo "nobody:x:65534:65534::/:/bin/sh" >>/etc/passwd
echo "nobody:x:65534:" >/etc/group
nobody() { su -s /bin/sh -c 'exec "$@"' -- nobody sh "$@"; }
as=nobody
states nobody -l $kernel --initrd=$initrd --command-line="$line"
as="unshare -U -r"
states user -l $kernel --initrd=$initrd --command-line="$line"
as="unshare -p -f"
states pid -l $kernel --initrd=$initrd --command-line="$line"
as=

# What cannot be taken back.
sysctl() { echo "$2" >/proc/sys/kernel/"$1"; }
sysctl kexec_load_limit_panic 0
states crash-limit -p $kernel --initrd=$initrd --command-line="$line"

# The reservation.
echo $((16 << 20)) >/sys/kernel/kexec_crash_size
fact "reservation=$(cat /sys/kernel/kexec_crash_size)"
states small -p $kernel --initrd=$initrd --command-line="$line"
echo 0 >/sys/kernel/kexec_crash_size
fact "reservation=$(cat /sys/kernel/kexec_crash_size)"
states none -p $kernel --initrd=$initrd --command-line="$line"

# To unload counts as a load.
sysctl kexec_load_limit_reboot 1
state last-c -c -l $kernel --initrd=$initrd --command-line="$line"
fact "limit=$(cat /proc/sys/kernel/kexec_load_limit_reboot)"
states limit -l $kernel --initrd=$initrd --command-line="$line"
sysctl kexec_load_disabled 1
states disabled -l $kernel --initrd=$initrd --command-line="$line"
end ok
