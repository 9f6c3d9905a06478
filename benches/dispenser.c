/*
 * What an allocation and a free cost, as a ratio to a pair of atomic compare-and-swaps in the same run.
 *
 * Every figure is the least of several rounds: the machine's other work only ever adds. `make bench` runs it.
 */
#define _GNU_SOURCE
#include "wsrt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 25, OPS = 400000, MOST_IDLE = 10000 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void check(wsrt_hresult hr, const char *what)
{
    if (hr != WSRT_S_OK) {
        char why[256];
        wsrt_last_error(NULL, why, sizeof why, NULL);
        fprintf(stderr, "%s: %s %s\n", what, wsrt_hresult_name(hr), why);
        exit(1);
    }
}

static double cas_pair(void)
{
    static _Atomic uint64_t word;
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        for (int i = 0; i < OPS; i++) {
            uint64_t zero = 0, one = 1;
            atomic_compare_exchange_strong(&word, &zero, 1);
            atomic_compare_exchange_strong(&word, &one, 0);
        }
        double each = (now_ns() - begin) / OPS;
        best = each < best ? each : best;
    }
    return best;
}

static _Atomic uintptr_t ids = 1;

static wsrt_hresult create(void *user_data, dispenser_restypid type, dispenser_resid *resid, int32_t *secs)
{
    (void)user_data, (void)type, (void)secs;
    /* Like addresses: multiples of 64. */
    *resid = atomic_fetch_add(&ids, 1) * 64;
    return WSRT_S_OK;
}

static wsrt_hresult rate(void *user_data, dispenser_restypid type, dispenser_resid resid, int32_t enlist, uint32_t *rating)
{
    (void)user_data, (void)type, (void)resid, (void)enlist;
    *rating = DISPENSER_RATING_PERFECT;
    return WSRT_S_OK;
}

static wsrt_hresult reset(void *user_data, dispenser_resid resid)
{
    (void)user_data, (void)resid;
    return WSRT_S_OK;
}

static wsrt_hresult destroy(void *user_data, dispenser_resid resid)
{
    (void)user_data, (void)resid;
    return WSRT_S_OK;
}

/* A dispenser with so many idle resources. */
static dispenser *make(int rates, int idle)
{
    static dispenser_resid held[MOST_IDLE];
    dispenser_driver driver = DISPENSER_DRIVER_INIT;
    dispenser *pool;
    driver.create_resource = create;
    driver.destroy_resource = destroy;
    if (rates) {
        driver.rate_resource = rate;
        driver.reset_resource = reset;
    }
    check(dispenser_create(&driver, "bench", NULL, &pool), "dispenser_create");
    for (int i = 0; i < idle; i++) {
        check(dispenser_alloc_resource(pool, 1, &held[i]), "dispenser_alloc_resource");
    }
    for (int i = 0; i < idle; i++) {
        check(dispenser_free_resource(pool, held[i]), "dispenser_free_resource");
    }
    return pool;
}

static void alloc_and_free(dispenser *pool, int ops)
{
    for (int i = 0; i < ops; i++) {
        dispenser_resid resid;
        if (dispenser_alloc_resource(pool, 1, &resid) != WSRT_S_OK || dispenser_free_resource(pool, resid) != WSRT_S_OK) {
            check(WSRT_E_UNEXPECTED, "alloc and free");
        }
    }
}

static double one_thread(int rates, int idle)
{
    dispenser *pool = make(rates, idle);
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        alloc_and_free(pool, OPS);
        double each = (now_ns() - begin) / OPS;
        best = each < best ? each : best;
    }
    check(dispenser_destroy(pool), "dispenser_destroy");
    return best;
}

struct worker {
    dispenser *pool;
    pthread_barrier_t *gate;
    double begin[ROUNDS], end[ROUNDS];
};

static void *work(void *data)
{
    struct worker *worker = data;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(worker->gate);
        worker->begin[round] = now_ns();
        alloc_and_free(worker->pool, OPS);
        worker->end[round] = now_ns();
    }
    return NULL;
}

/* Wall time per operation, of all threads together: from the first that begins to the last that ends. */
static double threads(int count)
{
    static struct worker workers[8];
    pthread_t ids_of[8];
    pthread_barrier_t gate;
    dispenser *pool = make(0, 8);
    double best = 1e18;
    pthread_barrier_init(&gate, NULL, count);
    for (int i = 0; i < count; i++) {
        workers[i].pool = pool;
        workers[i].gate = &gate;
        pthread_create(&ids_of[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(ids_of[i], NULL);
    }
    for (int round = 0; round < ROUNDS; round++) {
        double begin = workers[0].begin[round], end = workers[0].end[round];
        for (int i = 1; i < count; i++) {
            begin = workers[i].begin[round] < begin ? workers[i].begin[round] : begin;
            end = workers[i].end[round] > end ? workers[i].end[round] : end;
        }
        double each = (end - begin) / ((double)OPS * count);
        best = each < best ? each : best;
    }
    check(dispenser_destroy(pool), "dispenser_destroy");
    return best;
}

static void row(const char *what, double ns, double floor, const char *target)
{
    printf("%-58s %8.1f ns %7.2f x  %s\n", what, ns, ns / floor, target);
}

int main(void)
{
    double floor = cas_pair();
    double one = one_thread(0, 8);
    double two = threads(2);
    row("pair of compare-and-swaps", floor, floor, "");
    row("alloc + free, 8 idle", one, floor, "(at most 2.0 x)");
    row("alloc + free, 10,000 idle", one_thread(0, MOST_IDLE), floor, "(at most 2.0 x)");
    row("alloc + free, rate and reset, 10 idle", one_thread(1, 10), floor, "(at most 3.0 x)");
    row("alloc + free, rate and reset, 10,000 idle", one_thread(1, MOST_IDLE), floor, "(at most 3.0 x)");
    row("alloc + free, 2 threads, 8 idle, wall time of both", two, floor, "");
    printf("%-58s %20.2f x  (at most 1.0 x)\n", "  as a ratio to one thread", two / one);
    return 0;
}
