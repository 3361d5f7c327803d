/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kexec-tools' file type bzImage64, by libkexec: it has the three functions that kexec-x86_64.h
 * declares. build.sh puts it into the tree, in the place of kexec-bzImage64.c.
 *
 * kexec-tools reads the options, finds the file type and makes the system calls; the plan (where
 * everything goes, boot parameters, purgatory, digest) is libkexec's.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkexec.h>

#include "../../kexec.h"
#include "../../kexec-syscall.h"
#include "kexec-x86_64.h"
#include "../i386/x86-linux-setup.h"
#include <arch/options.h>

/* The segments that kexec_load accepts, minus those of the plan without initrds. */
#define INITRDS_MAX 13

static struct kx_machine machine;
static struct kx_workspace workspace;

static int complain(const char *step, const struct kx_error *error)
{
    char message[KX_MESSAGE_SIZE] = "";
    kx_error_message(error, message, sizeof message);
    fprintf(stderr, "%s: %s\n", step, message);
    return -1;
}

int bzImage64_probe(const char *buf, off_t len)
{
    struct kx_image image = { .size = sizeof image };
    if (kx_image_probe(buf, len, &image, NULL) < 0 || image.format != KX_FORMAT_BZIMAGE)
        return -1;
    return 0;
}

void bzImage64_usage(void)
{
    printf("    --append=STRING       The new kernel's command line.\n"
           "    --command-line=STRING The same.\n"
           "    --reuse-cmdline       The running kernel's command line, then --append's.\n"
           "    --initrd=FILE         An initrd; may be given more than once.\n"
           "    --ramdisk=FILE        The same.\n"
           "    --entry-32bit         Use the kernel's 32-bit entry.\n"
           "    --real-mode           Use the kernel's real-mode entry.\n");
}

/* The values of the loader-specific options. */
struct wanted {
    const char *append, *initrds[INITRDS_MAX];
    size_t initrd_count;
    int reuse;
    uint32_t entry; /* KX_ENTRY_*, or 0. */
};

static int read_options(int argc, char **argv, struct wanted *wanted)
{
    static const struct option options[] = {
        KEXEC_ARCH_OPTIONS
        { "command-line", 1, 0, OPT_APPEND },
        { "append", 1, 0, OPT_APPEND },
        { "reuse-cmdline", 0, 0, OPT_REUSE_CMDLINE },
        { "initrd", 1, 0, OPT_RAMDISK },
        { "ramdisk", 1, 0, OPT_RAMDISK },
        { "real-mode", 0, 0, OPT_REAL_MODE },
        { "entry-32bit", 0, 0, OPT_ENTRY_32BIT },
        { 0, 0, 0, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, KEXEC_ARCH_OPT_STR, options, 0)) != -1)
        switch (option) {
        case '?':
            usage();
            return -1;
        case OPT_APPEND:
            wanted->append = optarg;
            break;
        case OPT_REUSE_CMDLINE:
            wanted->reuse = 1;
            break;
        case OPT_REAL_MODE:
            wanted->entry = KX_ENTRY_X86_16;
            break;
        case OPT_ENTRY_32BIT:
            wanted->entry = KX_ENTRY_X86_32;
            break;
        case OPT_RAMDISK:
            if (wanted->initrd_count == INITRDS_MAX) {
                fprintf(stderr, "more than %d initrds\n", INITRDS_MAX);
                return -1;
            }
            wanted->initrds[wanted->initrd_count++] = optarg;
            break;
        default: /* Options of the program and of the architecture, parsed elsewhere. */
            break;
        }
    return 0;
}

/* The command line: the running kernel's, if wanted, then the appended part. */
static int command_line(const struct wanted *wanted, int crash, char *line, size_t size)
{
    size_t length = 0;
    if (wanted->reuse) {
        char running[8192];
        int got = kx_machine_command_line(&machine, running, sizeof running);
        if (got > 0)
            got = kx_reuse_command_line(running, got - 1, crash ? KX_REUSE_FOR_CRASH : 0, line,
                                        size);
        if (got < 0) {
            fprintf(stderr, "command line: %s\n", kx_strerror(got));
            return -1;
        }
        length = got - 1;
    }
    if (wanted->append) {
        int more = snprintf(line + length, size - length, "%s%s", length ? " " : "",
                            wanted->append);
        if (more < 0 || (size_t)more >= size - length) {
            fprintf(stderr, "the command line is too long\n");
            return -1;
        }
        length += more;
    }
    line[length] = 0;
    return length;
}

/* For kexec_file_load, which kexec-tools calls: it wants the open initrd and the line. */
static int by_file(const struct wanted *wanted, char *line, int length,
                   struct kexec_info *info)
{
    info->command_line = line;
    info->command_line_len = length + 1;
    info->initrd_fd = -1;
    int fds[INITRDS_MAX];
    for (size_t i = 0; i < wanted->initrd_count; i++) {
        fds[i] = open(wanted->initrds[i], O_RDONLY);
        if (fds[i] < 0) {
            fprintf(stderr, "%s: %s\n", wanted->initrds[i], strerror(errno));
            return -1;
        }
    }
    if (wanted->initrd_count == 1)
        info->initrd_fd = fds[0];
    if (wanted->initrd_count > 1) {
        struct kx_error error = { .size = sizeof error };
        info->initrd_fd = kx_join(fds, wanted->initrd_count, kx_copy_limit(), &error);
        if (info->initrd_fd < 0)
            return complain("initrds", &error);
    }
    return 0;
}

/*
 * The initrds, mapped and kept as they are until the process ends: kexec-tools makes the system
 * call after bzImage64_load() has returned.
 */
static struct kx_held held_files[INITRDS_MAX];
static size_t held_count;
static uint32_t held_for;

/* Whether the files are unchanged since planning. */
static int unchanged(const struct wanted *wanted)
{
    for (size_t i = 0; i < held_count; i++) {
        struct kx_error error = { .size = sizeof error };
        if (kx_held_check(&held_files[i], &error) < 0)
            return complain(wanted ? wanted->initrds[i] : "an initrd", &error);
    }
    return 0;
}

/* At the program's end: unloads what was loaded from a file that has changed since. */
static void check_after_load(int status, void *unused)
{
    (void)unused;
    if (status != 0 || unchanged(NULL) == 0)
        return;
    if (kx_unload(KX_CALL_LOAD, held_for, NULL) < 0)
        fprintf(stderr, "What was loaded is still loaded, and must not be started.\n");
    _exit(EXIT_FAILURE);
}

static int hold_initrds(const struct wanted *wanted, struct kx_bytes *initrds)
{
    uint64_t copies = kx_copy_limit();
    for (size_t i = 0; i < wanted->initrd_count; i++) {
        struct kx_error error = { .size = sizeof error };
        struct kx_held held = { .size = sizeof held };
        if (kx_hold(wanted->initrds[i], copies, &held, &error) < 0)
            return complain(wanted->initrds[i], &error);
        if (held.by == KX_HELD_BY_COPY)
            copies -= held.bytes.length;
        if (held.by == KX_HELD_BY_NOTHING)
            fprintf(stderr, "warning: %s may change while it is loaded: no lease (%s)\n",
                    wanted->initrds[i], kx_errname(held.lease_error));
        initrds[i] = held.bytes;
        held_files[i] = held;
        held_count = i + 1;
    }
    return 0;
}

/* Whether the kernel is to keep the elfcorehdr up to date: --hotplug, since kexec-tools 2.0.27. */
static int hotplug(const struct kexec_info *info)
{
    unsigned long flags = 0;
#ifdef KEXEC_UPDATE_ELFCOREHDR
    flags |= KEXEC_UPDATE_ELFCOREHDR;
#endif
#ifdef KEXEC_CRASH_HOTPLUG_SUPPORT
    flags |= KEXEC_CRASH_HOTPLUG_SUPPORT;
#endif
    return (info->kexec_flags & KEXEC_ON_CRASH) && (info->kexec_flags & flags);
}

/* The options of the architecture, which kexec-tools has read. */
static void architecture(const struct kexec_info *info, struct kx_request *request)
{
    const struct {
        int wanted;
        uint32_t flag;
    } flags[] = {
        { arch_options.noefi, KX_REQUEST_NO_EFI },
        { arch_options.console_vga, KX_REQUEST_CONSOLE_VGA },
        { arch_options.console_serial, KX_REQUEST_CONSOLE_SERIAL },
        { arch_options.reset_vga, KX_REQUEST_RESET_VGA },
        { info->skip_checks, KX_REQUEST_NO_VERIFY },
        { (info->kexec_flags & KEXEC_ON_CRASH) != 0, KX_REQUEST_CRASH },
        { (info->kexec_flags & KEXEC_ON_CRASH) && arch_options.pass_memmap_cmdline,
          KX_REQUEST_CRASH_MEMMAP },
        { hotplug(info), KX_REQUEST_CRASH_HOTPLUG },
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].wanted)
            request->flags |= flags[i].flag;
    request->serial_address = arch_options.serial_base;
    request->serial_baud = arch_options.serial_baud;
    request->mem_min = mem_min;
    request->mem_max = mem_max;
}

/* Prints what libkexec left out, and why. */
static void say_notes(uint32_t count)
{
    char note[KX_NOTE_SIZE];
    for (uint32_t i = 0; i < count; i++)
        if (kx_plan_note(&workspace, i, note, sizeof note) > 0)
            fprintf(stderr, "note: %s\n", note);
}

int bzImage64_load(int argc, char **argv, const char *buf, off_t len, struct kexec_info *info)
{
    static char line[16384];
    static unsigned char seed[32];
    static unsigned char secret[KX_SECRET_SIZE];
    static struct kx_bytes initrds[INITRDS_MAX];
    struct kx_error error = { .size = sizeof error };
    struct kx_request request = { .size = sizeof request };
    struct kx_plan_info plan = { .size = sizeof plan };
    struct wanted wanted = { NULL, { NULL }, 0, 0, 0 };
    int length, crash = (info->kexec_flags & KEXEC_ON_CRASH) != 0;

    if (read_options(argc, argv, &wanted) < 0)
        return -1;
    /* Its purgatory would have to return; libkexec's does not. */
    if (info->kexec_flags & KEXEC_PRESERVE_CONTEXT) {
        fprintf(stderr, "--load-preserve-context is not done by libkexec\n");
        return -1;
    }
    kx_machine_init(&machine, sizeof machine);
    kx_machine_read(&machine);
    length = command_line(&wanted, crash, line, sizeof line);
    if (length < 0)
        return -1;
    if (info->file_mode)
        return by_file(&wanted, line, length, info);

    request.kernel.data = buf;
    request.kernel.length = len;
    request.command_line.data = line;
    request.command_line.length = length;
    if (hold_initrds(&wanted, initrds) < 0)
        return -1;
    request.initrds = initrds;
    request.initrd_count = wanted.initrd_count;
    request.entry = wanted.entry;
    architecture(info, &request);
    if (kx_random_seed(seed) > 0) {
        request.rng_seed.data = seed;
        request.rng_seed.length = sizeof seed;
    }
    if (kx_random_secret(secret) > 0) {
        request.digest_secret.data = secret;
        request.digest_secret.length = sizeof secret;
    }
    kx_workspace_init(&workspace, sizeof workspace);
    if (kx_plan(&request, &machine, &workspace, &error) < 0)
        return complain("plan", &error);
    if (kx_check(&workspace, &error) < 0)
        return complain("check", &error);
    held_for = crash ? KX_LOADED_CRASH : 0;
    if (unchanged(&wanted) < 0)
        return -1;
    if (held_count && on_exit(check_after_load, NULL) != 0) {
        fprintf(stderr, "no room to check the initrds after the load\n");
        return -1;
    }

    kx_plan_get(&workspace, &plan);
    for (size_t i = 0; i < plan.segment_count; i++) {
        struct kx_segment segment = { .size = sizeof segment };
        kx_plan_segment(&workspace, i, &segment);
        add_segment(info, segment.buf, segment.bufsz, segment.mem, segment.memsz);
    }
    say_notes(plan.note_count);
    info->entry = (void *)(uintptr_t)plan.entry;
    return 0;
}
