# A reservation in which nothing is left free but what the kernel needs for itself, and one of the
# size that a refusal advises. Sourced by init.
grep DirectMap /proc/meminfo | facts meminfo
size=/sys/kernel/kexec_crash_size
kernel=/hop/next/vmlinuz
initrd=/hop/next/initrd.1
load() {
    kexec "$@" -c -p $kernel --initrd=$initrd --command-line="$(cat /hop/next/cmdline)" 2>&1
}
start=$(sed -n 's/^ *\([0-9a-f]*\)-.* : Crash kernel/0x\1/p' /proc/iomem)
# Name, start and size of each segment that would be, in bytes.
segments() {
    load --dry-run >/tmp/plan
    sed -n 's/^segment .* \(0x[0-9a-f]*\) memsz \([0-9]*\) .* \([^ ]*\)$/\3 \1 \2/p' /tmp/plan
}
# The message for a reservation of 16 MiB.
sed "s/-[0-9a-f]* : Crash kernel/-$(printf %x $((start + (16 << 20) - 1))) : Crash kernel/" \
    /proc/iomem >/tmp/iomem
mount --bind /tmp/iomem /proc/iomem
load >/tmp/said
umount /proc/iomem
facts small </tmp/said
advised=$(sed -n 's/.*crashkernel=\([0-9]*\)M.*/\1/p' /tmp/said)
fact "advised=$advised"

# More than that, so that the kernel can be moved to the very end by less than its alignment.
bytes=$(((advised + 3) << 20))
echo $bytes >$size
set -- $(segments | grep -E '^(kernel|elfcorehdr) ')
bytes=$((bytes - ($5 - $2 - $3)))
echo $bytes >$size
segments >/tmp/segments
grep "^control pages" /tmp/plan | facts plan
# Then all that is free but for the kernel's pages becomes the initrd's.
control=$(sed -n 's/^control pages: *\([0-9]*\) .*/\1/p' /tmp/plan)
used=0
while read -r name begin length; do used=$((used + length)); done </tmp/segments
left=$((bytes - used - control * 4096))
cp $initrd /tmp/initrd
initrd=/tmp/initrd
length=$(stat -c %s $initrd)
truncate -s $(((length + 4095) / 4096 * 4096 + left)) $initrd
used=0
segments >/tmp/segments
facts segment </tmp/segments
while read -r name begin length; do used=$((used + length)); done </tmp/segments
fact "spare=$((bytes - used - control * 4096))"
load >/tmp/said
fact "full.exit=$?"
facts full </tmp/said
fact "full.loaded=$(cat /sys/kernel/kexec_crash_loaded)"
kexec -p -u

initrd=/hop/next/initrd.1
echo $((advised << 20)) >$size
fact "ckr=$(($(kexec --print-ckr-size) >> 20))"
load >/tmp/said
fact "advised.exit=$?"
facts advised </tmp/said
fact "advised.loaded=$(cat /sys/kernel/kexec_crash_loaded)"
