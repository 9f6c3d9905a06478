/*
 * What the programs here have in common: a promise that is not kept ends them, and demo.sh tells them their databases.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(promise, ...)                                                      \
    do {                                                                         \
        if (!(promise)) {                                                        \
            fflush(stdout);                                                      \
            fprintf(stderr, "%s:%d: not kept: %s: ", __FILE__, __LINE__, #promise); \
            fprintf(stderr, __VA_ARGS__);                                        \
            fputc('\n', stderr);                                                 \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

/* The connection strings: orders and stock are databases of one PostgreSQL server, notes is a file of SQLite. */
static inline const char *database(const char *name)
{
    char variable[64];
    snprintf(variable, sizeof variable, "WSRT_ODBC_%s", name);
    const char *text = getenv(variable);
    CHECK(text != NULL, "%s is not set; run this by demo.sh", variable);
    return text;
}

#endif
