#!/bin/sh
# build-init.sh ARCHIVE PROGRAM: builds init.c, the process 1 without libc, small: with no unwind
# tables, and by the linker script that packs the segments of the file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec cc -std=c99 -Os -Wall -Wextra -Werror -ffreestanding -fno-stack-protector \
    -fno-asynchronous-unwind-tables -nostdlib -static -s \
    -Wl,--gc-sections -Wl,--build-id=none -Wl,-T,"$here/../kexec/static.ld" \
    -I "$here/../include" "$here/init.c" "$here/mem.c" "$1" -o "$2"
