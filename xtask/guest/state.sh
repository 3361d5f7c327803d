# A payload that prints the state in which it was entered: planned, loaded and started. The options come
# from the kernel's command line, up to its end or what the EFI stub appended: state=OPTIONS. Sourced by init.
set -- $(sed 's/.*state=//; s/ initrd=initrd$//' /proc/cmdline)
printf 'initrd of the state\n' >/tmp/initrd
set -- "$@" --initrd=/tmp/initrd "--command-line=the state of the CPU"
kexec "$@" --plan=json /hop/image | facts plan
kexec "$@" -l /hop/image >/tmp/said 2>&1
fact "state.exit=$?"
facts state.said </tmp/said
kexec -e
end "kexec -e came back with $?"
