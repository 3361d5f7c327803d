#!/bin/sh
# Builds an unmodified kexec-tools with libkexec for bzImage64: its own configure and make, one
# source of the x86_64 list replaced by bzimage64-libkexec.c. The tree is fetched if it is not
# there (fetch.sh). The program is static, so that a guest needs nothing else.
#
# usage: build.sh SOURCE-TREE INCLUDE-DIRECTORY LIBKEXEC.A
# The program is SOURCE-TREE/build/sbin/kexec.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$2" && pwd)
library=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
"$here/fetch.sh" "$1" >&2
cd "$1"
# fetch.sh and configure keep their directories; the library may be another one each time.
cp "$library" libkexec.a
source=kexec/arch/x86_64/kexec-libkexec.c
cmp -s "$here/bzimage64-libkexec.c" "$source" || cp "$here/bzimage64-libkexec.c" "$source"
[ -e Makefile ] || ./configure --without-lzma --without-zlib --without-xen \
    CPPFLAGS="-I$include" LDFLAGS=-static LIBS="$PWD/libkexec.a" >configure.log
native=$(sed -n 's/^x86_64_KEXEC_SRCS_native *[+]*= *//p' kexec/arch/x86_64/Makefile \
    | sed 's,[^ ]*kexec-bzImage64\.c,kexec/arch/x86_64/kexec-libkexec.c,' | tr '\n' ' ')
# make does not know that the program also depends on the library and its header.
rm -f build/sbin/kexec kexec/arch/x86_64/kexec-libkexec.o
make x86_64_KEXEC_SRCS_native="$native" build/sbin/kexec >make.log 2>&1 \
    || { tail -30 make.log >&2; exit 1; }
