# Loads as the first kernel's command line says (by=, with=), and starts it. How long the load
# took is said by the guest's clock; the host has the clocks for the rest.
word() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
program=/bin/kexec
[ "$(word by)" = reference ] &&
    program="/lib/ld-linux-x86-64.so.2 --library-path /lib /lib/kexec"
# Once unmeasured: pages of the program itself are read.
$program --version >/dev/null
options="$(word with | tr , ' ')"
line="$(cat /hop/next/cmdline)"
echo LOADING
time -o /tmp/time -f %e $program $options -l /hop/next/vmlinuz \
    --initrd=/hop/next/initrd.1 --command-line="$line" || end "load failed"
echo "LOADED $(cat /tmp/time)"
dmesg -n 8
kexec -e
end "kexec -e came back with $?"
