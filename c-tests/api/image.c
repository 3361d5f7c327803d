/* Probing images, and mapping and joining files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static int probe_with(size_t offset, const void *bytes, size_t count, struct kx_error *error)
{
    size_t length;
    unsigned char *file = make_bzimage(0x10000, &length);
    struct kx_image image = { .size = sizeof image };
    memcpy(file + offset, bytes, count);
    int code = kx_image_probe(file, length, &image, error);
    CHECK(code < 0 && image.format == 0);
    free(file);
    return code;
}

/* An ELF kernel: probed as one, and planned if that is asked for. */
static void vmlinux(void)
{
    const char *flags = "flags\t\t: fpu\n";
    size_t length;
    unsigned char *file = make_vmlinux(0x30000, &length);
    struct kx_image image = { .size = sizeof image };
    struct kx_error error = { .size = sizeof error };
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(file, length);

    memset(image.version, '!', sizeof image.version);
    RETURNS(0, kx_image_probe(file, length, &image, &error));
    /* It has no notes of Linux's. */
    CHECK(image.format == KX_FORMAT_ELF && image.version[0] == 0 && image.reserved == 0);
    CHECK(image.pref_address == 0x1000000 && image.init_size == 0x60000);
    CHECK(image.kernel_size == 0x30000 && image.relocatable == 0 && image.alignment > 0);
    CHECK(image.arch == KX_ARCH_X86_64 && image.entries == 1 << KX_ENTRY_X86_64);
    RETURNS(KX_FORMAT_ELF, kx_file_format(file, length));
    RETURNS(KX_ARCH_X86_64, kx_file_arch(file, length));
    RETURNS(KX_E_NOT_BOOTABLE, kx_plan(&request, machine, workspace, &error));
    /* A program that gets nothing gets no command line. */
    request.flags = KX_REQUEST_ELF_BARE;
    request.command_line.data = "quiet";
    request.command_line.length = 5;
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan(&request, machine, workspace, &error));
    request.command_line.length = 0;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    request = request_of(file, length);
    request.flags = KX_REQUEST_ELF_NOTES;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    request.flags = KX_REQUEST_ELF_NOTES | KX_REQUEST_VMLINUX;
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan(&request, machine, workspace, &error));
    request.flags = KX_REQUEST_VMLINUX;
    /* It is unknown whether this image supports 5-level paging, and whether that is in use. */
    RETURNS(KX_E_NOT_KNOWN, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_machine_parse(machine, KX_SOURCE_CPUINFO, flags, strlen(flags)));
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    request.flags = 0;
    request.format = KX_FORMAT_VMLINUX;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    request.format = KX_FORMAT_BZIMAGE;
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_plan(&request, machine, workspace, &error));
    CHECK(error.numbers[0] == KX_FORMAT_ELF);
    image.format = 0;
    RETURNS(KX_E_TRUNCATED, kx_image_probe(file, length - 1, &image, &error));
    RETURNS(KX_E_TRUNCATED, kx_image_probe(file, 100, &image, &error));
    file[18] = 3;
    RETURNS(KX_E_NOT_BOOTABLE, kx_image_probe(file, length, &image, &error));
    CHECK(image.format == 0);
    free(machine);
    free(workspace);
    free(file);
}

/* An arm64 kernel, by a header like Debian's; and one that does not say how much memory it needs. */
static void arm64(void)
{
    struct kx_error error = { .size = sizeof error };
    struct kx_image image = { .size = sizeof image };
    unsigned char file[4096] = { 0 };

    memcpy(file + 56, "ARM\x64", 4);
    RETURNS(KX_FORMAT_ARM64_IMAGE, kx_file_format(file, sizeof file));
    RETURNS(KX_E_NOT_BOOTABLE, kx_image_probe(file, sizeof file, &image, &error));
    file[18] = 0x8d;
    file[19] = 0x02;
    file[24] = 0x0a;
    RETURNS(0, kx_image_probe(file, sizeof file, &image, &error));
    CHECK(image.format == KX_FORMAT_ARM64_IMAGE && image.arch == KX_ARCH_ARM64);
    CHECK(image.entries == 1 << KX_ENTRY_ARM64);
}

/* The format of a file that is not a kernel: as a number and as text. */
static void foreign(void)
{
    static const struct {
        int format;
        size_t offset, length;
        const char *mark, *says;
    } files[] = {
        { KX_FORMAT_RISCV64_IMAGE, 56, 4, "RSC\5", "riscv" },
        { KX_FORMAT_ZBOOT, 0, 8, "MZ\0\0zimg", "zboot" },
        { KX_FORMAT_GZIP, 0, 2, "\x1f\x8b", "gzip" },
        { KX_FORMAT_AR, 0, 8, "!<arch>\n", "Debian package" },
        { KX_FORMAT_SQUASHFS, 0, 4, "hsqs", "squashfs" },
        { KX_FORMAT_BZIP2, 0, 3, "BZh", "bzip2" },
        { KX_FORMAT_LZMA, 0, 3, "\x5d\0", "lzma" },
        { KX_FORMAT_XZ, 0, 6, "\xfd" "7zXZ", "xz" },
        { KX_FORMAT_LZOP, 0, 6, "\x89LZO\0\r", "lzop" },
        { KX_FORMAT_LZ4, 0, 4, "\x04\x22\x4d\x18", "lz4" },
        { KX_FORMAT_LZ4, 0, 4, "\x02\x21\x4c\x18", "lz4" },
        { KX_FORMAT_ZSTD, 0, 4, "\x28\xb5\x2f\xfd", "zstd" },
        { KX_FORMAT_CPIO, 0, 6, "070701", "initrd" },
        { KX_FORMAT_DEVICE_TREE, 0, 4, "\xd0\x0d\xfe\xed", "device tree" },
        { KX_FORMAT_UBOOT_IMAGE, 0, 4, "\x27\x05\x19\x56", "U-Boot" },
        { KX_FORMAT_UNKNOWN, 0, 1, "", "bzImage" },
    };
    struct kx_error error = { .size = sizeof error };
    struct kx_image image = { .size = sizeof image };
    unsigned char file[4096];
    char text[KX_MESSAGE_SIZE];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        memset(file, 0, sizeof file);
        memcpy(file + files[i].offset, files[i].mark, files[i].length);
        /* Whole, and too short for the header of a kernel. */
        for (size_t length = sizeof file; length >= 64; length /= 64) {
            RETURNS(files[i].format, kx_file_format(file, length));
            RETURNS(KX_E_NOT_THIS_FORMAT, kx_image_probe(file, length, &image, &error));
            CHECK(error.numbers[0] == (uint64_t)files[i].format);
            kx_error_message(&error, text, sizeof text);
            CHECK(strstr(text, files[i].says) && !strstr(text, "cut off"));
        }
        CHECK(files[i].format == KX_FORMAT_UNKNOWN
              || strstr(kx_format_name(files[i].format), files[i].says));
    }
    const char *page = "<!DOCTYPE html>\n<title>404</title>\n";
    RETURNS(KX_FORMAT_TEXT, kx_file_format(page, strlen(page)));
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_image_probe(page, strlen(page), &image, &error));
    kx_error_message(&error, text, sizeof text);
    CHECK(strcmp(text, "not a bzImage; it looks like a text file") == 0);
    /* The message also says what to do. */
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_image_probe("\x1f\x8b\x08\0", 4, &image, &error));
    kx_error_message(&error, text, sizeof text);
    CHECK(strcmp(text, "not a bzImage; it looks like a gzip file: unpack it first (gunzip)") == 0);
    RETURNS(KX_FORMAT_UNKNOWN, kx_file_format(NULL, 0));
    RETURNS(KX_E_NULL, kx_file_format(NULL, 1));
    RETURNS(KX_E_NULL, kx_file_arch(NULL, 1));
    RETURNS(0, kx_file_arch(NULL, 0));
    RETURNS(0, kx_file_arch(page, strlen(page)));
    RETURNS(KX_E_SIZE, kx_file_format(page, (size_t)-1));
    CHECK(strcmp(kx_format_name(4711), "a file of an unknown format") == 0);
}

void test_image(void)
{
    size_t length;
    unsigned char *file = make_bzimage(0x10000, &length);
    struct kx_image image = { .size = sizeof image };
    struct kx_error error = { .size = sizeof error };
    struct {
        struct kx_image image;
        unsigned char more[8];
    } future;

    RETURNS(0, kx_image_probe(file, length, &image, &error));
    CHECK(image.format == KX_FORMAT_BZIMAGE && image.protocol == 0x020f);
    CHECK(image.arch == KX_ARCH_X86_64
          && image.entries == (1 << KX_ENTRY_X86_64 | 1 << KX_ENTRY_X86_32 | 1 << KX_ENTRY_X86_16));
    CHECK(image.xloadflags == 0x7f && image.relocatable == 1 && image.alignment == 0x200000);
    CHECK(image.xloadflags & KX_XLF_KERNEL_64 && image.xloadflags & KX_XLF_FIVE_LEVEL);
    CHECK(image.pref_address == 0x1000000 && image.init_size == 0x3c39000);
    CHECK(image.command_line_size == 2047 && image.kernel_size == 0x10000);
    CHECK(image.setup_type_max == 10 && strcmp(image.version, "7.3.4-test") == 0
          && strcmp(image.banner, "7.3.4-test #1") == 0);

    RETURNS(KX_E_NULL, kx_image_probe(file, length, NULL, &error));
    RETURNS(KX_E_NULL, kx_image_probe(NULL, length, &image, &error));
    RETURNS(KX_E_EMPTY_FILE, kx_image_probe(NULL, 0, &image, &error));
    RETURNS(KX_E_SIZE, kx_image_probe(file, (size_t)-1, &image, &error));
    RETURNS(KX_E_MISALIGNED, kx_image_probe(file, length, odd(&image), &error));
    image.size = 0;
    RETURNS(KX_E_SIZE, kx_image_probe(file, length, &image, &error));
    for (size_t short_by = 16; short_by < length; short_by += 997) {
        image.size = sizeof image;
        RETURNS(KX_E_TRUNCATED, kx_image_probe(file, length - short_by, &image, &error));
        CHECK(error.numbers[1] == length - short_by && error.numbers[0] > error.numbers[1]);
    }
    memset(&future, 0xee, sizeof future);
    future.image.size = sizeof future;
    RETURNS(0, kx_image_probe(file, length, &future.image, &error));
    CHECK(future.more[0] == 0 && future.image.kernel_size == 0x10000);

    RETURNS(KX_E_NOT_THIS_FORMAT, probe_with(0x202, "X", 1, &error));
    RETURNS(KX_E_PROTOCOL, probe_with(0x206, "\xff\x01", 2, &error));
    CHECK(error.numbers[0] == 0x1ff && error.numbers[1] == 0x200);
    RETURNS(KX_E_NOT_BOOTABLE, probe_with(0x211, "", 1, &error));
    RETURNS(KX_E_BAD_FIELD, probe_with(0x230, "\3", 1, &error));
    CHECK(error.numbers[0] == 0x230 && error.numbers[1] == 0x200003);
    /* Without the 64-bit entry; then with the real-mode entry alone. */
    file[0x236] = 0x7e;
    RETURNS(0, kx_image_probe(file, length, &image, &error));
    CHECK(image.entries == (1 << KX_ENTRY_X86_32 | 1 << KX_ENTRY_X86_16));
    memset(file + 0x214, 0, 4);
    RETURNS(0, kx_image_probe(file, length, &image, &error));
    CHECK(image.entries == 1 << KX_ENTRY_X86_16);
    free(file);
    vmlinux();
    arm64();
    foreign();
}

static int temporary(const void *data, size_t length, char *name)
{
    strcpy(name, "/tmp/kx-file-XXXXXX");
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, data, length) == (ssize_t)length);
    return fd;
}

static void joined(void)
{
    char name[3][32], text[16];
    int fds[3] = { temporary("12345", 5, name[0]), temporary("abcd", 4, name[1]),
                   temporary("", 0, name[2]) };
    struct kx_error error = { .size = sizeof error };
    struct kx_bytes bytes = { NULL, 0 };

    int fd = kx_join(fds, 2, 12, &error);
    CHECK(fd >= 0);
    RETURNS(0, kx_map_fd(fd, &bytes, &error));
    CHECK(bytes.length == 12 && memcmp(bytes.data, "12345\0\0\0abcd", 12) == 0);
    CHECK(write(fd, "x", 1) < 0);
    CHECK(close(fd) == 0);
    RETURNS(0, kx_unmap(&bytes));
    RETURNS(KX_E_COPY_TOO_LARGE, kx_join(fds, 2, 11, &error));
    CHECK(error.numbers[0] == 12 && error.numbers[1] == 11);
    CHECK(kx_copy_limit() > 1 << 20);
    RETURNS(KX_E_EMPTY_FILE, kx_join(fds, 3, 12, &error));
    CHECK(error.numbers[0] == 2 && error.what.length == 5);
    RETURNS(KX_E_BAD_ARGUMENT, kx_join(fds, 0, 12, &error));
    RETURNS(KX_E_BAD_ARGUMENT, kx_join(NULL, 0, 12, &error));
    RETURNS(KX_E_NULL, kx_join(NULL, 2, 12, &error));
    RETURNS(KX_E_MISALIGNED, kx_join(odd(fds), 1, 12, &error));
    RETURNS(KX_E_SIZE, kx_join(fds, (size_t)-1 / 2, 12, &error));
    fds[0] = fds[0] + 0;
    int bad[2] = { fds[0], 9999 };
    RETURNS(-EBADF, kx_join(bad, 2, 12, &error));
    CHECK(error.origin == KX_FROM_FILE && error.numbers[0] == 1);
    /* The caller's descriptors stay open in every case. */
    for (int i = 0; i < 3; i++) {
        CHECK(lseek(fds[i], 0, SEEK_SET) == 0 && read(fds[i], text, sizeof text) >= 0);
        close(fds[i]);
        unlink(name[i]);
    }
}

void test_files(void)
{
    size_t length;
    unsigned char *file = make_bzimage(0x1000, &length);
    char name[32], empty_name[32];
    int fd = temporary(file, length, name), empty = temporary("", 0, empty_name);
    struct kx_bytes bytes = { NULL, 0 };
    struct kx_image image = { .size = sizeof image };
    struct kx_error error = { .size = sizeof error };
    int pipes[2];

    RETURNS(0, kx_map(name, &bytes, &error));
    CHECK(bytes.length == length && memcmp(bytes.data, file, length) == 0);
    RETURNS(0, kx_unmap(&bytes));
    CHECK(bytes.data == NULL && bytes.length == 0);
    RETURNS(0, kx_unmap(&bytes));
    RETURNS(KX_E_NULL, kx_unmap(NULL));
    RETURNS(KX_E_MISALIGNED, kx_unmap(odd(&bytes)));
    bytes.length = 1;
    RETURNS(KX_E_NULL, kx_unmap(&bytes));
    bytes.length = 4711;
    RETURNS(-ENOENT, kx_map("/nowhere/at/all", &bytes, &error));
    RETURNS(KX_E_NULL, kx_map(NULL, &bytes, &error));
    RETURNS(KX_E_NOT_A_FILE, kx_map("/", &bytes, &error));
    RETURNS(KX_E_EMPTY_FILE, kx_map(empty_name, &bytes, &error));
    RETURNS(-EBADF, kx_map_fd(-1, &bytes, &error));
    CHECK(bytes.data == NULL && bytes.length == 4711);
    RETURNS(KX_E_NULL, kx_map(name, NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_map(name, odd(&bytes), &error));
    RETURNS(KX_E_NULL, kx_map_fd(fd, NULL, &error));
    RETURNS(0, kx_map_fd(fd, &bytes, &error));
    CHECK(memcmp(bytes.data, file, length) == 0);
    RETURNS(0, kx_unmap(&bytes));

    RETURNS(0, kx_image_probe_path(name, &image, &error));
    RETURNS(0, kx_image_probe_fd(fd, &image, NULL));
    CHECK(image.kernel_size == 0x1000);
    RETURNS(KX_E_NULL, kx_image_probe_path(NULL, &image, &error));
    RETURNS(KX_E_NULL, kx_image_probe_path(name, NULL, &error));
    RETURNS(KX_E_NULL, kx_image_probe_fd(fd, NULL, &error));
    RETURNS(KX_E_EMPTY_FILE, kx_image_probe_fd(empty, &image, &error));
    RETURNS(-EBADF, kx_image_probe_fd(-1, &image, &error));
    CHECK(pipe(pipes) == 0);
    RETURNS(KX_E_NOT_A_FILE, kx_image_probe_fd(pipes[0], &image, &error));
    /* Descriptors stay open. */
    CHECK(close(pipes[0]) == 0 && close(pipes[1]) == 0 && close(fd) == 0 && close(empty) == 0);
    unlink(name);
    unlink(empty_name);
    free(file);
    joined();
}
