/* Storage: too small, misaligned, NULL, not initialised; everything that takes an object. */
#include "test.h"

/* Every function that takes a machine refuses NULL, a misaligned one, and an uninitialised one. */
static void machines(struct kx_machine *bad, int expected)
{
    struct kx_machine_info info = { .size = sizeof info };
    struct kx_memory memory = { .size = sizeof memory };
    struct kx_efi_descriptor efi = { .size = sizeof efi };
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of("x", 1);
    char text[8];

    RETURNS(expected, kx_machine_clear(bad));
    RETURNS(expected, kx_machine_read(bad));
    RETURNS(expected, kx_machine_read_below(bad, "/"));
    RETURNS(expected, kx_machine_parse(bad, KX_SOURCE_IOMEM, "x", 1));
    RETURNS(expected, kx_machine_add_memory(bad, KX_MAP_FIRMWARE, 0, 1, 1));
    RETURNS(expected, kx_machine_add_efi(bad, &efi));
    RETURNS(expected, kx_machine_get(bad, &info));
    RETURNS(expected, kx_machine_set(bad, &info));
    RETURNS(expected, kx_machine_memory(bad, KX_MAP_FIRMWARE, 0, &memory));
    RETURNS(expected, kx_machine_efi(bad, 0, &efi));
    RETURNS(expected, kx_machine_command_line(bad, text, sizeof text));
    RETURNS(expected, kx_machine_boot_params(bad, text, sizeof text));
    RETURNS(expected, kx_explain(KX_STEP_LOAD, -1, bad, text, sizeof text));
    RETURNS(expected, kx_plan(&request, bad, workspace, NULL));
    free(workspace);
}

static void workspaces(struct kx_workspace *bad, int expected)
{
    struct kx_plan_info info = { .size = sizeof info };
    struct kx_segment segment = { .size = sizeof segment };
    struct kx_note note = { .size = sizeof note };
    struct kx_bytes bytes;
    struct kx_machine *machine = pc();
    struct kx_request request = request_of("x", 1);
    uint32_t kind;
    char text[8];

    RETURNS(expected, kx_plan_get(bad, &info));
    RETURNS(expected, kx_plan_segment(bad, 0, &segment));
    RETURNS(expected, kx_plan_boot_params(bad, &bytes));
    RETURNS(expected, kx_plan_note(bad, 0, text, sizeof text));
    RETURNS(expected, kx_plan_note_get(bad, 0, &note));
    RETURNS(expected, kx_plan_command_line(bad, &bytes));
    RETURNS(expected, kx_plan_setup_type(bad, 0, &kind));
    RETURNS(expected, kx_check(bad, NULL));
    RETURNS(expected, kx_load(bad, NULL));
    if (expected != KX_E_NO_PLAN)
        RETURNS(expected, kx_plan(&request, machine, bad, NULL));
    free(machine);
}

void test_objects(void)
{
    struct kx_machine *machine = calloc(1, sizeof *machine + 8);
    struct kx_workspace *workspace = calloc(1, sizeof *workspace + 8);

    RETURNS(KX_E_NULL, kx_machine_init(NULL, sizeof *machine));
    RETURNS(KX_E_MISALIGNED, kx_machine_init(odd(machine), sizeof *machine));
    RETURNS(KX_E_SIZE, kx_machine_init(machine, 0));
    RETURNS(KX_E_SIZE, kx_machine_init(machine, kx_machine_size() - 1));
    RETURNS(KX_E_NULL, kx_workspace_init(NULL, sizeof *workspace));
    RETURNS(KX_E_MISALIGNED, kx_workspace_init(odd(workspace), sizeof *workspace));
    RETURNS(KX_E_SIZE, kx_workspace_init(workspace, 0));
    RETURNS(KX_E_SIZE, kx_workspace_init(workspace, kx_workspace_size() - 1));

    machines(NULL, KX_E_NULL);
    machines(odd(machine), KX_E_MISALIGNED);
    machines(machine, KX_E_NOT_INITIALISED);
    workspaces(NULL, KX_E_NULL);
    workspaces(odd(workspace), KX_E_MISALIGNED);
    workspaces(workspace, KX_E_NOT_INITIALISED);

    RETURNS(0, kx_machine_init(machine, sizeof *machine));
    RETURNS(0, kx_workspace_init(workspace, sizeof *workspace));
    workspaces(workspace, KX_E_NO_PLAN);
    /* A machine is not a workspace. */
    machines((struct kx_machine *)workspace, KX_E_NOT_INITIALISED);
    workspaces((struct kx_workspace *)machine, KX_E_NOT_INITIALISED);
    free(machine);
    free(workspace);

    /* Exactly as large as asked for, and full of garbage: valgrind and ASan watch the ends. */
    machine = malloc(kx_machine_size());
    memset(machine, 0xa5, kx_machine_size());
    RETURNS(0, kx_machine_init(machine, kx_machine_size()));
    struct kx_machine_info info = { .size = sizeof info };
    RETURNS(0, kx_machine_get(machine, &info));
    CHECK(info.memory_count == 0 && info.loaded == KX_UNKNOWN && info.flags == 0);
    free(machine);
    workspace = malloc(kx_workspace_size());
    memset(workspace, 0xa5, kx_workspace_size());
    RETURNS(0, kx_workspace_init(workspace, kx_workspace_size()));
    RETURNS(KX_E_NO_PLAN, kx_check(workspace, NULL));
    free(workspace);
}
