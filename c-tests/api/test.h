/* Shared by the C tests: checks that report where they fail, and artificial inputs. */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libkexec.h"

extern unsigned checks, failures;

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        checks++;                                                                              \
        if (!(condition)) {                                                                    \
            failures++;                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                    \
        }                                                                                      \
    } while (0)

/* Checks that a call returns this number; otherwise prints the one it returned. */
#define RETURNS(expected, call)                                                                \
    do {                                                                                       \
        int answer_ = (call), expected_ = (expected);                                          \
        checks++;                                                                              \
        if (answer_ != expected_) {                                                            \
            failures++;                                                                        \
            fprintf(stderr, "%s:%d: %s is %d (%s), not %s\n", __FILE__, __LINE__, #call,       \
                    answer_, kx_errname(answer_), #expected);                                  \
        }                                                                                      \
    } while (0)

/* A well-formed bzImage: boot protocol 2.15, with kernel_info; malloc'ed. */
unsigned char *make_bzimage(size_t kernel_size, size_t *length);
/* A well-formed vmlinux, loaded at 16 MiB, with a bss as large as the rest; malloc'ed. */
unsigned char *make_vmlinux(size_t kernel_size, size_t *length);
/* Little-endian numbers. */
void put16(unsigned char *at, unsigned value);
void put32(unsigned char *at, unsigned long value);
void put64(unsigned char *at, uint64_t value);
/* Objects, malloc'ed and initialised. */
struct kx_machine *new_machine(void);
struct kx_workspace *new_workspace(void);
/* A machine of 4 GiB with a hole below 4 GiB. */
struct kx_machine *pc(void);
/* A request, zero except for its size. */
struct kx_request request_of(const void *kernel, size_t length);
/* A pointer one byte off, for functions that refuse it. */
void *odd(void *pointer);

void test_layout(void);
void test_sizes(void);
void test_constants(void);
void test_errors(void);
void test_objects(void);
void test_machine(void);
void test_machine_info(void);
void test_crash(void);
void test_image(void);
void test_uki(void);
void test_files(void);
void test_hold(void);
void test_plan(void);
void test_moved(void);
void test_request(void);
void test_inspect(void);
void test_check(void);
void test_check_files(void);
void test_route(void);
void test_explain(void);
void test_calls(void);
void test_threads(void);

#endif
