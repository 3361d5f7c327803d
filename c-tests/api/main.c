/* Runs all tests: exit code 0 if every check passed. */
#include "test.h"

unsigned checks, failures;

int main(void)
{
    test_layout();
    test_sizes();
    test_constants();
    test_errors();
    test_objects();
    test_machine();
    test_machine_info();
    test_crash();
    test_image();
    test_uki();
    test_files();
    test_hold();
    test_plan();
    test_moved();
    test_request();
    test_inspect();
    test_check();
    test_check_files();
    test_route();
    test_explain();
    test_calls();
    test_threads();
    printf("%u checks, %u failures\n", checks, failures);
    return failures != 0;
}
