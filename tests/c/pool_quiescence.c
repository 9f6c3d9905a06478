/* What the end of a pool promises about callbacks that run on other threads. Drivers are freed as soon as the promise
   has been made: what comes later is seen by the sanitizer. */
#include "driver.h"

/* How long a call is given to return too early. */
#define A_WHILE_MS 30

static int is_closed(dispenser *pool, wsrt_hresult expected)
{
    dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
    return dispenser_get_resource_info(pool, 1, &info) == expected;
}

/* What the call that was in the callback returns once the pool has been closed. */
static wsrt_hresult of_the_busy(enum place place)
{
    return place == RESET || place == DESTROY || place == DESTROY_S ? WSRT_S_OK : WSRT_E_CLOSED;
}

/* What was in use and is in no callback is its user's after the close. */
static void give_up(enum place place, dispenser_resid used)
{
    if (place != RESET && place != DESTROY) {
        free((void *)used);
    }
}

static void an_end_waits_for_each_callback(void)
{
    for (int round = 0; round < 2; round++) {
        for (enum place place = CREATE; place <= DESTROY_S; place++) {
            struct driver *driver = new_driver();
            dispenser *pool = manual_pool(driver);
            dispenser_resid used = stock(pool);
            atomic_store(&driver->stays_in, (int)place);
            struct call busy = call_for(place, pool, used);
            struct call ender = { .function = round ? destroy_pool : close_pool, .pool = pool };
            call_begin(&busy);
            sem_wait(&driver->entered);
            call_begin(&ender);
            while (!is_closed(pool, round ? WSRT_E_HANDLE : WSRT_E_CLOSED)) {
                sleep_ms(1);
            }
            sleep_ms(A_WHILE_MS);
            CHECK_EQ(0, ender.returned);
            CHECK_EQ(0, driver->calls[RELEASE]);
            /* A second one is told that there is nothing to end, which proves nothing about the callback. */
            CHECK_HR(round ? WSRT_E_HANDLE : WSRT_E_CLOSED, ender.function(pool, 0));
            sem_post(&driver->leave);
            CHECK_HR(WSRT_S_OK, call_end(&ender));
            CHECK_EQ(driver->calls[place], driver->left[place]);
            done_with(driver);
            CHECK_HR(of_the_busy(place), call_end(&busy));
            give_up(place, used);
            CHECK_HR(round ? WSRT_E_HANDLE : WSRT_S_OK, dispenser_destroy(pool));
            dispenser_transaction_ended(0x7000, 0);
        }
    }
}

static void an_end_that_may_not_wait_is_deferred(void)
{
    static wsrt_hresult (*const ends[])(dispenser *) = {
        dispenser_close_nowait, dispenser_destroy_nowait, dispenser_close, dispenser_destroy
    };
    for (unsigned end = 0; end < 4; end++) {
        for (enum place place = CREATE; place <= DESTROY_S; place++) {
            struct driver *driver = new_driver();
            dispenser_options options = DISPENSER_OPTIONS_INIT;
            options.flags = DISPENSER_MANUAL_SWEEP;
            options.drain_timeout_ms = 15;
            dispenser *pool = pool_with(driver, options);
            dispenser_resid used = stock(pool);
            atomic_store(&driver->stays_in, (int)place);
            struct call busy = call_for(place, pool, used);
            call_begin(&busy);
            sem_wait(&driver->entered);
            uint64_t begin = now_ms();
            CHECK_HR(WSRT_S_DEFERRED, ends[end](pool));
            CHECK(end < 2 || now_ms() - begin >= 14);
            CHECK_EQ(0, driver->calls[RELEASE]);
            sem_post(&driver->leave);
            CHECK_HR(of_the_busy(place), call_end(&busy));
            /* Whoever leaves last releases, before its own call returns. */
            CHECK_EQ(1, driver->calls[RELEASE]);
            CHECK(pthread_equal(driver->thread, busy.thread));
            done_with(driver);
            give_up(place, used);
            CHECK_HR(end % 2 ? WSRT_E_HANDLE : WSRT_S_OK, dispenser_destroy(pool));
            dispenser_transaction_ended(0x7000, 0);
        }
    }
}

static void close_itself(struct driver *driver)
{
    driver->seen = dispenser_close(driver->pool);
    CHECK_EQ(0, driver->calls[RELEASE]);
}

static void destroy_itself(struct driver *driver)
{
    driver->seen = dispenser_destroy(driver->pool);
    CHECK_EQ(0, driver->calls[RELEASE]);
}

static void inside_its_own_callback_an_end_never_waits(void)
{
    for (int round = 0; round < 2; round++) {
        for (enum place place = CREATE; place <= DESTROY_S; place++) {
            struct driver *driver = new_driver();
            dispenser *pool = manual_pool(driver);
            dispenser_resid used = stock(pool);
            driver->acts_in = place;
            driver->action = round ? destroy_itself : close_itself;
            struct call call = call_for(place, pool, used);
            CHECK_HR(of_the_busy(place), call.function(pool, call.number));
            CHECK_HR(WSRT_S_DEFERRED, driver->seen);
            done_with(driver);
            give_up(place, used);
            CHECK_HR(round ? WSRT_E_HANDLE : WSRT_S_OK, dispenser_destroy(pool));
            CHECK_HR(WSRT_S_OK, dispenser_set_context(0, 0));
            dispenser_transaction_ended(0x7000, 0);
        }
    }
}

/* Idle stock goes on a thread of the library; the end waits for that one, too. */
static void an_end_waits_for_a_sweep(void)
{
    for (int deferred = 0; deferred < 2; deferred++) {
        struct driver *driver = new_driver();
        dispenser_options options = DISPENSER_OPTIONS_INIT;
        options.sweep_interval_ms = 5;
        driver->sets_secs = 1;
        dispenser *pool = pool_with(driver, options);
        dispenser_resid idle = alloc(pool, 1);
        atomic_store(&driver->stays_in, DESTROY);
        CHECK_HR(WSRT_S_OK, dispenser_free_resource(pool, idle));
        sem_wait(&driver->entered);
        CHECK(!pthread_equal(driver->thread, pthread_self()));
        if (deferred) {
            CHECK_HR(WSRT_S_DEFERRED, dispenser_destroy_nowait(pool));
            CHECK_EQ(0, driver->calls[RELEASE]);
            sem_post(&driver->leave);
            while (atomic_load(&driver->calls[RELEASE]) == 0) {
                sleep_ms(1);
            }
            CHECK(!pthread_equal(driver->thread, pthread_self()));
        } else {
            struct call ender = { .function = destroy_pool, .pool = pool };
            call_begin(&ender);
            sleep_ms(A_WHILE_MS);
            CHECK_EQ(0, ender.returned);
            sem_post(&driver->leave);
            CHECK_HR(WSRT_S_OK, call_end(&ender));
        }
        CHECK_EQ(1, driver->left[DESTROY]);
        /* Deferred, its release is on its way out of it. */
        sleep_ms(deferred ? A_WHILE_MS : 0);
        done_with(driver);
    }
}

/* A close gives the driver back; an end that comes meanwhile waits until that is done. */
static void an_end_waits_for_the_release(void)
{
    struct driver *driver = new_driver();
    dispenser *pool = manual_pool(driver);
    atomic_store(&driver->stays_in, RELEASE);
    struct call closer = { .function = close_pool, .pool = pool }, ender = { .function = destroy_pool, .pool = pool };
    call_begin(&closer);
    sem_wait(&driver->entered);
    call_begin(&ender);
    sleep_ms(A_WHILE_MS);
    CHECK_EQ(0, ender.returned);
    sem_post(&driver->leave);
    CHECK_HR(WSRT_S_OK, call_end(&ender));
    CHECK_HR(WSRT_S_OK, call_end(&closer));
    done_with(driver);
}

int main(void)
{
    RUN(an_end_waits_for_each_callback);
    RUN(an_end_that_may_not_wait_is_deferred);
    RUN(inside_its_own_callback_an_end_never_waits);
    RUN(an_end_waits_for_a_sweep);
    RUN(an_end_waits_for_the_release);
    return 0;
}
