/*
 * What the registry costs a program in C: add and remove, disconnect, resolving a handle, memory.
 *
 * Every row runs in a process of its own, on a fresh heap, beside the floor: an atomic CAS pair, measured again before
 * each repetition. Numbers are min / median over many repetitions, each shorter than a time slice, so that other
 * programs disturb few of them.
 */
#define _POSIX_C_SOURCE 200809L

#include "wsrt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MILLION 1000000u
#define REPETITIONS 400u
#define RUNTIMES 1000u
/* So many callbacks of a long fan-out make a repetition. */
#define LAP 1000u
#define LAPS (10 * MILLION / LAP)
/* Numbers from here on belong to no connection that is there from the start. */
#define NEWCOMERS 0x10000000u

static ws_runtime *runtime;
static ws_cookie cookies[MILLION];
static uint64_t added, told, released;
static double laps[LAPS], lap_began;
static uint32_t lap_count;

static void must(int ok, const char *what)
{
    if (!ok) {
        char why[256] = "";
        wsrt_last_error(NULL, why, sizeof why, NULL);
        fprintf(stderr, "benches/registry: %s failed: %s\n", what, why);
        exit(1);
    }
}

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static uint32_t any_below(uint32_t limit)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * limit >> 32);
}

/* The client: user_data is the number of its workspace, so that it needs no memory of its own. */

#define ID_FORM "?workspace-00000000"

static void write_id(char *id, char prefix, uint32_t number)
{
    id[0] = prefix;
    for (char *digit = id + sizeof ID_FORM - 2; *digit != '-'; --digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 15];
}

static wsrt_hresult set_text(wsrt_text *text, char prefix, void *user_data)
{
    char id[] = ID_FORM;
    write_id(id, prefix, (uint32_t)(uintptr_t)user_data);
    return wsrt_text_set(text, id, sizeof id - 1);
}

static wsrt_hresult get_id(void *user_data, wsrt_text *id)
{
    return set_text(id, 'i', user_data);
}

static wsrt_hresult get_name(void *user_data, wsrt_text *name)
{
    return set_text(name, 'n', user_data);
}

static void tell(void)
{
    if (++told % LAP == 0 && lap_count < LAPS) {
        double now = now_ns();
        laps[lap_count++] = (now - lap_began) / LAP;
        lap_began = now;
    }
}

static wsrt_hresult count(void *user_data, ws_cookie cookie)
{
    (void)user_data;
    (void)cookie;
    tell();
    return WSRT_S_OK;
}

static wsrt_hresult leave(void *user_data, ws_cookie cookie)
{
    (void)user_data;
    tell();
    return ws_remove_resource(runtime, cookie);
}

static void release(void *user_data)
{
    (void)user_data;
    ++released;
}

static ws_client client = {
    .cb_size = sizeof(ws_client),
    .get_resource_id = get_id,
    .issue_disconnect = count,
    .release = release,
};

static ws_cookie add(uint32_t workspace)
{
    ws_cookie cookie;
    client.user_data = (void *)(uintptr_t)workspace;
    must(ws_add_resource(runtime, &client, &cookie) == WSRT_S_OK, "ws_add_resource");
    ++added;
    return cookie;
}

/* Connections 0 to live - 1, dealt out to so many workspaces by turns. */
static void fill(uint32_t live, uint32_t workspaces)
{
    for (uint32_t n = 0; n < live; ++n)
        cookies[n] = add(n % workspaces);
}

/* Measuring. */

typedef void work(uint32_t times);

struct row {
    char name[96];
    const char *target;
    /* Counts as `times` of what the row is about. */
    work *body;
    /* What body does beside that; timed and taken off; may be NULL. */
    work *beside;
    uint32_t times;
};

struct figure {
    double least, median;
};

static void cas_pairs(uint32_t times)
{
    static atomic_uint word;
    for (uint32_t n = 0; n < times; ++n) {
        unsigned vacant = 0, taken = 1;
        atomic_compare_exchange_strong(&word, &vacant, 1);
        atomic_compare_exchange_strong(&word, &taken, 0);
    }
}

static double time_of(work *body, uint32_t times)
{
    double begin = now_ns();
    body(times);
    return now_ns() - begin;
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static struct figure figure_of(double *ns, uint32_t count, uint32_t least)
{
    qsort(ns, count, sizeof *ns, by_size);
    return (struct figure){ns[least], ns[count / 2]};
}

static void print_row(const struct row *row, struct figure own, struct figure lowest)
{
    printf("| %s | %.1f / %.1f | %.1f / %.1f | %.1f / %.1f | %s |\n", row->name, own.least, own.median,
           own.least / lowest.least, own.median / lowest.median, lowest.least, lowest.median, row->target);
}

static double time_of_floor(void)
{
    const uint32_t pairs = 2000;
    return time_of(cas_pairs, pairs) / pairs;
}

static void measure(const struct row *row)
{
    static double own_ns[REPETITIONS], floor_ns[REPETITIONS];
    for (uint32_t n = 0; n < REPETITIONS; ++n) {
        floor_ns[n] = time_of_floor();
        double whole = time_of(row->body, row->times);
        double beside = row->beside ? time_of(row->beside, row->times) : 0;
        own_ns[n] = (whole - beside) / row->times;
    }
    /* The least of many differences is only the worst disturbance: there the lower quartile stands for it. */
    struct figure own = figure_of(own_ns, REPETITIONS, row->beside ? REPETITIONS / 4 : 0);
    print_row(row, own, figure_of(floor_ns, REPETITIONS, 0));
}

/* For fan-outs to a million, each longer than a time slice: what is timed is every LAP callbacks of them. */
static void measure_laps(const struct row *row, work *prepare)
{
    static double floor_ns[REPETITIONS];
    for (uint32_t n = 0; n < REPETITIONS; ++n) {
        if (n % (REPETITIONS / 10) == 0) {
            if (prepare)
                prepare(1);
            lap_began = now_ns();
            row->body(1);
        }
        floor_ns[n] = time_of_floor();
    }
    must(lap_count == LAPS && told == (uint64_t)LAPS * LAP, "telling everybody");
    print_row(row, figure_of(laps, LAPS, 0), figure_of(floor_ns, REPETITIONS, 0));
}

/* What the memory of this machine costs. */

#define COLD_BYTES (16u << 20)
#define LINE_BYTES 64u

static unsigned char *cold;

/* Each read waits for the one before. */
static void read_cold_lines(uint32_t times)
{
    static volatile unsigned char last;
    while (times--)
        last = cold[(any_below(COLD_BYTES / LINE_BYTES) ^ last) * LINE_BYTES];
}

static void cold_row(uint32_t variant)
{
    static const struct row row = {.name = "reading any cache line of 16 MiB, for comparison", .target = "",
                                   .body = read_cold_lines, .times = 1000};
    (void)variant;
    cold = malloc(COLD_BYTES);
    must(cold != NULL, "malloc");
    /* Not zero: a compiler may make that a calloc, whose pages are all one. */
    memset(cold, 1, COLD_BYTES);
    measure(&row);
}

/* Add and remove. */

static uint32_t population;
static uint32_t newcomer_step;

/* The workspace of the next newcomer: one that nobody is in, or the one that everybody is in. */
static uint32_t newcomer(void)
{
    static uint32_t number = NEWCOMERS;
    number += newcomer_step;
    return newcomer_step ? number : 0;
}

static void add_and_remove(uint32_t times)
{
    while (times--)
        must(ws_remove_resource(runtime, add(newcomer())) == WSRT_S_OK, "ws_remove_resource");
}

static void replace_any(uint32_t times)
{
    while (times--) {
        ws_cookie *one = &cookies[any_below(population)];
        must(ws_remove_resource(runtime, *one) == WSRT_S_OK, "ws_remove_resource");
        *one = add(newcomer());
    }
}

static void pairs_of(work *body, const char *what, uint32_t live, const char *live_name, int spread,
                     const char *target)
{
    struct row row = {.target = target, .body = body, .times = 500};
    snprintf(row.name, sizeof row.name, "%s, %s live, %s", what, live_name,
             spread ? "each its own workspace" : "all in one workspace");
    population = live;
    newcomer_step = spread ? 1 : 0;
    fill(live, spread ? MILLION : 1);
    body(10000);
    measure(&row);
}

static const uint32_t sizes[] = {0, 1000, 100000, MILLION};
static const char *const size_names[] = {"0", "1 k", "100 k", "1 M"};

/* variant: an index of sizes; +4: all in one workspace. */
static void add_remove_row(uint32_t variant)
{
    uint32_t size = variant % 4;
    pairs_of(add_and_remove, "add + remove", sizes[size], size_names[size], variant < 4, "25 x");
}

static void replace_row(uint32_t variant)
{
    uint32_t size = variant % 4;
    pairs_of(replace_any, "remove any + add", sizes[size], size_names[size], variant < 4, "");
}

static void named_row(uint32_t variant)
{
    client.get_resource_display_name = get_name;
    pairs_of(add_and_remove, "add + remove with display name", sizes[variant], size_names[variant], 1, "");
}

/* Disconnect. */

static void disconnect_all(uint32_t times)
{
    ws_disconnect everybody = WS_DISCONNECT_INIT;
    everybody.flags = WS_DISCONNECT_ALL;
    while (times--)
        must(ws_disconnect_ex(runtime, &everybody, NULL, NULL) == WSRT_S_OK, "ws_disconnect_ex");
}

static void disconnect_numbered(uint32_t workspace)
{
    char id[] = ID_FORM;
    write_id(id, 'i', workspace);
    must(ws_disconnect_workspace(runtime, id) == WSRT_S_OK, "ws_disconnect_workspace");
}

static void disconnect_first(uint32_t times)
{
    while (times--)
        disconnect_numbered(0);
}

static void disconnect_any(uint32_t times)
{
    while (times--)
        disconnect_numbered(any_below(population / 10));
}

static void fill_again(uint32_t times)
{
    (void)times;
    fill(population, MILLION);
}

static void everybody_row(uint32_t variant)
{
    static const struct row rows[] = {
        {.name = "disconnect all of 1 M, each its own workspace, per callback", .target = "50 ns",
         .body = disconnect_all},
        {.name = "disconnect one workspace of 1 M, per callback", .target = "50 ns", .body = disconnect_first},
        {.name = "disconnect all of 1 M, each removes itself, per callback", .target = "", .body = disconnect_all},
    };
    population = MILLION;
    if (variant == 2) {
        client.issue_disconnect = leave;
        measure_laps(&rows[variant], fill_again);
    } else {
        fill(MILLION, variant == 0 ? MILLION : 1);
        measure_laps(&rows[variant], NULL);
    }
}

static void workspace_of_ten_row(uint32_t variant)
{
    struct row row = {.target = variant % 2 ? "as among 100" : "",
                      .body = variant < 2 ? disconnect_first : disconnect_any, .times = 100};
    snprintf(row.name, sizeof row.name, "disconnect a workspace of 10 among %s, %s, whole call",
             variant % 2 ? "1 M" : "100", variant < 2 ? "always the same" : "any");
    population = variant % 2 ? MILLION : 100;
    fill(population, population / 10);
    measure(&row);
}

/* Handles. Two ways to see what resolving one costs; each is the difference between two failing calls that leave texts
 * of one length. A stale handle is resolved as far as the life of its cell; with a bit of its kind changed it is not
 * resolved at all, and everything else is the same. A live handle is resolved to the end, but the call that it is
 * compared with is another function. */

static ws_runtime *left[RUNTIMES], *right[RUNTIMES];
static uint32_t handles;

static void fail(wsrt_hresult got, wsrt_hresult expected)
{
    if (got != expected)
        must(0, "failing as expected");
}

static void remove_stale(uint32_t times)
{
    for (uint32_t n = 0, at = 0; n < times; ++n, at = at + 1 < handles ? at + 1 : 0)
        fail(ws_remove_resource(left[at], 1), WSRT_E_HANDLE);
}

static void remove_misnamed(uint32_t times)
{
    for (uint32_t n = 0, at = 0; n < times; ++n, at = at + 1 < handles ? at + 1 : 0)
        fail(ws_remove_resource(right[at], 1), WSRT_E_HANDLE);
}

static void enumerate_for_nobody(uint32_t times)
{
    while (times--)
        fail(ws_enum_resources(runtime, NULL, NULL), WSRT_E_POINTER);
}

static void create_nowhere(uint32_t times)
{
    while (times--)
        fail(ws_runtime_create(NULL, NULL), WSRT_E_POINTER);
}

static size_t text_length(work *body)
{
    size_t needed = 0;
    body(1);
    wsrt_last_error(NULL, NULL, 0, &needed);
    return needed;
}

static void handle_row(uint32_t variant)
{
    static const struct row rows[] = {
        {.name = "resolve a stale handle, always the same", .target = "5 ns", .body = remove_stale,
         .beside = remove_misnamed, .times = 1000},
        {.name = "resolve a stale handle, 1,000 by turns", .target = "5 ns", .body = remove_stale,
         .beside = remove_misnamed, .times = 1000},
        {.name = "resolve a live handle", .target = "5 ns", .body = enumerate_for_nobody, .beside = create_nowhere,
         .times = 1000},
    };
    handles = variant == 1 ? RUNTIMES : 1;
    for (uint32_t n = 0; n < handles; ++n)
        must(ws_runtime_create(NULL, &left[n]) == WSRT_S_OK, "ws_runtime_create");
    for (uint32_t n = 0; n < handles; ++n) {
        must(ws_runtime_destroy(left[n]) == WSRT_S_OK, "ws_runtime_destroy");
        right[n] = (ws_runtime *)((uintptr_t)left[n] ^ 1);
    }
    must(ws_enum_resources(NULL, NULL, NULL) == WSRT_E_HANDLE, "resolving before the visitor is looked at");
    must(text_length(rows[variant].body) == text_length(rows[variant].beside), "texts of one length");
    measure(&rows[variant]);
}

/* Memory. */

static double resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    must(file && fscanf(file, "%*u %lu", &pages) == 1, "reading /proc/self/statm");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void memory_row(uint32_t variant)
{
    static const struct {
        const char *name;
        uint32_t workspaces, strings;
        work *afterwards;
        uint32_t times;
    } rows[] = {
        {"1 M registrations, one workspace, no display name", 1, 0, NULL, 0},
        {"1 M registrations, each its own workspace, no display name", MILLION, 1, NULL, 0},
        {"1 M registrations, each its own workspace and display name", MILLION, 2, NULL, 0},
        {"the same after any one was replaced, 4 M times", MILLION, 2, replace_any, 4 * MILLION},
    };
    double strings = (double)rows[variant].strings * (sizeof ID_FORM - 1);
    if (rows[variant].strings == 2)
        client.get_resource_display_name = get_name;
    population = MILLION;
    newcomer_step = rows[variant].workspaces == MILLION;
    memset(cookies, 1, sizeof cookies);
    must(ws_remove_resource(runtime, add(0)) == WSRT_S_OK, "ws_remove_resource");
    double before = resident_bytes();
    fill(MILLION, rows[variant].workspaces);
    if (rows[variant].afterwards)
        rows[variant].afterwards(rows[variant].times);
    double each = (resident_bytes() - before) / MILLION;
    printf("| %s | %.0f | %.0f | %.0f | 256 |\n", rows[variant].name, each, strings, each - strings);
}

/* Running. */

static void *idle(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

/* A row in a process of its own. glibc's locks are cheaper while there is one thread: there are two. */
static void run(void (*row)(uint32_t), uint32_t variant)
{
    fflush(stdout);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, idle, NULL) == 0, "pthread_create");
        must(ws_runtime_create(NULL, &runtime) == WSRT_S_OK, "ws_runtime_create");
        row(variant);
        must(ws_runtime_destroy(runtime) == WSRT_S_OK && released == added, "releasing everybody once");
        fflush(stdout);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        exit(1);
}

static const struct {
    const char *name;
    void (*row)(uint32_t);
    uint32_t variants[8], count;
} timed[] = {
    {"cold", cold_row, {0}, 1},
    {"pair", add_remove_row, {0, 1, 2, 3, 4, 5, 6, 7}, 8},
    {"named", named_row, {0, 3}, 2},
    {"replace", replace_row, {1, 2, 3, 5, 6, 7}, 6},
    {"all", everybody_row, {0, 1, 2}, 3},
    {"ten", workspace_of_ten_row, {0, 1, 2, 3}, 4},
    {"handle", handle_row, {0, 1, 2}, 3},
};

/* registry [GROUP]: all rows, or those of one group. */
int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    printf("wsrt %s, through the C ABI; ns, min / median\n\n", wsrt_version());
    printf("| what | ns | x floor | floor | at most |\n|---|---:|---:|---:|---:|\n");
    for (size_t group = 0; group < sizeof timed / sizeof *timed; ++group)
        for (uint32_t n = 0; n < timed[group].count; ++n)
            if (!only || strcmp(only, timed[group].name) == 0)
                run(timed[group].row, timed[group].variants[n]);
    printf("\n| memory, bytes per registration | resident | strings' own | the rest | at most |\n"
           "|---|---:|---:|---:|---:|\n");
    for (uint32_t variant = 0; variant < 4; ++variant)
        if (!only || strcmp(only, "memory") == 0)
            run(memory_row, variant);
    return 0;
}
