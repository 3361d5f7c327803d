/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kexec-tools' file type bzImage64, by libkexec: takes the place of kexec-bzImage64.c, of which
 * it has the three functions kexec-x86_64.h declares. build.sh puts it into the tree.
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
#include <arch/options.h>

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
    return kx_image_probe(buf, len, &image, NULL) < 0 ? -1 : 0;
}

void bzImage64_usage(void)
{
    printf("    --append=STRING       The new kernel's command line.\n"
           "    --command-line=STRING The same.\n"
           "    --reuse-cmdline       The running kernel's command line, then --append's.\n"
           "    --initrd=FILE         An initrd.\n"
           "    --ramdisk=FILE        The same.\n");
}

/* What the loader-specific options say. */
struct wanted {
    const char *append, *initrd;
    int reuse;
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
        case OPT_RAMDISK:
            wanted->initrd = optarg;
            break;
        default: /* The program's, and the architecture's, which others have read. */
            break;
        }
    return 0;
}

/* The command line: the running kernel's, if wanted, then what is appended. */
static int command_line(const struct wanted *wanted, char *line, size_t size)
{
    size_t length = 0;
    if (wanted->reuse) {
        char running[8192];
        int got = kx_machine_command_line(&machine, running, sizeof running);
        if (got > 0)
            got = kx_reuse_command_line(running, got - 1, 0, line, size);
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
    if (wanted->initrd) {
        info->initrd_fd = open(wanted->initrd, O_RDONLY);
        if (info->initrd_fd < 0) {
            fprintf(stderr, "%s: %s\n", wanted->initrd, strerror(errno));
            return -1;
        }
    }
    return 0;
}

int bzImage64_load(int argc, char **argv, const char *buf, off_t len, struct kexec_info *info)
{
    static char line[16384];
    static unsigned char seed[32];
    static struct kx_bytes initrd;
    struct kx_error error = { .size = sizeof error };
    struct kx_request request = { .size = sizeof request };
    struct kx_plan_info plan = { .size = sizeof plan };
    struct wanted wanted = { NULL, NULL, 0 };
    int length;

    kx_machine_init(&machine, sizeof machine);
    kx_machine_read(&machine);
    if (read_options(argc, argv, &wanted) < 0
        || (length = command_line(&wanted, line, sizeof line)) < 0)
        return -1;
    if (info->file_mode)
        return by_file(&wanted, line, length, info);

    request.kernel.data = buf;
    request.kernel.length = len;
    request.command_line.data = line;
    request.command_line.length = length;
    if (wanted.initrd) {
        if (kx_map(wanted.initrd, &initrd, &error) < 0)
            return complain(wanted.initrd, &error);
        request.initrds = &initrd;
        request.initrd_count = 1;
    }
    if (kx_random_seed(seed) > 0) {
        request.rng_seed.data = seed;
        request.rng_seed.length = sizeof seed;
    }
    kx_workspace_init(&workspace, sizeof workspace);
    if (kx_plan(&request, &machine, &workspace, &error) < 0)
        return complain("plan", &error);
    if (kx_check(&workspace, &error) < 0)
        return complain("check", &error);

    kx_plan_get(&workspace, &plan);
    for (size_t i = 0; i < plan.segment_count; i++) {
        struct kx_segment segment = { .size = sizeof segment };
        kx_plan_segment(&workspace, i, &segment);
        add_segment(info, segment.buf, segment.bufsz, segment.mem, segment.memsz);
    }
    for (size_t i = 0; i < plan.note_count; i++) {
        char note[KX_NOTE_SIZE];
        kx_plan_note(&workspace, i, note, sizeof note);
        dbgprintf("libkexec: %s\n", note);
    }
    info->entry = (void *)(uintptr_t)plan.entry;
    return 0;
}
