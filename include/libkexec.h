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
/** flags: do not hand EFI runtime services on. */
#define KX_REQUEST_NO_EFI 256
/** flags: do not have the purgatory verify what was loaded; no byte is read for a digest. */
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
 * memory come and go.
 */
#define KX_REQUEST_CRASH_HOTPLUG 16384
/** flags, with KX_REQUEST_CRASH: tell the crash kernel of its memory on the command line. */
#define KX_REQUEST_CRASH_MEMMAP 32768
/**
 * flags: an ELF file is a Linux kernel, a vmlinux. With `format` 0; unlike KX_FORMAT_VMLINUX there
 * it leaves files of other formats what they are.
 */
#define KX_REQUEST_VMLINUX 65536
/** entry: Linux/x86, in 64-bit mode. */
#define KX_ENTRY_X86_64 1
/** entry: Linux/x86, in 32-bit protected mode. Refused with KX_E_BAD_ARGUMENT: not started yet. */
#define KX_ENTRY_X86_32 2
/** entry: Linux/x86, in real mode. Refused as KX_ENTRY_X86_32. */
#define KX_ENTRY_X86_16 3
/** serial_kind: a UART 8250 or 16550 at an I/O port. There is no other yet. */
#define KX_SERIAL_PORT 0
/** on_failure: stop with interrupts off. */
#define KX_ON_FAILURE_HALT 0
/** on_failure: reset the machine. */
#define KX_ON_FAILURE_REBOOT 1
/** flags of kx_reuse_command_line(): the line is for a crash kernel. */
#define KX_REUSE_FOR_CRASH 16777216
/** The file ends too early. numbers: bytes needed, bytes there. */
#define KX_E_TRUNCATED (-4097)
/**
 * The file is not a kernel of a format that the library starts. numbers: what it looks like
 * (KX_FORMAT_*).
 */
#define KX_E_NOT_THIS_FORMAT (-4098)
/**
 * The image's boot protocol is too old. numbers: version found, version needed (major << 8 |
 * minor).
 */
#define KX_E_PROTOCOL (-4099)
/** A header field cannot be right. numbers: its offset in the file, its value. */
#define KX_E_BAD_FIELD (-4100)
/** The image is well formed but cannot be started here; kx_error_message() says why. */
#define KX_E_NOT_BOOTABLE (-4101)
/** The command line is too long. numbers: its length, the most the kernel takes. */
#define KX_E_COMMAND_LINE_TOO_LONG (-4102)
/** There is a NUL byte in the command line. numbers: its offset. */
#define KX_E_COMMAND_LINE_NUL (-4103)
/** A table of the library is full. numbers: its capacity. */
#define KX_E_FULL (-4104)
/**
 * There is no free memory for a segment. numbers: size, alignment, lowest and highest address
 * allowed, size of the largest free range there, KX_NARROWED_* bits.
 */
#define KX_E_NO_HOLE (-4105)
/** More segments than the kernel takes. numbers: segments needed, segments allowed. */
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
/** Nothing is loaded that could be started. */
#define KX_E_NOTHING_LOADED (-4113)
/**
 * A value is out of range: those told at each function; where it takes a struct kx_error,
 * kx_error_message() says which.
 */
#define KX_E_BAD_ARGUMENT (-4114)
/** A file was written to, or cut short, while it was held. */
#define KX_E_FILE_CHANGED (-4115)
/** A crash kernel needs memory that was reserved at boot, and none is. */
#define KX_E_NO_CRASH_RESERVATION (-4116)
/** The crash kernel's reservation is too small. numbers: bytes there, bytes that would do. */
#define KX_E_CRASH_TOO_SMALL (-4117)
/** The running kernel does not say where its vmcoreinfo is. */
#define KX_E_NO_VMCOREINFO (-4118)
/** The running kernel cannot keep the elfcorehdr up to date. */
#define KX_E_NO_CRASH_HOTPLUG (-4119)
/** The progress function said to stop. */
#define KX_E_CANCELLED (-4120)
/**
 * More would have to be copied into memory than may be. numbers: bytes to copy, bytes that may
 * be copied.
 */
#define KX_E_COPY_TOO_LARGE (-4121)
/**
 * A fact of the machine is not known, and a wrong guess would be a machine that does not come up,
 * or a crash kernel that is lost; kx_error_message() says which, why, and what to do.
 */
#define KX_E_NOT_KNOWN (-4122)
/**
 * This build of the library lacks code of the architecture that is planned for;
 * kx_error_message() says which, and what to do.
 */
#define KX_E_NOT_BUILT (-4123)
/** A pointer is NULL that must not be. */
#define KX_E_NULL (-4196)
/** An object is not aligned as its type must be. */
#define KX_E_MISALIGNED (-4197)
/** A size cannot be: a structure's size member, or the storage of an object. */
#define KX_E_SIZE (-4198)
/**
 * A structure is larger than this library knows, and not zero there: it asks for something that
 * came later.
 */
#define KX_E_TOO_NEW (-4199)
/** The object was not initialised. */
#define KX_E_NOT_INITIALISED (-4200)
/** The buffer is too small; nothing was written. */
#define KX_E_BUFFER (-4201)
/** There is no such entry: the index is past the end. */
#define KX_E_NO_ENTRY (-4202)
/** The workspace holds no plan. */
#define KX_E_NO_PLAN (-4203)
/**
 * A flag or a constant this library does not know. numbers: 0 and the bits not known, or the
 * constant, where it takes a struct kx_error.
 */
#define KX_E_UNKNOWN (-4204)
/** The workspace was moved or copied after it was planned in: its plan points into the old place. */
#define KX_E_MOVED (-4205)
/**
 * The workspace is in use by a kx_plan() that has not returned: its progress function must not
 * use it.
 */
#define KX_E_BUSY (-4206)
/** mem + memsz runs past the end of the address space. */
#define KX_RULE_WRAPS 1
/** mem or memsz is not a multiple of the running kernel's page size. */
#define KX_RULE_UNALIGNED 2
/** The segment ends past what the kernel can map. */
#define KX_RULE_PAST_LIMIT 3
/** It overlaps another one. */
#define KX_RULE_OVERLAP 4
/** bufsz is larger than memsz. */
#define KX_RULE_BUFFER_TOO_LARGE 5
/** It, or all segments together, take more than half of the RAM. */
#define KX_RULE_TOO_MUCH_MEMORY 6
/** It lies outside the crash kernel's reservation. */
#define KX_RULE_OUTSIDE_CRASH_RESERVATION 7
/**
 * It does not lie in free RAM. A plan's segments do; no function of this version makes this
 * check of others.
 */
#define KX_RULE_NOT_RAM 8
/** The entry lies in no segment's bytes. */
#define KX_RULE_ENTRY_OUTSIDE 9
/** The new kernel's entry lies in none of its bytes. Of plans only. */
#define KX_RULE_KERNEL_ENTRY_OUTSIDE 10
/** KX_E_NO_HOLE, sixth number: the request's mem_min narrows the window. */
#define KX_NARROWED_BY_MEM_MIN 1
/** KX_E_NO_HOLE, sixth number: the request's mem_max narrows the window. */
#define KX_NARROWED_BY_MEM_MAX 2
/** origin: a file could not be opened, mapped or read; `what` is the step. */
#define KX_FROM_FILE 1
/** origin: a system call refused; `what` is its name. */
#define KX_FROM_CALL 2
/** Bytes that suffice for every message of the library. */
#define KX_MESSAGE_SIZE 400
/** arch: x86, 64-bit. There will be more: what a program does not know is "another one". */
#define KX_ARCH_X86_64 1
/** arch: arm64. */
#define KX_ARCH_ARM64 2
/** arch: RISC-V, 64-bit. */
#define KX_ARCH_RISCV64 3
/** /proc/iomem. Also gives the memory map where no other source does. */
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
/** /proc/cpuinfo, its first 64 KiB suffice. */
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
 * /sys/devices/system/cpu/cpu0/crash_notes_size; for a crash kernel. (1024 where the kernel has
 * no such file, before 3.10.)
 */
#define KX_SOURCE_CRASH_NOTES_SIZE 14
/**
 * /sys/devices/system/cpu/cpuN/crash_notes, each adds a CPU; for a crash kernel, which then also
 * wants KX_SOURCE_CRASH_NOTES_SIZE.
 */
#define KX_SOURCE_CRASH_NOTES 15
/** /sys/kernel/kexec/crash_cma_ranges; for a crash kernel. */
#define KX_SOURCE_CRASH_CMA 16
/** The memory map the new kernel is told. */
#define KX_MAP_FIRMWARE 1
/** What the running kernel makes of it, /proc/iomem: segments go only where both have RAM. */
#define KX_MAP_IOMEM 2
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
/** iomem_access: all addresses were 0, the reader lacks CAP_SYS_ADMIN. */
#define KX_IOMEM_UNPRIVILEGED 1
/** iomem_access: read. */
#define KX_IOMEM_READ 2
/** iomem_access: more ranges than there is room for. */
#define KX_IOMEM_TOO_LONG 3
/** iomem_access: the file is there and could not be read. */
#define KX_IOMEM_UNREADABLE 4
/** iomem_access: no lines, or one that is no resource. */
#define KX_IOMEM_DAMAGED 5
/** firmware: somebody looked and could not tell; 0: nobody looked. */
#define KX_FIRMWARE_UNREADABLE 1
/** firmware: not EFI. A new kernel finds the ACPI tables by itself. */
#define KX_FIRMWARE_NOT_EFI 2
/** firmware: EFI. A new kernel must be told where the ACPI tables are. */
#define KX_FIRMWARE_EFI 3
/** lockdown: nothing is forbidden. */
#define KX_LOCKDOWN_NONE 1
/** lockdown: kexec_load is forbidden, kexec_file_load of unsigned kernels too. */
#define KX_LOCKDOWN_INTEGRITY 2
/** lockdown: as integrity, and reading kernel memory too. */
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
/** flags, told only: a source of the memory map was passed over for its length. */
#define KX_MACHINE_MEMORY_FULL 128
/** flags, told only: the EFI runtime map was dropped for its length. */
#define KX_MACHINE_EFI_FULL 256
/** flags, told only: the running kernel's boot_params are known. */
#define KX_MACHINE_BOOT_PARAMS 512
/** flags, told only: EFI can be handed on. */
#define KX_MACHINE_EFI_COMPLETE 1024
/** RAM. */
#define KX_MEMORY_RAM 1
/** Memory nobody may use. */
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
 * flags: elfcorehdr_size is known: the running kernel keeps the elfcorehdr up to date
 * (KX_REQUEST_CRASH_HOTPLUG).
 */
#define KX_CRASH_INFO_HOTPLUG 1
/** flags: direct_map is known. */
#define KX_CRASH_INFO_DIRECT_MAP 2
/**
 * flags: there are more CPUs, or stretches of RAM, than there is room for; no crash kernel can
 * be planned.
 */
#define KX_CRASH_INFO_FULL 4
/** flags: the list of possible CPUs could not be read, or makes no sense: no CPU is known. */
#define KX_CRASH_INFO_CPUS_UNREAD 8
/** flags: the ranges of `crashkernel=...,cma` are there and could not be read. */
#define KX_CRASH_INFO_CMA_UNREAD 16
/**
 * Bytes of a struct kx_machine. Of these kx_machine_size() are used, and kx_machine_init() writes
 * zeros to as many.
 */
#define KX_MACHINE_SIZE 2097152
/** 64-bit words of a struct kx_machine. */
#define KX_MACHINE_WORDS 262144
/** format: none that the library knows. */
#define KX_FORMAT_UNKNOWN 0
/** format: a Linux/x86 bzImage with a 64-bit entry, where kx_image_probe() succeeds. */
#define KX_FORMAT_BZIMAGE 1
/** format: an ELF file; a Linux kernel in one is KX_FORMAT_VMLINUX. */
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
 * format: a Linux kernel in an ELF file, a vmlinux. kx_file_format() says KX_FORMAT_ELF, for the
 * marks are the same. It is planned only if the request says so (`format`, or
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
/** xloadflags: it has a 64-bit entry. */
#define KX_XLF_KERNEL_64 1
/** xloadflags: it may be loaded above 4 GiB. */
#define KX_XLF_CAN_BE_LOADED_ABOVE_4G 2
/** xloadflags: it takes EFI runtime services over from a kexec. */
#define KX_XLF_EFI_KEXEC 16
/** xloadflags: it can be entered with 5-level page tables. */
#define KX_XLF_FIVE_LEVEL 32
/** setup_type_max: the image does not say. */
#define KX_SETUP_TYPE_UNKNOWN 4294967295u
/** Bytes of kx_image.version and of kx_image.banner, with the final NUL. */
#define KX_IMAGE_VERSION_SIZE 256
/**
 * Bytes of a struct kx_workspace. Of these kx_workspace_size() are used, and kx_workspace_init()
 * writes zeros to as many.
 */
#define KX_WORKSPACE_SIZE 3145728
/** 64-bit words of a struct kx_workspace. */
#define KX_WORKSPACE_WORDS 393216
/**
 * kind: another one; for kx_check_segments() and kx_load_segments(). There will be more kinds: a
 * program takes those that it does not know for this one.
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
/** kind: the elfcorehdr, the ELF header of the dump, for a crash kernel. */
#define KX_SEGMENT_CORE_HEADER 5
/** kind: room for a copy of the first 640 KiB, for a crash kernel that a kernel before 5.5 loads. */
#define KX_SEGMENT_BACKUP 6
/** code: the image does not know a type of setup_data; numbers: the type, the highest it knows. */
#define KX_NOTE_SETUP_TYPE 1
/** code: EFI runtime services are not handed on, for a known reason. */
#define KX_NOTE_NO_EFI 2
/** code: no seed for the random number generator. */
#define KX_NOTE_NO_RNG_SEED 3
/** code: /proc/iomem is not known. */
#define KX_NOTE_NO_IOMEM 4
/** code: the running kernel's boot_params are not known. */
#define KX_NOTE_NO_BOOT_PARAMS 5
/** code: the purgatory will not verify the image. */
#define KX_NOTE_NOT_VERIFIED 6
/** code: /proc/kcore is not known: the dump's virtual addresses are a guess. */
#define KX_NOTE_NO_KCORE 7
/** code: CPUs are possible but not there; numbers: how many. */
#define KX_NOTE_CPUS_ABSENT 8
/** code: the running kernel's version is not known: low memory is not copied. */
#define KX_NOTE_LOW_MEMORY_LOST 9
/** code: the running kernel uses low memory, which is copied. */
#define KX_NOTE_LOW_MEMORY_COPIED 10
/** code: the running kernel keeps the elfcorehdr up to date. */
#define KX_NOTE_HOTPLUG 11
/** code: EFI runtime services are not handed on, for not all of /sys/firmware/efi could be read. */
#define KX_NOTE_EFI_UNREAD 12
/** code: where the ACPI tables are is not known. */
#define KX_NOTE_NO_RSDP 13
/** code: the new kernel is told /proc/iomem's memory map, for the firmware's is not known. */
#define KX_NOTE_MEMORY_FROM_IOMEM 14
/** code: the running kernel's command line is not known (`add_efi_memmap`). */
#define KX_NOTE_NO_COMMAND_LINE 15
/** code: no CPU's crash_notes are known. */
#define KX_NOTE_NO_CPU_NOTES 16
/** code: CPUs are there whose crash_notes could not be read; numbers: how many. */
#define KX_NOTE_CPUS_UNREAD 17
/** code: the ranges of `crashkernel=...,cma` could not be read. */
#define KX_NOTE_CMA_UNREAD 18
/**
 * flags of a note: it says that a fact of the machine is not known that matters for this plan.
 * Pass it on to whoever loads, at every load.
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
/** The call is not there, or not for this image or these arguments: kexec_load may do it. */
#define KX_REFUSAL_UNSUPPORTED 1
/** A signature was asked for and is missing, broken or not trusted: do not try another way. */
#define KX_REFUSAL_SIGNATURE 2
/** The caller may not, or a policy forbids it. */
#define KX_REFUSAL_FORBIDDEN 3
/** Anything else. */
#define KX_REFUSAL_OTHER 4
/** Bytes that suffice for every explanation. */
#define KX_EXPLANATION_SIZE 400
/** Bytes of a digest. */
#define KX_DIGEST_SIZE 16
/** Bytes of what it is keyed with. */
#define KX_SECRET_SIZE 192
/**
 * by: a read lease; who wants to write to the file or cut it short waits until kx_release(), or
 * 45 seconds (/proc/sys/fs/lease-break-time).
 */
#define KX_HELD_BY_LEASE 1
/** by: a copy in memory that nobody can change. */
#define KX_HELD_BY_COPY 2
/** by: nothing; a change is noticed by kx_held_check(), and cutting the file short raises SIGBUS. */
#define KX_HELD_BY_NOTHING 3
/** kexec_file_load: the image for a crash. */
#define KX_FILE_ON_CRASH 2
/** kexec_file_load: there is no initrd; set by itself. */
#define KX_FILE_NO_INITRAMFS 4
/** kexec_file_load: print the layout to the kernel's log; since Linux 6.8. */
#define KX_FILE_DEBUG 8
/** kexec_file_load: take no memory of the contiguous memory allocator; since Linux 6.17. */
#define KX_FILE_NO_CMA 16
/** kexec_file_load: hand the running kernel's device tree on; since Linux 6.17. */
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
 * flags of kx_route(): kexec_load(2) comes first, for something is asked for that
 * kexec_file_load(2) cannot do (a console of the purgatory, limits for addresses).
 */
#define KX_ROUTE_LOAD_FIRST 4

/**
 * Bytes of the caller's. Empty: length 0, data NULL or not. This structure stays as it is: there
 * are arrays of it.
 */
struct kx_bytes {
  /** The first one. */
  const void *data;
  /** How many. */
  size_t length;
};

/**
 * The details of an error. Functions that take one write it only when they fail; NULL is
 * allowed everywhere, for callers who do not want to know. kx_error_message() makes a text.
 */
struct kx_error {
  /** Set by the caller: sizeof(struct kx_error). */
  size_t size;
  /** What the function returned. */
  int code;
  /** KX_FROM_* where the code is an -errno, else 0. */
  uint32_t origin;
  /**
   * What it is about: English, static, without a NUL; may be empty. Of KX_E_NULL,
   * KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED, KX_E_UNKNOWN and
   * KX_E_EMPTY_FILE the argument or its member: "request.kernel". If it has a "[]" in it,
   * the first of the numbers is the index, from 0: "request.initrds[]".
   */
  struct kx_bytes what;
  /** Sizes, addresses and so on, as documented at each KX_E_*; 0 where there are none. */
  uint64_t numbers[6];
};

/**
 * What is known of a machine: storage for an opaque object, which begins with
 * kx_machine_init(). It owns nothing outside of itself: there is nothing to free, and it may be
 * static. Too large for many a stack.
 *
 * Functions that take it const may run at the same time on one object.
 */
struct kx_machine {
  /** Not for you. */
  uint64_t opaque[KX_MACHINE_WORDS];
};

/** A descriptor of the EFI runtime map (UEFI specification, EFI_MEMORY_DESCRIPTOR). */
struct kx_efi_descriptor {
  /** Set by the caller: sizeof(struct kx_efi_descriptor). */
  size_t size;
  /** Physical address. */
  uint64_t physical_start;
  /** The virtual address the running kernel gave it. */
  uint64_t virtual_start;
  /** Pages of 4096 bytes. */
  uint64_t pages;
  /** EFI_MEMORY_* bits. */
  uint64_t attribute;
  /** EFI_MEMORY_TYPE. */
  uint32_t kind;
  /** 0. */
  uint32_t reserved;
};

/** Physical addresses, from the first to the last, both inside; both 0 for none. */
struct kx_range {
  /** The first address. */
  uint64_t start;
  /** The last address. */
  uint64_t last;
};

/**
 * Facts about a machine; 0 is "not known", unless told otherwise. A constant that has no number in
 * this version of the library is 0 too.
 */
struct kx_machine_info {
  /** Set by the caller: sizeof(struct kx_machine_info). */
  size_t size;
  /** KX_MACHINE_* bits. */
  uint32_t flags;
  /** KX_MEMORY_FROM_*; told only. */
  uint32_t memory_source;
  /** KX_IOMEM_*; told only. */
  uint32_t iomem_access;
  /** Entries of the map KX_MAP_FIRMWARE; told only. */
  uint32_t memory_count;
  /** Entries of the map KX_MAP_IOMEM; told only. */
  uint32_t iomem_count;
  /** Descriptors of the EFI runtime map; told only. */
  uint32_t efi_count;
  /** Bytes of RAM in the map KX_MAP_FIRMWARE; told only. */
  uint64_t ram;
  /** Bytes of RAM the running kernel manages (MemTotal). */
  uint64_t total_ram;
  /** Physical address of the ACPI RSDP; also 0 when there is none. */
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
  /** Where the running kernel's code lies. */
  struct kx_range kernel_code;
  /** Its read-only data. */
  struct kx_range kernel_rodata;
  /** Its data. */
  struct kx_range kernel_data;
  /** Its bss. */
  struct kx_range kernel_bss;
  /** All of it, where the architecture says so. */
  struct kx_range kernel_image;
  /** kernel.kexec_load_limit_reboot, -1 without limit; see flags. */
  int64_t load_limit_reboot;
  /** kernel.kexec_load_limit_panic, -1 without limit; see flags. */
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
  /** Whether it maps RAM by pages of 1 GiB: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t gbpages;
  /** Whether the domain is Xen's control domain: KX_YES, KX_NO, KX_UNKNOWN. */
  uint32_t xen_control;
  /** What started it: KX_FIRMWARE_*. */
  uint32_t firmware;
  /** Whether /sys/firmware/efi/systab was read: KX_YES; then a 0 above is "none". */
  uint32_t efi_systab;
  /** Whether there is an EFI runtime map: KX_NO where the running kernel does not use it. */
  uint32_t efi_map;
  /** The running kernel's architecture: KX_ARCH_*. */
  uint32_t arch;
  /**
   * The running kernel's page size in bytes: 4096, 16384 or 65536; 0 is taken for 4096. That of
   * x86 is always 4096.
   */
  uint32_t page_size;
  /** 0. */
  uint32_t reserved;
};

/** A stretch of a memory map. */
struct kx_memory {
  /** Set by the caller: sizeof(struct kx_memory). */
  size_t size;
  /** Its addresses. */
  struct kx_range range;
  /** Its e820 type, KX_MEMORY_* or another. */
  uint32_t kind;
  /** 0. */
  uint32_t reserved;
};

/**
 * What a crash kernel is told of the running one, in numbers. Read by kx_machine_read() where
 * memory is reserved for a crash kernel (struct kx_machine_info, crash), or by
 * kx_machine_parse().
 */
struct kx_crash_info {
  /** Set by the caller: sizeof(struct kx_crash_info). */
  size_t size;
  /** KX_CRASH_INFO_* bits. */
  uint32_t flags;
  /** CPUs whose registers will be in the dump. */
  uint32_t cpu_count;
  /** CPUs that are possible but not there: a later one's registers will not be in the dump. */
  uint32_t cpu_absent;
  /**
   * CPUs that are there and whose note could not be read: their registers will not be in the
   * dump.
   */
  uint32_t cpu_unread;
  /** Bytes of each CPU's note. */
  uint64_t cpu_note_size;
  /** Where the note with vmcoreinfo lies; both 0 if unknown. */
  struct kx_range vmcoreinfo;
  /** Bytes of RAM that will be dumped at most: all System RAM. */
  uint64_t ram;
  /** Bytes the running kernel wants for an elfcorehdr it can rewrite; see flags. */
  uint64_t elfcorehdr_size;
  /** Where it maps physical address 0; see flags. */
  uint64_t direct_map;
  /** Pages of the reservation that it takes itself, at most: those that every machine needs. */
  uint64_t control_fixed;
  /** The same: those for page tables, by this machine's memory. */
  uint64_t control_tables;
};

/** What is in a kernel image. */
struct kx_image {
  /** Set by the caller: sizeof(struct kx_image). */
  size_t size;
  /** KX_FORMAT_BZIMAGE or KX_FORMAT_VMLINUX; there will be more. */
  uint32_t format;
  /** What it runs on, KX_ARCH_*. */
  uint32_t arch;
  /**
   * Where it can be entered: bit N stands for the KX_ENTRY_* that is N. KX_ENTRY_X86_64 alone can
   * be asked for.
   */
  uint32_t entries;
  /** Linux/x86, 0 for others: boot protocol version, major << 8 | minor. */
  uint32_t protocol;
  /**
   * Linux/x86, 0 for others: KX_XLF_* bits. A vmlinux has no such field: KX_XLF_EFI_KEXEC and KX_XLF_FIVE_LEVEL are set
   * if its version and its symbols say so, else clear.
   */
  uint32_t xloadflags;
  /** 1 if it may be loaded at other addresses than pref_address, else 0. */
  uint32_t relocatable;
  /** Alignment of the load address, a power of two. */
  uint64_t alignment;
  /** Preferred load address; 0 also where there is none. */
  uint64_t pref_address;
  /** Bytes of memory it needs from its load address on. */
  uint64_t init_size;
  /** Longest command line it takes, without the NUL. */
  uint64_t command_line_size;
  /** Bytes that are loaded. */
  uint64_t kernel_size;
  /** Linux/x86, 0 for others: highest setup_data type it knows, or KX_SETUP_TYPE_UNKNOWN. */
  uint32_t setup_type_max;
  /** 0. */
  uint32_t reserved;
  /** Its version, what `uname -r` will say: "6.1.0-18-amd64"; empty if it does not say. */
  char version[KX_IMAGE_VERSION_SIZE];
  /**
   * Its version, builder and build, as the header has them: "6.1.0-18-amd64
   * (debian-kernel@lists.debian.org) #1 SMP ..."; empty if it does not say.
   */
  char banner[KX_IMAGE_VERSION_SIZE];
};

/**
 * A plan, and the library's part of its segments: storage for an opaque object, which begins
 * with kx_workspace_init(). It owns nothing outside of itself: there is nothing to free, and it
 * may be static, but must not be moved while it holds a plan: the functions that take one then
 * return KX_E_MOVED. While kx_plan() works in it they return KX_E_BUSY. Too large for many a
 * stack.
 *
 * Functions that take it const may run at the same time on one object.
 */
struct kx_workspace {
  /** Not for you. */
  uint64_t opaque[KX_WORKSPACE_WORDS];
};

/**
 * A module: a file that multiboot kernels and Xen are started with, and its line. Set all to zero,
 * then `size` and what is wanted.
 */
struct kx_module {
  /** sizeof(struct kx_module), the same in every element of an array. */
  size_t size;
  /** The whole file. */
  struct kx_bytes data;
  /** Its line, without a NUL in `length`; may be empty. */
  struct kx_bytes arguments;
  /** 0. */
  uint32_t flags;
  /** 0. */
  uint32_t reserved;
};

/**
 * A progress function: called now and then with the bytes digested so far, the bytes there
 * are, and what the request says. It returns 0 to go on; anything else stops the plan with
 * KX_E_CANCELLED. It must return (no longjmp).
 *
 * It runs inside kx_plan(), which is using the request, the machine and the workspace. Functions
 * that take the workspace return KX_E_BUSY; after kx_workspace_init() of it kx_plan() does. The
 * machine may be looked at, by functions that take it const, and must not be changed; neither
 * must the request's files. Other objects may be used.
 */
typedef int (*kx_progress)(uint64_t done, uint64_t total, void *context);

/**
 * What is to be started, and how. Set all to zero, then `size` and what is wanted: zero is the
 * default everywhere. The library copies no file: all bytes must stay as they are until the
 * plan is loaded.
 */
struct kx_request {
  /** sizeof(struct kx_request). */
  size_t size;
  /** The kernel image, the whole file. */
  struct kx_bytes kernel;
  /** Array of initrds, each a whole file, in the order the new kernel unpacks them. */
  const struct kx_bytes *initrds;
  /** How many. */
  size_t initrd_count;
  /** Array of modules, for images that take them. No Linux image does: KX_E_BAD_ARGUMENT. */
  const struct kx_module *modules;
  /** How many. */
  size_t module_count;
  /** The command line, without a NUL in `length`. */
  struct kx_bytes command_line;
  /** A device tree blob to hand over; usually empty. */
  struct kx_bytes dtb;
  /** Seed for the new kernel's random numbers: 32 bytes (kx_random_seed()), or empty. */
  struct kx_bytes rng_seed;
  /**
   * What the purgatory's digest is keyed with: KX_SECRET_SIZE fresh random bytes
   * (kx_random_secret()), or empty for the default, with which equal plans are equal bytes.
   */
  struct kx_bytes digest_secret;
  /** Lowest address to use. */
  uint64_t mem_min;
  /** Highest address to use; 0 for no limit. */
  uint64_t mem_max;
  /** Called while bytes are digested, or NULL. */
  kx_progress progress;
  /** Handed to it. */
  void *progress_context;
  /** KX_REQUEST_* bits. */
  uint32_t flags;
  /** KX_ON_FAILURE_*: what the purgatory does when what it verifies is damaged. */
  uint32_t on_failure;
  /**
   * The format that the image must have: KX_FORMAT_BZIMAGE or KX_FORMAT_VMLINUX; a file of another
   * one is KX_E_NOT_THIS_FORMAT, other formats are KX_E_BAD_ARGUMENT. 0 looks which one it is.
   */
  uint32_t format;
  /**
   * The architecture that the image must be for, KX_ARCH_*; KX_E_NOT_BOOTABLE if it is for another
   * one. 0 for that of the image.
   */
  uint32_t arch;
  /** Where the image is entered, KX_ENTRY_*; 0 chooses. */
  uint32_t entry;
  /** What serial_address is of: KX_SERIAL_*. */
  uint32_t serial_kind;
  /** Where the serial port is: an I/O port below 0x10000; 0 for 0x3f8 (ttyS0). */
  uint64_t serial_address;
  /**
   * Its speed in baud; 0 leaves it as it is. 115200 divided by a whole number (115200, 57600,
   * 38400, 19200, 9600 ...), or a speed that such a quotient exceeds by at most 2 %; others are
   * KX_E_BAD_ARGUMENT.
   */
  uint32_t serial_baud;
  /** 0. */
  uint32_t reserved;
};

/** A plan in numbers. */
struct kx_plan_info {
  /** Set by the caller: sizeof(struct kx_plan_info). */
  size_t size;
  /** Where the running kernel jumps to: the purgatory. */
  uint64_t entry;
  /** Flags for kexec_load(2). */
  uint64_t flags;
  /** Where the new kernel is entered. */
  uint64_t kernel_entry;
  /** How many segments. */
  uint32_t segment_count;
  /** How many notes. */
  uint32_t note_count;
  /** How many setup_data nodes. */
  uint32_t setup_type_count;
  /** 1 if there is a digest, 0 if the purgatory verifies nothing. */
  uint32_t has_digest;
  /** The digest: XXH3-128 in its canonical form. */
  uint8_t digest[KX_DIGEST_SIZE];
  /** Of a crash kernel: pages of the reservation that stay free for the running kernel. 0 else. */
  uint64_t control_pages;
};

/**
 * What kexec_load(2) copies where: `bufsz` bytes at `buf` to the physical address `mem`; up to
 * `memsz` it is filled with zeros.
 */
struct kx_segment {
  /** Set by the caller: sizeof(struct kx_segment). */
  size_t size;
  /** The bytes: the caller's file, or in the workspace. */
  const void *buf;
  /** How many. */
  size_t bufsz;
  /**
   * Physical address, a multiple of the running kernel's page size
   * (kx_machine_info.page_size).
   */
  uint64_t mem;
  /** Bytes taken there, a multiple of it too. */
  uint64_t memsz;
  /** KX_SEGMENT_*; those that you do not know are KX_SEGMENT_OTHER. */
  uint32_t kind;
  /** Of an initrd, which one, from 0. */
  uint32_t number;
};

/** A note of a plan, in numbers; kx_plan_note() has its text. */
struct kx_note {
  /** Set by the caller: sizeof(struct kx_note). */
  size_t size;
  /** KX_NOTE_*; there will be more. */
  uint32_t code;
  /** KX_NOTE_WARNING or 0. */
  uint32_t flags;
  /** As told at each KX_NOTE_*; 0 where there are none. */
  uint64_t numbers[2];
};

/** What the running kernel allows; 0 is the default everywhere. */
struct kx_limits {
  /** sizeof(struct kx_limits). */
  size_t size;
  /**
   * Segments must end below this address; 0 for the limit of the machine that the library was
   * built for: on x86-64 that of 4-level page tables.
   */
  uint64_t destination;
  /** Bytes of RAM the kernel manages, of which half may be taken; 0 for no limit. */
  uint64_t total_ram;
  /** For a crash image: where all segments must lie. */
  struct kx_range crash;
  /** The running kernel's page size in bytes (kx_machine_info.page_size); 0 for 4096. */
  uint32_t page_size;
  /** 0. */
  uint32_t reserved;
};

/** A file that is held. Begin with all zeros and `size`; kx_hold() fills it in. */
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
   * Why there is no lease: -EAGAIN if the file is open for writing, -EACCES without CAP_LEASE
   * for a file of another user, -EINVAL if the file system has none, -EBUSY if the open file is
   * the caller's. 0 if `by` says lease, and of what is no regular file.
   */
  int32_t lease_error;
  /** Why there is no copy: -EFBIG if it would be larger than allowed. 0 unless `by` says nothing. */
  int32_t copy_error;
  /** Not for you. */
  int64_t stamp[5];
};

/**
 * What kx_on_bus_error() calls, in place of the instruction that looked at the page. It must not
 * return. It may end the process, call what a signal handler may call, or longjmp() out, as often
 * as it is called: the signal stays unblocked.
 */
typedef void (*kx_bus_error)(void);

/**
 * Version of the library that runs: major << 16 | minor << 8 | patch. Never fails.
 *
 * While the major version is 0, a program must run with the minor version it was built with:
 * compare with KX_VERSION_NUMBER, the last 8 bits aside. (KX_VERSION_* are the header's.)
 */
uint32_t kx_version_number(void);

/** Version of the library that runs, as "0.1.0". Static, never NULL. */
const char *kx_version_string(void);

/**
 * Makes the running kernel's command line one for the next kernel: without what belongs to
 * this boot only (BOOT_IMAGE=, elfcorehdr=, kexec_jump_back_entry=, dmcryptkeys=), and with
 * KX_REUSE_FOR_CRASH in `flags`, for a crash kernel, without crashkernel=. The result, in `buffer` of
 * `size` bytes, ends in NUL; `length` + 1 bytes always suffice. It cannot be made in place.
 *
 * Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
 * 0; or KX_E_NULL, KX_E_SIZE, KX_E_UNKNOWN, KX_E_BUFFER, KX_E_BAD_ARGUMENT (the buffer and the
 * command line overlap).
 */
int kx_reuse_command_line(const char *command_line,
                          size_t length,
                          uint32_t flags,
                          char *buffer,
                          size_t size);

/**
 * Writes 32 fresh random bytes of getrandom(2) to `seed`, for kx_request.rng_seed.
 *
 * Returns 32; KX_E_NULL; or -EAGAIN while the kernel has none to give yet: go on without.
 */
int kx_random_seed(uint8_t *seed);

/**
 * Writes KX_SECRET_SIZE random bytes of getrandom(2) to `secret`, for kx_request.digest_secret.
 * Early at boot they may be predictable, which the digest does not mind.
 *
 * Returns KX_SECRET_SIZE; KX_E_NULL; or -EAGAIN while the kernel has none to give (before Linux
 * 5.6, early at boot): go on without.
 */
int kx_random_secret(uint8_t *secret);

/**
 * What a return value of this library says, in English. Static, never NULL, for every int:
 * "success" for 0 and more, "unknown error" for numbers without a meaning.
 */
const char *kx_strerror(int code);

/**
 * The symbolic name of a return value: "ENOMEM", "KX_E_NO_HOLE"; "KX_OK" for 0 and more,
 * "KX_E_?" for numbers without a meaning. Static, never NULL.
 */
const char *kx_errname(int code);

/**
 * Puts the text of an error into a buffer of `size` bytes: one line of English without a full
 * stop, ending in NUL. KX_MESSAGE_SIZE bytes suffice for what the library wrote.
 *
 * Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_BUFFER.
 */
int kx_error_message(const struct kx_error *error, char *buffer, size_t size);

/**
 * The name of an architecture (KX_ARCH_*), as `uname -m` says it: "x86_64"; "unknown" for other
 * numbers. Static, never NULL.
 */
const char *kx_arch_name(uint32_t arch);

/**
 * Takes over the contents of one of the running system's files (KX_SOURCE_*), the whole file
 * at once.
 *
 * The order of the calls does not matter. KX_MAP_FIRMWARE is what KX_SOURCE_BOOT_PARAMS,
 * KX_SOURCE_E820 and kx_machine_add_memory() give together, and a copy of KX_MAP_IOMEM where
 * none of them gives any and KX_SOURCE_IOMEM was parsed. KX_MAP_IOMEM is what KX_SOURCE_IOMEM
 * and kx_machine_add_memory() give together.
 *
 * A source that is parsed again replaces what it said before, KX_SOURCE_IOMEM also when it is
 * refused. Two exceptions add up until kx_machine_clear(): KX_SOURCE_CRASH_NOTES, of which each
 * call is a CPU; and memory that cannot be told apart from another source's (KX_SOURCE_E820,
 * KX_SOURCE_BOOT_PARAMS, and KX_SOURCE_IOMEM after entries were added to KX_MAP_IOMEM).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN (source), KX_E_BAD_ARGUMENT (the contents are not of such a file), KX_E_FULL
 * (the map is then empty and stays so; begin again by kx_machine_clear()).
 */
int kx_machine_parse(struct kx_machine *machine,
                     uint32_t source,
                     const void *data,
                     size_t length);

/**
 * Adds a range of memory, from its first to its last address, to a map (KX_MAP_*). `kind` is
 * an e820 type, KX_MEMORY_* or any other. Where ranges overlap the higher type stays. It adds to
 * what was read or parsed before, and to what is parsed later; only a KX_MAP_FIRMWARE that is a
 * copy of KX_MAP_IOMEM is replaced. To keep segments out of a range, add it to KX_MAP_IOMEM as
 * KX_MEMORY_RESERVED: the new kernel is not told of that.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (map),
 * KX_E_BAD_ARGUMENT (`last` is below `start`), KX_E_FULL (the map is then empty, and stays so
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
 * KX_E_FULL (the map is then empty, as half of it misleads, and stays so until
 * kx_machine_clear()).
 */
int kx_machine_add_efi(struct kx_machine *machine, const struct kx_efi_descriptor *descriptor);

/**
 * Tells what is known of a machine.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_machine_get(const struct kx_machine *machine, struct kx_machine_info *info);

/**
 * Sets what is known of a machine, save what is "told only": kx_machine_get(), change,
 * kx_machine_set().
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN (a constant), KX_E_BAD_ARGUMENT (a range that ends before it starts, a platform
 * size other than 32 and 64, a page size that no kernel has); nothing is changed then.
 */
int kx_machine_set(struct kx_machine *machine, const struct kx_machine_info *info);

/**
 * Puts the running kernel's command line into a buffer of `size` bytes, ending in NUL.
 *
 * Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY (not
 * known).
 */
int kx_machine_command_line(const struct kx_machine *machine, char *buffer, size_t size);

/**
 * Copies the running kernel's boot_params, 4096 bytes.
 *
 * Returns 4096, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY
 * (not known).
 */
int kx_machine_boot_params(const struct kx_machine *machine, void *buffer, size_t size);

/**
 * Tells a stretch of a memory map (KX_MAP_*), by its index from 0 in order of addresses.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_UNKNOWN
 * (map), KX_E_NO_ENTRY.
 */
int kx_machine_memory(const struct kx_machine *machine,
                      uint32_t map,
                      size_t index,
                      struct kx_memory *memory);

/**
 * Tells a descriptor of the EFI runtime map, by its index from 0 in order of addresses.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_ENTRY.
 */
int kx_machine_efi(const struct kx_machine *machine,
                   size_t index,
                   struct kx_efi_descriptor *descriptor);

/**
 * The name the kernel has for an e820 type: "System RAM"; "Unknown E820 type" for others.
 * Static, never NULL.
 */
const char *kx_memory_kind_name(uint32_t kind);

/**
 * Tells what is known of a machine for a crash kernel.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_machine_crash(const struct kx_machine *machine, struct kx_crash_info *info);

/** Bytes a machine object needs: at most KX_MACHINE_SIZE. For those who allocate. Never fails. */
size_t kx_machine_size(void);

/** The alignment a machine object needs, in bytes. Never fails. */
size_t kx_machine_align(void);

/**
 * Makes a machine of which nothing is known, all zeros, in storage of `size` bytes:
 * kx_machine_init(&machine, sizeof(machine)).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_machine_size()).
 */
int kx_machine_init(struct kx_machine *machine, size_t size);

/**
 * Forgets everything, as after kx_machine_init().
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_clear(struct kx_machine *machine);

/**
 * Reads the running system: /proc and /sys, which should be mounted. What was known before is
 * forgotten. A file that cannot be read leaves its facts unknown and is no error here;
 * kx_plan() fails when there is no memory map. Complete as root only.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_read(struct kx_machine *machine);

/**
 * As kx_machine_read(), as far as kx_plan_to_boot() wants to know: not what a dump needs, nor
 * what explains a refused load. What was known before is forgotten here too.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED.
 */
int kx_machine_read_to_boot(struct kx_machine *machine);

/**
 * As kx_machine_read(), from `root`/proc and `root`/sys: another mount of them, or a copy of
 * another machine's files.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED; -errno of opening `root`,
 * -ENOENT also when there is neither proc nor sys in it. Nothing is known of the machine then.
 */
int kx_machine_read_below(struct kx_machine *machine, const char *root);

/**
 * Says what is in a kernel image, of which `length` bytes lie at `data`.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_THIS_FORMAT
 * (the first of the error's numbers and the message say what it looks like), KX_E_TRUNCATED, KX_E_PROTOCOL,
 * KX_E_NOT_BOOTABLE, KX_E_BAD_FIELD.
 */
int kx_image_probe(const void *data,
                   size_t length,
                   struct kx_image *image,
                   struct kx_error *error);

/**
 * As kx_image_probe(), of a file, to which nobody may write during the call.
 *
 * Returns what that does, -errno of open, fstat or mmap, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_image_probe_path(const char *path, struct kx_image *image, struct kx_error *error);

/**
 * As kx_image_probe(), of an open file, which stays open, and to which nobody may write during
 * the call.
 *
 * Returns what that does, -errno of fstat or mmap, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_image_probe_fd(int fd, struct kx_image *image, struct kx_error *error);

/**
 * What a file looks like, by the marks at its beginning, of which `length` bytes lie at `data`:
 * the first 32774 (0x8006) bytes suffice. Nothing else is checked: see kx_image_probe().
 *
 * Returns KX_FORMAT_*, or KX_E_NULL, KX_E_SIZE.
 */
int kx_file_format(const void *data, size_t length);

/**
 * The architecture that a file is for, by the same marks as kx_file_format(): of an ELF file, a kernel
 * or an EFI program.
 *
 * Returns KX_ARCH_*; 0 if they do not say, or it is none of these; or KX_E_NULL, KX_E_SIZE.
 */
int kx_file_arch(const void *data,
                 size_t length);

/**
 * The name of a format (KX_FORMAT_*), with its article: "a gzip file"; "a file of an unknown
 * format" for other numbers. Static, never NULL.
 */
const char *kx_format_name(uint32_t format);

/** Bytes a workspace needs: at most KX_WORKSPACE_SIZE. For those who allocate. Never fails. */
size_t kx_workspace_size(void);

/** The alignment a workspace needs, in bytes. Never fails. */
size_t kx_workspace_align(void);

/**
 * Makes an empty workspace, all zeros, in storage of `size` bytes:
 * kx_workspace_init(&workspace, sizeof(workspace)).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (less than kx_workspace_size()).
 */
int kx_workspace_init(struct kx_workspace *workspace, size_t size);

/**
 * Plans: decides where kernel, initrds, boot parameters and purgatory go, writes the latter two
 * into the workspace, and digests all bytes once unless told not to. No system call is made: it
 * can be done for any machine, on any machine, without privileges.
 *
 * What the workspace held before is forgotten, whatever is returned. The plan points at the
 * request's kernel and initrds, which must stay as they are; machine, command line, dtb, seed and
 * the request itself may go. It also points into the workspace: a copy of that has no plan that
 * can be used (KX_E_MOVED).
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (a seed that has not 32 bytes, a port or speed that cannot be,
 * flags that do not go together, a format, entry or modules that no image here has, a crash kernel
 * for CPUs' notes without a size); what kx_image_probe() says of the image, KX_E_NOT_BOOTABLE also
 * of one for another architecture, in Xen's control domain and in paravirtualised guests; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL,
 * KX_E_EMPTY_FILE (the kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP,
 * KX_E_NOT_KNOWN, KX_E_NOT_BUILT, KX_E_NO_HOLE, KX_E_FULL, KX_E_CANCELLED, KX_E_BUSY; for a crash
 * kernel KX_E_NO_CRASH_RESERVATION, KX_E_CRASH_TOO_SMALL, KX_E_NO_VMCOREINFO,
 * KX_E_NO_CRASH_HOTPLUG.
 * The workspace then holds no plan.
 */
int kx_plan(const struct kx_request *request,
            const struct kx_machine *machine,
            struct kx_workspace *workspace,
            struct kx_error *error);

/**
 * As kx_plan(), for this machine's Linux image, on x86-64 a bzImage, that is to be started by a
 * reboot: with a third of the code, for
 * programs that have little room. What was read by kx_machine_read_to_boot() is enough for it.
 *
 * Nothing is verified before the new kernel starts: there is no digest, as with
 * KX_REQUEST_NO_VERIFY, and so on_failure has no meaning. No progress function is called, for no
 * byte of kernel and initrds is read. No vmlinux, no crash kernel, no console of the purgatory.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
 * KX_E_UNKNOWN, KX_E_BAD_ARGUMENT (also for KX_REQUEST_VMLINUX, KX_REQUEST_CRASH,
 * KX_REQUEST_CONSOLE_VGA, KX_REQUEST_CONSOLE_SERIAL, KX_REQUEST_RESET_VGA, any format but
 * KX_FORMAT_BZIMAGE, any architecture but KX_ARCH_X86_64 and any module); what
 * kx_image_probe() says of the image; KX_E_COMMAND_LINE_TOO_LONG, KX_E_COMMAND_LINE_NUL,
 * KX_E_EMPTY_FILE (the kernel or an initrd), KX_E_TOO_MANY_SEGMENTS, KX_E_NO_MEMORY_MAP,
 * KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL, KX_E_BUSY. The workspace then holds no plan.
 */
int kx_plan_to_boot(const struct kx_request *request,
                    const struct kx_machine *machine,
                    struct kx_workspace *workspace);

/**
 * Tells a plan's numbers.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY.
 */
int kx_plan_get(const struct kx_workspace *workspace, struct kx_plan_info *info);

/**
 * Tells a segment, by its index from 0. Its bytes stay as long as the caller's files, and the
 * workspace's plan.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_segment(const struct kx_workspace *workspace,
                    size_t index,
                    struct kx_segment *segment);

/**
 * Tells where the bytes the new kernel is told lie: boot_params first, 4096 bytes, then
 * command line, EFI map and setup_data. They stay as long as the workspace's plan.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_boot_params(const struct kx_workspace *workspace, struct kx_bytes *bytes);

/**
 * Tells the command line that the new kernel gets, without a final NUL: of a crash kernel with
 * what planning added (`elfcorehdr=`). The bytes are the caller's, or stay as long as the
 * workspace's plan.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY.
 */
int kx_plan_command_line(const struct kx_workspace *workspace, struct kx_bytes *bytes);

/**
 * Tells the type of a setup_data node, by its index from 0 in list order.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_setup_type(const struct kx_workspace *workspace, size_t index, uint32_t *kind);

/**
 * The name of a setup_data type: "SETUP_EFI"; "setup_data" for types the library does not
 * write. Static, never NULL.
 */
const char *kx_setup_type_name(uint32_t kind);

/** The name of a kind of segment: "kernel"; "segment" for others. Static, never NULL. */
const char *kx_segment_kind_name(uint32_t kind);

/**
 * Tells a note, by its index from 0: what was left out of the plan, or not known.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
 */
int kx_plan_note_get(const struct kx_workspace *workspace, size_t index, struct kx_note *note);

/**
 * Puts a note, by its index from 0, into a buffer of `size` bytes: one line on what was left
 * out of the plan and why, ending in NUL. KX_NOTE_SIZE bytes always suffice.
 *
 * Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
 * 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
 * KX_E_BUSY, KX_E_NO_ENTRY, KX_E_BUFFER.
 */
int kx_plan_note(const struct kx_workspace *workspace, size_t index, char *buffer, size_t size);

/**
 * Checks a plan by the rules of kexec_load(2), in the kernel's order, without a system call.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
 * KX_E_MOVED, KX_E_BUSY, KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_check(const struct kx_workspace *workspace, struct kx_error *error);

/**
 * As kx_check(), of an array of segments of the caller's own making; their kind does not
 * matter. `limits` may be NULL.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (also of segments that differ in size),
 * KX_E_TOO_NEW, KX_E_UNKNOWN (`reserved` is not 0), KX_E_BAD_ARGUMENT (a crash region that ends
 * before it starts, a page size that no kernel has), KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_check_segments(const struct kx_segment *segments,
                      size_t count,
                      uint64_t entry,
                      const struct kx_limits *limits,
                      struct kx_error *error);

/**
 * Checks what kexec_file_load(2) will refuse, as far as that can be known without the call: of a
 * crash image the kernel refuses only once it has freed the old one. `data` and `length` are the
 * kernel's file, `initrd_size` is the initrd's bytes (0 for none), `command_line` ends in NUL.
 *
 * An image must be a bzImage that can be loaded above 4 GiB, and the command line must leave 30
 * bytes for the kernel's own elfcorehdr=. Not found here: signatures, policies, memory, and files
 * that are open for writing (kx_hold()). Whether a crash image fits its reservation kx_plan() says.
 *
 * Returns 0, or what kx_image_probe() says of the image; KX_E_NOT_BOOTABLE also for an image that
 * must lie below 4 GiB, for 5-level paging, or where the running kernel uses a 32-bit EFI;
 * KX_E_COMMAND_LINE_TOO_LONG; -EFBIG for a file of more than 4 GiB; KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_NOT_INITIALISED.
 */
int kx_check_files(const void *data,
                   size_t length,
                   uint64_t initrd_size,
                   const char *command_line,
                   const struct kx_machine *machine,
                   struct kx_error *error);

/**
 * Explains a refusal: puts into a buffer of `size` bytes, ending in NUL, what the -errno `code`
 * of a step (KX_STEP_*) means on a machine in the state `machine` knows. KX_EXPLANATION_SIZE
 * bytes always suffice.
 *
 * Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
 * 0; 0 if there is no more to say than kx_strerror() does; or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_NOT_INITIALISED, KX_E_UNKNOWN (step), KX_E_BAD_ARGUMENT (not an -errno), KX_E_BUFFER.
 */
int kx_explain(uint32_t step,
               int code,
               const struct kx_machine *machine,
               char *buffer,
               size_t size);

/**
 * Says what kind of refusal (KX_REFUSAL_*) an -errno of kx_load_files() is: only after
 * KX_REFUSAL_UNSUPPORTED is it right to try kx_load().
 *
 * Returns KX_REFUSAL_*, or KX_E_BAD_ARGUMENT (not an -errno).
 */
int kx_refusal(int code);

/**
 * Computes what the purgatory verifies: the digest of `count` regions, keyed with the
 * KX_SECRET_SIZE bytes at `secret` (NULL: the default), into KX_DIGEST_SIZE bytes at `digest`. Of a
 * plan's segments, the purgatory aside, and the secret of its request it is kx_plan_info.digest.
 *
 * Returns KX_DIGEST_SIZE, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE.
 */
int kx_digest(const struct kx_bytes *regions,
              size_t count,
              const uint8_t *secret,
              uint8_t *digest);

/**
 * Maps a regular file, read-only: nothing is read before it is looked at. kx_unmap() ends it.
 * Nobody may write to the file meanwhile, nor cut it short: looking past its new end raises
 * SIGBUS. kx_hold() keeps writers out. What `bytes` held before is overwritten, not unmapped.
 *
 * Returns 0, -errno of open, fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_map(const char *path, struct kx_bytes *bytes, struct kx_error *error);

/**
 * As kx_map(), of an open file, which may be closed afterwards.
 *
 * Returns 0, -errno of fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
 */
int kx_map_fd(int fd, struct kx_bytes *bytes, struct kx_error *error);

/**
 * Ends a mapping kx_map() or kx_map_fd() made, and makes `bytes` empty; bytes that are empty
 * are no error. No plan that was made of it may be loaded any more.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED.
 */
int kx_unmap(struct kx_bytes *bytes);

/**
 * Bytes of memory that copies of files should take at most, all together: a quarter of what is
 * available, for the kernel holds a copy twice more while it loads it. Reads /proc/meminfo, or
 * asks sysinfo(2). Never fails.
 */
uint64_t kx_copy_limit(void);

/**
 * Joins the contents of open files (initrds) in memory, with zeros up to a multiple of 4
 * between them, as the one file kexec_file_load(2) takes; nobody can change it. All together
 * they may have `limit` bytes (kx_copy_limit()), which is looked at before the first one is
 * copied.
 *
 * Returns a new file descriptor, which the caller closes; -errno of fstat, memfd_create,
 * lseek, sendfile, of sealing it, or of opening it read-only, for which /proc or
 * CAP_DAC_READ_SEARCH is needed; -EFBIG also for more than RLIMIT_FSIZE; or
 * KX_E_COPY_TOO_LARGE, KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE,
 * KX_E_NOT_A_FILE, KX_E_BAD_ARGUMENT (no file).
 */
int kx_join(const int *fds, size_t count, uint64_t limit, struct kx_error *error);

/**
 * Maps a file and keeps it as it is until kx_release(): a regular file by a read lease; where
 * there is none to be had, by a sealed copy if the file has at most `copy_limit` bytes; else not
 * at all. held->by says which. A waiting writer sends SIGURG, which is ignored unless handled. A
 * block device, a FIFO or a pipe (/dev/fd/N), and a file that cannot be mapped (some in /sys), is
 * read into such a copy. The copies of several calls count together: kx_copy_limit() says how
 * much they may have, and held->bytes.length is what each took if held->by is
 * KX_HELD_BY_COPY.
 *
 * `held` must be empty (`by` is 0): what it holds would be lost.
 *
 * After the last look at the bytes, kx_load() included, kx_held_check() says whether they stayed
 * what they were; if it returns KX_E_FILE_CHANGED, kx_unload() what was loaded.
 *
 * Returns 0, -errno of open, fstat, mmap, read or of making a copy, or KX_E_NULL,
 * KX_E_MISALIGNED, KX_E_SIZE, KX_E_BAD_ARGUMENT (`held` is not empty),
 * KX_E_COPY_TOO_LARGE (what can only be copied), KX_E_EMPTY_FILE,
 * KX_E_NOT_A_FILE, KX_E_FILE_CHANGED (its length, just now).
 */
int kx_hold(const char *path,
            uint64_t copy_limit,
            struct kx_held *held,
            struct kx_error *error);

/**
 * As kx_hold(), of a regular file that is open for reading and may be closed afterwards. The file
 * is opened a second time (by /proc/self/fd, or its handle), so that position, lease and signal
 * (F_SETSIG) of the open file stay the caller's. Where that cannot be, and while the caller has
 * a write lease, there is no lease: lease_error is -EBUSY.
 *
 * Returns 0, -errno of fcntl, fstat, mmap or of making a copy, or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_BAD_ARGUMENT, KX_E_COPY_TOO_LARGE, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE, KX_E_FILE_CHANGED.
 */
int kx_hold_fd(int fd,
               uint64_t copy_limit,
               struct kx_held *held,
               struct kx_error *error);

/**
 * Whether the file is still what it was when kx_hold() came back.
 *
 * Returns 0, KX_E_FILE_CHANGED, -errno of fstat, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
 * KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
 */
int kx_held_check(const struct kx_held *held, struct kx_error *error);

/**
 * Ends what kx_hold() or kx_hold_fd() began, mapping and lease, and makes `held` empty; one that
 * is empty is no error. No plan that was made of the bytes may be loaded any more.
 *
 * Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
 */
int kx_release(struct kx_held *held);

/**
 * Hands a plan to the kernel by kexec_load(2), which copies it: all memory is the caller's
 * again. It stays loaded until the reboot, or kx_unload(). Needs CAP_SYS_BOOT; it is the
 * whole system's, whichever thread calls. When another call is under way it is made again for
 * up to a second.
 *
 * What was loaded before stays when this fails, but not a crash image: once the kernel has begun
 * with a plan of KX_REQUEST_CRASH, the old one is gone (it lay where the new one goes), and a
 * refusal leaves none. kx_plan() and kx_check() find what can be found first, without a system
 * call.
 *
 * Returns 0, -errno of kexec_load (kx_explain(KX_STEP_LOAD)), or KX_E_NULL, KX_E_MISALIGNED,
 * KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED, KX_E_BUSY, KX_E_TOO_MANY_SEGMENTS.
 */
int kx_load(const struct kx_workspace *workspace,
            struct kx_error *error);

/**
 * As kx_load(), of an array of segments of the caller's own making, with kexec_load's entry
 * and flags. Nothing is checked but their number.
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
 * Loads by kexec_file_load(2): the kernel reads, checks and places the files itself. No plan is
 * needed. `initrd` is a descriptor, or -1 for none (kx_join() makes one of several).
 * `command_line` has `length` bytes, of which the last is NUL, or none at all. `flags` are
 * KX_FILE_*. Nobody may have the files open for writing.
 *
 * With KX_FILE_ON_CRASH a refusal costs the crash image that was loaded before, once the kernel
 * has begun: as is said of kx_load(). kx_check_files() finds most of what it refuses; the same files planned by kx_plan() with KX_REQUEST_CRASH,
 * and kx_check() of the plan, show first whether they are a kernel and fit the reservation; that
 * nobody writes to them a lease shows (kx_hold()).
 *
 * Returns 0, -errno of kexec_file_load (kx_explain(KX_STEP_FILE_LOAD)), or KX_E_NULL,
 * KX_E_SIZE, KX_E_MISALIGNED (of `error`), KX_E_COMMAND_LINE_NUL (there is one before the last
 * byte, or none there), KX_E_UNKNOWN (flags), KX_E_BAD_ARGUMENT (`initrd` is below -1: an error
 * of who opened it).
 */
int kx_load_files(int kernel,
                  int initrd,
                  const char *command_line,
                  size_t length,
                  uint64_t flags,
                  struct kx_error *error);

/**
 * Whether the running kernel's kexec_file_load(2) knows a flag (KX_FILE_*). Loads and unloads
 * nothing, but counts as a load for kernel.kexec_load_limit_reboot.
 *
 * Returns 1 or 0; -errno where the kernel does not say: -EPERM to who may not load, -ENOSYS
 * without the call, -EBUSY while another call is under way.
 */
int kx_knows_file_flag(uint64_t flag);

/**
 * Unloads what is loaded, by one of the two calls (KX_CALL_*), both of which unload either
 * kind; `flags` may be KX_LOADED_CRASH. Nothing loaded is no error.
 *
 * Returns 0, -errno of the call, or KX_E_MISALIGNED, KX_E_SIZE (of `error`), KX_E_UNKNOWN.
 */
int kx_unload(uint32_t call, uint32_t flags, struct kx_error *error);

/**
 * Says which call to make next (KX_CALL_*). `flags` are KX_ROUTE_*, and 0 the policy of the kexec
 * command: kexec_file_load(2), with which the kernel checks signatures, then kexec_load(2) where
 * the first is missing or does not take the image. Before the first call, `call` and `code` are 0;
 * after a failure they are the call and what it returned: the -errno of kx_load() or
 * kx_load_files(); or for KX_CALL_FILE_LOAD what kx_check_files() or kx_join() found, of which
 * KX_E_NOT_BOOTABLE, KX_E_NOT_THIS_FORMAT, KX_E_COMMAND_LINE_TOO_LONG and KX_E_COPY_TOO_LARGE lead
 * to kexec_load.
 *
 * A load that policy forbids must not be retried with the other call: after a refused signature,
 * or under a lockdown that `machine` knows of, kexec_load is never next. After a kexec_load that
 * is forbidden as by a lockdown that `machine` cannot see, kexec_file_load is.
 *
 * Of a crash image the kernel may have freed the old one before it refused: check with
 * kx_check_files() or kx_check() before either call.
 *
 * Returns KX_CALL_LOAD, KX_CALL_FILE_LOAD, or 0: no call is to be made; or KX_E_NULL,
 * KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (flags, call), KX_E_BAD_ARGUMENT (both calls
 * are the only one; a `code` that is no failure, or without a call).
 */
int kx_route(uint32_t flags,
             uint32_t call,
             int code,
             const struct kx_machine *machine);

/**
 * Loads this machine's Linux image, on x86-64 a bzImage, to be started by kx_exec(): reads the machine, maps the files, plans and
 * loads, as kx_machine_read_to_boot(), kx_map(), kx_plan_to_boot() with a fresh random seed,
 * and kx_load() do one after the other, with half their code. For programs that must be tiny,
 * such as the only one in an initramfs. Nothing is verified before the new kernel starts, as is
 * said of kx_plan_to_boot().
 *
 * `kernel` and `initrd` are paths; `initrd` may be NULL. `machine` and `workspace` are room to
 * work in: they need not be initialised, and what was in them is lost; afterwards they hold
 * nothing of use. All is the caller's again when it returns. Nobody may write to the files
 * meanwhile (kx_hold() keeps writers out). Needs CAP_SYS_BOOT, /proc and /sys; it is the whole
 * system's, whichever thread calls.
 *
 * Returns 0, -errno of open, fstat, mmap or kexec_load; KX_E_NULL, KX_E_MISALIGNED;
 * KX_E_NOT_A_FILE, KX_E_EMPTY_FILE; KX_E_TRUNCATED, KX_E_NOT_THIS_FORMAT, KX_E_PROTOCOL,
 * KX_E_BAD_FIELD, KX_E_NOT_BOOTABLE of the image; KX_E_COMMAND_LINE_TOO_LONG,
 * KX_E_NO_MEMORY_MAP, KX_E_NOT_KNOWN, KX_E_NO_HOLE, KX_E_FULL. What was loaded before then still is.
 */
int kx_load_to_boot(const char *kernel,
                    const char *initrd,
                    const char *command_line,
                    struct kx_machine *machine,
                    struct kx_workspace *workspace);

/**
 * Whether an image, or with KX_LOADED_CRASH in `flags` a crash image, is loaded; reads /sys.
 *
 * Returns 1 or 0, -errno (-ENOENT: no /sys, or a kernel without kexec), or KX_E_UNKNOWN
 * (flags).
 */
int kx_loaded(uint32_t flags);

/**
 * Whether the running kernel has kexec; reads /sys.
 *
 * Returns 1 or 0, or -errno where that is not known (-ENOENT: /sys is not mounted).
 */
int kx_has_kexec(void);

/**
 * Waits until all file systems are written: sync(2). kx_exec() does not.
 *
 * Returns 0.
 */
int kx_sync(void);

/**
 * Takes all network interfaces but loopback down, so that no device writes into the new
 * kernel's memory. One that cannot be taken down is no error.
 *
 * Returns how many requests the kernel took; -errno of socket, sendto or recvfrom
 * (-EAFNOSUPPORT without a network); or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_interfaces_down(struct kx_error *error);

/**
 * Starts what is loaded, at once: no process is told, no file system is unmounted or written.
 * Does not return when it succeeds. Needs CAP_SYS_BOOT.
 *
 * Returns -errno of reboot(2) (kx_explain(KX_STEP_EXEC)); KX_E_NOTHING_LOADED, or -EINVAL where
 * /sys does not say so; or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_exec(struct kx_error *error);

/**
 * Mounts a file system of a type on a directory: kx_mount("proc", "/proc", "proc", &error). One
 * that is mounted there already is no error.
 *
 * Returns 0, -errno of mount, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_mount(const char *source, const char *target, const char *kind, struct kx_error *error);

/**
 * Has `handler` called when a page of a mapped file cannot be had: the file was cut short, or
 * its disk failed (SIGBUS). It is the whole process's: a matter of the program, not of a library
 * it uses; with libc, sigaction does the same. A `handler` of type kx_bus_error never returns.
 *
 * Returns 0, -errno of rt_sigaction, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
 */
int kx_on_bus_error(kx_bus_error handler,
                    struct kx_error *error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* LIBKEXEC_H */
