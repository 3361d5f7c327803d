# Goes on with the system on the disk. Sourced by init.
for second in $(seq 60); do
    [ -b /dev/nvme0n1 ] && break
    sleep 1
done
mkdir /disk
mount -t ext4 /dev/nvme0n1 /disk || end "no disk"
for mounted in proc sys dev; do
    mount --move /$mounted /disk/$mounted
done
exec switch_root /disk /bin/sh /guest/init
end "no switch_root"
