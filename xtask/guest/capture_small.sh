# A crash kernel with little memory: that it runs, where, and that the dump is there. Sourced by
# init.
grep 'System RAM' /proc/iomem | sed 's/^ *//' | facts ram
grep 'Kernel ' /proc/iomem | sed 's/^ *//' | facts image
fact "vmcore=$(stat -c %s /proc/vmcore)"
fact "magic=$(hexdump -v -n 4 -e '4/1 "%02x"' /proc/vmcore)"
