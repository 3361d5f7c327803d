/*
 * A workspace that was copied or moved, or that a progress function uses: it cannot be used, and
 * nothing is loaded.
 */
#include "test.h"

static struct kx_error error = { .size = sizeof error };

/* Every function that takes a workspace with a plan. */
static void refused(int expected, const struct kx_workspace *workspace)
{
    struct kx_plan_info info = { .size = sizeof info };
    struct kx_segment segment = { .size = sizeof segment };
    struct kx_bytes bytes;
    char text[KX_NOTE_SIZE];
    uint32_t kind;

    RETURNS(expected, kx_check(workspace, &error));
    RETURNS(expected, kx_load(workspace, &error));
    RETURNS(expected, kx_plan_get(workspace, &info));
    RETURNS(expected, kx_plan_segment(workspace, 0, &segment));
    RETURNS(expected, kx_plan_boot_params(workspace, &bytes));
    RETURNS(expected, kx_plan_note(workspace, 0, text, sizeof text));
    RETURNS(expected, kx_plan_setup_type(workspace, 0, &kind));
}

struct inside {
    struct kx_request request;
    struct kx_machine *machine;
    struct kx_workspace *workspace;
    unsigned calls;
    int initialise;
};

static int misuses(uint64_t done, uint64_t total, void *context)
{
    struct inside *inside = context;
    struct kx_request again = inside->request;
    struct kx_machine_info info = { .size = sizeof info };

    CHECK(done <= total);
    again.progress = NULL;
    if (inside->calls++ > 0 && inside->initialise)
        return 0;
    refused(KX_E_BUSY, inside->workspace);
    RETURNS(KX_E_BUSY, kx_plan(&again, inside->machine, inside->workspace, &error));
    RETURNS(KX_E_BUSY, kx_plan_to_boot(&again, inside->machine, inside->workspace));
    RETURNS(0, kx_machine_get(inside->machine, &info));
    if (inside->initialise)
        RETURNS(0, kx_workspace_init(inside->workspace, kx_workspace_size()));
    return 0;
}

void test_moved(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(3 << 20, &length);
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace(), *copy = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct inside inside = { .machine = machine, .workspace = workspace };

    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    memcpy(copy, workspace, kx_workspace_size());
    refused(KX_E_MOVED, copy);
    CHECK(strstr(kx_strerror(KX_E_MOVED), "moved"));
    RETURNS(0, kx_check(workspace, &error));
    /* It can hold another plan, and then has its own. */
    RETURNS(0, kx_plan(&request, machine, copy, &error));
    RETURNS(0, kx_check(copy, &error));
    memcpy(workspace, copy, kx_workspace_size());
    refused(KX_E_MOVED, workspace);

    inside.request = request;
    request.progress = misuses;
    request.progress_context = &inside;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    CHECK(inside.calls > 1);
    RETURNS(0, kx_check(workspace, &error));
    inside.initialise = 1;
    inside.calls = 0;
    /* Initialised again while it was in use: there is no plan in it. */
    request.progress_context = &inside;
    int initialised = kx_plan(&request, machine, workspace, &error);
    RETURNS(KX_E_BUSY, initialised);
    refused(KX_E_NO_PLAN, workspace);
    request.progress = NULL;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    free(machine);
    free(workspace);
    free(copy);
    free(kernel);
}
