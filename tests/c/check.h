/* Checks that say what they saw: file, line, values; then the program ends with 1. */
#ifndef CHECK_H
#define CHECK_H

#include "wsrt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No leak report and no exit handlers: other threads may still be at work. */
static inline void check_failed(void)
{
    fflush(NULL);
    _exit(1);
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            check_failed();                                                                                            \
        }                                                                                                              \
    } while (0)

#define CHECK_EQ(expected, found) check_eq(__FILE__, __LINE__, #found, (long long)(expected), (long long)(found))
#define CHECK_HR(expected, found) check_hr(__FILE__, __LINE__, #found, (expected), (found))
#define CHECK_STR(expected, found) check_str(__FILE__, __LINE__, #found, (expected), (found))

static inline void check_eq(const char *file, int line, const char *what, long long expected, long long found)
{
    if (expected != found) {
        fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, found, expected);
        check_failed();
    }
}

static inline void check_hr(const char *file, int line, const char *what, wsrt_hresult expected, wsrt_hresult found)
{
    if (expected != found) {
        char reason[512] = "";
        wsrt_last_error(NULL, reason, sizeof reason, NULL);
        fprintf(stderr, "%s:%d: %s is %s 0x%08X (%s), not %s 0x%08X\n", file, line, what, wsrt_hresult_name(found),
                (unsigned)found, reason, wsrt_hresult_name(expected), (unsigned)expected);
        check_failed();
    }
}

static inline void check_str(const char *file, int line, const char *what, const char *expected, const char *found)
{
    if (found == NULL || strcmp(expected, found) != 0) {
        fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, found ? found : "(null)", expected);
        check_failed();
    }
}

/* A deadlock ends the program within a minute. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        alarm(60);                                                                                                    \
        test();                                                                                                        \
    } while (0)

#endif
