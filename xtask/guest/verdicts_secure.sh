# Reasons of a machine after Secure Boot. Sourced by init.
facts lockdown </sys/kernel/security/lockdown
states signed -l $kernel --initrd=$initrd --command-line="$line"
# Without its signature: address and size of the certificates in the PE header (the fifth
# directory) become zero.
cp $kernel /tmp/unsigned
header=$(hexdump -s 60 -n 4 -e '1/4 "%u"' $kernel)
dd if=/dev/zero of=/tmp/unsigned bs=1 seek=$((header + 24 + 112 + 32)) count=8 conv=notrunc 2>/dev/null
states unsigned -l /tmp/unsigned --initrd=$initrd --command-line="$line"
states none -p $kernel --initrd=$initrd --command-line="$line"
echo confidentiality >/sys/kernel/security/lockdown
facts lockdown </sys/kernel/security/lockdown
states confidential -l $kernel --initrd=$initrd --command-line="$line"
end ok
