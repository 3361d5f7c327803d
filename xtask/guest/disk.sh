# Goes on with the system on the disk. Sourced by init.
for moment in 1 2 3 4 5 6 7 8 9 10; do
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
