/* Unified kernel images: their profiles and addons, and a plan of what is in one. */
#include "test.h"

/* A section of a PE file: its name and its bytes. */
struct part {
    const char *name;
    const void *bytes;
    size_t length;
};

/* A PE file with these sections, each at a multiple of 512 bytes; malloc'ed. */
static unsigned char *make_pe(const struct part *parts, size_t count, size_t *length)
{
    size_t at = 0x400;
    for (size_t i = 0; i < count; i++)
        at += (parts[i].length + 511) / 512 * 512;
    unsigned char *file = calloc(1, at);
    *length = at;
    memcpy(file, "MZ", 2);
    file[0x3c] = 0x40;
    memcpy(file + 0x40, "PE\0\0\x64\x86", 6);
    file[0x46] = (unsigned char)count;
    at = 0x400;
    for (size_t i = 0; i < count; i++) {
        unsigned char *row = file + 0x58 + 40 * i;
        memcpy(row, parts[i].name, strlen(parts[i].name));
        put32(row + 8, parts[i].length);
        put32(row + 16, (parts[i].length + 511) / 512 * 512);
        put32(row + 20, at);
        memcpy(file + at, parts[i].bytes, parts[i].length);
        at += (parts[i].length + 511) / 512 * 512;
    }
    return file;
}

#define TEXT(name, text) { name, text, sizeof text - 1 }
#define IS(bytes, text)                                                                        \
    CHECK((bytes).length == strlen(text) && memcmp((bytes).data, text, strlen(text)) == 0)

static unsigned char *make_uki(size_t *length)
{
    size_t kernel_length;
    unsigned char *kernel = make_bzimage(0x10000, &kernel_length);
    const struct part parts[] = {
        TEXT(".osrel", "ID=x\n"),
        TEXT(".uname", "6.12.1\n"),
        TEXT(".cmdline", "root=/dev/x\n\0"),
        TEXT(".initrd", "070701 initrd"),
        TEXT(".ucode", "070701 ucode"),
        { ".linux", kernel, kernel_length },
        TEXT(".dtb", "tree"),
        TEXT(".profile", "ID=main\nTITLE='The first'\n"),
        TEXT(".profile", "ID=rescue\n"),
        TEXT(".cmdline", "rescue"),
        TEXT(".pcrsig", "{}"),
    };
    unsigned char *file = make_pe(parts, sizeof parts / sizeof *parts, length);
    free(kernel);
    return file;
}

static void profiles(const unsigned char *file, size_t length)
{
    struct kx_uki uki = { .size = sizeof uki };
    struct kx_bytes section = { "", 0 };

    RETURNS(0, kx_uki_open(file, length, NULL, &uki, NULL));
    IS(uki.microcode, "070701 ucode");
    IS(uki.initrd, "070701 initrd");
    IS(uki.command_line, "root=/dev/x");
    IS(uki.release, "6.12.1");
    IS(uki.os_release, "ID=x");
    IS(uki.profile_id, "main");
    IS(uki.profile_title, "The first");
    CHECK(uki.profile == 0 && uki.profile_count == 2 && uki.arch == KX_ARCH_X86_64);
    CHECK(uki.flags == KX_UKI_DEVICE_TREE);
    CHECK((const unsigned char *)uki.kernel.data > file);
    CHECK((const unsigned char *)uki.kernel.data + uki.kernel.length < file + length);

    RETURNS(0, kx_uki_open(file, length, "rescue", &uki, NULL));
    IS(uki.command_line, "rescue");
    IS(uki.initrd, "070701 initrd");
    CHECK(uki.profile == 1 && uki.profile_title.length == 0);
    CHECK(uki.flags == (KX_UKI_DEVICE_TREE | KX_UKI_EXTRA));
    RETURNS(0, kx_uki_open(file, length, "0", &uki, NULL));
    CHECK(uki.profile == 0);
    RETURNS(KX_E_BAD_ARGUMENT, kx_uki_open(file, length, "2", &uki, NULL));
    RETURNS(KX_E_BAD_ARGUMENT, kx_uki_open(file, length, "", &uki, NULL));

    RETURNS(0, kx_uki_section(file, length, 1, ".pcrsig", &section, NULL));
    IS(section, "{}");
    RETURNS(0, kx_uki_section(file, length, 0, ".profile", &section, NULL));
    RETURNS(0, kx_uki_section(file, length, 0, ".pcrsig", &section, NULL));
    CHECK(section.length == 0);
    RETURNS(KX_E_BAD_ARGUMENT, kx_uki_section(file, length, 2, ".pcrsig", &section, NULL));
    RETURNS(KX_E_BAD_ARGUMENT, kx_uki_section(file, length, 0, ".ninechar", &section, NULL));
    RETURNS(KX_E_NULL, kx_uki_section(file, length, 0, NULL, &section, NULL));
    RETURNS(KX_E_NULL, kx_uki_section(file, length, 0, ".linux", NULL, NULL));
}

/* What is in the image is planned as any other kernel is. */
static void plan(const unsigned char *file, size_t length)
{
    struct kx_uki uki = { .size = sizeof uki };
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(file, length);
    struct kx_error error = { .size = sizeof error };

    RETURNS(KX_E_NOT_THIS_FORMAT, kx_plan(&request, machine, workspace, &error));
    CHECK(error.numbers[0] == KX_FORMAT_UKI);
    RETURNS(0, kx_uki_open(file, length, NULL, &uki, &error));
    struct kx_bytes initrds[] = { uki.microcode, uki.initrd };
    request.kernel = uki.kernel;
    request.initrds = initrds;
    request.initrd_count = 2;
    request.command_line = uki.command_line;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    free(machine);
    free(workspace);
}

static void addons(const unsigned char *file, size_t length)
{
    const struct part parts[] = { TEXT(".cmdline", " more\n"), TEXT(".uname", "6.12.1") };
    const struct part other[] = { TEXT(".cmdline", "more"), TEXT(".uname", "6.13") };
    struct kx_uki uki = { .size = sizeof uki }, addon = { .size = sizeof addon };
    struct kx_error error = { .size = sizeof error };
    size_t one_length, two_length;
    unsigned char *one = make_pe(parts, 2, &one_length), *two = make_pe(other, 2, &two_length);

    RETURNS(0, kx_uki_open(file, length, NULL, &uki, &error));
    const struct kx_bytes *release = &uki.release;
    RETURNS(0, kx_uki_addon(one, one_length, uki.arch, release, &addon, &error));
    IS(addon.command_line, "more");
    CHECK(addon.kernel.length == 0 && addon.initrd.length == 0 && addon.profile_count == 0);
    RETURNS(KX_E_NOT_BOOTABLE, kx_uki_addon(two, two_length, uki.arch, release, &addon, &error));
    uki.arch = KX_ARCH_ARM64;
    RETURNS(KX_E_NOT_BOOTABLE, kx_uki_addon(one, one_length, uki.arch, release, &addon, &error));
    uki.arch = 77;
    RETURNS(KX_E_UNKNOWN, kx_uki_addon(one, one_length, uki.arch, release, &addon, &error));
    uki.arch = KX_ARCH_X86_64;
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_uki_addon(file, length, uki.arch, release, &addon, &error));
    CHECK(error.numbers[0] == KX_FORMAT_UKI);
    RETURNS(KX_E_NULL, kx_uki_addon(one, one_length, KX_ARCH_X86_64, NULL, &addon, &error));
    RETURNS(KX_E_NULL, kx_uki_addon(one, one_length, uki.arch, release, NULL, &error));
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_uki_open(one, one_length, NULL, &uki, &error));
    CHECK(error.numbers[0] == KX_FORMAT_UKI_ADDON);
    RETURNS(KX_FORMAT_UKI_ADDON, kx_file_format(one, one_length));
    free(one);
    free(two);
}

static void damaged(unsigned char *file, size_t length)
{
    struct kx_uki uki = { .size = sizeof uki }, before;

    memset(&before, 0, sizeof before);
    before.size = sizeof before;
    for (size_t cut = 0; cut < length - 512; cut += 499) {
        CHECK(kx_uki_open(file, cut, NULL, &uki, NULL) < 0);
        CHECK(memcmp(&uki, &before, sizeof uki) == 0);
    }
    RETURNS(KX_E_EMPTY_FILE, kx_uki_open(NULL, 0, NULL, &uki, NULL));
    RETURNS(KX_E_NULL, kx_uki_open(NULL, 1, NULL, &uki, NULL));
    RETURNS(KX_E_NULL, kx_uki_open(file, length, NULL, NULL, NULL));
    RETURNS(KX_E_MISALIGNED, kx_uki_open(file, length, NULL, odd(&uki), NULL));
    uki.size = 3;
    RETURNS(KX_E_SIZE, kx_uki_open(file, length, NULL, &uki, NULL));
    uki.size = sizeof uki;
    /* Where the first section is. */
    memset(file + 0x58 + 20, 0xff, 4);
    RETURNS(KX_E_TRUNCATED, kx_uki_open(file, length, NULL, &uki, NULL));
}

void test_uki(void)
{
    size_t length;
    unsigned char *file = make_uki(&length);

    profiles(file, length);
    plan(file, length);
    addons(file, length);
    damaged(file, length);
    free(file);
}
