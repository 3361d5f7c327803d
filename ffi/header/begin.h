/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libkexec: kexec as a library. From a kernel image, initrds and a command line to a running
 * kernel:
 *
 *     describe the machine   kx_machine_init, kx_machine_read
 *     map the files          kx_map; kx_hold, which keeps them as they are
 *     plan                   kx_workspace_init, kx_plan
 *     look and check         kx_plan_get, kx_plan_segment, kx_plan_note, kx_check
 *     load                   kx_load
 *     start                  kx_exec
 *
 * Or leave the planning to the kernel: kx_load_files. See libkexec(7).
 *
 * RETURN VALUES. Functions that can fail return an int: 0 or more is success (a count where that
 * is told), -1 to -4095 is the kernel's -errno, and below that lie the library's own KX_E_*.
 * errno is neither set nor looked at. There will be more KX_E_*: one that you do not know is an error
 * like the others, of which kx_error_message() has the text. What is written through pointers is written on success
 * only, but for struct kx_error, which is written on failure only.
 *
 * MEMORY. All memory is the caller's; the library allocates none, keeps no pointer but those in a
 * plan, and has nothing to free. Every pointer is checked for NULL, every object for its
 * alignment. Bytes with length 0 may have a NULL pointer.
 *
 * STRUCTURES that begin with `size` require it to be set to their sizeof by the caller, for input
 * and output alike. A program built with an older header than the library continues to work; one
 * built with a newer header works as long as the members that the library does not know are zero,
 * else the call returns KX_E_TOO_NEW. The library writes zeros to output members that it does not
 * know. A size that no version of the structure has had returns KX_E_SIZE.
 *
 * CONSTANTS. There will be more KX_SEGMENT_*, KX_NOTE_*, KX_FORMAT_*, KX_ARCH_*, KX_RULE_* and so on.
 * One that you do not know in what the library writes is "another one"; one that the library does
 * not know in what you pass is refused with KX_E_UNKNOWN.
 *
 * THREADS. The library has no state of its own. Every function may be called from any thread;
 * two threads must not use one object at the same time, unless both by functions that take it
 * const. kx_load, kx_load_segments, kx_load_files, kx_unload, kx_interfaces_down, kx_mount and
 * kx_exec change the whole system, kx_on_bus_error the whole process.
 *
 * LIBC is not needed. A program that links libkexec.a has memcpy, memmove, memset, memcmp and
 * bcmp with their usual meanings; libkexec.so needs nothing.
 *
 * This file is generated from the sources in ffi/src.
 */
#ifndef LIBKEXEC_H
#define LIBKEXEC_H
