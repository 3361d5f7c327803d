/*
 * The system calls. The tests must not load, unload or start anything: they run under a seccomp
 * filter that returns an errno chosen by the test for kexec_load, kexec_file_load, reboot and mount.
 * A child makes the calls, because a filter cannot be removed.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#ifndef __NR_kexec_file_load
#define __NR_kexec_file_load 320
#endif

/* 0 lets the calls succeed without being made. */
static int filter(unsigned result)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kexec_load, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kexec_file_load, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_reboot, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mount, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | result),
    };
    struct sock_fprog fprog = { sizeof program / sizeof *program, program };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog);
}

/* In one call, on this machine, which may not report where its memory is. */
static void whole_way(int result, const void *kernel, size_t length, struct kx_machine *machine,
                      struct kx_workspace *workspace)
{
    struct kx_request request = request_of(kernel, length);
    struct kx_plan_info info = { .size = sizeof info };
    char path[] = "/tmp/libkexec-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, kernel, length) == (ssize_t)length && close(fd) == 0);
    RETURNS(0, kx_machine_read_to_boot(machine));
    int planned = kx_plan_to_boot(&request, machine, workspace);
    if (planned != 0)
        fprintf(stderr, "NOT TESTED: kx_load_to_boot: %s\n", kx_strerror(planned));
    else
        RETURNS(0, kx_plan_get(workspace, &info));
    CHECK(planned == 0 || planned == KX_E_NO_MEMORY_MAP || planned == KX_E_NO_HOLE);
    int loaded = planned ? planned : result;
    RETURNS(loaded, kx_load_to_boot(path, path, "quiet", machine, workspace));
    RETURNS(loaded, kx_load_to_boot(path, NULL, "", machine, workspace));
    RETURNS(KX_E_NO_PLAN, kx_plan_get(workspace, &info));
    RETURNS(-ENOENT, kx_load_to_boot("/nowhere", NULL, "", machine, workspace));
    RETURNS(-ENOENT, kx_load_to_boot(path, "/nowhere", "", machine, workspace));
    RETURNS(KX_E_NOT_A_FILE, kx_load_to_boot("/", NULL, "", machine, workspace));
    RETURNS(KX_E_NULL, kx_load_to_boot(NULL, NULL, "", machine, workspace));
    RETURNS(KX_E_NULL, kx_load_to_boot(path, NULL, NULL, machine, workspace));
    RETURNS(KX_E_NULL, kx_load_to_boot(path, NULL, "", NULL, workspace));
    RETURNS(KX_E_NULL, kx_load_to_boot(path, NULL, "", machine, NULL));
    RETURNS(KX_E_MISALIGNED, kx_load_to_boot(path, NULL, "", odd(machine), workspace));
    CHECK(truncate(path, 100) == 0);
    RETURNS(KX_E_TRUNCATED, kx_load_to_boot(path, NULL, "", machine, workspace));
    CHECK(truncate(path, 0) == 0);
    RETURNS(KX_E_EMPTY_FILE, kx_load_to_boot(path, NULL, "", machine, workspace));
    unlink(path);
}

static void calls(int result)
{
    struct kx_error error = { .size = sizeof error };
    struct kx_segment segment = { .size = sizeof segment, .mem = 0x100000, .memsz = 0x1000 };
    size_t length;
    unsigned char *kernel = make_bzimage(0x10000, &length);
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    char text[KX_MESSAGE_SIZE];

    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(result, kx_load(workspace, &error));
    RETURNS(result, kx_load(workspace, NULL));
    if (result < 0) {
        CHECK(error.code == result && error.origin == KX_FROM_CALL);
        CHECK(error.what.length == 10 && memcmp(error.what.data, "kexec_load", 10) == 0);
        kx_error_message(&error, text, sizeof text);
        CHECK(strstr(text, "kexec_load failed: "));
    }
    RETURNS(KX_E_SIZE, (error.size = 1, kx_load(workspace, &error)));
    error.size = sizeof error;
    RETURNS(result, kx_load_segments(&segment, 1, 0x100000, 62 << 16, &error));
    RETURNS(KX_E_NULL, kx_load_segments(NULL, 1, 0, 0, &error));
    RETURNS(KX_E_TOO_MANY_SEGMENTS, kx_load_segments(&segment, 17, 0, 0, &error));
    RETURNS(result, kx_load_segments(NULL, 0, 0, 0, &error));

    RETURNS(result, kx_load_files(0, -1, "quiet", 6, 0, &error));
    RETURNS(result, kx_load_files(0, 0, NULL, 0, KX_FILE_DEBUG, &error));
    if (result < 0)
        CHECK(error.what.length == 15 && memcmp(error.what.data, "kexec_file_load", 15) == 0);
    RETURNS(KX_E_COMMAND_LINE_NUL, kx_load_files(0, -1, "quiet", 5, 0, &error));
    RETURNS(KX_E_COMMAND_LINE_NUL, kx_load_files(0, -1, "qu\0et", 6, 0, &error));
    CHECK(error.numbers[0] == 2);
    RETURNS(KX_E_NULL, kx_load_files(0, -1, NULL, 5, 0, &error));
    RETURNS(KX_E_UNKNOWN, kx_load_files(0, -1, NULL, 0, 1, &error));
    RETURNS(KX_E_UNKNOWN, kx_load_files(0, -1, NULL, 0, 64, &error));
    /* -1 is none; other negative numbers are errors of an earlier call. */
    RETURNS(KX_E_BAD_ARGUMENT, kx_load_files(0, -ENOENT, NULL, 0, 0, &error));
    CHECK(error.code == KX_E_BAD_ARGUMENT && error.what.length > 10);

    RETURNS(result, kx_unload(KX_CALL_LOAD, 0, &error));
    RETURNS(result, kx_unload(KX_CALL_FILE_LOAD, KX_LOADED_CRASH, &error));
    RETURNS(KX_E_UNKNOWN, kx_unload(0, 0, &error));
    RETURNS(KX_E_UNKNOWN, kx_unload(KX_CALL_LOAD, 2, &error));
    RETURNS(KX_E_MISALIGNED, kx_unload(KX_CALL_LOAD, 0, odd(&error)));

    /* If the kernel reports success and continues, nothing was started. */
    int refused = result ? result : -EINVAL;
    if (refused == -EINVAL && kx_loaded(0) == 0)
        refused = KX_E_NOTHING_LOADED;
    RETURNS(refused, kx_exec(&error));
    if (refused == result)
        CHECK(error.what.length == 6 && memcmp(error.what.data, "reboot", 6) == 0);
    RETURNS(refused, kx_exec(NULL));
    RETURNS(KX_E_SIZE, (error.size = 0, kx_exec(&error)));
    /* A kernel that checks no flags does not say whether it knows one. */
    int known = result == 0 || result == -EBADF ? 1 : result == -EINVAL ? 0 : result;
    RETURNS(known, kx_knows_file_flag(KX_FILE_DEBUG));

    error.size = sizeof error;
    RETURNS(result == -EBUSY ? 0 : result, kx_mount("proc", "/proc", "proc", &error));
    if (result < 0 && result != -EBUSY)
        CHECK(error.what.length == 5 && memcmp(error.what.data, "mount", 5) == 0);
    RETURNS(KX_E_NULL, kx_mount(NULL, "/proc", "proc", &error));
    RETURNS(KX_E_NULL, kx_mount("proc", NULL, "proc", &error));
    RETURNS(KX_E_NULL, kx_mount("proc", "/proc", NULL, NULL));
    RETURNS(KX_E_SIZE, (error.size = 0, kx_mount("proc", "/proc", "proc", &error)));
    RETURNS(KX_E_MISALIGNED, kx_mount("proc", "/proc", "proc", odd(&error)));
    whole_way(result, kernel, length, machine, workspace);
    free(machine);
    free(workspace);
    free(kernel);
}

static void with_result(int result)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        failures = 0;
        if (filter(-result) != 0)
            _exit(77);
        calls(result);
        _exit(failures ? 1 : 0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 77);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void test_calls(void)
{
    with_result(-ENOSYS);
    /* valgrind returns ENOSYS for calls that it does not know, and makes none of them. */
    if (!getenv("UNDER_VALGRIND")) {
        with_result(0);
        with_result(-EPERM);
        with_result(-EINVAL);
        with_result(-EBUSY);
        with_result(-EBADF);
    }

    int loaded = kx_loaded(0);
    CHECK(loaded == 0 || loaded == 1 || loaded == -ENOENT);
    loaded = kx_loaded(KX_LOADED_CRASH);
    CHECK(loaded == 0 || loaded == 1 || loaded == -ENOENT);
    RETURNS(KX_E_UNKNOWN, kx_loaded(2));
    /* 1, 0 or -errno, like the similar functions. */
    int has = access("/sys/kernel", F_OK) != 0 ? -ENOENT : loaded >= 0;
    RETURNS(has, kx_has_kexec());
    /* kx_interfaces_down is called in guests only, because it would take the interfaces down. */
    struct kx_error error = { .size = 0 };
    RETURNS(KX_E_SIZE, kx_interfaces_down(&error));
    RETURNS(0, kx_sync());
}
