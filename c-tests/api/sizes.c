/*
 * The size member: a size that no version of a structure has had is refused by every function that
 * takes the structure, and nothing is written. For that, every size from 0 on is tried.
 */
#include "test.h"

#define SIZES(type, initial, call)                                                             \
    do {                                                                                       \
        struct {                                                                               \
            struct type object;                                                                \
            unsigned char more[64];                                                            \
        } box, before;                                                                         \
        for (size_t size = 0; size <= sizeof box; size++) {                                    \
            memset(&box, 0, sizeof box);                                                       \
            box.object = initial;                                                              \
            box.object.size = size;                                                            \
            before = box;                                                                      \
            struct type *object = &box.object;                                                 \
            int good = size >= sizeof(struct type) && size % 8 == 0, code = (call);            \
            checks++;                                                                          \
            if ((code != KX_E_SIZE) != good || (!good && memcmp(&box, &before, sizeof box))) { \
                failures++;                                                                    \
                fprintf(stderr, "%s:%d: %s with size %zu is %d (%s)\n", __FILE__, __LINE__,    \
                        #call, size, code, kx_errname(code));                                  \
            }                                                                                  \
        }                                                                                      \
    } while (0)

void test_sizes(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(0x1000, &length);
    struct kx_machine *machine = pc();
    struct kx_machine *scratch = new_machine();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct kx_image image = { .size = sizeof image };
    struct kx_segment segment = { .size = sizeof segment, .mem = 0x100000, .memsz = 0x1000 };
    const struct kx_error no_error = { 0 };
    const struct kx_image no_image = { 0 };
    const struct kx_machine_info no_info = { 0 };
    const struct kx_memory no_memory = { 0 };
    const struct kx_efi_descriptor efi = { .physical_start = 0x7f000000, .pages = 1 };
    const struct kx_crash_info no_crash = { 0 };
    const struct kx_plan_info no_plan = { 0 };
    const struct kx_limits no_limits = { 0 };
    const struct kx_held no_held = { 0 };
    char text[KX_MESSAGE_SIZE];
    struct kx_bytes bytes;

    RETURNS(0, kx_plan(&request, machine, workspace, NULL));
    SIZES(kx_plan_info, no_plan, kx_plan_get(workspace, object));
    SIZES(kx_segment, segment, kx_plan_segment(workspace, 0, object));
    SIZES(kx_segment, segment, kx_check_segments(object, 1, 0x100000, NULL, NULL));
    SIZES(kx_segment, segment, kx_load_segments(object, 1, 0x100000, 1ull << 63, NULL));
    SIZES(kx_limits, no_limits, kx_check_segments(&segment, 1, 0x100000, object, NULL));
    SIZES(kx_image, no_image, kx_image_probe(kernel, length, object, NULL));
    SIZES(kx_image, no_image, kx_image_probe_path("/nowhere", object, NULL));
    SIZES(kx_image, no_image, kx_image_probe_fd(-1, object, NULL));
    SIZES(kx_machine_info, no_info, kx_machine_get(machine, object));
    SIZES(kx_machine_info, no_info, kx_machine_set(scratch, object));
    SIZES(kx_memory, no_memory, kx_machine_memory(machine, KX_MAP_FIRMWARE, 0, object));
    SIZES(kx_efi_descriptor, efi, kx_machine_add_efi(machine, object));
    SIZES(kx_efi_descriptor, efi, kx_machine_efi(machine, 0, object));
    SIZES(kx_crash_info, no_crash, kx_machine_crash(machine, object));
    SIZES(kx_held, no_held, kx_hold(NULL, 0, object, NULL));
    SIZES(kx_held, no_held, kx_hold_fd(-1, 0, object, NULL));
    SIZES(kx_held, no_held, kx_held_check(object, NULL));
    SIZES(kx_held, no_held, kx_release(object));
    SIZES(kx_request, request, kx_plan(object, machine, workspace, NULL));
    SIZES(kx_request, request, kx_plan_to_boot(object, machine, workspace));

    /* Those that fail on purpose: the details are written, unless the size is refused. */
    SIZES(kx_error, no_error, kx_error_message(object, text, sizeof text));
    SIZES(kx_error, no_error, kx_plan(NULL, machine, workspace, object));
    SIZES(kx_error, no_error, kx_check(workspace, object));
    SIZES(kx_error, no_error, kx_check_segments(NULL, 1, 0, NULL, object));
    SIZES(kx_error, no_error, kx_image_probe(NULL, 1, &image, object));
    SIZES(kx_error, no_error, kx_image_probe_path(NULL, &image, object));
    SIZES(kx_error, no_error, kx_image_probe_fd(-1, &image, object));
    SIZES(kx_error, no_error, kx_map(NULL, &bytes, object));
    SIZES(kx_error, no_error, kx_map_fd(-1, &bytes, object));
    SIZES(kx_error, no_error, kx_join(NULL, 1, 0, object));
    SIZES(kx_error, no_error, kx_hold(NULL, 0, NULL, object));
    SIZES(kx_error, no_error, kx_hold_fd(-1, 0, NULL, object));
    SIZES(kx_error, no_error, kx_held_check(NULL, object));
    SIZES(kx_error, no_error, kx_load(NULL, object));
    SIZES(kx_error, no_error, kx_load_segments(NULL, 1, 0, 0, object));
    SIZES(kx_error, no_error, kx_load_files(-1, -2, NULL, 0, 0, object));
    SIZES(kx_error, no_error, kx_unload(0, 0, object));
    SIZES(kx_error, no_error, kx_mount(NULL, NULL, NULL, object));
    SIZES(kx_error, no_error, kx_on_bus_error(NULL, object));
    free(machine);
    free(scratch);
    free(workspace);
    free(kernel);
}
