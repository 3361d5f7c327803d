#!/bin/sh
# build.sh [PROGRAM]: builds init.c, a process 1 without libc, into the file `init` or PROGRAM.
#
# LIBKEXEC holds the options for the header and the archive if pkg-config does not know them:
#     LIBKEXEC='-I /src/libkexec/include /src/libkexec/target/release/libkexec.a' ./build.sh
set -eu
here=$(dirname "$0")
libkexec=${LIBKEXEC:-$(pkg-config --cflags --libs libkexec)}

# No libc: -ffreestanding, -nostdlib, -static, and mem.c for the functions that compilers need.
# The stack protector and unwind tables need parts of a libc, so they are off.
# Small: -Os; --gc-sections takes single functions from the archive; and the linker script
# packs the segments of the file and leaves out notes and unwind tables.
set -- "${1:-init}"
eval "exec ${CC:-cc} -std=c99 ${CFLAGS:--Os -Wall -Wextra} \
    -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pie \
    -nostdlib -static -no-pie -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack \
    \"-Wl,-T,\$here/static.ld\" \"\$here/init.c\" \"\$here/mem.c\" $libkexec -o \"\$1\""
