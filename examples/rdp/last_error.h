/* Prints why a call to wsrt failed: on the thread that made it, before its next call. */

#ifndef LAST_ERROR_H
#define LAST_ERROR_H

#include <stdio.h>
#include <wsrt.h>

static inline void print_last_error(const char *call, wsrt_hresult hr)
{
    char why[512];

    if (wsrt_last_error(NULL, why, sizeof why, NULL) != WSRT_S_OK)
        why[0] = '\0';
    fprintf(stderr, "error: %s: %s 0x%08X: %s\n", call, wsrt_hresult_name(hr), (unsigned)hr, why);
}

#endif
