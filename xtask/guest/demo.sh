# The demonstration: sourced by init in the first kernel, instead of the chain of hops.
say() { echo "DEMO $*"; }
say "This is $(uname -sr), up for $(cut -d ' ' -f 1 /proc/uptime) s."
say "# kexec --dry-run -c -l vmlinuz --initrd=initrd --command-line=..."
set -- -c -l /hop/next/vmlinuz --initrd=/hop/next/initrd.1 --command-line="$(cat /hop/next/cmdline)"
kexec --dry-run "$@" 2>&1 | while IFS= read -r line; do say "  $line"; done
say "# kexec -c -l vmlinuz --initrd=initrd --command-line=..."
kexec "$@" || end "kexec -l failed"
say "loaded: /sys/kernel/kexec_loaded is $(cat /sys/kernel/kexec_loaded)"
say "# kexec -e"
kexec -e
end "kexec -e came back"
