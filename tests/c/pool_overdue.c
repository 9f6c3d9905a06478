/* Callbacks that take too long: they are written off, and cost their own thread and nothing else; a pool whose driver
   hangs can be closed all the same. */
#include "driver.h"

/* Long enough that no other callback of these tests is overdue on a busy machine. */
#define DEADLINE_MS 150

static void wait_for(const atomic_uint *count, unsigned least)
{
    while (atomic_load(count) < least) {
        sleep_ms(1);
    }
}

/* Swept by the library, every so often as callbacks may last. */
static dispenser *timed_pool(struct driver *driver, uint32_t drain_timeout_ms)
{
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    options.callback_deadline_ms = DEADLINE_MS;
    options.drain_timeout_ms = drain_timeout_ms;
    return pool_with(driver, options);
}

static void what_is_overdue_is_written_off(void)
{
    for (enum place place = CREATE; place <= DESTROY_S; place++) {
        struct driver *driver = new_driver();
        dispenser *pool = timed_pool(driver, 0);
        dispenser_resid used = stock(pool);
        atomic_store(&driver->stays_in, (int)place);
        struct call busy = call_for(place, pool, used);
        call_begin(&busy);
        sem_wait(&driver->entered);
        wait_for(&driver->written_off, 1);
        CHECK_EQ(DISPENSER_RESOURCE_WRITTEN_OFF, driver->reported_state);
        CHECK_EQ(1, stats_of(pool).written_off);
        CHECK_EQ(0, driver->written_off_returned);
        /* Nobody else is kept. */
        CHECK_HR(WSRT_S_OK, alloc_and_free(pool, 3));
        unsigned destroyed = driver->left[DESTROY];
        sem_post(&driver->leave);
        CHECK_HR(WSRT_E_OVERDUE, call_end(&busy));
        CHECK_EQ(1, driver->written_off);
        CHECK_EQ(1, driver->written_off_returned);
        CHECK_EQ(0, stats_of(pool).written_off);
        /* What it brought or had is gone. */
        CHECK_EQ(place == DESTROY_S ? destroyed : destroyed + 1, driver->left[DESTROY]);
        CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
        dispenser_transaction_ended(0x7000, 0);
        done_with(driver);
        if (place != RESET && place != DESTROY) {
            free((void *)used);
        }
    }
}

static void a_pool_with_a_callback_written_off_closes_in_time(void)
{
    for (enum place place = CREATE; place <= DESTROY_S; place++) {
        struct driver *driver = new_driver();
        dispenser *pool = timed_pool(driver, 30);
        dispenser_resid used = stock(pool);
        atomic_store(&driver->stays_in, (int)place);
        struct call busy = call_for(place, pool, used);
        call_begin(&busy);
        sem_wait(&driver->entered);
        wait_for(&driver->written_off, 1);
        uint64_t begin = now_ms();
        CHECK_HR(WSRT_S_DEFERRED, dispenser_close(pool));
        CHECK(now_ms() - begin >= 29);
        /* Writing off gives back no memory: the driver is needed until the callback returns. */
        CHECK_EQ(0, driver->calls[RELEASE]);
        CHECK_EQ(1, stats_of(pool).written_off);
        CHECK_EQ(DISPENSER_CLOSED, stats_of(pool).state);
        sem_post(&driver->leave);
        CHECK_HR(WSRT_E_OVERDUE, call_end(&busy));
        CHECK_EQ(1, driver->calls[RELEASE]);
        CHECK(pthread_equal(driver->thread, busy.thread));
        /* A closed pool reports no more. */
        CHECK_EQ(0, driver->written_off_returned);
        CHECK_HR(WSRT_S_OK, dispenser_destroy(pool));
        dispenser_transaction_ended(0x7000, 0);
        done_with(driver);
        if (place != RESET && place != DESTROY) {
            free((void *)used);
        }
    }
}

/* A report hangs on a thread of the library. */
static void a_report_that_hangs_defers_the_end(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = timed_pool(driver, 30);
    struct call busy = call_for(CREATE, pool, 0);
    atomic_store(&driver->stays_in, CREATE);
    call_begin(&busy);
    sem_wait(&driver->entered);
    atomic_store(&driver->stays_in, REPORT);
    sem_wait(&driver->entered);
    pthread_t reporter = driver->thread;
    CHECK(!pthread_equal(reporter, busy.thread));
    CHECK_HR(WSRT_S_DEFERRED, dispenser_destroy(pool));
    /* Both wait for the same word; each leaves once. */
    sem_post(&driver->leave);
    sem_post(&driver->leave);
    CHECK_HR(WSRT_E_OVERDUE, call_end(&busy));
    wait_for(&driver->calls[RELEASE], 1);
    CHECK(pthread_equal(driver->thread, reporter) || pthread_equal(driver->thread, busy.thread));
    CHECK_EQ(1, driver->left[REPORT]);
    CHECK_EQ(driver->calls[CREATE], driver->left[DESTROY]);
    sleep_ms(20);
    done_with(driver);
}

/* One pool's hung destruction takes one thread of the library: another pool is swept, and both can be ended. */
static void a_destruction_that_hangs_in_a_sweep_keeps_nobody(void)
{
    struct driver *hung = new_driver(), *other = new_driver();
    dispenser_options options = DISPENSER_OPTIONS_INIT;
    options.sweep_interval_ms = 5;
    options.callback_deadline_ms = DEADLINE_MS;
    options.drain_timeout_ms = 30;
    hung->sets_secs = other->sets_secs = 1;
    atomic_store(&hung->stays_in, DESTROY);
    dispenser *pool = pool_with(hung, options), *second = pool_with(other, options);
    CHECK_HR(WSRT_S_OK, alloc_and_free(pool, 1));
    sem_wait(&hung->entered);
    wait_for(&hung->written_off, 1);
    for (unsigned round = 1; round <= 3; round++) {
        CHECK_HR(WSRT_S_OK, alloc_and_free(second, 1));
        wait_for(&other->left[DESTROY], round);
        CHECK_HR(WSRT_S_OK, alloc_and_free(pool, 1));
        wait_for(&hung->left[DESTROY], round);
    }
    CHECK_HR(WSRT_S_OK, dispenser_destroy(second));
    done_with(other);
    CHECK_HR(WSRT_S_DEFERRED, dispenser_destroy(pool));
    CHECK_EQ(0, hung->calls[RELEASE]);
    sem_post(&hung->leave);
    wait_for(&hung->calls[RELEASE], 1);
    CHECK_EQ(hung->calls[CREATE], hung->left[DESTROY]);
    sleep_ms(20);
    done_with(hung);
}

int main(void)
{
    RUN(what_is_overdue_is_written_off);
    RUN(a_pool_with_a_callback_written_off_closes_in_time);
    RUN(a_report_that_hangs_defers_the_end);
    RUN(a_destruction_that_hangs_in_a_sweep_keeps_nobody);
    return 0;
}
