/* What a child of fork() may do with its parent's pools: forget them, and make its own. */
#include "driver.h"

#include <sys/wait.h>

static void wait_for_success(pid_t child)
{
    int status = 0;
    CHECK_EQ(child, waitpid(child, &status, 0));
    CHECK(WIFEXITED(status));
    CHECK_EQ(0, WEXITSTATUS(status));
}

static wsrt_hresult never(void *user_data, const dispenser_resource_info *info)
{
    (void)user_data;
    (void)info;
    CHECK(0);
    return WSRT_S_OK;
}

/* Every function says so of an inherited handle. */
static void check_forked(dispenser *inherited, dispenser_resid used, dispenser_resid tracked)
{
    dispenser_resid resid = 99;
    dispenser_stats stats = DISPENSER_STATS_INIT;
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
    stats.creates = options.sweep_interval_ms = info.state = 99;
    CHECK_HR(WSRT_E_FORKED, dispenser_alloc_resource(inherited, 1, &resid));
    CHECK_EQ(0, resid);
    CHECK_HR(WSRT_E_FORKED, dispenser_free_resource(inherited, used));
    CHECK_HR(WSRT_E_FORKED, dispenser_destroy_resource(inherited, used));
    CHECK_HR(WSRT_E_FORKED, dispenser_track_resource(inherited, 5));
    CHECK_HR(WSRT_E_FORKED, dispenser_track_resource_ex(inherited, 5, 6, 7));
    CHECK_HR(WSRT_E_FORKED, dispenser_track_resource_s(inherited, "new"));
    CHECK_HR(WSRT_E_FORKED, dispenser_untrack_resource(inherited, tracked, 1));
    CHECK_HR(WSRT_E_FORKED, dispenser_untrack_resource_s(inherited, "string", 1));
    CHECK_HR(WSRT_E_FORKED, dispenser_sweep(inherited, 0));
    CHECK_HR(WSRT_E_FORKED, dispenser_get_stats(inherited, &stats));
    CHECK_HR(WSRT_E_FORKED, dispenser_get_options(inherited, &options));
    CHECK_HR(WSRT_E_FORKED, dispenser_get_resource_info(inherited, used, &info));
    CHECK_EQ(0, stats.creates);
    CHECK_EQ(0, options.sweep_interval_ms);
    CHECK_EQ(0, info.state);
    CHECK_HR(WSRT_E_FORKED, dispenser_enum_resources(inherited, never, NULL));
    CHECK_HR(WSRT_E_FORKED, dispenser_close(inherited));
    CHECK_HR(WSRT_E_FORKED, dispenser_close_nowait(inherited));
}

/* What has been called, all together. */
static unsigned calls_of(const struct driver *driver)
{
    unsigned calls = 0;
    for (int place = CREATE; place < PLACES; place++) {
        calls += atomic_load(&driver->calls[place]);
    }
    return calls;
}

/* All that a pool can do, with a sweep by a thread of this process. */
static void use_a_pool_of_its_own(void)
{
    struct driver *driver = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
    options.sweep_interval_ms = 5;
    options.flags = DISPENSER_AUTO_RECLAIM;
    driver->sets_secs = 1;
    dispenser *pool = pool_with(driver, options);
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0x51, 0x52));
    dispenser_resid resid = alloc(pool, 1);
    CHECK_EQ(1, driver->calls[ENLIST]);
    CHECK_HR(WSRT_S_OK, dispenser_get_resource_info(pool, resid, &info));
    CHECK_EQ(DISPENSER_RESOURCE_USED_ENLISTED, info.state);
    CHECK_EQ(0x51, info.instid);
    CHECK_EQ(0x52, info.transid);
    CHECK_HR(WSRT_S_OK, dispenser_instance_ended(0x51));
    CHECK_EQ(1, stats_of(pool).free_enlisted);
    CHECK_HR(WSRT_S_OK, dispenser_transaction_ended(0x52, 1));
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0));
    while (atomic_load(&driver->left[DESTROY]) == 0) {
        sleep_ms(1);
    }
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

static void a_child_only_forgets(void)
{
    struct driver *timed = new_driver(), *manual = new_driver(), *closed = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    options.sweep_interval_ms = 5;
    timed->sets_secs = 1;
    timed->secs = 1000;
    dispenser *pool = pool_with(timed, options), *second = manual_pool(manual), *third = manual_pool(closed);
    dispenser_resid used = stock(pool), tracked = 0x40;
    CHECK_HR(WSRT_S_OK, dispenser_track_resource(pool, tracked));
    CHECK_HR(WSRT_S_OK, dispenser_close(third));
    sleep_ms(20);
    unsigned calls = calls_of(timed) + calls_of(manual) + calls_of(closed);

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(30);
        check_forked(pool, used, tracked);
        check_forked(third, 1, 1);
        use_a_pool_of_its_own();
        CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
        CHECK_HR(WSRT_E_HANDLE, dispenser_destroy(pool));
        CHECK_HR(WSRT_E_HANDLE, dispenser_free_resource(pool, used));
        CHECK_HR(WSRT_S_OK, dispenser_destroy_nowait(second));
        CHECK_HR(WSRT_E_HANDLE, dispenser_close(second));
        CHECK_HR(WSRT_S_OK, dispenser_destroy(third));
        use_a_pool_of_its_own();
        CHECK_EQ(calls, calls_of(timed) + calls_of(manual) + calls_of(closed));

        /* And the child of the child. */
        struct driver *next = new_driver();
        dispenser *own = manual_pool(next);
        dispenser_resid held = stock(own);
        calls = calls_of(next);
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(30);
            check_forked(own, held, 1);
            CHECK_HR(WSRT_E_HANDLE, dispenser_destroy(pool));
            CHECK_HR(WSRT_S_OK, dispenser_destroy(own));
            use_a_pool_of_its_own();
            CHECK_EQ(calls, calls_of(next));
            _exit(0);
        }
        wait_for_success(child);
        CHECK_HR(WSRT_S_OK, dispenser_free_resource(own, held));
        CHECK_HR(WSRT_S_OK, dispenser_destroy(own));
        done_with(next);
        _exit(0);
    }
    wait_for_success(child);
    /* The parent has noticed nothing. */
    CHECK_EQ(calls, calls_of(timed) + calls_of(manual) + calls_of(closed));
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, used));
    CHECK_EQ(2, stats_of(pool).free_unenlisted);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    CHECK_HR(WSRT_S_OK, dispenser_destroy(second));
    CHECK_HR(WSRT_S_OK, dispenser_destroy(third));
    done_with(timed);
    done_with(manual);
    done_with(closed);
}

/* Numbers of transactions in the child are transactions of the child. */
static void no_transaction_goes_over(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = manual_pool(driver);
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0x51, 0x61));
    dispenser_resid used = alloc(pool, 1);
    CHECK_HR(WSRT_S_OK, dispenser_transaction_aborting(0x61));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(30);
        dispenser_instid instid = 99;
        dispenser_transid transid = 99;
        CHECK_HR(WSRT_S_OK, dispenser_get_context(&instid, &transid));
        CHECK_EQ(0, instid);
        CHECK_EQ(0, transid);
        dispenser_resid nobodys = 99;
        CHECK_HR(WSRT_E_HANDLE, dispenser_alloc_resource(NULL, 1, &nobodys));
        CHECK_HR(WSRT_E_HANDLE, dispenser_free_resource(NULL, used));
        /* In no transaction: neither enlisted nor refused. */
        struct driver *own = new_driver();
        dispenser *ours = manual_pool(own);
        dispenser_resid resid = alloc(ours, 1);
        CHECK_EQ(0, own->calls[ENLIST]);
        CHECK_HR(WSRT_S_OK, dispenser_free_resource(ours, resid));
        /* The same number is another one, and not aborting. */
        CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0x61));
        resid = alloc(ours, 1);
        CHECK_EQ(1, own->calls[ENLIST]);
        CHECK_HR(WSRT_S_OK, dispenser_free_resource(ours, resid));
        CHECK_HR(WSRT_S_OK, dispenser_transaction_ended(0x61, 1));
        CHECK_HR(WSRT_S_OK, dispenser_destroy(ours));
        done_with(own);
        _exit(0);
    }
    wait_for_success(child);
    dispenser_resid refused = 99;
    CHECK_HR(WSRT_E_TX_ABORTING, dispenser_alloc_resource(pool, 1, &refused));
    CHECK_EQ(1, stats_of(pool).used_enlisted);
    CHECK_HR(WSRT_S_OK, dispenser_transaction_ended(0x61, 0));
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0));
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, used));
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

/* The thread inside a callback does not exist in the child, nor does the sweeper. */
static void a_child_of_a_busy_process_waits_for_nobody(void)
{
    for (enum place place = CREATE; place <= DESTROY_S; place++) {
        struct driver *driver = new_driver();
        dispenser_options options = DISPENSER_OPTIONS_INIT;
        options.sweep_interval_ms = 5;
        dispenser *pool = pool_with(driver, options);
        dispenser_resid used = stock(pool);
        atomic_store(&driver->stays_in, (int)place);
        struct call busy = call_for(place, pool, used);
        call_begin(&busy);
        sem_wait(&driver->entered);
        unsigned calls = calls_of(driver);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(30);
            check_forked(pool, used, 1);
            CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
            use_a_pool_of_its_own();
            CHECK_EQ(calls, calls_of(driver));
            _exit(0);
        }
        wait_for_success(child);
        sem_post(&driver->leave);
        CHECK_HR(WSRT_S_OK, call_end(&busy));
        CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
        dispenser_transaction_ended(0x7000, 0);
        done_with(driver);
        if (place != RESET && place != DESTROY) {
            free((void *)used);
        }
    }
}

int main(void)
{
    RUN(a_child_only_forgets);
    RUN(no_transaction_goes_over);
    RUN(a_child_of_a_busy_process_waits_for_nobody);
    return 0;
}
