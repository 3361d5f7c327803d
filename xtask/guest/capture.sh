# Looks at the dump in the crash kernel. Sourced by init.
# The dump may take all the memory there is.
mount -t tmpfs -o size=100% tmpfs /tmp
grep 'System RAM' /proc/iomem | sed 's/^ *//' | facts ram
grep 'Kernel ' /proc/iomem | sed 's/^ *//' | facts image
fact "vmcore=$(stat -c %s /proc/vmcore)"
# The one PT_NOTE: offset and size; then the notes, 12 bytes of header, the padded name, the
# data (struct elf_prstatus: pid at 32, rip at 240).
number() { hexdump -v -s "$1" -n "$2" -e "1/$2 \"%u\n\"" /proc/vmcore; }
# The lower halves of p_offset and p_filesz.
offset=$(number 72 4)
size=$(number 96 4)
fact "phdrs=$(number 56 2)"
at=$offset
index=0
while [ $at -lt $((offset + size)) ]; do
    name=$(number $at 4)
    data=$(number $((at + 4)) 4)
    [ "$name" = 0 ] && break
    kind=$(number $((at + 8)) 4)
    begin=$((at + 12 + (name + 3) / 4 * 4))
    if [ "$kind" = 1 ]; then
        rip=$(hexdump -v -s $((begin + 240)) -n 8 -e '1/4 "%08x "' /proc/vmcore)
        set -- $rip
        fact "note=$index prstatus bytes=$data rip=0x$2$1 pid=$(number $((begin + 32)) 4)"
    else
        fact "note=$index type=$kind bytes=$data"
    fi
    index=$((index + 1))
    at=$((begin + (data + 3) / 4 * 4))
done
fact "notes=$index"
makedumpfile --dump-dmesg /proc/vmcore /tmp/dmesg >/tmp/said 2>&1
fact "dmesg.exit=$?"
facts dmesg.said </tmp/said
grep -E 'libkexec-mark|sysrq triggered crash|Kernel panic' /tmp/dmesg | facts panic
makedumpfile -D -l -d 31 /proc/vmcore /tmp/dump >/tmp/said 2>&1
fact "dump.exit=$?"
grep -vE '^Copying|^Checking' /tmp/said | tail -n 60 | facts dump.said
fact "dump.bytes=$(stat -c %s /tmp/dump)"
makedumpfile --dump-dmesg /tmp/dump /tmp/dmesg.again >/tmp/said 2>&1
fact "again.exit=$?"
facts again.said </tmp/said
cmp /tmp/dmesg /tmp/dmesg.again && fact "again=same"
