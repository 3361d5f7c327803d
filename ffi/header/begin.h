/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libkexec: kexec as a library. It takes a kernel image, initrds and a command line, and starts
 * that kernel:
 *
 *     describe the machine   kx_machine_init, kx_machine_read
 *     map the files          kx_map; kx_hold, which keeps them unchanged
 *     plan                   kx_workspace_init, kx_plan
 *     inspect and check      kx_plan_get, kx_plan_segment, kx_plan_note, kx_check
 *     load                   kx_load
 *     start                  kx_exec
 *
 * kx_load_files leaves the planning to the kernel. See libkexec(7).
 *
 * RETURN VALUES. Functions that can fail return an int: 0 or more is success (a count if the
 * function's documentation says so), -1 to -4095 is the kernel's -errno, and numbers below that are
 * the library's own KX_E_*. errno is neither set nor read. Later versions add KX_E_*: handle
 * one that you do not know like the others; kx_error_message() has its text. Output parameters are
 * written only on success; struct kx_error is written only on failure.
 *
 * MEMORY. All memory is the caller's; the library allocates none, keeps no pointers except
 * those in a plan, and has nothing to free. Every pointer is checked for NULL, every object for its
 * alignment. Bytes with length 0 may have a NULL pointer.
 *
 * STRUCTURES that begin with `size` require it to be set to their sizeof by the caller, for input
 * and output alike. A program built with an older header than the library continues to work. One
 * built with a newer header works as long as the members that the library does not know are zero;
 * otherwise the call returns KX_E_TOO_NEW. The library writes zeros to output members that it does
 * not know. For a size that no version of the structure has had, the call returns KX_E_SIZE.
 *
 * CONSTANTS. Later versions add KX_SEGMENT_*, KX_NOTE_*, KX_FORMAT_*, KX_ARCH_*, KX_RULE_* and so
 * on. If the library writes one that you do not know, handle it as "another one". If you pass one
 * that the library does not know, the call returns KX_E_UNKNOWN.
 *
 * THREADS. The library has no state of its own. Every function may be called from any thread;
 * two threads must not use one object at the same time, unless both call functions that take it
 * const. kx_load, kx_load_segments, kx_load_files, kx_unload, kx_interfaces_down, kx_mount and
 * kx_exec change the whole system, kx_on_bus_error the whole process.
 *
 * LIBC is not needed. A program that links libkexec.a must provide memcpy, memmove, memset, memcmp
 * and bcmp with their usual meanings; libkexec.so needs nothing.
 *
 * This file is generated from the sources in ffi/src.
 */
#ifndef LIBKEXEC_H
#define LIBKEXEC_H
