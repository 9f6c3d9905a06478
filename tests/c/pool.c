/* The life of a pool as a C program sees it: its resources are memory of the program's own. */
#include "driver.h"

static uint32_t state_of(dispenser *pool, dispenser_resid resid)
{
    dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
    CHECK_HR(WSRT_S_OK, dispenser_get_resource_info(pool, resid, &info));
    CHECK_EQ(resid, info.resid);
    CHECK(info.sresid == NULL);
    return info.state;
}

static void a_resource_goes_round(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = manual_pool(driver);
    dispenser_resid one = alloc(pool, 1), two = alloc(pool, 2);
    CHECK(one != two);
    CHECK_EQ(2, driver->calls[CREATE]);
    CHECK_EQ(0, driver->calls[RATE]);
    CHECK_EQ(DISPENSER_RESOURCE_USED_UNENLISTED, state_of(pool, one));
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, one));
    CHECK_EQ(DISPENSER_RESOURCE_FREE_UNENLISTED, state_of(pool, one));
    CHECK_EQ(1, driver->calls[RESET]);
    CHECK_HR(WSRT_E_INVALIDARG, dispenser_free_resource(pool, one));
    CHECK(alloc(pool, 1) == one);
    CHECK_EQ(2, driver->calls[CREATE]);

    /* A failed reset leaves it with its user. */
    driver->answer[RESET] = WSRT_E_ACCESSDENIED;
    CHECK_HR(WSRT_E_FAIL, dispenser_free_resource(pool, one));
    CHECK_EQ(DISPENSER_RESOURCE_USED_UNENLISTED, state_of(pool, one));
    driver->answer[RESET] = WSRT_S_OK;
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, one));

    /* A failed creation is what the allocation returns. */
    driver->answer[CREATE] = WSRT_E_ACCESSDENIED;
    dispenser_resid none = 99;
    CHECK_HR(WSRT_E_ACCESSDENIED, dispenser_alloc_resource(pool, 3, &none));
    CHECK_EQ(0, none);
    CHECK_HR(WSRT_E_ACCESSDENIED, stats_of(pool).last_create_result);
    driver->answer[CREATE] = WSRT_S_OK;

    /* A failed destruction leaves it where it is; one on the way out does not. */
    driver->answer[DESTROY] = WSRT_E_ACCESSDENIED;
    CHECK_HR(WSRT_E_FAIL, dispenser_destroy_resource(pool, one));
    CHECK_EQ(DISPENSER_RESOURCE_FREE_UNENLISTED, state_of(pool, one));
    driver->answer[DESTROY] = WSRT_S_OK;
    CHECK_HR(WSRT_S_OK, dispenser_destroy_resource(pool, one));
    CHECK_HR(WSRT_S_OK, dispenser_destroy_resource(pool, two));
    dispenser_stats stats = stats_of(pool);
    CHECK_EQ(3, stats.allocs);
    CHECK_EQ(2, stats.frees);
    CHECK_EQ(2, stats.creates);
    CHECK_EQ(1, stats.create_failures);
    CHECK_EQ(2, stats.destroys);
    CHECK_EQ(1, stats.destroy_failures);
    CHECK_EQ(1, stats.reset_failures);
    CHECK_EQ(0, stats.used_unenlisted + stats.free_unenlisted);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

static void idle_stock_goes_when_it_is_time(void)
{
    struct driver *driver = new_driver();
    driver->sets_secs = 1;
    driver->secs = 2;
    dispenser *pool = manual_pool(driver);
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, alloc(pool, 1)));
    CHECK_HR(WSRT_S_OK, dispenser_sweep(pool, 1000));
    CHECK_HR(WSRT_S_OK, dispenser_sweep(pool, 2999));
    CHECK_EQ(0, driver->left[DESTROY]);
    CHECK_HR(WSRT_S_OK, dispenser_sweep(pool, 3000));
    CHECK_EQ(1, driver->left[DESTROY]);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

static void what_is_tracked_goes_with_its_object(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = manual_pool(driver);
    struct resource *mine = calloc(1, sizeof *mine), *kept = calloc(1, sizeof *kept);
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0x51, 0x52));
    CHECK_HR(WSRT_S_OK, dispenser_track_resource(pool, (dispenser_resid)mine));
    CHECK_EQ(1, driver->left[ENLIST]);
    CHECK_EQ(DISPENSER_RESOURCE_TRACKED_ENLISTED, state_of(pool, (dispenser_resid)mine));
    CHECK_HR(WSRT_S_OK, dispenser_track_resource_ex(pool, (dispenser_resid)kept, 0x53, 0));
    char name[] = "a file";
    CHECK_HR(WSRT_S_OK, dispenser_track_resource_s(pool, name));
    memset(name, 'x', sizeof name - 1);
    CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0));
    CHECK_HR(WSRT_S_OK, dispenser_instance_ended(0x51));
    CHECK_EQ(1, driver->left[DESTROY_S]);
    CHECK_EQ(0, driver->left[DESTROY]);
    CHECK_EQ(DISPENSER_RESOURCE_AWAITING_TRANSACTION, state_of(pool, (dispenser_resid)mine));
    CHECK_HR(WSRT_S_OK, dispenser_transaction_ended(0x52, 0));
    CHECK_EQ(1, driver->left[DESTROY]);
    CHECK_HR(WSRT_S_OK, dispenser_untrack_resource(pool, (dispenser_resid)kept, 0));
    CHECK_EQ(1, driver->left[DESTROY]);
    free(kept);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

/* What a visitor sees, and what it does about it. */
struct visit {
    dispenser *pool;
    unsigned seen;
    unsigned strings;
    dispenser_resid order[8];
    unsigned stop_after;
    wsrt_hresult stop_with;
    int frees;
};

static wsrt_hresult see(void *user_data, const dispenser_resource_info *info)
{
    struct visit *visit = user_data;
    CHECK_EQ(sizeof *info, info->cb_size);
    CHECK(visit->seen < 8);
    if (info->sresid != NULL) {
        CHECK_STR("a file", info->sresid);
        CHECK_EQ(0, info->resid);
        visit->strings++;
    }
    visit->order[visit->seen++] = info->resid;
    if (visit->frees && info->state == DISPENSER_RESOURCE_USED_UNENLISTED) {
        CHECK_HR(WSRT_S_OK, dispenser_free_resource(visit->pool, info->resid));
        CHECK_HR(WSRT_S_OK, dispenser_destroy_resource(visit->pool, info->resid));
    }
    return visit->seen == visit->stop_after ? visit->stop_with : WSRT_S_OK;
}

static void a_visitor_stops_with_its_own_code(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = manual_pool(driver);
    dispenser_resid one = alloc(pool, 1), two = alloc(pool, 2), three = alloc(pool, 3);
    CHECK_HR(WSRT_S_OK, dispenser_track_resource_s(pool, "a file"));
    struct visit visit = { .pool = pool };
    CHECK_HR(WSRT_S_OK, dispenser_enum_resources(pool, see, &visit));
    CHECK_EQ(4, visit.seen);
    CHECK_EQ(1, visit.strings);
    CHECK(visit.order[0] == one && visit.order[1] == two && visit.order[2] == three);
    static const wsrt_hresult stops[] = { WSRT_S_FALSE, WSRT_E_ACCESSDENIED, WSRT_E_CANCELLED };
    for (unsigned at = 0; at < 3; at++) {
        struct visit stopped = { .pool = pool, .stop_after = at + 1, .stop_with = stops[at] };
        CHECK_HR(stops[at], dispenser_enum_resources(pool, see, &stopped));
        CHECK_EQ(at + 1, stopped.seen);
    }
    /* Another success goes on. */
    struct visit goes_on = { .pool = pool, .stop_after = 1, .stop_with = WSRT_S_DEFERRED };
    CHECK_HR(WSRT_S_OK, dispenser_enum_resources(pool, see, &goes_on));
    CHECK_EQ(4, goes_on.seen);
    /* One snapshot, whatever the visitor does. */
    struct visit frees = { .pool = pool, .frees = 1 };
    CHECK_HR(WSRT_S_OK, dispenser_enum_resources(pool, see, &frees));
    CHECK_EQ(4, frees.seen);
    CHECK_EQ(3, driver->left[DESTROY]);
    CHECK_HR(WSRT_S_OK, dispenser_close(pool));
    struct visit none = { .pool = pool };
    CHECK_HR(WSRT_S_OK, dispenser_enum_resources(pool, see, &none));
    CHECK_EQ(0, none.seen);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(driver);
}

static wsrt_hresult work(dispenser *pool, size_t thread)
{
    for (unsigned round = 0; round < 100; round++) {
        dispenser_transid transid = round % 3 ? 0 : 0x6000 + thread;
        CHECK_HR(WSRT_S_OK, dispenser_set_context(0x5000 + thread, transid));
        dispenser_resid mine[2];
        for (unsigned at = 0; at < 2; at++) {
            mine[at] = alloc(pool, 1 + (round + at) % 2);
            CHECK_EQ(0, atomic_fetch_add(&((struct resource *)mine[at])->held, 1));
        }
        for (unsigned at = 0; at < 2; at++) {
            CHECK_EQ(1, atomic_fetch_sub(&((struct resource *)mine[at])->held, 1));
            if (round % 25 == 24) {
                CHECK_HR(WSRT_S_OK, dispenser_destroy_resource(pool, mine[at]));
            } else {
                CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, mine[at]));
            }
        }
        if (transid != 0) {
            CHECK_HR(WSRT_S_OK, dispenser_transaction_ended(transid, (int32_t)(round & 1)));
        }
    }
    return WSRT_S_OK;
}

/* Nobody has what another has; everything that was made is destroyed once. */
static void threads_share_a_pool(void)
{
    struct driver *driver = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    options.sweep_interval_ms = 1;
    driver->sets_secs = 1;
    dispenser *pool = pool_with(driver, options);
    struct call calls[4];
    memset(calls, 0, sizeof calls);
    for (size_t at = 0; at < 4; at++) {
        calls[at].function = work;
        calls[at].pool = pool;
        calls[at].number = at;
        call_begin(&calls[at]);
    }
    for (size_t at = 0; at < 4; at++) {
        CHECK_HR(WSRT_S_OK, call_end(&calls[at]));
    }
    dispenser_stats stats = stats_of(pool);
    CHECK_EQ(4 * 200, stats.allocs);
    CHECK_EQ(stats.creates, driver->left[CREATE]);
    CHECK_EQ(0, stats.used_unenlisted + stats.used_enlisted + stats.free_enlisted);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    CHECK_EQ(driver->left[CREATE], driver->left[DESTROY]);
    done_with(driver);
}

int main(void)
{
    RUN(a_resource_goes_round);
    RUN(idle_stock_goes_when_it_is_time);
    RUN(what_is_tracked_goes_with_its_object);
    RUN(a_visitor_stops_with_its_own_code);
    RUN(threads_share_a_pool);
    return 0;
}
