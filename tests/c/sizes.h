/* Structs by their own cb_size, in and out. Each lies on the heap in no more bytes than may be touched, so that
   valgrind sees whoever goes further. */
#ifndef SIZES_H
#define SIZES_H

#include "check.h"

/* A struct of `room` bytes that begins as `table` does and says that it has `size`. */
static inline void *made(const void *table, size_t known, size_t room, uint32_t size)
{
    unsigned char *copy = calloc(1, room);
    CHECK(copy != NULL);
    memcpy(copy, table, known < room ? known : room);
    memcpy(copy, &size, sizeof size);
    return copy;
}

static inline void check_sizes(const char *name, wsrt_hresult (*give)(const void *), const void *table, uint32_t size)
{
    static const uint32_t bad[] = { 0, 1, 4, 8, 1025, 0x7FFFFFFF, 0xFFFFFFFF };
    wsrt_hresult ok = WSRT_S_OK;
    unsigned char *copy;
    uint32_t flags = 0x80000000;

    fprintf(stderr, "%s\n", name);
    CHECK_HR(ok, give(table));

    /* Outside the bounds nothing but cb_size is read. */
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        copy = made(table, size, sizeof(uint32_t), bad[at]);
        CHECK_HR(WSRT_E_INVALIDARG, give(copy));
        free(copy);
    }
    copy = made(table, size, sizeof(uint32_t), size - 1);
    CHECK_HR(WSRT_E_INVALIDARG, give(copy));
    free(copy);

    /* A later version's fields are as if not there, while they are 0. */
    for (uint32_t longer = size + 1; longer <= 1024; longer = longer < 1009 ? longer + 15 : longer + 1) {
        copy = made(table, size, longer, longer);
        CHECK_HR(ok, give(copy));
        copy[longer - 1] = 1;
        CHECK_HR(WSRT_E_INVALIDARG, give(copy));
        copy[longer - 1] = 0;
        copy[size] = 0x80;
        CHECK_HR(WSRT_E_INVALIDARG, give(copy));
        free(copy);
    }

    copy = made(table, size, size, size);
    memcpy(copy + sizeof size, &flags, sizeof flags);
    CHECK_HR(WSRT_E_INVALIDARG, give(copy));
    free(copy);
}

/* A struct that is filled in: `fill` is given room for it. */
static inline void check_rooms(const char *name, wsrt_hresult (*fill)(void *), wsrt_hresult (*fail)(void *),
                               uint32_t known)
{
    static const uint32_t bad[] = { 0, 1, 4, 8, 1025, 0x7FFFFFFF, 0xFFFFFFFF };
    unsigned char *room;
    uint32_t told;

    fprintf(stderr, "%s\n", name);
    /* Where no room is known nothing but cb_size is touched. */
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        room = made(&bad[at], sizeof bad[at], sizeof bad[at], bad[at]);
        CHECK_HR(WSRT_E_INVALIDARG, fill(room));
        CHECK_EQ(0, memcmp(room, &bad[at], sizeof bad[at]));
        free(room);
    }
    told = known - 1;
    room = made(&told, sizeof told, sizeof told, told);
    CHECK_HR(WSRT_E_INVALIDARG, fill(room));
    free(room);

    /* A later version's fields are 0, and cb_size says that they are not known. */
    for (uint32_t size = known; size <= 1024; size = size < 1009 ? size + 15 : size + 1) {
        for (int fails = 0; fails < 2; fails++) {
            room = malloc(size);
            CHECK(room != NULL);
            memset(room, 0xAA, size);
            memcpy(room, &size, sizeof size);
            CHECK_EQ(fails, (fails ? fail : fill)(room) < 0);
            memcpy(&told, room, sizeof told);
            CHECK_EQ(fails ? size : known, told);
            for (uint32_t at = fails ? sizeof told : known; at < size; at++) {
                CHECK_EQ(0, room[at]);
            }
            free(room);
        }
    }
}

#endif
