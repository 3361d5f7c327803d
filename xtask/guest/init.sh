#!/bin/busybox sh
# The init of every guest: prints what this kernel is and got, one FACT a line, then goes
# on to the next kernel. All judging is done on the host, from the serial log.
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/bin
# Kernel messages in the middle of a line would spoil it; dmesg has them all.
dmesg -n 1

HOP=$(cat /hop/number)
fact() { echo "FACT hop=$HOP $*"; }
# Every line of the input as a fact of this name.
facts() { while IFS= read -r line; do fact "$1=$line"; done; }
end() { echo "SCENARIO-END $*"; sleep 3600; }

[ -f /hop/hurried ] && . /hop/script

uptime() { fact "uptime=$(cut -d ' ' -f 1 /proc/uptime) $*"; }

uptime first
fact "uname=$(uname -r)"
fact "cmdline=$(cat /proc/cmdline)"
fact "cpus=$(grep -c ^processor /proc/cpuinfo)"
for flag in la57 sha_ni avx2 rdrand; do
    grep -q "^flags.* $flag" /proc/cpuinfo && fact "flag=$flag"
done
for entry in /sys/firmware/memmap/*; do
    echo "$(cat "$entry/start") $(cat "$entry/end") $(cat "$entry/type")"
done | sort | facts memmap
# acpi_rsdp_addr of boot_params, eight bytes, the last first.
fact "rsdp=0x$(hexdump -v -s 0x70 -n 8 -e '1/1 "%02x\n"' /sys/kernel/boot_params/data | tac | tr -d '\n')"
dmesg | sed -n 's/.*ACPI: RSDP \(0x[0-9A-Fa-f]*\).*/\1/p' | facts acpi_rsdp
for node in /sys/kernel/boot_params/setup_data/*; do
    [ -e "$node/type" ] && cat "$node/type"
done | facts setup_data
dmesg | grep 'crng init done' | facts crng
dmesg | sed -n 's/.*RAMDISK: \[mem \(0x[0-9a-f]*\)-.*/\1/p' | facts ramdisk
sed -n 's/^ *\([0-9a-f]*\)-[0-9a-f]* : Kernel code/0x\1/p' /proc/iomem | facts kernel_code
dmesg | sed -n 's/.*CPU: All CPU(s) started at \(EL[0-9]\).*/\1/p' | facts level
dmesg | sed -n 's/.*] \(KASLR .*\)/\1/p' | facts kaslr
if [ -f /sys/firmware/fdt ]; then
    fact "chosen_initrd=$(ls /proc/device-tree/chosen | grep -c '^linux,initrd-start$')"
    sed -n 's/^\([0-9a-f]*-[0-9a-f]* : System RAM\)/\1/p' /proc/iomem | facts memory
fi
if [ -d /sys/firmware/efi ]; then
    insmod /modules/efivarfs.ko && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
    fact "efivars=$(ls /sys/firmware/efi/efivars | wc -l)"
    fact "efi_runtime_map=$(ls /sys/firmware/efi/runtime-map 2>/dev/null | wc -l)"
    # <level>[time] text: level 4 is a warning, lower is worse.
    dmesg -r | sed -n 's/^<[0-4]>\[[^]]*\] *//p' | grep -i efi | facts efi_complaint
fi
# Everything that came in the initrd, bit for bit.
find / -xdev -type f | sort | xargs sha256sum | sed 's/  */ /' | facts sha256
uptime facts
[ -f /sys/firmware/initrd ] &&
    fact "initrd_sha256=$(sha256sum </sys/firmware/initrd | cut -d ' ' -f 1)"

if [ -f /hop/script ]; then
    . /hop/script
elif [ -f /hop/next/vmlinuz ]; then
    set --
    # A unified kernel image has both.
    if [ -f /hop/next/cmdline ]; then
        for initrd in /hop/next/initrd.*; do
            set -- "$@" "--initrd=$initrd"
        done
        set -- "$@" "--command-line=$(cat /hop/next/cmdline)"
    fi
    # A kernel passes on a random seed once it has one itself; reading makes it gather one.
    head -c 1 /dev/random >/dev/null
    uptime before load
    # The options of a hop are words without blanks.
    kexec $(cat /hop/next/options) -l /hop/next/vmlinuz "$@"
    fact "load=$?"
    uptime after load
    fact "loaded=$(cat /sys/kernel/kexec_loaded)"
    kexec -e
    end "kexec -e came back with $?"
fi
end ok
