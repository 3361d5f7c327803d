/* Held files, and functions for a process 1. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static char name[32], contents[5000];
static struct kx_error error = { .size = sizeof error };

static void write_again(void)
{
    int fd = open(name, O_WRONLY | O_NONBLOCK);
    CHECK(fd >= 0 && write(fd, "changed", 7) == 7 && ftruncate(fd, 5000) == 0);
    close(fd);
}

/* Held by a lease, by a copy, by nothing. */
static void by_each_way(void)
{
    struct kx_held held = { .size = sizeof held };
    struct kx_error seen = { .size = sizeof seen };
    int writer;

    RETURNS(0, kx_hold(name, 0, &held, &error));
    CHECK(held.size == sizeof held && held.bytes.length == 5000);
    CHECK(((const char *)held.bytes.data)[4999] == 7);
    if (held.by == KX_HELD_BY_LEASE) {
        CHECK(held.lease_error == 0 && held.copy_error == 0 && held.fd >= 0);
        /* A writer that does not wait gets an error. */
        CHECK(open(name, O_WRONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK);
    } else {
        fprintf(stderr, "NOT TESTED: leases: there are none here (%s)\n",
                kx_errname(held.lease_error));
    }
    RETURNS(0, kx_held_check(&held, &error));
    int fd = held.fd;
    RETURNS(0, kx_release(&held));
    CHECK(held.by == 0 && held.fd == -1 && held.bytes.length == 0 && held.bytes.data == NULL);
    CHECK(fcntl(fd, F_GETFD) == -1);
    RETURNS(0, kx_release(&held));
    RETURNS(0, kx_held_check(&held, &error));

    /* Open for writing: no lease; a copy if it may be that large. */
    writer = open(name, O_WRONLY);
    RETURNS(0, kx_hold(name, 5000, &held, &error));
    CHECK(held.by == KX_HELD_BY_COPY && held.fd == -1 && held.bytes.length == 5000);
    write_again();
    CHECK(((const char *)held.bytes.data)[0] == 7);
    RETURNS(0, kx_held_check(&held, &error));
    RETURNS(0, kx_release(&held));

    RETURNS(0, kx_hold(name, 4999, &held, &error));
    CHECK(held.by == KX_HELD_BY_NOTHING && held.lease_error == -EAGAIN);
    CHECK(held.copy_error == -EFBIG && held.fd >= 0);
    RETURNS(0, kx_held_check(&held, &error));
    usleep(20000); /* File times advance with the kernel's ticks. */
    write_again();
    RETURNS(KX_E_FILE_CHANGED, kx_held_check(&held, &seen));
    CHECK(seen.code == KX_E_FILE_CHANGED && seen.origin == 0);
    RETURNS(KX_E_FILE_CHANGED, kx_held_check(&held, NULL));
    RETURNS(0, kx_release(&held));
    close(writer);
}

static void by_descriptor(void)
{
    struct kx_held held = { .size = sizeof held };
    int fd = open(name, O_RDONLY), pipes[2];

    RETURNS(0, kx_hold_fd(fd, 0, &held, &error));
    CHECK(held.fd >= 0 && held.fd != fd && held.bytes.length == 5000);
    CHECK((fcntl(held.fd, F_GETFD) & FD_CLOEXEC) != 0);
    RETURNS(0, kx_held_check(&held, &error));
    RETURNS(0, kx_release(&held));
    /* The caller's file stays open, and without a lease. */
    CHECK(fcntl(fd, F_GETLEASE) == F_UNLCK);
    /* Its signal and lease stay the caller's: before, during and after. */
    CHECK(fcntl(fd, F_SETSIG, SIGUSR1) == 0);
    int leased = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    RETURNS(0, kx_hold_fd(fd, 0, &held, &error));
    CHECK(fcntl(fd, F_GETSIG) == SIGUSR1);
    CHECK(fcntl(fd, F_GETLEASE) == (leased ? F_RDLCK : F_UNLCK));
    CHECK(!leased || held.by == KX_HELD_BY_LEASE);
    RETURNS(0, kx_release(&held));
    CHECK(fcntl(fd, F_GETSIG) == SIGUSR1);
    CHECK(fcntl(fd, F_GETLEASE) == (leased ? F_RDLCK : F_UNLCK));
    RETURNS(KX_E_NULL, kx_hold_fd(fd, 0, NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_hold_fd(fd, 0, odd(&held), &error));
    held.size = 16;
    RETURNS(KX_E_SIZE, kx_hold_fd(fd, 0, &held, &error));
    held.size = sizeof held;
    close(fd);
    RETURNS(-EBADF, kx_hold_fd(fd, 0, &held, &error));
    CHECK(error.origin == KX_FROM_FILE);
    CHECK(pipe(pipes) == 0);
    RETURNS(KX_E_NOT_A_FILE, kx_hold_fd(pipes[0], 0, &held, &error));
    close(pipes[0]);
    close(pipes[1]);
    fd = open("/tmp", O_RDWR | O_TMPFILE, 0600);
    if (fd >= 0)
        RETURNS(KX_E_EMPTY_FILE, kx_hold_fd(fd, 0, &held, &error));
    close(fd);
    CHECK(held.by == 0);
}

static void refused(void)
{
    struct {
        struct kx_held held;
        unsigned char more[16];
    } future;
    struct kx_held held = { .size = sizeof held };

    RETURNS(-ENOENT, kx_hold("/nowhere/at/all", 0, &held, &error));
    RETURNS(KX_E_NOT_A_FILE, kx_hold("/", 0, &held, &error));
    RETURNS(KX_E_NULL, kx_hold(NULL, 0, &held, &error));
    RETURNS(KX_E_NULL, kx_hold(name, 0, NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_hold(name, 0, odd(&held), &error));
    held.size = 0;
    RETURNS(KX_E_SIZE, kx_hold(name, 0, &held, &error));
    /* A structure of a past version cannot be released, so it is not filled in. */
    held.size = offsetof(struct kx_held, stamp);
    RETURNS(KX_E_SIZE, kx_hold(name, 0, &held, &error));
    /* It would also not say which descriptor is the library's; 0 is not. */
    held.size = offsetof(struct kx_held, fd);
    held.bytes.data = contents;
    held.bytes.length = 1;
    held.by = KX_HELD_BY_NOTHING;
    RETURNS(KX_E_SIZE, kx_release(&held));
    RETURNS(KX_E_SIZE, kx_held_check(&held, &error));
    CHECK(fcntl(0, F_GETFD) >= 0);
    RETURNS(KX_E_NULL, kx_held_check(NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_held_check(odd(&held), &error));
    RETURNS(KX_E_NULL, kx_release(NULL));
    RETURNS(KX_E_MISALIGNED, kx_release(odd(&held)));
    held.size = 1;
    RETURNS(KX_E_SIZE, kx_held_check(&held, &error));
    RETURNS(KX_E_SIZE, kx_release(&held));
    held.size = sizeof held;
    held.by = 4;
    RETURNS(KX_E_UNKNOWN, kx_held_check(&held, &error));
    RETURNS(KX_E_UNKNOWN, kx_release(&held));
    held.by = KX_HELD_BY_COPY;
    held.bytes.data = NULL;
    RETURNS(KX_E_NULL, kx_release(&held));

    /* A second call does not lose what an object holds. */
    held.by = 0;
    RETURNS(0, kx_hold(name, 0, &held, &error));
    struct kx_held before = held;
    RETURNS(KX_E_BAD_ARGUMENT, kx_hold(name, 0, &held, &error));
    RETURNS(KX_E_BAD_ARGUMENT, kx_hold_fd(0, 0, &held, &error));
    CHECK(memcmp(&before, &held, sizeof held) == 0);
    RETURNS(0, kx_release(&held));
    RETURNS(0, kx_hold(name, 0, &held, &error));
    RETURNS(0, kx_release(&held));

    memset(&future, 0, sizeof future);
    future.held.size = sizeof future;
    RETURNS(0, kx_hold(name, 0, &future.held, &error));
    CHECK(future.more[0] == 0 && future.more[15] == 0);
    future.more[15] = 1;
    RETURNS(KX_E_TOO_NEW, kx_held_check(&future.held, &error));
    RETURNS(KX_E_TOO_NEW, kx_release(&future.held));
    future.more[15] = 0;
    RETURNS(0, kx_release(&future.held));
}

static void gone(void)
{
    _exit(55);
}

static jmp_buf out;

static void jump(void)
{
    longjmp(out, 1);
}

/* Every access to a missing page is reported, not only the first; the child exits with the count. */
static void again_and_again(void)
{
    static volatile int signals;
    struct kx_bytes bytes;
    if (kx_on_bus_error(jump, NULL) != 0 || kx_map(name, &bytes, NULL) != 0
        || truncate(name, 0) != 0)
        _exit(1);
    if (setjmp(out))
        signals++;
    if (signals < 10)
        _exit(((volatile const char *)bytes.data)[0]);
    _exit(50 + signals);
}

/* A file that is truncated while it is mapped. */
static void bus_error(void)
{
    RETURNS(KX_E_NULL, kx_on_bus_error(NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_on_bus_error(gone, odd(&error)));
    struct kx_error small = { .size = 1 };
    RETURNS(KX_E_SIZE, kx_on_bus_error(gone, &small));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct kx_bytes bytes;
        if (kx_on_bus_error(gone, NULL) != 0 || kx_map(name, &bytes, NULL) != 0
            || truncate(name, 0) != 0)
            _exit(1);
        _exit(((volatile const char *)bytes.data)[0]);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 55);

    int fd = open(name, O_WRONLY);
    CHECK(fd >= 0 && write(fd, contents, sizeof contents) == sizeof contents && !close(fd));
    fflush(NULL);
    child = fork();
    if (child == 0)
        again_and_again();
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 60);
}

void test_hold(void)
{
    memset(contents, 7, sizeof contents);
    strcpy(name, "/tmp/kx-hold-XXXXXX");
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, contents, sizeof contents) == sizeof contents);
    close(fd);
    by_each_way();
    by_descriptor();
    refused();
    bus_error();
    unlink(name);
}
