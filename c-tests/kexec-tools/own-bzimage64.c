/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* kexec-tools' own loader of bzImages, next to libkexec's: the same source under other names. */
#define bzImage64_probe own_bzImage64_probe
#define bzImage64_load own_bzImage64_load
#define bzImage64_load_file own_bzImage64_load_file
#define bzImage64_usage own_bzImage64_usage
#include "kexec-bzImage64.c"
