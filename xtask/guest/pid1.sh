# Hands process 1 to a boot loader that knows one place for each file. Sourced by init.
mkdir -p /boot
cp /hop/next/vmlinuz /boot/vmlinuz
cp /hop/next/initrd.1 /boot/initrd
cp /hop/next/initrd.1 /boot/initrd.img
cp /hop/next/cmdline /boot/cmdline
exec loader
