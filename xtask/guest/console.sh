# What the command shows on a serial console of 80 columns and 24 rows. Sourced by init.
stty rows 24 cols 80
fact "size=$(stty size)"
kernel=/hop/next/vmlinuz
initrd=/hop/next/initrd.1
# Everything that a command writes, to the console as it is.
screen() {
    name=$1
    shift
    echo "SCREEN-BEGIN $name"
    "$@"
    echo "SCREEN-END $name $?"
}
load() {
    name=$1
    shift
    screen "$name" kexec "$@" -l $kernel --initrd=$initrd --append="root=/dev/sda1 ro quiet"
}
screen help kexec --help
screen help-all kexec --help=all
screen version kexec --version
screen type-help kexec --type=help
load dry-run --dry-run
load dry-run-c --dry-run -c
load plan --plan -c
load map --plan=map -c
load map-ascii --plan=map --ascii -c
load explain --plan --explain -c
screen check kexec --check
load check-load --check -c
load debug -d -c
screen crash kexec -p $kernel --initrd=$initrd --reuse-cmdline
screen missing kexec -l /boot/nothing
screen foreign kexec -l $initrd
screen unknown kexec --intird=$initrd -l $kernel
end ok
