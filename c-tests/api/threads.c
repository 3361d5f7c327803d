/* Many plans at once on distinct objects; many readers of one. */
#include <pthread.h>

#include "test.h"

enum { THREADS = 8, ROUNDS = 4 };

static unsigned char *kernel;
static size_t kernel_length;
static struct kx_machine *shared_machine;
static struct kx_workspace *shared_plan;
static struct kx_plan_info expected[THREADS];

/* Threads must not use the counters: they return the number of failures. */
static unsigned plan(unsigned number, struct kx_plan_info *info)
{
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, kernel_length);
    char line[32];
    unsigned bad = 0;
    request.command_line.length = sprintf(line, "number=%u", number);
    request.command_line.data = line;
    bad += kx_plan(&request, shared_machine, workspace, NULL) != 0;
    bad += kx_check(workspace, NULL) != 0;
    info->size = sizeof *info;
    bad += kx_plan_get(workspace, info) != 0;
    struct kx_bytes bytes;
    bad += kx_plan_boot_params(workspace, &bytes) != 0;
    bad += strcmp((const char *)bytes.data + 4096, line) != 0;
    free(workspace);
    return bad;
}

static void *work(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    uintptr_t bad = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct kx_plan_info info = { 0 };
        struct kx_segment segment = { .size = sizeof segment };
        bad += plan(number, &info);
        bad += memcmp(&info, &expected[number], sizeof info) != 0;
        bad += kx_plan_segment(shared_plan, round % 3, &segment) != 0;
        bad += kx_check(shared_plan, NULL) != 0;
        bad += kx_strerror(-(int)number) == NULL;
    }
    return (void *)bad;
}

void test_threads(void)
{
    pthread_t threads[THREADS];
    struct kx_request request;

    kernel = make_bzimage(1 << 20, &kernel_length);
    shared_machine = pc();
    shared_plan = new_workspace();
    request = request_of(kernel, kernel_length);
    RETURNS(0, kx_plan(&request, shared_machine, shared_plan, NULL));
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(plan(i, &expected[i]) == 0);
    CHECK(memcmp(&expected[0].digest, &expected[1].digest, KX_DIGEST_SIZE) != 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *bad = NULL;
        CHECK(pthread_join(threads[i], &bad) == 0 && bad == NULL);
    }
    free(shared_plan);
    free(shared_machine);
    free(kernel);
}
