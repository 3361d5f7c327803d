# A multiboot kernel that prints what it is told: planned, loaded with two modules, and started. The options come
# from the kernel's command line, up to its end: multiboot=OPTIONS. Sourced by init.
set -- $(sed 's/.*multiboot=//; s/ *initrd=.*//' /proc/cmdline)
echo 'the first module, of one line' >/tmp/one
head -c 70000 /bin/busybox >/tmp/two
set -- "$@" "--command-line=what it is told" "--module=/tmp/one with  words" --module=/tmp/two
fact "two.begin=$(head -c 16 /tmp/two | hexdump -v -e '1/1 "%02x"')"
fact "two.end=$(tail -c 16 /tmp/two | hexdump -v -e '1/1 "%02x"')"
kexec "$@" --plan=json -l /hop/image | facts plan
kexec "$@" -l /hop/image >/tmp/said 2>&1
fact "multiboot.exit=$?"
facts multiboot.said </tmp/said
kexec -e
end "kexec -e came back with $?"
