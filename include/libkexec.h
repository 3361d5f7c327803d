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

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Major version of this header. */
#define KX_VERSION_MAJOR 0
/** Minor version of this header. */
#define KX_VERSION_MINOR 1
/** Patch version of this header. */
#define KX_VERSION_PATCH 0
/** Version of this header as one number: major << 16 | minor << 8 | patch. */
#define KX_VERSION_NUMBER 256
/** flags: do not pass EFI runtime services on. */
#define KX_REQUEST_NO_EFI 256
/** flags: the purgatory does not verify what was loaded; no byte is read for a digest. */
#define KX_REQUEST_NO_VERIFY 512
/** flags: the purgatory prints to the VGA text screen. */
#define KX_REQUEST_CONSOLE_VGA 1024
/** flags: the purgatory prints to a serial port. */
#define KX_REQUEST_CONSOLE_SERIAL 2048
/** flags: the purgatory puts the VGA back into text mode first. */
#define KX_REQUEST_RESET_VGA 4096
/** flags: plan a crash kernel, inside the memory reserved for it. */
#define KX_REQUEST_CRASH 8192
/**
 * flags, with KX_REQUEST_CRASH: the running kernel keeps the elfcorehdr up to date when CPUs or
 * memory are added or removed.
 */
#define KX_REQUEST_CRASH_HOTPLUG 16384
/** flags, with KX_REQUEST_CRASH: describe the crash kernel's memory on its command line. */
#define KX_REQUEST_CRASH_MEMMAP 32768
/**
 * flags: an ELF file is a Linux kernel (vmlinux), also without Linux's notes. For `format` 0. In contrast to KX_FORMAT_VMLINUX
 * in `format`, it does not affect files of other formats.
 */
#define KX_REQUEST_VMLINUX 65536
/**
 * flags: an ELF file is a program that gets ELF boot notes, which have the command line: their address in
 * RDI if it is of 64 bits, else as the argument of a C function. For `format` 0.
 */
#define KX_REQUEST_ELF_NOTES 131072
/**
 * flags: an ELF file is a program that gets nothing. For `format` 0. KX_E_BAD_ARGUMENT with more than one
 * of this, KX_REQUEST_ELF_NOTES and KX_REQUEST_VMLINUX.
 */
#define KX_REQUEST_ELF_BARE 262144
/** entry: Linux/x86, in 64-bit mode. */
#define KX_ENTRY_X86_64 1
/**
 * entry: Linux/x86, in 32-bit protected mode. Everything is then loaded below 4 GiB. KX_E_BAD_ARGUMENT for
 * an image without it, and by kx_plan_to_boot().
 */
#define KX_ENTRY_X86_32 2
/**
 * entry: Linux/x86, in real mode, on machines with a BIOS: KX_E_NOT_BOOTABLE on EFI machines and for a
 * crash kernel, KX_E_NOT_KNOWN if it is not known whether the machine has EFI. KX_E_BAD_ARGUMENT for an image without it, and by kx_plan_to_boot().
 */
#define KX_ENTRY_X86_16 3
/** entry: Linux/arm64, at its first byte. */
#define KX_ENTRY_ARM64 4
/** serial_kind: a UART 8250 or 16550 at an I/O port. No other kind is supported yet. */
#define KX_SERIAL_PORT 0
/** on_failure: stop with interrupts off. */
#define KX_ON_FAILURE_HALT 0
/** on_failure: reset the machine. */
#define KX_ON_FAILURE_REBOOT 1
/** flags of kx_reuse_command_line(): the line is for a crash kernel. */
#define KX_REUSE_FOR_CRASH 16777216
/** The file is truncated. numbers: bytes needed, bytes present. */
#define KX_E_TRUNCATED (-4097)
/**
 * The file is not a kernel of a format that the library starts. numbers: the format it looks like
 * (KX_FORMAT_*).
 */
#define KX_E_NOT_THIS_FORMAT (-4098)
/**
 * The image's boot protocol is too old. numbers: version found, version needed (major << 8 |
 * minor).
 */
#define KX_E_PROTOCOL (-4099)
/** A header field is invalid. numbers: its offset in the file, its value. */
#define KX_E_BAD_FIELD (-4100)
/** The image is well formed but cannot be started here; kx_error_message() gives the reason. */
#define KX_E_NOT_BOOTABLE (-4101)
/** The command line is too long. numbers: its length, the longest that the kernel accepts. */
#define KX_E_COMMAND_LINE_TOO_LONG (-4102)
/** The command line contains a NUL byte. numbers: its offset. */
#define KX_E_COMMAND_LINE_NUL (-4103)
/** A table of the library is full. numbers: its capacity. */
#define KX_E_FULL (-4104)
/**
 * There is no free memory for a segment. numbers: size, alignment, lowest and highest address
 * allowed, size of the largest free range there, KX_NARROWED_* bits.
 */
#define KX_E_NO_HOLE (-4105)
/** More segments than the kernel accepts. numbers: segments needed, segments allowed. */
#define KX_E_TOO_MANY_SEGMENTS (-4106)
/** The machine has no memory map. */
#define KX_E_NO_MEMORY_MAP (-4107)
/**
 * The segments break a rule of kexec_load(2). numbers: the segment, the rule (KX_RULE_*), and
 * for KX_RULE_OVERLAP the other segment.
 */
#define KX_E_CHECK (-4108)
/** A file is empty. */
#define KX_E_EMPTY_FILE (-4110)
/** Not a regular file. */
#define KX_E_NOT_A_FILE (-4111)
/** No image is loaded that could be started. */
#define KX_E_NOTHING_LOADED (-4113)
/**
 * A value is out of range; each function lists which. If the function takes a struct kx_error,
 * kx_error_message() names the value.
 */
#define KX_E_BAD_ARGUMENT (-4114)
/** A file was written to or truncated while it was held. */
#define KX_E_FILE_CHANGED (-4115)
/** A crash kernel needs memory that was reserved at boot, and none was reserved. */
#define KX_E_NO_CRASH_RESERVATION (-4116)
/** The crash kernel's reservation is too small. numbers: bytes reserved, bytes that suffice. */
#define KX_E_CRASH_TOO_SMALL (-4117)
/** The running kernel does not report where its vmcoreinfo is. */
#define KX_E_NO_VMCOREINFO (-4118)
/** The running kernel cannot keep the elfcorehdr up to date. */
#define KX_E_NO_CRASH_HOTPLUG (-4119)
/** The progress function stopped the plan. */
#define KX_E_CANCELLED (-4120)
/** The copies in memory would exceed the limit. numbers: bytes to copy, bytes allowed. */
#define KX_E_COPY_TOO_LARGE (-4121)
/**
 * A fact of the machine is unknown and must not be guessed: with a wrong value the machine might
 * not come up, or a crash kernel might be lost. kx_error_message() says which fact, why, and what
 * to do.
 */
#define KX_E_NOT_KNOWN (-4122)
/**
 * This build of the library lacks code for the target architecture; kx_error_message() says which
 * architecture, and what to do.
 */
#define KX_E_NOT_BUILT (-4123)
/** A pointer that must not be NULL is NULL. */
#define KX_E_NULL (-4196)
/** An object does not have the alignment of its type. */
#define KX_E_MISALIGNED (-4197)
/** A size is invalid: the size member of a structure, or the storage of an object. */
#define KX_E_SIZE (-4198)
/**
 * A structure is larger than the one that this library knows, and the additional bytes are not
 * zero: they ask for something that was added later.
 */
#define KX_E_TOO_NEW (-4199)
/** The object was not initialised. */
#define KX_E_NOT_INITIALISED (-4200)
/** The buffer is too small; nothing was written. */
#define KX_E_BUFFER (-4201)
/** There is no entry with this index: it is past the end. */
#define KX_E_NO_ENTRY (-4202)
/** The workspace holds no plan. */
#define KX_E_NO_PLAN (-4203)
/**
 * A flag or a constant is unknown to this library. numbers, if the function takes a struct
 * kx_error: 0, then the unknown bits or the constant.
 */
#define KX_E_UNKNOWN (-4204)
/** The workspace was moved or copied after planning: its plan points to the old place. */
#define KX_E_MOVED (-4205)
/**
 * The workspace is in use by a kx_plan() that has not returned. Its progress function must not use
 * the workspace.
 */
#define KX_E_BUSY (-4206)
/** mem + memsz is past the end of the address space. */
#define KX_RULE_WRAPS 1
/** mem or memsz is not a multiple of the running kernel's page size. */
#define KX_RULE_UNALIGNED 2
/** The segment ends past what the kernel can map. */
#define KX_RULE_PAST_LIMIT 3
/** The segment overlaps another one. */
#define KX_RULE_OVERLAP 4
/** bufsz is larger than memsz. */
#define KX_RULE_BUFFER_TOO_LARGE 5
/** The segment, or all segments together, take more than half of the RAM. */
#define KX_RULE_TOO_MUCH_MEMORY 6
/** The segment lies outside the crash kernel's reservation. */
#define KX_RULE_OUTSIDE_CRASH_RESERVATION 7
/**
 * The segment does not lie in free RAM. The segments of a plan do; no function of this version
 * makes this check for other segments.
 */
#define KX_RULE_NOT_RAM 8
/** No segment's bytes contain the entry. */
#define KX_RULE_ENTRY_OUTSIDE 9
/** The segment's bytes do not contain the new kernel's entry. For plans only. */
#define KX_RULE_KERNEL_ENTRY_OUTSIDE 10
/** KX_E_NO_HOLE, sixth number: the request's mem_min narrows the window. */
#define KX_NARROWED_BY_MEM_MIN 1
/** KX_E_NO_HOLE, sixth number: the request's mem_max narrows the window. */
#define KX_NARROWED_BY_MEM_MAX 2
/** origin: a file could not be opened, mapped or read; `what` is the step. */
#define KX_FROM_FILE 1
/** origin: a system call failed; `what` is its name. */
#define KX_FROM_CALL 2
/** Bytes that suffice for every message of the library. */
#define KX_MESSAGE_SIZE 400
/**
 * arch: x86, 64-bit. Later versions add more: handle a value that the program does not know as
 * "another one".
 */
#define KX_ARCH_X86_64 1
/** arch: arm64. */
#define KX_ARCH_ARM64 2
/** arch: RISC-V, 64-bit. */
#define KX_ARCH_RISCV64 3
/** /proc/iomem. It also gives the memory map if no other source does. */
#define KX_SOURCE_IOMEM 1
/**
 * A table of 20-byte e820 entries (u64 address, u64 size, u32 type, little-endian): the data
 * of a SETUP_E820_EXT node, /sys/kernel/boot_params/setup_data/N/data. Adds to the memory map.
 */
#define KX_SOURCE_E820 2
/** /sys/kernel/boot_params/data: 4096 bytes. Its e820 table also adds to the memory map. */
#define KX_SOURCE_BOOT_PARAMS 3
/** /proc/cmdline. */
#define KX_SOURCE_COMMAND_LINE 4
/** /proc/cpuinfo; its first 64 KiB suffice. */
#define KX_SOURCE_CPUINFO 5
/** /proc/meminfo. */
#define KX_SOURCE_MEMINFO 6
/** /proc/self/status. */
#define KX_SOURCE_STATUS 7
/** /sys/firmware/efi/systab. */
#define KX_SOURCE_EFI_SYSTAB 8
/** /sys/kernel/security/lockdown. */
#define KX_SOURCE_LOCKDOWN 9
/** /sys/kernel/vmcoreinfo; for a crash kernel. */
#define KX_SOURCE_VMCOREINFO 10
/** /proc/sys/kernel/osrelease; for a crash kernel. */
#define KX_SOURCE_RELEASE 11
/** /proc/kcore, from its start to the end of its program headers; for a crash kernel. */
#define KX_SOURCE_KCORE 12
/** /sys/kernel/crash_elfcorehdr_size; for a crash kernel. */
#define KX_SOURCE_ELFCOREHDR_SIZE 13
/**
 * /sys/devices/system/cpu/cpu0/crash_notes_size; for a crash kernel. (Kernels before 3.10 have no
 * such file; the size is 1024.)
 */
#define KX_SOURCE_CRASH_NOTES_SIZE 14
/**
 * /sys/devices/system/cpu/cpuN/crash_notes; each call adds a CPU. For a crash kernel, which then
 * also needs KX_SOURCE_CRASH_NOTES_SIZE.
 */
#define KX_SOURCE_CRASH_NOTES 15
/** /sys/kernel/kexec/crash_cma_ranges; for a crash kernel. */
#define KX_SOURCE_CRASH_CMA 16
/** /sys/firmware/acpi/tables/SRAT: memory that can be removed. */
#define KX_SOURCE_SRAT 17
/** The memory map for the new kernel. */
#define KX_MAP_FIRMWARE 1
/** The running kernel's view of it, /proc/iomem. Segments go only where both maps have RAM. */
#define KX_MAP_IOMEM 2
/**
 * For kx_machine_memory() only: hot-pluggable memory, by KX_SOURCE_SRAT, in its order; each range is
 * KX_MEMORY_RAM, whether or not there is any in it.
 */
#define KX_MAP_HOT_PLUGGABLE 3
/** Not known. */
#define KX_UNKNOWN 0
/** No. */
#define KX_NO 1
/** Yes. */
#define KX_YES 2
/** memory_source: /sys/firmware/memmap, or entries added one by one. */
#define KX_MEMORY_FROM_MEMMAP 1
/** memory_source: the e820 table of the running kernel's boot_params. */
#define KX_MEMORY_FROM_BOOT_PARAMS 2
/** memory_source: /proc/iomem. */
#define KX_MEMORY_FROM_IOMEM 3
/** iomem_access: all addresses were 0, because the reader lacks CAP_SYS_ADMIN. */
#define KX_IOMEM_UNPRIVILEGED 1
/** iomem_access: read. */
#define KX_IOMEM_READ 2
/** iomem_access: more ranges than the library has room for. */
#define KX_IOMEM_TOO_LONG 3
/** iomem_access: the file exists and could not be read. */
#define KX_IOMEM_UNREADABLE 4
/** iomem_access: no lines, or a line that is not a resource. */
#define KX_IOMEM_DAMAGED 5
/** firmware: it was looked for, but no source gives it. 0: it was not looked for. */
#define KX_FIRMWARE_UNREADABLE 1
/** firmware: not EFI. A new kernel finds the ACPI tables itself. */
#define KX_FIRMWARE_NOT_EFI 2
/** firmware: EFI. A new kernel needs the address of the ACPI tables. */
#define KX_FIRMWARE_EFI 3
/** lockdown: nothing is forbidden. */
#define KX_LOCKDOWN_NONE 1
/** lockdown: kexec_load is forbidden, and so is kexec_file_load of unsigned kernels. */
#define KX_LOCKDOWN_INTEGRITY 2
/** lockdown: like integrity; reading kernel memory is also forbidden. */
#define KX_LOCKDOWN_CONFIDENTIALITY 3
/** xen_guest: paravirtualised. */
#define KX_XEN_PV 1
/** xen_guest: hardware virtual machine. */
#define KX_XEN_HVM 2
/** xen_guest: PV in an HVM container. */
#define KX_XEN_PVH 3
/** flags: started by EFI. */
#define KX_MACHINE_EFI 4
/** flags: a Xen domain. */
#define KX_MACHINE_XEN 8
/** flags: load_limit_reboot is known. */
#define KX_MACHINE_LOAD_LIMIT_REBOOT 32
/** flags: load_limit_panic is known. */
#define KX_MACHINE_LOAD_LIMIT_PANIC 64
/** flags, output only: a source of the memory map was skipped because it was too long. */
#define KX_MACHINE_MEMORY_FULL 128
/** flags, output only: the EFI runtime map was dropped because it was too long. */
#define KX_MACHINE_EFI_FULL 256
/** flags, output only: the running kernel's boot_params are known. */
#define KX_MACHINE_BOOT_PARAMS 512
/** flags, output only: EFI can be passed on. */
#define KX_MACHINE_EFI_COMPLETE 1024
/** RAM. */
#define KX_MEMORY_RAM 1
/** Memory that nobody may use. */
#define KX_MEMORY_RESERVED 2
/** ACPI tables. */
#define KX_MEMORY_ACPI 3
/** ACPI non-volatile storage. */
#define KX_MEMORY_NVS 4
/** Memory with errors. */
#define KX_MEMORY_UNUSABLE 5
/** Persistent memory. */
#define KX_MEMORY_PMEM 7
/** Persistent memory, legacy. */
#define KX_MEMORY_PRAM 12
/** RAM set aside for a special purpose. */
#define KX_MEMORY_SOFT_RESERVED 4026531839u
/**
 * flags: elfcorehdr_size is known, because the running kernel keeps the elfcorehdr up to date
 * (KX_REQUEST_CRASH_HOTPLUG).
 */
#define KX_CRASH_INFO_HOTPLUG 1
/** flags: direct_map is known. */
#define KX_CRASH_INFO_DIRECT_MAP 2
/**
 * flags: there are more CPUs, or more ranges of RAM, than the library has room for; no crash
 * kernel can be planned.
 */
#define KX_CRASH_INFO_FULL 4
/** flags: the list of possible CPUs could not be read, or is invalid: no CPU is known. */
#define KX_CRASH_INFO_CPUS_UNREAD 8
/** flags: the ranges of `crashkernel=...,cma` exist and could not be read. */
#define KX_CRASH_INFO_CMA_UNREAD 16
/**
 * Size of a struct kx_machine in bytes. The library uses kx_machine_size() bytes of it;
 * kx_machine_init() writes zeros to these.
 */
#define KX_MACHINE_SIZE 2097152
/** Number of 64-bit words in a struct kx_machine. */
#define KX_MACHINE_WORDS 262144
/** format: unknown to the library. */
#define KX_FORMAT_UNKNOWN 0
/** format: a Linux/x86 bzImage, or an image made like one. The member entries of kx_image has its entries. */
#define KX_FORMAT_BZIMAGE 1
/**
 * format: an ELF file; a Linux kernel in one is KX_FORMAT_VMLINUX. A program that is no kernel known here
 * is planned only if the request asks for it (KX_REQUEST_ELF_NOTES, KX_REQUEST_ELF_BARE).
 */
#define KX_FORMAT_ELF 2
/** format: a Linux/arm64 Image. */
#define KX_FORMAT_ARM64_IMAGE 3
/** format: a Linux/riscv Image. */
#define KX_FORMAT_RISCV64_IMAGE 4
/** format: a compressed EFI kernel (CONFIG_EFI_ZBOOT). */
#define KX_FORMAT_ZBOOT 5
/** format: a unified kernel image: an EFI program with a kernel in its section .linux. */
#define KX_FORMAT_UKI 6
/** format: another EFI or Windows program (PE). */
#define KX_FORMAT_PE 7
/** format: compressed by gzip. */
#define KX_FORMAT_GZIP 8
/** format: compressed by bzip2. */
#define KX_FORMAT_BZIP2 9
/** format: compressed by lzma. */
#define KX_FORMAT_LZMA 10
/** format: compressed by xz. */
#define KX_FORMAT_XZ 11
/** format: compressed by lzop. */
#define KX_FORMAT_LZOP 12
/** format: compressed by lz4. */
#define KX_FORMAT_LZ4 13
/** format: compressed by zstd. */
#define KX_FORMAT_ZSTD 14
/** format: a cpio archive: an initrd. */
#define KX_FORMAT_CPIO 15
/** format: a flattened device tree. */
#define KX_FORMAT_DEVICE_TREE 16
/** format: a legacy U-Boot image (uImage). */
#define KX_FORMAT_UBOOT_IMAGE 17
/** format: text. */
#define KX_FORMAT_TEXT 18
/**
 * format: a Linux kernel in an ELF file (vmlinux). It is recognised by Linux's notes, which may lie
 * anywhere in the file; one without them is planned only if the request asks for it (`format`, or
 * KX_REQUEST_VMLINUX).
 */
#define KX_FORMAT_VMLINUX 19
/** format: a multiboot kernel, of version 1. */
#define KX_FORMAT_MULTIBOOT1 20
/** format: a multiboot kernel, of version 2. */
#define KX_FORMAT_MULTIBOOT2 21
/** format: an archive of ar(1), as Debian packages are. */
#define KX_FORMAT_AR 22
/** format: an archive of tar(1). */
#define KX_FORMAT_TAR 23
/** format: a squashfs file system. */
#define KX_FORMAT_SQUASHFS 24
/** format: an ISO 9660 file system, the image of a CD. */
#define KX_FORMAT_ISO 25
/** format: a disk with a partition table (MBR, GPT), or a file system with a boot sector. */
#define KX_FORMAT_DISK 26
/**
 * format: an addon of unified kernel images: an EFI program without a kernel, with a command line, a device
 * tree, microcode or an initrd.
 */
#define KX_FORMAT_UKI_ADDON 27
/** format: a boot image of VMware ESXi: multiboot, changed by VMware. */
#define KX_FORMAT_MUTIBOOT 28
/** xloadflags: it has a 64-bit entry. */
#define KX_XLF_KERNEL_64 1
/** xloadflags: it may be loaded above 4 GiB. */
#define KX_XLF_CAN_BE_LOADED_ABOVE_4G 2
/** xloadflags: it accepts EFI runtime services from a kexec. */
#define KX_XLF_EFI_KEXEC 16
/** xloadflags: it can be entered with 5-level page tables. */
#define KX_XLF_FIVE_LEVEL 32
/** setup_type_max: the image does not give it. */
#define KX_SETUP_TYPE_UNKNOWN 4294967295u
/** Size in bytes of kx_image.version and of kx_image.banner, including the final NUL. */
#define KX_IMAGE_VERSION_SIZE 256
/**
 * flags of kx_uki: the image has a .pcrsig or .pcrpkey. systemd-stub passes them on, in files of /.extra in
 * the initrd; no function here does.
 */
#define KX_UKI_EXTRA 1
/** flags of kx_uki: the image has device trees, which are not used on x86. */
#define KX_UKI_DEVICE_TREE 2
/**
 * Size of a struct kx_workspace in bytes. The library uses kx_workspace_size() bytes of it;
 * kx_workspace_init() writes zeros to these.
 */
#define KX_WORKSPACE_SIZE 3145728
/** Number of 64-bit words in a struct kx_workspace. */
#define KX_WORKSPACE_WORDS 393216
/**
 * kind: another one; for kx_check_segments() and kx_load_segments(). Later versions add kinds:
 * handle a kind that the program does not know as this one.
 */
#define KX_SEGMENT_OTHER 0
/** kind: the kernel. */
#define KX_SEGMENT_KERNEL 1
/** kind: an initrd. */
#define KX_SEGMENT_INITRD 2
/** kind: boot_params, command line, EFI map and setup_data. */
#define KX_SEGMENT_BOOT_PARAMS 3
/** kind: the purgatory. */
#define KX_SEGMENT_PURGATORY 4
/** kind: the elfcorehdr (the ELF header of the dump), for a crash kernel. */
#define KX_SEGMENT_CORE_HEADER 5
/** kind: room for a copy of the first 640 KiB, for a crash kernel loaded by a kernel before 5.5. */
#define KX_SEGMENT_BACKUP 6
/** kind: a device tree. */
#define KX_SEGMENT_DEVICE_TREE 7
/** kind: the information for a multiboot kernel, with its command line. */
#define KX_SEGMENT_INFO 8
/** kind: a module of a multiboot kernel. */
#define KX_SEGMENT_MODULE 9
/** kind: what the first page of a PC's memory holds, for a multiboot kernel on a machine without a BIOS. */
#define KX_SEGMENT_FIRST_PAGE 10
/** code: the image does not know a type of setup_data; numbers: the type, the highest it knows. */
#define KX_NOTE_SETUP_TYPE 1
/** code: EFI runtime services are not passed on, for a known reason. */
#define KX_NOTE_NO_EFI 2
/** code: there is no seed for the random number generator. */
#define KX_NOTE_NO_RNG_SEED 3
/** code: /proc/iomem is not known. */
#define KX_NOTE_NO_IOMEM 4
/** code: the running kernel's boot_params are not known. */
#define KX_NOTE_NO_BOOT_PARAMS 5
/** code: the purgatory will not verify the image. */
#define KX_NOTE_NOT_VERIFIED 6
/** code: /proc/kcore is not known, so the dump's virtual addresses are a guess. */
#define KX_NOTE_NO_KCORE 7
/** code: CPUs are possible but not present; numbers: how many. */
#define KX_NOTE_CPUS_ABSENT 8
/** code: the running kernel's version is not known, so low memory is not copied. */
#define KX_NOTE_LOW_MEMORY_LOST 9
/** code: the running kernel uses low memory, which is copied. */
#define KX_NOTE_LOW_MEMORY_COPIED 10
/** code: the running kernel keeps the elfcorehdr up to date. */
#define KX_NOTE_HOTPLUG 11
/**
 * code: EFI runtime services are not passed on, because parts of /sys/firmware/efi could not be
 * read.
 */
#define KX_NOTE_EFI_UNREAD 12
/** code: the address of the ACPI tables is not known. */
#define KX_NOTE_NO_RSDP 13
/** code: the new kernel gets the memory map of /proc/iomem, because the firmware's is not known. */
#define KX_NOTE_MEMORY_FROM_IOMEM 14
/** code: the running kernel's command line is not known (`add_efi_memmap`). */
#define KX_NOTE_NO_COMMAND_LINE 15
/** code: no CPU's crash_notes are known. */
#define KX_NOTE_NO_CPU_NOTES 16
/** code: the crash_notes of present CPUs could not be read; numbers: how many CPUs. */
#define KX_NOTE_CPUS_UNREAD 17
/** code: the ranges of `crashkernel=...,cma` could not be read. */
#define KX_NOTE_CMA_UNREAD 18
/** code: an unpacked kernel is at another place, or started otherwise, than by its own decompressor. */
#define KX_NOTE_UNPACKED 19
/**
 * flags of a note: a fact of the machine that matters for this plan is not known. Show it to the
 * user at every load.
 */
#define KX_NOTE_WARNING 1
/** Bytes that suffice for every note. */
#define KX_NOTE_SIZE 200
/** step: kexec_load(2). */
#define KX_STEP_LOAD 1
/** step: kexec_file_load(2). */
#define KX_STEP_FILE_LOAD 2
/** step: reboot(2). */
#define KX_STEP_EXEC 3
/** step: kexec_load(2) of a crash kernel. */
#define KX_STEP_CRASH_LOAD 4
/** step: kexec_file_load(2) of a crash kernel. */
#define KX_STEP_CRASH_FILE_LOAD 5
/** The call is missing, or does not support this image or these arguments: kexec_load may. */
#define KX_REFUSAL_UNSUPPORTED 1
/** A signature was required and is missing, invalid or not trusted: do not try another way. */
#define KX_REFUSAL_SIGNATURE 2
/** The caller lacks a privilege, or a policy forbids the call. */
#define KX_REFUSAL_FORBIDDEN 3
/** Anything else. */
#define KX_REFUSAL_OTHER 4
/** Bytes that suffice for every explanation. */
#define KX_EXPLANATION_SIZE 400
/** Size of a digest in bytes. */
#define KX_DIGEST_SIZE 16
/** Size of the digest's secret (its key) in bytes. */
#define KX_SECRET_SIZE 192
/**
 * by: a read lease. A process that wants to write to the file or truncate it waits until
 * kx_release(), or 45 seconds (/proc/sys/fs/lease-break-time).
 */
#define KX_HELD_BY_LEASE 1
/** by: a copy in memory that nobody can change. */
#define KX_HELD_BY_COPY 2
/** by: nothing. kx_held_check() reports a change, and truncating the file raises SIGBUS. */
#define KX_HELD_BY_NOTHING 3
/** kexec_file_load: the image is for a crash. */
#define KX_FILE_ON_CRASH 2
/** kexec_file_load: there is no initrd; the library sets it. */
#define KX_FILE_NO_INITRAMFS 4
/** kexec_file_load: print the layout to the kernel's log; since Linux 6.8. */
#define KX_FILE_DEBUG 8
/**
 * kexec_file_load: keep segments out of memory of the contiguous memory allocator (CMA); since
 * Linux 6.17.
 */
#define KX_FILE_NO_CMA 16
/** kexec_file_load: pass on the running kernel's device tree; since Linux 6.17. */
#define KX_FILE_FORCE_DTB 32
/** Unload by kexec_load(2). */
#define KX_CALL_LOAD 1
/** Unload by kexec_file_load(2). */
#define KX_CALL_FILE_LOAD 2
/** flags of kx_unload() and kx_loaded(): the crash image. */
#define KX_LOADED_CRASH 33554432
/** flags of kx_route(): only kexec_file_load(2) may be made. */
#define KX_ROUTE_ONLY_FILE_LOAD 1
/** flags of kx_route(): only kexec_load(2) may be made. */
#define KX_ROUTE_ONLY_LOAD 2
/**
 * flags of kx_route(): kexec_load(2) comes first, because the caller asks for something that
 * kexec_file_load(2) cannot do (a console of the purgatory, limits for addresses).
 */
#define KX_ROUTE_LOAD_FIRST 4

/**
 * Bytes of the caller. Empty means length 0; data may then be NULL. This structure never changes,
 * because there are arrays of it.
 */
struct kx_bytes {
  /** The first byte. */
  const void *data;
  /** Number of bytes. */
  size_t length;
};

/**
 * The details of an error. Functions that take one write it only when they fail; NULL is allowed
 * everywhere, for callers that do not need the details. kx_error_message() makes a text of it.
 */
struct kx_error {
  /** Set by the caller: sizeof(struct kx_error). */
  size_t size;
  /** The function's return value. */
  int code;
  /** KX_FROM_* if the code is an -errno, else 0. */
  uint32_t origin;
  /**
   * The subject of the error: English, static, without a NUL; may be empty. For KX_E_NULL,
   * KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED, KX_E_UNKNOWN and
   * KX_E_EMPTY_FILE it is the argument or its member: "request.kernel". If it contains "[]", the
   * first of the numbers is the index, from 0: "request.initrds[]".
   */
  struct kx_bytes what;
  /** Sizes, addresses and so on, as documented at each KX_E_*; unused ones are 0. */
  uint64_t numbers[6];
};

/**
 * Facts about a machine: storage for an opaque object, which kx_machine_init() initialises. It
 * owns nothing outside itself: nothing needs to be freed, and it may be static. It is too large
 * for many stacks.
 *
 * Functions that take it const may run at the same time on one object.
 */
struct kx_machine {
  /** Private to the library. */
  uint64_t opaque[KX_MACHINE_WORDS];
};

/** A descriptor of the EFI runtime map (UEFI specification, EFI_MEMORY_DESCRIPTOR). */
struct kx_efi_descriptor {
  /** Set by the caller: sizeof(struct kx_efi_descriptor). */
  size_t size;
  /** Physical address. */
  uint64_t physical_start;
  /** The virtual address that the running kernel gave it. */
  uint64_t virtual_start;
  /** Number of pages of 4096 bytes. */
  uint64_t pages;
  /** EFI_MEMORY_* bits. */
  uint64_t attribute;
  /** EFI_MEMORY_TYPE. */
  uint32_t kind;
  /** Reserved: 0. */
  uint32_t reserved;
};

/**
 * A range of physical addresses. The first and the last address are both part of it; both are 0
 * for no range.
 */
struct kx_range {
  /** The first address. */
  uint64_t start;
  /** The last address. */
  uint64_t last;
};

/**
 * Facts about a machine. kx_machine_set() ignores what is "output only". 0 is "not known" unless
 * documented otherwise. It also stands for a value that has no number in this version of the
 * library.
 */
struct kx_machine_info {
  /** Set by the caller: sizeof(struct kx_machine_info). */
  size_t size;
  /** KX_MACHINE_* bits. */
  uint32_t flags;
  /** KX_MEMORY_FROM_*; output only. */
  uint32_t memory_source;
  /** KX_IOMEM_*; output only. */
  uint32_t iomem_access;
  /** Entries of the map KX_MAP_FIRMWARE; output only. */
  uint32_t memory_count;
  /** Entries of the map KX_MAP_IOMEM; output only. */
  uint32_t iomem_count;
  /** Descriptors of the EFI runtime map; output only. */
  uint32_t efi_count;
  /** Bytes of RAM in the map KX_MAP_FIRMWARE; output only. */
  uint64_t ram;
  /** Bytes of RAM that the running kernel manages (MemTotal). */
  uint64_t total_ram;
  /** Physical address of the ACPI RSDP; also 0 if there is none. */
  uint64_t acpi_rsdp;
  /** EFI firmware vendor string, physical. */
  uint64_t efi_fw_vendor;
  /** EFI runtime services table, virtual. */
  uint64_t efi_runtime;
  /** EFI configuration tables, physical. */
  uint64_t efi_config_table;
  /** SMBIOS 2 entry point. */
  uint64_t efi_smbios;
  /** SMBIOS 3 entry point. */
  uint64_t efi_smbios3;
  /** ACPI 2.0 RSDP by EFI. */
  uint64_t efi_acpi20;
  /** ACPI 1.0 RSDP by EFI. */
  uint64_t efi_acpi;
  /** The crash kernel's reservation. */
  struct kx_range crash;
  /** Its second part, below 4 GiB. */
  struct kx_range crash_low;
  /** Addresses of the running kernel's code. */
  struct kx_range kernel_code;
  /** Its read-only data. */
  struct kx_range kernel_rodata;
  /** Its data. */
  struct kx_range kernel_data;
  /** Its bss. */
  struct kx_range kernel_bss;
  /** Addresses of the whole kernel, on architectures that report them. */
  struct kx_range kernel_image;
  /** kernel.kexec_load_limit_reboot, -1 for no limit; see flags. */
  int64_t load_limit_reboot;
  /** kernel.kexec_load_limit_panic, -1 for no limit; see flags. */
  int64_t load_limit_panic;
  /** Whether an image is loaded: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t loaded;
  /** Whether a crash image is loaded: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t crash_loaded;
  /** kernel.kexec_load_disabled: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t load_disabled;
  /** Whether this process has CAP_SYS_BOOT: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t cap_sys_boot;
  /** KX_LOCKDOWN_*. */
  uint32_t lockdown;
  /** KX_XEN_*. */
  uint32_t xen_guest;
  /** Bits of the EFI firmware, 32 or 64. */
  uint32_t efi_platform_size;
  /** Whether the running kernel uses 5-level page tables: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t five_level;
  /** Whether it maps RAM with pages of 1 GiB: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t gbpages;
  /** Whether the domain is Xen's control domain: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t xen_control;
  /** The firmware that started it: KX_FIRMWARE_*. */
  uint32_t firmware;
  /** Whether /sys/firmware/efi/systab was read. If KX_YES, a 0 above is "none". */
  uint32_t efi_systab;
  /** Whether there is an EFI runtime map; KX_NO if the running kernel does not use it. */
  uint32_t efi_map;
  /** The running kernel's architecture: KX_ARCH_*. */
  uint32_t arch;
  /**
   * The running kernel's page size in bytes: 4096, 16384 or 65536; 0 means 4096. On x86 it is
   * always 4096.
   */
  uint32_t page_size;
  /**
   * Whether there is hot-pluggable memory (KX_MAP_HOT_PLUGGABLE): KX_YES, KX_NO, KX_UNKNOWN; output
   * only.
   */
  uint32_t hot_pluggable;
};

/** A range of a memory map. */
struct kx_memory {
  /** Set by the caller: sizeof(struct kx_memory). */
  size_t size;
  /** Its addresses. */
  struct kx_range range;
  /** Its e820 type, KX_MEMORY_* or another. */
  uint32_t kind;
  /** Reserved: 0. */
  uint32_t reserved;
};

/**
 * The facts about the running kernel that a crash kernel gets, as numbers. kx_machine_read() reads
 * them if memory is reserved for a crash kernel (crash in struct kx_machine_info);
 * kx_machine_parse() sets them.
 */
struct kx_crash_info {
  /** Set by the caller: sizeof(struct kx_crash_info). */
  size_t size;
  /** KX_CRASH_INFO_* bits. */
  uint32_t flags;
  /** Number of CPUs whose registers will be in the dump. */
  uint32_t cpu_count;
  /**
   * Number of CPUs that are possible but not present. If one is added later, its registers will
   * not be in the dump.
   */
  uint32_t cpu_absent;
  /**
   * Number of present CPUs whose note could not be read: their registers will not be in the
   * dump.
   */
  uint32_t cpu_unread;
  /** Size of each CPU's note in bytes. */
  uint64_t cpu_note_size;
  /** Addresses of the note with vmcoreinfo; both 0 if unknown. */
  struct kx_range vmcoreinfo;
  /** Largest number of bytes of RAM in the dump: all System RAM. */
  uint64_t ram;
  /** Bytes that the running kernel wants for an elfcorehdr that it can rewrite; see flags. */
  uint64_t elfcorehdr_size;
  /** Virtual address at which the running kernel maps physical address 0; see flags. */
  uint64_t direct_map;
  /**
   * Largest number of pages of the reservation that the running kernel takes itself: those that
   * every machine needs.
   */
  uint64_t control_fixed;
  /** The same for page tables; it depends on the memory of this machine. */
  uint64_t control_tables;
};

/** Facts about a kernel image. */
struct kx_image {
  /** Set by the caller: sizeof(struct kx_image). */
  size_t size;
  /** KX_FORMAT_* of an image that can be planned; later versions add more. */
  uint32_t format;
  /** The architecture that it runs on, KX_ARCH_*. */
  uint32_t arch;
  /**
   * The entries that it has: bit N stands for the KX_ENTRY_* with the value N. A request can
   * ask for one of them.
   */
  uint32_t entries;
  /** Linux/x86, 0 for others: boot protocol version, major << 8 | minor. */
  uint32_t protocol;
  /**
   * Linux/x86, 0 for others: KX_XLF_* bits. A vmlinux has no such field: KX_XLF_EFI_KEXEC and
   * KX_XLF_FIVE_LEVEL are set if its version and its symbols show them, else clear.
   */
  uint32_t xloadflags;
  /** 1 if it may be loaded at addresses other than pref_address, else 0. */
  uint32_t relocatable;
  /** Alignment of the load address, a power of two. */
  uint64_t alignment;
  /** Preferred load address; also 0 if there is none. */
  uint64_t pref_address;
  /** Bytes of memory that it needs, from its load address on. */
  uint64_t init_size;
  /** Longest command line that it accepts, in bytes without the NUL; UINT64_MAX for no limit. */
  uint64_t command_line_size;
  /** Bytes that are loaded. */
  uint64_t kernel_size;
  /** Linux/x86, 0 for others: highest setup_data type that it knows, or KX_SETUP_TYPE_UNKNOWN. */
  uint32_t setup_type_max;
  /** Reserved: 0. */
  uint32_t reserved;
  /**
   * Its version as `uname -r` will print it: "6.1.0-18-amd64"; empty if the image does not give
   * it.
   */
  char version[KX_IMAGE_VERSION_SIZE];
  /**
   * Its version, builder and build as the header gives them: "6.1.0-18-amd64
   * (debian-kernel@lists.debian.org) #1 SMP ..."; empty if the image does not give them.
   */
  char banner[KX_IMAGE_VERSION_SIZE];
};

/**
 * What a new kernel gets of a unified kernel image (UKI, UAPI.5), or of an addon to one. The bytes are those
 * of the image's file, which must stay unchanged; what the image does not have is empty.
 */
struct kx_uki {
  /** Set by the caller: sizeof(struct kx_uki). */
  size_t size;
  /** The kernel (.linux), for kx_request.kernel. Empty for an addon. */
  struct kx_bytes kernel;
  /** Microcode (.ucode): the first initrd. That of an addon goes before that of the image. */
  struct kx_bytes microcode;
  /**
   * The initrd (.initrd), which follows the microcode. That of an addon follows that of the image, and
   * the caller's own initrds are the last.
   */
  struct kx_bytes initrd;
  /**
   * The command line (.cmdline), without white space at its ends and without a NUL. The words of an
   * addon follow the command line, with a blank between them.
   */
  struct kx_bytes command_line;
  /** The version of the kernel (.uname). */
  struct kx_bytes release;
  /** The whole os-release (.osrel). */
  struct kx_bytes os_release;
  /** The ID of the profile. */
  struct kx_bytes profile_id;
  /** The title of the profile. */
  struct kx_bytes profile_title;
  /** The number of the profile, from 0. */
  uint32_t profile;
  /** How many profiles the image has, at least 1. */
  uint32_t profile_count;
  /** The architecture that it is for, KX_ARCH_*. */
  uint32_t arch;
  /** KX_UKI_* bits. */
  uint32_t flags;
};

/**
 * A plan, and the parts of its segments that the library wrote: storage for an opaque object,
 * which kx_workspace_init() initialises. It owns nothing outside itself: nothing needs to be
 * freed, and it may be static. It must not be moved while it holds a plan: functions that take a
 * plan then return KX_E_MOVED. While kx_plan() works in it, they return KX_E_BUSY. It is too large
 * for many stacks.
 *
 * Functions that take it const may run at the same time on one object.
 */
struct kx_workspace {
  /** Private to the library. */
  uint64_t opaque[KX_WORKSPACE_WORDS];
};

/**
 * A module: a file that multiboot kernels and Xen are started with, and its argument line. Set it
 * to zeros, then set `size` and the members you need.
 */
struct kx_module {
  /** sizeof(struct kx_module), the same in every element of an array. */
  size_t size;
  /** The whole file. */
  struct kx_bytes data;
  /**
   * Its line, as the kernel gets it: `length` bytes without a NUL; may be empty. By convention its first word
   * is the file's name: Xen drops that word.
   */
  struct kx_bytes arguments;
  /** Reserved: 0. */
  uint32_t flags;
  /** Reserved: 0. */
  uint32_t reserved;
};

/**
 * A progress function. It is called from time to time with the bytes digested so far, the bytes in
 * total, and the request's progress context. It returns 0 to continue; any other value stops the
 * plan with KX_E_CANCELLED. It must return (no longjmp).
 *
 * It runs inside kx_plan(), which is using the request, the machine and the workspace. Functions
 * that take the workspace return KX_E_BUSY; after kx_workspace_init() on it, kx_plan() returns
 * KX_E_BUSY. Functions that take the machine const may be used. The machine and the request's
 * files must not be changed. Other objects may be used.
 */
typedef int (*kx_progress)(uint64_t done, uint64_t total, void *context);

/**
 * What to start, and how. Set it to zeros, then set `size` and the members you need: zero is the
 * default for every member. The library copies no file: all bytes must stay unchanged until the
 * plan is loaded.
 */
struct kx_request {
  /** sizeof(struct kx_request). */
  size_t size;
  /** The kernel image, the whole file. Of a unified kernel image it is kx_uki.kernel (kx_uki_open()). */
  struct kx_bytes kernel;
  /** Array of initrds, each a whole file, in the order in which the new kernel unpacks them. */
  const struct kx_bytes *initrds;
  /** Number of initrds. */
  size_t initrd_count;
  /**
   * Array of modules, for multiboot kernels, which take no initrds. A Linux image takes no modules. Either
   * is KX_E_BAD_ARGUMENT.
   */
  const struct kx_module *modules;
  /** Number of modules. */
  size_t module_count;
  /** The command line: `length` bytes without a NUL. */
  struct kx_bytes command_line;
  /**
   * A device tree blob to pass on. For an arm64 kernel it must be that of the running kernel
   * (/sys/firmware/fdt), of which the new kernel gets an edited copy; else usually empty.
   */
  struct kx_bytes dtb;
  /** Seed for the new kernel's random numbers: 32 bytes (kx_random_seed()), or empty. */
  struct kx_bytes rng_seed;
  /**
   * Key of the purgatory's digest: KX_SECRET_SIZE fresh random bytes (kx_random_secret()), or
   * empty for the default. With the default, equal plans have equal bytes.
   */
  struct kx_bytes digest_secret;
  /** Lowest address to use. */
  uint64_t mem_min;
  /** Highest address to use; 0 for no limit. */
  uint64_t mem_max;
  /** Called while bytes are digested, or NULL. */
  kx_progress progress;
  /** Passed to it. */
  void *progress_context;
  /** KX_REQUEST_* bits. */
  uint32_t flags;
  /** KX_ON_FAILURE_*: what the purgatory does if the verification fails. */
  uint32_t on_failure;
  /**
   * The format that the image must have: KX_FORMAT_BZIMAGE, KX_FORMAT_VMLINUX, KX_FORMAT_ARM64_IMAGE,
   * KX_FORMAT_MULTIBOOT1 or KX_FORMAT_MULTIBOOT2 (a file may have the headers of both). A file of
   * another format is KX_E_NOT_THIS_FORMAT; other values are KX_E_BAD_ARGUMENT. 0 detects the
   * format.
   */
  uint32_t format;
  /**
   * The architecture that the image must be for, KX_ARCH_*. An image for another one is
   * KX_E_NOT_BOOTABLE. 0 for the architecture of the image.
   */
  uint32_t arch;
  /** The entry of the image to use, KX_ENTRY_*; 0 chooses KX_ENTRY_X86_64 if the image has it. */
  uint32_t entry;
  /** The kind of port at serial_address: KX_SERIAL_*. */
  uint32_t serial_kind;
  /** The address of the serial port: an I/O port below 0x10000; 0 for 0x3f8 (ttyS0). */
  uint64_t serial_address;
  /**
   * Its speed in baud; 0 does not change it. Valid are 115200 divided by a whole number (115200,
   * 57600, 38400, 19200, 9600 ...), and a speed that such a quotient exceeds by at most 2 %.
   * Other speeds are KX_E_BAD_ARGUMENT.
   */
  uint32_t serial_baud;
  /** Reserved: 0. */
  uint32_t reserved;
};

/** The numbers of a plan. */
struct kx_plan_info {
  /** Set by the caller: sizeof(struct kx_plan_info). */
  size_t size;
  /** Address that the running kernel jumps to: the purgatory. */
  uint64_t entry;
  /** Flags for kexec_load(2). */
  uint64_t flags;
  /** Address at which the new kernel is entered. */
  uint64_t kernel_entry;
  /** Number of segments. */
  uint32_t segment_count;
  /** Number of notes. */
  uint32_t note_count;
  /** Number of setup_data nodes. */
  uint32_t setup_type_count;
  /** 1 if there is a digest, 0 if the purgatory verifies nothing. */
  uint32_t has_digest;
  /** The digest: XXH3-128 in its canonical form. */
  uint8_t digest[KX_DIGEST_SIZE];
  /**
   * For a crash kernel: pages of the reservation that stay free for the running kernel.
   * Otherwise 0.
   */
  uint64_t control_pages;
  /** The mode in which the new kernel is entered: KX_ENTRY_*. */
  uint32_t mode;
  /** 0. */
  uint32_t reserved;
};

/**
 * A segment for kexec_load(2): the kernel copies `bufsz` bytes at `buf` to the physical address
 * `mem`, and fills the rest, up to `memsz` bytes, with zeros.
 */
struct kx_segment {
  /** Set by the caller: sizeof(struct kx_segment). */
  size_t size;
  /** The bytes: in the caller's file, or in the workspace. */
  const void *buf;
  /** Number of bytes. */
  size_t bufsz;
  /**
   * Physical address, a multiple of the running kernel's page size
   * (kx_machine_info.page_size).
   */
  uint64_t mem;
  /** Bytes of memory taken there, also a multiple of the page size. */
  uint64_t memsz;
  /** KX_SEGMENT_*; handle an unknown kind as KX_SEGMENT_OTHER. */
  uint32_t kind;
  /** For an initrd or a module: its index, from 0. */
  uint32_t number;
};

/** A note of a plan, as numbers; kx_plan_note() gives its text. */
struct kx_note {
  /** Set by the caller: sizeof(struct kx_note). */
  size_t size;
  /** KX_NOTE_*; later versions add more. */
  uint32_t code;
  /** KX_NOTE_WARNING or 0. */
  uint32_t flags;
  /** As documented at each KX_NOTE_*; unused ones are 0. */
  uint64_t numbers[2];
};

/** Limits of the running kernel; 0 is the default for every member. */
struct kx_limits {
  /** sizeof(struct kx_limits). */
  size_t size;
  /**
   * Segments must end below this address. 0 for the limit of the machine that the library was
   * built for: on x86-64 the limit of 4-level page tables.
   */
  uint64_t destination;
  /** Bytes of RAM that the kernel manages; segments may take half of it. 0 for no limit. */
  uint64_t total_ram;
  /** For a crash image: the range that must contain all segments. */
  struct kx_range crash;
  /** The running kernel's page size in bytes (kx_machine_info.page_size); 0 for 4096. */
  uint32_t page_size;
  /** Reserved: 0. */
  uint32_t reserved;
};

/** A file that is held. Set it to zeros, then set `size`; kx_hold() fills in the rest. */
struct kx_held {
  /** Set by the caller: sizeof(struct kx_held). */
  size_t size;
  /** The file's bytes, mapped read-only. */
  struct kx_bytes bytes;
  /** KX_HELD_BY_*; 0 after kx_release(). */
  uint32_t by;
  /** The library's descriptor of the file, or -1; kx_release() closes it. */
  int32_t fd;
  /**
   * Why there is no lease: -EAGAIN if the file is open for writing, -EACCES for a file of
   * another user without CAP_LEASE, -EINVAL if the file system does not support leases, -EBUSY
   * if the open file is the caller's. 0 if `by` is KX_HELD_BY_LEASE, and for anything but a
   * regular file.
   */
  int32_t lease_error;
  /**
   * Why there is no copy: -EFBIG if it would be larger than allowed. 0 unless `by` is
   * KX_HELD_BY_NOTHING.
   */
  int32_t copy_error;
  /** Private to the library. */
  int64_t stamp[5];
};

/**
 * The function that kx_on_bus_error() calls instead of the instruction that accessed the page. It
 * must not return. It may end the process, call what a signal handler may call, or leave with
 * longjmp(). This works each time, because the signal stays unblocked.
 */
typedef void (*kx_bus_error)(void);

/**
 * Version of the running library: major << 16 | minor << 8 | patch. Never fails.
 *
 * While the major version is 0, a program must run with the minor version that it was built with.
 * Compare with KX_VERSION_NUMBER, ignoring the last 8 bits. (KX_VERSION_* are the header's.)
 */
uint32_t kx_version_number(void);

/** Version of the running library as text: "0.1.0". Static, never NULL. */
const char *kx_version_string(void);

/**
 * Makes a command line for the next kernel from the running kernel's. Removes what belongs to this
 * boot only (BOOT_IMAGE=, elfcorehdr=, kexec_jump_back_entry=, dmcryptkeys=), and with
 * KX_REUSE_FOR_CRASH in `flags`, for a crash kernel, also crashkernel=. The result, in `buffer` of
 * `size` bytes, ends in NUL; `length` + 1 bytes always suffice. It cannot be made in place.
 *
 * Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
 * 0; or KX_E_NULL, KX_E_SIZE, KX_E_UNKNOWN, KX_E_BUFFER, KX_E_BAD_ARGUMENT (the buffer and the
 * command line overlap).
 */
int kx_reuse_command_line(const char *command_line,
                          size_t length,
                          uint32_t flags,
                          char *buffer,
                          size_t size);

/**
 * Writes 32 fresh random bytes from getrandom(2) to `seed`, for kx_request.rng_seed.
 *
 * Returns 32; KX_E_NULL; or -EAGAIN while the kernel has no random bytes yet: continue without a
 * seed.
 */
int kx_random_seed(uint8_t *seed);

/**
 * Writes KX_SECRET_SIZE random bytes from getrandom(2) to `secret`, for kx_request.digest_secret.
 * Early at boot they may be predictable, which is acceptable for the digest.
 *
 * Returns KX_SECRET_SIZE; KX_E_NULL; or -EAGAIN while the kernel has no random bytes (before Linux
 * 5.6, early at boot): continue without a secret.
 */
int kx_random_secret(uint8_t *secret);

/**
 * The text of a return value of this library, in English. Static, never NULL, for every int:
 * "success" for 0 and more, "unknown error" for numbers without a meaning.
 */
const char *kx_strerror(int code);

/**
 * The symbolic name of a return value: "ENOMEM", "KX_E_NO_HOLE"; "KX_OK" for 0 and more,
 * "KX_E_?" for numbers without a meaning. Static, never NULL.
 */
const char *kx_errname(int code);

/**
 * Writes the text of an error to a buffer of `size` bytes: one line of English without a full
 * stop, ending in NUL. KX_MESSAGE_SIZE bytes suffice for errors that the library wrote.
 *
 * Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_BUFFER.
 */
int kx_error_message(const struct kx_error *error,
                     char *buffer,
                     size_t size);

/**
 * The name of an architecture (KX_ARCH_*) as `uname -m` prints it: "x86_64"; "unknown" for other
 * numbers. Static, never NULL.
 */
const char *kx_arch_name(uint32_t arch);

/**
 * Parses the contents of one of the running system's files (KX_SOURCE_*), the whole file at once.
 *
 * The order of the calls does not matter. KX_MAP_FIRMWARE combines KX_SOURCE_BOOT_PARAMS,
 * KX_SOURCE_E820 and kx_machine_add_memory(). If none of them gives an entry and KX_SOURCE_IOMEM
 * was parsed, it is a copy of KX_MAP_IOMEM. KX_MAP_IOMEM combines KX_SOURCE_IOMEM and
 * kx_machine_add_memory().
 *
 * When a source is parsed again, it replaces its earlier facts; KX_SOURCE_IOMEM does so even if it
 * is refused, and so does KX_SOURCE_SRAT. Two exceptions add up until kx_machine_clear(): KX_SOURCE_CRASH_NOTES, because each
 * call is a CPU; and memory that cannot be distinguished from another source's (KX_SOURCE_E820,
 * KX_SOURCE_BOOT_PARAMS, and KX_SOURCE_IOMEM after entries were added to KX_MAP_IOMEM).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_UNKNOWN
 * (source), KX_E_BAD_ARGUMENT (not the contents of such a file), KX_E_FULL (the map is then empty
 * and stays empty; start again with kx_machine_clear()).
 */
int kx_machine_parse(struct kx_machine *machine,
                     uint32_t source,
                     const void *data,
                     size_t length);

/**
 * Adds a range of memory, from its first to its last address, to a map (KX_MAP_*). `kind` is an
 * e820 type, KX_MEMORY_* or any other. Where ranges overlap, the higher type stays. The range is
 * added to what was read or parsed before, and to what is parsed later; only a KX_MAP_FIRMWARE
 * that is a copy of KX_MAP_IOMEM is replaced. To keep segments out of a range, add it to
 * KX_MAP_IOMEM as KX_MEMORY_RESERVED; the new kernel's memory map does not show this.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (map),
 * KX_E_BAD_ARGUMENT (`last` is below `start`), KX_E_FULL (the map is then empty and stays empty
 * until kx_machine_clear()).
 */
int kx_machine_add_memory(struct kx_machine *machine,
                          uint32_t map,
                          uint64_t start,
                          uint64_t last,
                          uint32_t kind);

/**
 * Adds a descriptor to the EFI runtime map.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_FULL (the map is then empty, because half of it would mislead, and stays empty until
 * kx_machine_clear()).
 */
int kx_machine_add_efi(struct kx_machine *machine, const struct kx_efi_descriptor *descriptor);

/**
 * Gets the facts about a machine.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_machine_get(const struct kx_machine *machine, struct kx_machine_info *info);

/**
 * Sets the facts about a machine, except those that are "output only". Call kx_machine_get(),
 * change the structure, call kx_machine_set().
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN (a constant), KX_E_BAD_ARGUMENT (a range that ends before it starts, a platform
 * size other than 32 and 64, an invalid page size). If it fails, nothing is changed.
 */
int kx_machine_set(struct kx_machine *machine, const struct kx_machine_info *info);

/**
 * Copies the running kernel's command line to a buffer of `size` bytes. The text ends in NUL.
 *
 * Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY (not known).
 */
int kx_machine_command_line(const struct kx_machine *machine,
                            char *buffer,
                            size_t size);

/**
 * Copies the running kernel's boot_params, 4096 bytes.
 *
 * Returns 4096, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY
 * (not known).
 */
int kx_machine_boot_params(const struct kx_machine *machine, void *buffer, size_t size);

/**
 * Gets a range of a memory map (KX_MAP_*) by its index, from 0 in order of addresses, except for
 * KX_MAP_HOT_PLUGGABLE.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_UNKNOWN
 * (map), KX_E_NO_ENTRY.
 */
int kx_machine_memory(const struct kx_machine *machine,
                      uint32_t map,
                      size_t index,
                      struct kx_memory *memory);

/**
 * Gets a descriptor of the EFI runtime map by its index, from 0 in order of addresses.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_ENTRY.
 */
int kx_machine_efi(const struct kx_machine *machine,
                   size_t index,
                   struct kx_efi_descriptor *descriptor);

/**
 * The kernel's name for an e820 type: "System RAM"; "Unknown E820 type" for others. Static, never
 * NULL.
 */
const char *kx_memory_kind_name(uint32_t kind);

/**
 * Gets the facts about a machine for a crash kernel.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_machine_crash(const struct kx_machine *machine, struct kx_crash_info *info);

/**
 * Size in bytes of a machine object: at most KX_MACHINE_SIZE. For callers that allocate it. Never
 * fails.
 */
size_t kx_machine_size(void);

/** The alignment a machine object needs, in bytes. Never fails. */
size_t kx_machine_align(void);

/**
 * Initialises a machine in storage of `size` bytes: all zeros, and nothing is known. Use it as
 * kx_machine_init(&machine, sizeof(machine)).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_machine_size()).
 */
int kx_machine_init(struct kx_machine *machine, size_t size);

/**
 * Forgets all facts, as after kx_machine_init().
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_clear(struct kx_machine *machine);

/**
 * Reads the running system: /proc and /sys, which should be mounted. Facts known before are
 * forgotten. If a file cannot be read, its facts stay unknown, which is not an error here;
 * kx_plan() fails if there is no memory map. Only root can read everything.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_read(struct kx_machine *machine);

/**
 * Like kx_machine_read(), but reads only what kx_plan_to_boot() needs: nothing for a dump, and
 * nothing that explains a refused load. Facts known before are forgotten here too.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_read_to_boot(struct kx_machine *machine);

/**
 * Like kx_machine_read(), from `root`/proc and `root`/sys: another mount of them, or a copy of
 * another machine's files. If it is a capture, made by kexec(8) with --capture, the facts are those of
 * kx_machine_read() there; of other copies, what system calls give is unknown.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED; -errno of opening `root`,
 * -ENOENT also if it contains neither proc nor sys, -EOPNOTSUPP for a capture of another version.
 * Then nothing is known of the machine.
 */
int kx_machine_read_below(struct kx_machine *machine,
                          const char *root);

/**
 * Describes the kernel image in the `length` bytes at `data`.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT (the
 * first of the error's numbers and the message give the format it looks like), KX_E_TRUNCATED,
 * KX_E_PROTOCOL, KX_E_NOT_BOOTABLE, KX_E_BAD_FIELD.
 */
int kx_image_probe(const void *data,
                   size_t length,
                   struct kx_image *image,
                   struct kx_error *error);

/**
 * Like kx_image_probe(), for a file. Nobody may write to the file during the call.
 *
 * Returns 0, the errors of kx_image_probe(), -errno of open, fstat or mmap, KX_E_EMPTY_FILE,
 * KX_E_NOT_A_FILE.
 */
int kx_image_probe_path(const char *path, struct kx_image *image, struct kx_error *error);

/**
 * Like kx_image_probe(), for an open file, which stays open. Nobody may write to the file during
 * the call.
 *
 * Returns 0, the errors of kx_image_probe(), -errno of fstat or mmap, KX_E_EMPTY_FILE,
 * KX_E_NOT_A_FILE.
 */
int kx_image_probe_fd(int fd,
                      struct kx_image *image,
                      struct kx_error *error);

/**
 * Detects the format of a file by the marks at its beginning. `data` points to the first `length`
 * bytes of the file; 32774 (0x8006) bytes suffice, but for KX_FORMAT_VMLINUX, which without the notes
 * in the rest of the file is KX_FORMAT_ELF. Nothing else is checked: see kx_image_probe().
 *
 * Returns KX_FORMAT_*, or KX_E_NULL, KX_E_SIZE.
 */
int kx_file_format(const void *data,
                   size_t length);

/**
 * Detects the architecture of an ELF file, a kernel or an EFI program, by the same marks as
 * kx_file_format().
 *
 * Returns KX_ARCH_*; 0 if the marks do not give it, or the file is none of these; or KX_E_NULL,
 * KX_E_SIZE.
 */
int kx_file_arch(const void *data, size_t length);

/**
 * The name of a format (KX_FORMAT_*) with its article: "a gzip file"; "a file of an unknown
 * format" for other numbers. Static, never NULL.
 */
const char *kx_format_name(uint32_t format);

/**
 * Opens the unified kernel image in the `length` bytes at `data`, and describes its profile with the number
 * or ID `profile`: a string, or NULL for the first profile, which every image has.
 *
 * The members of `uki` go into a request: `kernel` is the kernel, `microcode` and `initrd` are initrds, and
 * `command_line` is the command line if the caller has none. No byte is copied.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT (also for an
 * addon: the first of the error's numbers is KX_FORMAT_UKI_ADDON), KX_E_TRUNCATED for a section past the
 * end, KX_E_BAD_FIELD for a machine that is not that of the kernel, KX_E_NOT_BOOTABLE for a profile
 * without a kernel, KX_E_BAD_ARGUMENT for a profile that the image does not have.
 */
int kx_uki_open(const void *data,
                size_t length,
                const char *profile,
                struct kx_uki *uki,
                struct kx_error *error);

/**
 * Opens the addon in the `length` bytes at `data`, for an image with these `arch` and `release`: the members
 * of its kx_uki. A version that one of them does not have is no difference.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT, KX_E_TRUNCATED,
 * KX_E_BAD_FIELD, as kx_uki_open(); KX_E_UNKNOWN for an unknown `arch`; KX_E_NOT_BOOTABLE for an addon of another architecture or another version of the kernel (.uname) than the
 * image.
 */
int kx_uki_addon(const void *data,
                 size_t length,
                 uint32_t arch,
                 const struct kx_bytes *release,
                 struct kx_uki *addon,
                 struct kx_error *error);

/**
 * Finds any section of a unified kernel image, as its profile with the number `profile` has it: `name` is
 * a string such as ".pcrsig". `section` becomes all bytes of the section; it is empty if the image does not
 * have it.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT, KX_E_TRUNCATED,
 * KX_E_BAD_FIELD for an unknown machine, KX_E_BAD_ARGUMENT for a profile that the image does not have and
 * for a name of more than eight bytes.
 */
int kx_uki_section(const void *data,
                   size_t length,
                   uint32_t profile,
                   const char *name,
                   struct kx_bytes *section,
                   struct kx_error *error);

/**
 * Size in bytes of a workspace: at most KX_WORKSPACE_SIZE. For callers that allocate it. Never
 * fails.
 */
size_t kx_workspace_size(void);

/** The alignment a workspace needs, in bytes. Never fails. */
size_t kx_workspace_align(void);

/**
 * Initialises an empty workspace, all zeros, in storage of `size` bytes. Use it as
 * kx_workspace_init(&workspace, sizeof(workspace)).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_workspace_size()).
 */
int kx_workspace_init(struct kx_workspace *workspace, size_t size);

/**
 * Makes a plan: decides where kernel, initrds, boot parameters and purgatory go, writes the latter
 * two into the workspace, and computes a digest of all bytes once, unless the request says not to.
 * It makes no system call: it works for any machine, on any machine, without privileges.
 *
 * The previous contents of the workspace are forgotten, whatever the return value. The plan points
 * to the request's kernel and initrds, which must stay unchanged. Machine, command line, dtb, seed
 * and the request itself need not stay. The plan also points into the workspace, so a copy of the
 * workspace has no usable plan (KX_E_MOVED).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (a seed that does not have 32 bytes, an invalid port or speed,
 * flags that do not go together, a format, entry or modules that no image here has, a crash kernel
 * with CPUs' notes but without their size); the errors of kx_image_probe() for the image,
 * KX_E_NOT_BOOTABLE also for an image of another architecture, in Xen's control domain and in
 * paravirtualised guests; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL, KX_E_EMPTY_FILE (the
 * kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP, KX_E_NOT_KNOWN,
 * KX_E_NOT_BUILT, KX_E_NO_HOLE, KX_E_FULL, KX_E_CANCELLED, KX_E_BUSY; for a crash kernel
 * KX_E_NO_CRASH_RESERVATION, KX_E_CRASH_TOO_SMALL, KX_E_NO_VMCOREINFO, KX_E_NO_CRASH_HOTPLUG. If
 * it fails, the workspace holds no plan.
 */
int kx_plan(const struct kx_request *request,
            const struct kx_machine *machine,
            struct kx_workspace *workspace,
            struct kx_error *error);

/**
 * Like kx_plan(), for this machine's Linux image (on x86-64 a bzImage) that will be started by a
 * reboot, with a third of the code. It is for programs that have little room. The facts read by
 * kx_machine_read_to_boot() suffice for it.
 *
 * Nothing is verified before the new kernel starts: there is no digest, as with
 * KX_REQUEST_NO_VERIFY, so on_failure has no meaning. No progress function is called, because no
 * byte of kernel and initrds is read. A vmlinux, a crash kernel and a console of the purgatory are
 * unsupported.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (also for KX_REQUEST_VMLINUX, KX_REQUEST_CRASH,
 * KX_REQUEST_CONSOLE_VGA, KX_REQUEST_CONSOLE_SERIAL, KX_REQUEST_RESET_VGA, any format but
 * KX_FORMAT_BZIMAGE, any architecture but KX_ARCH_X86_64 and any module); the errors of
 * kx_image_probe() for the image; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL,
 * KX_E_EMPTY_FILE (the kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP,
 * KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL, KX_E_BUSY. If it fails, the workspace holds no plan.
 */
int kx_plan_to_boot(const struct kx_request *request,
                    const struct kx_machine *machine,
                    struct kx_workspace *workspace);

/**
 * Gets the numbers of a plan.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY.
 */
int kx_plan_get(const struct kx_workspace *workspace, struct kx_plan_info *info);

/**
 * Gets a segment by its index, from 0. Its bytes stay valid as long as the caller's files and the
 * plan in the workspace.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_segment(const struct kx_workspace *workspace,
                    size_t index,
                    struct kx_segment *segment);

/**
 * Gets the boot parameters for the new kernel: first boot_params (4096 bytes), then command line,
 * EFI map and setup_data. The bytes stay valid as long as the plan in the workspace.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_boot_params(const struct kx_workspace *workspace,
                        struct kx_bytes *bytes);

/**
 * Gets the command line for the new kernel, without a final NUL; for a crash kernel it includes
 * what planning added (`elfcorehdr=`). The bytes are the caller's, or stay valid as long as the
 * plan in the workspace.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY.
 */
int kx_plan_command_line(const struct kx_workspace *workspace, struct kx_bytes *bytes);

/**
 * Gets the type of a setup_data node by its index, from 0 in list order.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_setup_type(const struct kx_workspace *workspace, size_t index, uint32_t *kind);

/**
 * The name of a setup_data type: "SETUP_EFI"; "setup_data" for types that the library does not
 * write. Static, never NULL.
 */
const char *kx_setup_type_name(uint32_t kind);

/** The name of a kind of segment: "kernel"; "segment" for others. Static, never NULL. */
const char *kx_segment_kind_name(uint32_t kind);

/**
 * Gets a note by its index, from 0. A note says what was left out of the plan, or is not known.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_note_get(const struct kx_workspace *workspace, size_t index, struct kx_note *note);

/**
 * Writes the text of a note, by its index from 0, to a buffer of `size` bytes: one line that says
 * what was left out of the plan and why, ending in NUL. KX_NOTE_SIZE bytes always suffice.
 *
 * Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED, KX_E_BUSY,
 * KX_E_NO_ENTRY, KX_E_BUFFER.
 */
int kx_plan_note(const struct kx_workspace *workspace,
                 size_t index,
                 char *buffer,
                 size_t size);

/**
 * Checks a plan against the rules of kexec_load(2), in the kernel's order, without a system call.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_check(const struct kx_workspace *workspace,
             struct kx_error *error);

/**
 * Like kx_check(), for an array of segments that the caller made; their kind does not matter.
 * `limits` may be NULL.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (also if the segments differ in size),
 * KX_E_TOO_NEW, KX_E_UNKNOWN (`reserved` is not 0), KX_E_BAD_ARGUMENT (a crash region that ends
 * before it starts, an invalid page size), KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_check_segments(const struct kx_segment *segments,
                      size_t count,
                      uint64_t entry,
                      const struct kx_limits *limits,
                      struct kx_error *error);

/**
 * Checks what kexec_file_load(2) would refuse, as far as this can be known without the call. This
 * matters for a crash image: when the kernel refuses the new one, it has freed the old one. `data`
 * and `length` are the kernel file, `initrd_size` is the size of the initrd in bytes (0 for none),
 * and `command_line` ends in NUL.
 *
 * An image must be a bzImage that can be loaded above 4 GiB, and the command line must leave 30
 * bytes for the elfcorehdr= that the kernel adds. Not checked here: signatures, policies, memory,
 * and files that are open for writing (kx_hold()). kx_plan() checks whether a crash image fits its
 * reservation.
 *
 * Returns 0, or the errors of kx_image_probe() for the image; KX_E_NOT_BOOTABLE also for an image
 * that must lie below 4 GiB, for an image without 5-level paging if the running kernel uses it,
 * and if the running kernel uses a 32-bit EFI; KX_E_COMMAND_LINE_TOO_LONG; -EFBIG for a file of
 * more than 4 GiB; KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_check_files(const void *data,
                   size_t length,
                   uint64_t initrd_size,
                   const char *command_line,
                   const struct kx_machine *machine,
                   struct kx_error *error);

/**
 * Explains a refusal: writes the meaning of the -errno `code` of a step (KX_STEP_*), on a machine
 * in the state that `machine` describes, to a buffer of `size` bytes. The text ends in NUL.
 * KX_EXPLANATION_SIZE bytes always suffice.
 *
 * Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
 * 0; 0 if there is nothing to add to kx_strerror(); or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_NOT_INITIALISED, KX_E_UNKNOWN (step), KX_E_BAD_ARGUMENT (not an -errno), KX_E_BUFFER.
 */
int kx_explain(uint32_t step,
               int code,
               const struct kx_machine *machine,
               char *buffer,
               size_t size);

/**
 * Classifies a refusal, an -errno of kx_load_files(). Try kx_load() only after
 * KX_REFUSAL_UNSUPPORTED.
 *
 * Returns KX_REFUSAL_*, or KX_E_BAD_ARGUMENT (not an -errno).
 */
int kx_refusal(int code);

/**
 * Computes the digest that the purgatory verifies: of `count` regions, keyed with the
 * KX_SECRET_SIZE bytes at `secret` (NULL: the default). It is written to the KX_DIGEST_SIZE bytes
 * at `digest`. For a plan's segments without the purgatory, and the secret of its request, it is
 * kx_plan_info.digest.
 *
 * Returns KX_DIGEST_SIZE, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE.
 */
int kx_digest(const struct kx_bytes *regions,
              size_t count,
              const uint8_t *secret,
              uint8_t *digest);

/**
 * Maps a regular file, read-only. Its contents are read when they are first accessed. kx_unmap()
 * ends the mapping. Nobody may write to the file or truncate it while it is mapped: an access past
 * its new end raises SIGBUS. kx_hold() keeps writers out. The previous value of `bytes` is
 * overwritten, not unmapped.
 *
 * Returns 0, -errno of open, fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_map(const char *path,
           struct kx_bytes *bytes,
           struct kx_error *error);

/**
 * Like kx_map(), for an open file, which may be closed afterwards.
 *
 * Returns 0, -errno of fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_map_fd(int fd, struct kx_bytes *bytes, struct kx_error *error);

/**
 * Ends a mapping made by kx_map() or kx_map_fd(), and makes `bytes` empty; empty bytes are not an
 * error. Afterwards no plan made from them may be loaded.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED.
 */
int kx_unmap(struct kx_bytes *bytes);

/**
 * The largest number of bytes of memory that copies of files should take, all together: a quarter
 * of the available memory, because the kernel holds two more copies while it loads them. Reads
 * /proc/meminfo, or calls sysinfo(2). Never fails.
 */
uint64_t kx_copy_limit(void);

/**
 * Joins the contents of open files (initrds) in memory to the single file that kexec_file_load(2)
 * takes. Between them it inserts zeros up to a multiple of 4. Nobody can change the result. All
 * files together may have `limit` bytes (kx_copy_limit()); this is checked before the first one is
 * copied.
 *
 * Returns a new file descriptor, which the caller closes; -errno of fstat, memfd_create, lseek,
 * sendfile, of sealing the file, or of opening it read-only, which needs /proc or
 * CAP_DAC_READ_SEARCH; -EFBIG also for more than RLIMIT_FSIZE; or KX_E_COPY_TOO_LARGE, KX_E_NULL,
 * KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE, KX_E_BAD_ARGUMENT (no file).
 */
int kx_join(const int *fds,
            size_t count,
            uint64_t limit,
            struct kx_error *error);

/**
 * Maps a file and keeps it unchanged until kx_release(). For a regular file it takes a read lease;
 * if that is not possible, it makes a sealed copy of a file of at most `copy_limit` bytes;
 * otherwise the file is not protected. held->by says which. When a writer waits, the process gets
 * SIGURG, which is ignored unless handled. A block device, a FIFO or a pipe (/dev/fd/N), and a
 * file that cannot be mapped (some in /sys), are read into such a copy. The copies of several
 * calls count together: kx_copy_limit() gives their total, and each call with held->by
 * KX_HELD_BY_COPY took held->bytes.length of it.
 *
 * `held` must be empty (`by` is 0), because its contents would be lost.
 *
 * After the last use of the bytes, kx_load() included, kx_held_check() says whether they stayed
 * unchanged. If it returns KX_E_FILE_CHANGED, unload the image with kx_unload().
 *
 * Returns 0, -errno of open, fstat, mmap, read or of making a copy, or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_BAD_ARGUMENT (`held` is not empty), KX_E_COPY_TOO_LARGE (a file that can only be
 * copied), KX_E_EMPTY_FILE, KX_E_NOT_A_FILE, KX_E_FILE_CHANGED (its length changed during the
 * call).
 */
int kx_hold(const char *path,
            uint64_t copy_limit,
            struct kx_held *held,
            struct kx_error *error);

/**
 * Like kx_hold(), for a regular file that is open for reading and may be closed afterwards. The
 * library opens the file a second time (by /proc/self/fd, or its handle), so that position, lease
 * and signal (F_SETSIG) of the caller's open file do not change. If that is not possible, or while
 * the caller has a write lease, there is no lease, and lease_error is -EBUSY.
 *
 * Returns 0, -errno of fcntl, fstat, mmap or of making a copy, or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_BAD_ARGUMENT, KX_E_COPY_TOO_LARGE, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE,
 * KX_E_FILE_CHANGED.
 */
int kx_hold_fd(int fd,
               uint64_t copy_limit,
               struct kx_held *held,
               struct kx_error *error);

/**
 * Whether the file is unchanged since kx_hold() returned.
 *
 * Returns 0, KX_E_FILE_CHANGED, -errno of fstat, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
 */
int kx_held_check(const struct kx_held *held, struct kx_error *error);

/**
 * Ends the mapping and the lease of kx_hold() or kx_hold_fd(), and makes `held` empty; an empty
 * one is not an error. Afterwards no plan made from the bytes may be loaded.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
 */
int kx_release(struct kx_held *held);

/**
 * Loads a plan with kexec_load(2). The kernel copies the plan, so all memory then belongs to the
 * caller again. The image stays loaded until the reboot, or kx_unload(). Needs CAP_SYS_BOOT. The
 * image is loaded for the whole system, whichever thread calls. While another call is under way,
 * this one is repeated for up to a second.
 *
 * If it fails, the image loaded before stays loaded. A crash image is an exception: once the
 * kernel has begun with a plan of KX_REQUEST_CRASH, the old one is gone, because the new one takes
 * its place, and a refusal leaves none. First use kx_plan() and kx_check(), which find as many
 * errors as possible without a system call.
 *
 * Returns 0, -errno of kexec_load (kx_explain(KX_STEP_LOAD)), or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED, KX_E_BUSY, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_load(const struct kx_workspace *workspace,
            struct kx_error *error);

/**
 * Like kx_load(), for an array of segments that the caller made, with the entry and flags of
 * kexec_load. Only the number of segments is checked.
 *
 * Returns 0, -errno of kexec_load, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (also of segments
 * that differ in size), KX_E_TOO_NEW, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_load_segments(const struct kx_segment *segments,
                     size_t count,
                     uint64_t entry,
                     uint64_t flags,
                     struct kx_error *error);

/**
 * Loads with kexec_file_load(2): the kernel reads, checks and places the files itself. No plan is
 * needed. `initrd` is a descriptor, or -1 for none (kx_join() makes one of several).
 * `command_line` has `length` bytes, and the last one is NUL; `length` may be 0. `flags` are
 * KX_FILE_*. Nobody may have the files open for writing.
 *
 * With KX_FILE_ON_CRASH a refusal loses the crash image that was loaded before, once the kernel
 * has begun, as with kx_load(). kx_check_files() finds most of what the kernel refuses. To check
 * first that the files are a kernel and fit the reservation, plan them with kx_plan() and
 * KX_REQUEST_CRASH, and check the plan with kx_check(). A lease (kx_hold()) shows that nobody
 * writes to them.
 *
 * Returns 0, -errno of kexec_file_load (kx_explain(KX_STEP_FILE_LOAD)), or KX_E_NULL, KX_E_SIZE,
 * KX_E_MISALIGNED (of `error`), KX_E_COMMAND_LINE_NUL (there is a NUL before the last byte, or the
 * last byte is not NUL), KX_E_UNKNOWN (flags), KX_E_BAD_ARGUMENT (`initrd` is below -1, such as
 * the error of a failed open).
 */
int kx_load_files(int kernel,
                  int initrd,
                  const char *command_line,
                  size_t length,
                  uint64_t flags,
                  struct kx_error *error);

/**
 * Whether kexec_file_load(2) of the running kernel knows a flag (KX_FILE_*). Loads and unloads
 * nothing, but counts as a load for kernel.kexec_load_limit_reboot.
 *
 * Returns 1 or 0; -errno if the kernel does not say: -EPERM if the caller may not load, -ENOSYS
 * if the call is missing, -EBUSY while another call is under way.
 */
int kx_knows_file_flag(uint64_t flag);

/**
 * Unloads an image with one of the two calls (KX_CALL_*). Each of them also unloads what the other
 * loaded. `flags` may be KX_LOADED_CRASH. It is not an error if nothing is loaded.
 *
 * Returns 0, -errno of the call, or KX_E_MISALIGNED, KX_E_SIZE (of `error`), KX_E_UNKNOWN.
 */
int kx_unload(uint32_t call,
              uint32_t flags,
              struct kx_error *error);

/**
 * Chooses the call to make next (KX_CALL_*). `flags` are KX_ROUTE_*; 0 is the policy of the kexec
 * command: first kexec_file_load(2), with which the kernel checks signatures, then kexec_load(2)
 * if the first one is missing or does not support the image. Before the first call, `call` and
 * `code` are 0. After a failure they are the call and its return value: the -errno of kx_load() or
 * kx_load_files(), or, with KX_CALL_FILE_LOAD, the return value of kx_check_files() or kx_join().
 * Of these, KX_E_NOT_BOOTABLE, KX_E_NOT_THIS_FORMAT, KX_E_COMMAND_LINE_TOO_LONG and
 * KX_E_COPY_TOO_LARGE lead to kexec_load.
 *
 * A load that policy forbids must not be retried with the other call: after a refused signature,
 * or under a lockdown that `machine` knows of, the next call is never kexec_load. If kexec_load is
 * forbidden as by a lockdown that `machine` does not know of, the next call is kexec_file_load.
 *
 * For a crash image, the kernel may have freed the old one before it refused the new one: check
 * with kx_check_files() or kx_check() before either call.
 *
 * Returns KX_CALL_LOAD, KX_CALL_FILE_LOAD, or 0 if no call may be made; or KX_E_NULL,
 * KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (flags, call), KX_E_BAD_ARGUMENT (both
 * KX_ROUTE_ONLY_LOAD and KX_ROUTE_ONLY_FILE_LOAD; a `code` that is no failure, or without a call).
 */
int kx_route(uint32_t flags,
             uint32_t call,
             int code,
             const struct kx_machine *machine);

/**
 * Loads this machine's Linux image (on x86-64 a bzImage); kx_exec() then starts it. Reads the
 * machine, maps the files, plans and loads, like kx_machine_read_to_boot(), kx_map(),
 * kx_plan_to_boot() with a fresh random seed, and kx_load() one after the other, but with half
 * their code. It is for programs that must be tiny, such as the only program in an initramfs. As
 * with kx_plan_to_boot(), nothing is verified before the new kernel starts.
 *
 * `kernel` and `initrd` are paths; `initrd` may be NULL. `machine` and `workspace` are working
 * memory: they need not be initialised, their contents are lost, and afterwards they hold nothing
 * useful. When the function returns, all memory belongs to the caller again. Nobody may write to
 * the files during the call (kx_hold() keeps writers out). Needs CAP_SYS_BOOT, /proc and /sys. The
 * image is loaded for the whole system, whichever thread calls.
 *
 * Returns 0, -errno of open, fstat, mmap or kexec_load; KX_E_NULL, KX_E_MISALIGNED;
 * KX_E_NOT_A_FILE, KX_E_EMPTY_FILE; for the image KX_E_TRUNCATED, KX_E_NOT_THIS_FORMAT,
 * KX_E_PROTOCOL, KX_E_BAD_FIELD, KX_E_NOT_BOOTABLE; KX_E_COMMAND_LINE_TOO_LONG,
 * KX_E_NO_MEMORY_MAP, KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL. If it fails, the image loaded
 * before stays loaded.
 */
int kx_load_to_boot(const char *kernel,
                    const char *initrd,
                    const char *command_line,
                    struct kx_machine *machine,
                    struct kx_workspace *workspace);

/**
 * Whether an image is loaded, or with KX_LOADED_CRASH in `flags` a crash image; reads /sys.
 *
 * Returns 1 or 0, -errno (-ENOENT: no /sys, or a kernel without kexec), or KX_E_UNKNOWN
 * (flags).
 */
int kx_loaded(uint32_t flags);

/**
 * Whether the running kernel supports kexec; reads /sys.
 *
 * Returns 1 or 0, or -errno if that is not known (-ENOENT: /sys is not mounted).
 */
int kx_has_kexec(void);

/**
 * Waits until all file systems are written: sync(2). kx_exec() does not do this.
 *
 * Returns 0.
 */
int kx_sync(void);

/**
 * Takes all network interfaces except loopback down, so that no device writes into the new
 * kernel's memory. An interface that cannot be taken down is not an error.
 *
 * Returns the number of requests that the kernel accepted; -errno of socket, sendto or recvfrom
 * (-EAFNOSUPPORT without a network); or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_interfaces_down(struct kx_error *error);

/**
 * Starts the loaded image at once: no process is notified, no file system is unmounted or written.
 * Does not return on success. Needs CAP_SYS_BOOT.
 *
 * Returns -errno of reboot(2) (kx_explain(KX_STEP_EXEC)); if nothing is loaded
 * KX_E_NOTHING_LOADED, or -EINVAL if /sys does not show that; or KX_E_MISALIGNED, KX_E_SIZE (of
 * `error`).
 */
int kx_exec(struct kx_error *error);

/**
 * Mounts a file system of a type on a directory: kx_mount("proc", "/proc", "proc", &error). If one
 * is already mounted there, that is not an error.
 *
 * Returns 0, -errno of mount, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_mount(const char *source,
             const char *target,
             const char *kind,
             struct kx_error *error);

/**
 * Sets `handler` to be called when a page of a mapped file is not available: the file was
 * truncated, or its disk failed (SIGBUS). The handler applies to the whole process, so setting it
 * is up to the program, not to a library that it uses; with libc, sigaction does the same. A
 * `handler` of type kx_bus_error never returns.
 *
 * Returns 0, -errno of rt_sigaction, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_on_bus_error(kx_bus_error handler,
                    struct kx_error *error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* LIBKEXEC_H */
