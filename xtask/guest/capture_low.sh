# Low memory in the dump is the crashed kernel's, whatever becomes of it now. Sourced by init,
# before capture.sh.
number() { hexdump -v -s "$1" -n "$2" -e "1/$2 \"%u\n\"" /proc/vmcore; }
count=$(number 56 2)
for at in 0x30000 0x58000 0x9e000; do
    devmem $at 32 0x0badf00d && fact "now=$at $(devmem $at 32)"
    index=0
    while [ $index -lt "$count" ]; do
        header=$((64 + 56 * index))
        index=$((index + 1))
        # The lower halves of p_offset, p_paddr and p_filesz; low memory has no upper ones.
        start=$(number $((header + 24)) 4)
        [ "$(number $((header + 28)) 4)" = 0 ] && [ "$(number $header 4)" = 1 ] &&
            [ $((at)) -ge "$start" ] && [ $((at)) -lt $((start + $(number $((header + 32)) 4))) ] &&
            fact "dumped=$at 0x$(hexdump -v -s $(($(number $((header + 8)) 4) + at - start)) \
                -n 4 -e '1/4 "%08x"' /proc/vmcore)"
    done
done
