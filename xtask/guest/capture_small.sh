# A crash kernel with little memory: that it runs, where, and that the dump is there and can be
# saved. Sourced by init.
grep 'System RAM' /proc/iomem | sed 's/^ *//' | facts ram
grep 'Kernel ' /proc/iomem | sed 's/^ *//' | facts image
fact "vmcore=$(stat -c %s /proc/vmcore)"
fact "magic=$(hexdump -v -n 4 -e '4/1 "%02x"' /proc/vmcore)"
grep -E '^Mem(Total|Free|Available)' /proc/meminfo | facts memory
makedumpfile --dump-dmesg /proc/vmcore /tmp/dmesg >/tmp/said 2>&1
fact "dmesg.exit=$?"
facts dmesg.said </tmp/said
grep -E 'libkexec-mark|sysrq triggered crash' /tmp/dmesg | facts panic
# A dump goes through a pipe, as it would to another machine: there is no room for it here.
bytes=$({
    makedumpfile -F -l -d 31 /proc/vmcore 2>/tmp/said
    echo $? >/tmp/exit
} | wc -c)
fact "dump.exit=$(cat /tmp/exit)"
tail -n 3 /tmp/said | facts dump.said
fact "dump.bytes=$bytes"
