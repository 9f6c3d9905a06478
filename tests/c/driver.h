/* A driver that counts what is done to it, whose resources are memory of their own, so that the sanitizer sees whoever
   destroys one twice, forgets one or comes too late; and calls on threads of their own. */
#ifndef DRIVER_H
#define DRIVER_H

#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

/* The callbacks of a driver. */
enum place { NOWHERE, CREATE, RATE, ENLIST, RESET, DESTROY, DESTROY_S, REPORT, RELEASE, PLACES };

struct resource {
    dispenser_restypid type;
    atomic_uint busy; /* callbacks that are about it; never two at once */
    atomic_uint held; /* by a thread of a program */
};

struct driver {
    atomic_uint calls[PLACES];
    atomic_uint left[PLACES];
    wsrt_hresult answer[PLACES];
    /* The next callback of this kind stays inside until it is let go. */
    atomic_int stays_in;
    sem_t entered;
    sem_t leave;
    /* Runs inside a callback of that kind, before it stays; may be NULL. */
    enum place acts_in;
    void (*action)(struct driver *driver);
    dispenser *pool;
    wsrt_hresult seen; /* what a call inside a callback returned */
    pthread_t thread;  /* the one that ran the callback that stayed, or release */
    int32_t secs;      /* how long resources may be idle */
    int sets_secs;
    atomic_uint written_off;
    atomic_uint written_off_returned;
    atomic_uint reported_state;
};

static inline void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static inline uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static inline wsrt_hresult driver_called(struct driver *driver, enum place place)
{
    int expected = (int)place;
    CHECK_EQ(0, atomic_load(&driver->calls[RELEASE]));
    atomic_fetch_add(&driver->calls[place], 1);
    if (driver->acts_in == place && driver->action != NULL) {
        void (*action)(struct driver *) = driver->action;
        driver->action = NULL;
        action(driver);
    }
    if (atomic_compare_exchange_strong(&driver->stays_in, &expected, NOWHERE)) {
        driver->thread = pthread_self();
        sem_post(&driver->entered);
        while (sem_wait(&driver->leave) != 0) {
        }
    }
    CHECK_EQ(0, atomic_load(&driver->calls[RELEASE]));
    atomic_fetch_add(&driver->left[place], 1);
    return driver->answer[place];
}

/* As above, for a callback about a resource. */
static inline wsrt_hresult driver_called_for(struct driver *driver, enum place place, dispenser_resid resid)
{
    struct resource *resource = (struct resource *)resid;
    CHECK_EQ(0, atomic_fetch_add(&resource->busy, 1));
    wsrt_hresult answer = driver_called(driver, place);
    CHECK_EQ(1, atomic_fetch_sub(&resource->busy, 1));
    return answer;
}

static inline wsrt_hresult driver_create(void *user_data, dispenser_restypid type, dispenser_resid *resid,
                                         int32_t *secs)
{
    struct driver *driver = user_data;
    wsrt_hresult answer = driver_called(driver, CREATE);
    if (answer < 0) {
        return answer;
    }
    struct resource *resource = calloc(1, sizeof *resource);
    CHECK(resource != NULL);
    resource->type = type;
    *resid = (dispenser_resid)resource;
    if (driver->sets_secs) {
        *secs = driver->secs;
    }
    return answer;
}

static inline wsrt_hresult driver_rate(void *user_data, dispenser_restypid type, dispenser_resid resid,
                                       int32_t requires_enlistment, uint32_t *rating)
{
    (void)requires_enlistment;
    *rating = ((struct resource *)resid)->type == type ? DISPENSER_RATING_PERFECT : DISPENSER_RATING_UNUSABLE;
    return driver_called_for(user_data, RATE, resid);
}

static inline wsrt_hresult driver_enlist(void *user_data, dispenser_resid resid, dispenser_transid transid)
{
    (void)transid;
    return driver_called_for(user_data, ENLIST, resid);
}

static inline wsrt_hresult driver_reset(void *user_data, dispenser_resid resid)
{
    return driver_called_for(user_data, RESET, resid);
}

static inline wsrt_hresult driver_destroy(void *user_data, dispenser_resid resid)
{
    wsrt_hresult answer = driver_called_for(user_data, DESTROY, resid);
    if (answer >= 0) {
        free((void *)resid);
    }
    return answer;
}

static inline wsrt_hresult driver_destroy_s(void *user_data, const char *sresid)
{
    CHECK(sresid[0] != 0);
    return driver_called(user_data, DESTROY_S);
}

static inline void driver_report(void *user_data, uint32_t event, const dispenser_resource_info *info)
{
    struct driver *driver = user_data;
    CHECK_EQ(sizeof *info, info->cb_size);
    CHECK(event == DISPENSER_EVENT_WRITTEN_OFF || event == DISPENSER_EVENT_WRITTEN_OFF_RETURNED);
    atomic_store(&driver->reported_state, info->state);
    atomic_fetch_add(event == DISPENSER_EVENT_WRITTEN_OFF ? &driver->written_off : &driver->written_off_returned, 1);
    driver_called(driver, REPORT);
}

static inline void driver_release(void *user_data)
{
    struct driver *driver = user_data;
    int expected = RELEASE;
    driver->thread = pthread_self();
    if (atomic_compare_exchange_strong(&driver->stays_in, &expected, NOWHERE)) {
        sem_post(&driver->entered);
        while (sem_wait(&driver->leave) != 0) {
        }
    }
    for (int place = CREATE; place < RELEASE; place++) {
        CHECK_EQ(atomic_load(&driver->calls[place]), atomic_load(&driver->left[place]));
    }
    CHECK_EQ(0, atomic_fetch_add(&driver->calls[RELEASE], 1));
}

static inline struct driver *new_driver(void)
{
    struct driver *driver = calloc(1, sizeof *driver);
    CHECK(driver != NULL);
    sem_init(&driver->entered, 0, 0);
    sem_init(&driver->leave, 0, 0);
    return driver;
}

static inline dispenser_driver table_of(struct driver *driver)
{
    dispenser_driver table = DISPENSER_DRIVER_INIT;
    table.user_data = driver;
    table.create_resource = driver_create;
    table.rate_resource = driver_rate;
    table.enlist_resource = driver_enlist;
    table.reset_resource = driver_reset;
    table.destroy_resource = driver_destroy;
    table.destroy_resource_s = driver_destroy_s;
    table.release = driver_release;
    table.report = driver_report;
    return table;
}

static inline dispenser *pool_with(struct driver *driver, dispenser_options options)
{
    dispenser_driver table = table_of(driver);
    CHECK_HR(WSRT_S_OK, dispenser_create(&table, "tests", &options, &driver->pool));
    CHECK(driver->pool != NULL);
    return driver->pool;
}

/* One that only sweeps when it is told to. */
static inline dispenser *manual_pool(struct driver *driver)
{
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    options.flags = DISPENSER_MANUAL_SWEEP;
    return pool_with(driver, options);
}

static inline dispenser_resid alloc(dispenser *pool, dispenser_restypid type)
{
    dispenser_resid resid = 0;
    CHECK_HR(WSRT_S_OK, dispenser_alloc_resource(pool, type, &resid));
    CHECK(resid != 0);
    return resid;
}

static inline dispenser_stats stats_of(dispenser *pool)
{
    dispenser_stats stats = DISPENSER_STATS_INIT;
    CHECK_HR(WSRT_S_OK, dispenser_get_stats(pool, &stats));
    return stats;
}

/* After an end that returned S_OK nothing may touch the driver: it goes at once. */
static inline void done_with(struct driver *driver)
{
    CHECK_EQ(1, atomic_load(&driver->calls[RELEASE]));
    sem_destroy(&driver->entered);
    sem_destroy(&driver->leave);
    free(driver);
}

/* ---- A call on a thread of its own. ---- */

struct call {
    pthread_t thread;
    wsrt_hresult (*function)(dispenser *pool, size_t number);
    dispenser *pool;
    size_t number;
    wsrt_hresult result;
    atomic_int returned;
};

static inline void *call_run(void *argument)
{
    struct call *call = argument;
    call->result = call->function(call->pool, call->number);
    atomic_store(&call->returned, 1);
    return NULL;
}

static inline void call_begin(struct call *call)
{
    atomic_store(&call->returned, 0);
    CHECK_EQ(0, pthread_create(&call->thread, NULL, call_run, call));
}

static inline wsrt_hresult call_end(struct call *call)
{
    CHECK_EQ(0, pthread_join(call->thread, NULL));
    return call->result;
}

/* What an allocation that failed must have left. */
static inline wsrt_hresult alloc_and_free(dispenser *pool, size_t type)
{
    dispenser_resid resid = 99;
    wsrt_hresult hr = dispenser_alloc_resource(pool, type, &resid);
    if (hr < 0) {
        CHECK_EQ(0, resid);
        return hr;
    }
    return dispenser_free_resource(pool, resid);
}

static inline wsrt_hresult alloc_in_transaction(dispenser *pool, size_t type)
{
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0x7000));
    return alloc_and_free(pool, type);
}

static inline wsrt_hresult untrack_s(dispenser *pool, size_t unused)
{
    (void)unused;
    return dispenser_untrack_resource_s(pool, "string", 1);
}

static inline wsrt_hresult close_pool(dispenser *pool, size_t unused)
{
    (void)unused;
    return dispenser_close(pool);
}

static inline wsrt_hresult destroy_pool(dispenser *pool, size_t unused)
{
    (void)unused;
    return dispenser_destroy(pool);
}

/* A call that brings about a callback of that kind, on a pool with one resource in stock, one in use and one string. */
static inline struct call call_for(enum place place, dispenser *pool, dispenser_resid used)
{
    struct call call;
    memset(&call, 0, sizeof call);
    call.pool = pool;
    call.number = place == CREATE ? 2 : place == RATE || place == ENLIST ? 1 : used;
    call.function = place == CREATE || place == RATE ? alloc_and_free
                    : place == ENLIST                ? alloc_in_transaction
                    : place == RESET                 ? dispenser_free_resource
                    : place == DESTROY               ? dispenser_destroy_resource
                                                     : untrack_s;
    return call;
}

/* Fills a pool so that every callback can be brought about; gives back what is in use. */
static inline dispenser_resid stock(dispenser *pool)
{
    dispenser_resid used = alloc(pool, 1), free = alloc(pool, 1);
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, free));
    CHECK_HR(WSRT_S_OK, dispenser_track_resource_s(pool, "string"));
    return used;
}

#endif
