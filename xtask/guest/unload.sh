# Loads and unloads by both methods; twice unloaded is once unloaded. Sourced by init.
exits=
after=
try() {
    kexec "$@"
    exits="$exits $?"
    after="$after $(cat /sys/kernel/kexec_loaded)"
}
load() { try "$@" -l /hop/next/vmlinuz --initrd=/hop/next/initrd.1 --command-line=unloaded; }
load -c
try -u
load -s
try -s -u
try -u
fact "exit=${exits# }"
fact "after=${after# }"
