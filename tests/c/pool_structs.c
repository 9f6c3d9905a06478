/* The dispenser's structs by their own cb_size: either side may be the older. */
#include "driver.h"
#include "sizes.h"

static dispenser *pool;
static dispenser_resid used;

static wsrt_hresult refuse(void *user_data, dispenser_restypid type, dispenser_resid *resid, int32_t *secs)
{
    (void)user_data;
    (void)type;
    (void)resid;
    (void)secs;
    return WSRT_E_FAIL;
}

static wsrt_hresult give(const void *driver, const void *options)
{
    dispenser *made = (dispenser *)&made;
    wsrt_hresult hr = dispenser_create(driver, NULL, options, &made);
    CHECK_EQ(hr < 0, made == NULL);
    CHECK_HR(hr < 0 ? WSRT_S_FALSE : WSRT_S_OK, dispenser_destroy(made));
    return hr;
}

static wsrt_hresult give_driver(const void *table)
{
    static const dispenser_options manual = { sizeof manual, DISPENSER_MANUAL_SWEEP, 0, 0, 0, 0, 0, 0, 0,
                                              0,             0,                      0, 0, 0, 0, 0, 0, 0 };
    return give(table, &manual);
}

static wsrt_hresult give_options(const void *options)
{
    dispenser_driver driver = DISPENSER_DRIVER_INIT;
    driver.create_resource = refuse;
    return give(&driver, options);
}

static wsrt_hresult fill_options(void *options)
{
    return dispenser_get_options(pool, options);
}

static wsrt_hresult fail_options(void *options)
{
    return dispenser_get_options(NULL, options);
}

static wsrt_hresult fill_stats(void *stats)
{
    return dispenser_get_stats(pool, stats);
}

static wsrt_hresult fail_stats(void *stats)
{
    return dispenser_get_stats(NULL, stats);
}

static wsrt_hresult fill_info(void *info)
{
    return dispenser_get_resource_info(pool, used, info);
}

static wsrt_hresult fail_info(void *info)
{
    return dispenser_get_resource_info(pool, used + 1, info);
}

static void every_struct_goes_by_its_size(void)
{
    struct driver *owner = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    dispenser_driver driver = DISPENSER_DRIVER_INIT;
    options.flags = DISPENSER_MANUAL_SWEEP;
    driver.create_resource = refuse;
    pool = manual_pool(owner);
    used = alloc(pool, 1);
    check_sizes("dispenser_driver", give_driver, &driver, sizeof driver);
    check_sizes("dispenser_options", give_options, &options, sizeof options);
    check_rooms("dispenser_options", fill_options, fail_options, sizeof(dispenser_options));
    check_rooms("dispenser_stats", fill_stats, fail_stats, sizeof(dispenser_stats));
    check_rooms("dispenser_resource_info", fill_info, fail_info, sizeof(dispenser_resource_info));
    CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, used));
    CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
    done_with(owner);
}

/* What is told can be given again, and makes a pool like the first. */
static void settings_go_round(void)
{
    struct driver *owner = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT, told = DISPENSER_OPTIONS_INIT, again = DISPENSER_OPTIONS_INIT;
    options.flags = DISPENSER_AUTO_RECLAIM | DISPENSER_NO_POOLING;
    options.callback_deadline_ms = 1234;
    options.drain_timeout_ms = WSRT_INFINITE;
    CHECK_HR(WSRT_S_OK, dispenser_get_options(pool_with(owner, options), &told));
    CHECK_EQ(sizeof told, told.cb_size);
    CHECK_EQ(options.flags, told.flags);
    CHECK_EQ(10000, told.sweep_interval_ms);
    CHECK_EQ(1234, told.callback_deadline_ms);
    CHECK(told.drain_timeout_ms == 0 || told.drain_timeout_ms == WSRT_INFINITE);
    CHECK_HR(WSRT_S_OK, dispenser_destroy(owner->pool));
    done_with(owner);
    owner = new_driver();
    CHECK_HR(WSRT_S_OK, dispenser_get_options(pool_with(owner, told), &again));
    CHECK_EQ(0, memcmp(&told, &again, sizeof told));
    CHECK_HR(WSRT_S_OK, dispenser_close(owner->pool));
    memset(&again, 0xAA, sizeof again);
    again.cb_size = sizeof again;
    CHECK_HR(WSRT_S_OK, dispenser_get_options(owner->pool, &again));
    CHECK_EQ(0, memcmp(&told, &again, sizeof told));
    CHECK_HR(WSRT_S_OK, dispenser_destroy(owner->pool));
    done_with(owner);
}

static void what_is_not_offered_is_refused(void)
{
    static const size_t unused[] = {
        offsetof(dispenser_options, max_resources),     offsetof(dispenser_options, max_waiters),
        offsetof(dispenser_options, wait_timeout_ms),   offsetof(dispenser_options, max_lifetime_s),
        offsetof(dispenser_options, jitter_percent),    offsetof(dispenser_options, leak_threshold_ms),
        offsetof(dispenser_options, close_deadline_ms), offsetof(dispenser_options, max_creating),
        offsetof(dispenser_options, create_backoff_ms), offsetof(dispenser_options, create_backoff_max_ms),
        offsetof(dispenser_options, fail_fast_after),   offsetof(dispenser_options, fail_fast_ms),
        offsetof(dispenser_options, reserved),
    };
    for (size_t at = 0; at < sizeof unused / sizeof unused[0]; at++) {
        dispenser_options options = DISPENSER_OPTIONS_INIT;
        uint32_t one = 1;
        memcpy((unsigned char *)&options + unused[at], &one, sizeof one);
        CHECK_HR(WSRT_E_NOTIMPL, give_options(&options));
    }
}

int main(void)
{
    RUN(every_struct_goes_by_its_size);
    RUN(settings_go_round);
    RUN(what_is_not_offered_is_refused);
    return 0;
}
