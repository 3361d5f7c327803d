# Captures this machine, plans loads on it, and sends both to the host. Sourced by init.
# NAME: what comes from standard input
send() {
    gzip -c | base64 >/tmp/sent
    echo "SENT-BEGIN $1"
    cat /tmp/sent
    echo "SENT-END"
}
# OPTIONS...: the plan for it, as JSON and as text
plan() {
    for form in json text map; do
        kexec --plan=$form "$@" vmlinuz --initrd=initrd.1 --command-line="root=/dev/sda1 ro" \
            >/tmp/out 2>/tmp/err
        cat /tmp/out /tmp/err |
            send "plan --plan=$form $*"
    done
}
cd /hop/next
mount -t securityfs securityfs /sys/kernel/security
mount -t debugfs debugfs /sys/kernel/debug
kexec --capture=- --with-cmdline 2>/tmp/said | send machine
facts said </tmp/said
plan -c -l
plan -s -l
plan -c -p
plan -s -p
plan -c -l --explain --noefi --mem-max=0x20000000
end ok
