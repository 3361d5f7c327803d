/* Crash kernels: the facts for them, and their plans. */
#include "test.h"

static struct kx_error error = { .size = sizeof error };

static const char iomem[] = "00001000-0009fbff : System RAM\n"
                            "00100000-bffdffff : System RAM\n"
                            "  01000000-01ffffff : Kernel code\n"
                            "  40000000-4fffffff : Crash kernel\n"
                            "100000000-13fffffff : System RAM\n";

static int parse(struct kx_machine *machine, uint32_t source, const char *text)
{
    return kx_machine_parse(machine, source, text, strlen(text));
}

static struct kx_crash_info info_of(const struct kx_machine *machine)
{
    struct kx_crash_info info = { .size = sizeof info };
    RETURNS(0, kx_machine_crash(machine, &info));
    return info;
}

static struct kx_machine *reserved(const char *map)
{
    struct kx_machine *machine = pc();
    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, map));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES_SIZE, "368\n"));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES, "3fc10400\n"));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES, "3fc90400\n"));
    RETURNS(0, parse(machine, KX_SOURCE_RELEASE, "6.12.107+deb13-amd64\n"));
    return machine;
}

static void facts(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_crash_info info = info_of(machine);
    struct {
        struct kx_crash_info info;
        unsigned char more[8];
    } future;

    CHECK(info.flags == 0 && info.cpu_count == 0 && info.ram == 0 && info.vmcoreinfo.last == 0);
    free(machine);
    machine = reserved(iomem);
    RETURNS(0, parse(machine, KX_SOURCE_VMCOREINFO, "0x0000000100c66000 1024\n"));
    info = info_of(machine);
    CHECK(info.flags == 0 && info.cpu_count == 2 && info.cpu_note_size == 368);
    CHECK(info.vmcoreinfo.start == 0x100c66000 && info.vmcoreinfo.last == 0x100c67023);
    CHECK(info.ram == 0x9fbff - 0xfff + 0xbfee0000 + 0x40000000);
    CHECK(info.control_fixed > 0 && info.control_tables >= 5 && info.cpu_unread == 0);
    RETURNS(0, parse(machine, KX_SOURCE_ELFCOREHDR_SIZE, "115968\n"));
    info = info_of(machine);
    CHECK(info.flags == KX_CRASH_INFO_HOTPLUG && info.elfcorehdr_size == 115968);
    for (int i = 0; i < 8192; i++)
        RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES, "13fa01000\n"));
    CHECK(info_of(machine).flags == (KX_CRASH_INFO_HOTPLUG | KX_CRASH_INFO_FULL));

    RETURNS(KX_E_NULL, kx_machine_crash(NULL, &info));
    RETURNS(KX_E_NULL, kx_machine_crash(machine, NULL));
    RETURNS(KX_E_MISALIGNED, kx_machine_crash(machine, odd(&info)));
    RETURNS(KX_E_MISALIGNED, kx_machine_crash(odd(machine), &info));
    info.size = 1;
    RETURNS(KX_E_SIZE, kx_machine_crash(machine, &info));
    memset(&future, 0xee, sizeof future);
    future.info.size = sizeof future;
    RETURNS(0, kx_machine_crash(machine, &future.info));
    CHECK(future.more[0] == 0 && future.more[7] == 0 && future.info.cpu_count == 8192);
    memset(machine, 0, 64);
    info.size = sizeof info;
    RETURNS(KX_E_NOT_INITIALISED, kx_machine_crash(machine, &info));
    free(machine);
}

/* Adds the command line and the elfcorehdr of a plan. */
static void looked_at(const struct kx_workspace *workspace, int memmap)
{
    struct kx_plan_info plan = { .size = sizeof plan };
    struct kx_bytes params = { NULL, 0 };
    char wanted[64];
    int headers = 0;

    RETURNS(0, kx_plan_get(workspace, &plan));
    CHECK(plan.segment_count == 4 && plan.control_pages >= 10);
    RETURNS(0, kx_plan_boot_params(workspace, &params));
    const char *line = (const char *)params.data + 4096;
    for (uint32_t i = 0; i < plan.segment_count; i++) {
        struct kx_segment segment = { .size = sizeof segment };
        RETURNS(0, kx_plan_segment(workspace, i, &segment));
        CHECK(segment.mem >= 0x40000000 + 4096 * plan.control_pages);
        CHECK(segment.mem + segment.memsz <= 0x50000000);
        if (segment.kind != KX_SEGMENT_CORE_HEADER)
            continue;
        headers++;
        CHECK(memcmp(segment.buf, "\177ELF\2", 5) == 0);
        sprintf(wanted, "elfcorehdr=%lluK", (unsigned long long)segment.mem >> 10);
        CHECK(strstr(line, wanted));
    }
    CHECK(headers == 1 && strstr(line, " quiet"));
    CHECK(!!strstr(line, "memmap=") == memmap);
    RETURNS(0, kx_check(workspace, &error));
}

static void plans(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(0x10000, &length);
    struct kx_machine *machine = reserved(iomem);
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct kx_plan_info plan = { .size = sizeof plan };

    request.command_line.data = "quiet";
    request.command_line.length = 5;
    request.flags = KX_REQUEST_CRASH;
    struct kx_machine *none = reserved("00100000-bffdffff : System RAM\n");
    RETURNS(KX_E_NO_CRASH_RESERVATION, kx_plan(&request, none, workspace, &error));
    free(none);
    RETURNS(KX_E_NO_VMCOREINFO, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, parse(machine, KX_SOURCE_VMCOREINFO, "0x0000000100c66000 1024\n"));
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &plan));
    CHECK(plan.flags == 0x3e0001 && plan.has_digest == 1);
    looked_at(workspace, 0);
    request.flags = KX_REQUEST_CRASH | KX_REQUEST_CRASH_MEMMAP;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    looked_at(workspace, 1);

    request.flags = KX_REQUEST_CRASH | KX_REQUEST_CRASH_HOTPLUG;
    RETURNS(KX_E_NO_CRASH_HOTPLUG, kx_plan(&request, machine, workspace, &error));
    RETURNS(KX_E_NO_PLAN, kx_check(workspace, &error));
    RETURNS(0, parse(machine, KX_SOURCE_ELFCOREHDR_SIZE, "115968\n"));
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &plan));
    CHECK(plan.flags == 0x3e0005);
    looked_at(workspace, 0);
    request.flags = 0;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &plan));
    CHECK(plan.flags == 0x3e0000 && plan.control_pages == 0 && plan.segment_count == 3);
    free(machine);

    machine = reserved("00100000-bffdffff : System RAM\n  40000000-40ffffff : Crash kernel\n");
    RETURNS(0, parse(machine, KX_SOURCE_VMCOREINFO, "0x0000000100c66000 1024\n"));
    request.flags = KX_REQUEST_CRASH;
    /* If CPUs' notes have no bytes, the dump has no registers. */
    struct kx_machine *sizeless = pc();
    RETURNS(0, parse(sizeless, KX_SOURCE_IOMEM, iomem));
    RETURNS(0, parse(sizeless, KX_SOURCE_VMCOREINFO, "0x0000000100c66000 1024\n"));
    RETURNS(0, kx_plan(&request, sizeless, workspace, &error));
    RETURNS(0, parse(sizeless, KX_SOURCE_CRASH_NOTES, "3fc10400\n"));
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan(&request, sizeless, workspace, &error));
    CHECK(memcmp(error.what.data, "the CPUs' notes", 15) == 0);
    RETURNS(0, parse(sizeless, KX_SOURCE_CRASH_NOTES_SIZE, "368\n"));
    RETURNS(0, kx_plan(&request, sizeless, workspace, &error));
    free(sizeless);
    RETURNS(KX_E_CRASH_TOO_SMALL, kx_plan(&request, machine, workspace, &error));
    CHECK(error.numbers[0] == 0x1000000 && error.numbers[1] > error.numbers[0]);
    CHECK(error.numbers[1] % (1 << 20) == 0);
    free(machine);
    free(workspace);
    free(kernel);
}

void test_crash(void)
{
    facts();
    plans();
}
