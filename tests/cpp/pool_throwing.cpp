/* What is thrown in a driver does not cross the border: it becomes a code, and the handler sees it. */
#include "pool.hpp"

namespace {

void check_seen(const char *callback, const char *what, unsigned times = 1)
{
    const std::vector<sighting> seen = take_sightings();
    CHECK_EQ(times, seen.size());
    for (const sighting &one : seen) {
        CHECK_TEXT(callback, one.callback);
        CHECK_TEXT(what, one.what);
    }
}

void a_create_that_throws_fails_the_alloc()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    unsigned tries = 0;
    for (const kind &one : kinds()) {
        of.on_create = [&](dispenser_resid id) {
            one.toss();
            return wsrt::created(id);
        };
        wsrt::lease held;
        CHECK_CODE(one.code, pool.try_alloc_resource(1, held));
        CHECK(!held);
        check_seen("create_resource", one.what);
        try {
            held = pool.alloc_resource(1);
            CHECK(false);
        } catch (const wsrt::error &failure) {
            CHECK_CODE(one.code, failure.code());
            CHECK_TEXT(wsrt_hresult_name(one.code), failure.name());
            CHECK(std::strstr(failure.text(), "create_resource") != nullptr);
        }
        check_seen("create_resource", one.what);
        tries += 2;
        CHECK_EQ(tries, pool.stats().create_failures);
        CHECK_CODE(one.code, pool.stats().last_create_result);
    }
    CHECK_EQ(0, pool.resources().size());
    CHECK_EQ(0, of.destroyed);
}

/* Nothing above 0 is left, so that one more is created. */
void a_rate_that_throws_is_unusable()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    static_cast<void>(pool.alloc_resource(1));
    unsigned there = 1;
    for (const kind &one : kinds()) {
        of.on_rate = [&](bool) -> std::uint32_t {
            one.toss();
            return DISPENSER_RATING_PERFECT;
        };
        static_cast<void>(pool.alloc_resource(1));
        check_seen("rate_resource", one.what, there);
        there += 1;
        CHECK_EQ(there, of.created);
        CHECK_EQ(there, pool.stats().free_unenlisted);
    }
}

void an_enlist_that_throws_fails_the_alloc()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    const wsrt::context inside(0, 7);
    unsigned failures = 0;
    for (const kind &one : kinds()) {
        /* The second call is the one that takes the resource out of the transaction again: that is answered. */
        bool thrown = false;
        of.on_enlist = [&] {
            if (!std::exchange(thrown, true)) {
                one.toss();
            }
            return wsrt::status();
        };
        wsrt::lease held;
        const wsrt_hresult code = pool.try_alloc_resource(1, held).code();
        CHECK_CODE(WSRT_E_FAIL, code);
        CHECK(!held);
        check_seen("enlist_resource", one.what);
        thrown = false;
        CHECK_CODE(WSRT_E_FAIL, pool.try_track_resource(99));
        check_seen("enlist_resource", one.what);
        CHECK_EQ(1, pool.resources().size());
        failures += 2;
        CHECK_EQ(failures, pool.stats().enlist_failures);
    }
    of.on_enlist = []() -> wsrt::status { throw wsrt::error(WSRT_MTXDM_E_ENLISTRESOURCEFAILED); };
    CHECK_CODE(WSRT_MTXDM_E_ENLISTRESOURCEFAILED, thrown_by([&] { static_cast<void>(pool.alloc_resource(1)); }));
    static_cast<void>(take_sightings());
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, false));
}

void a_reset_that_throws_leaves_the_resource_with_its_user()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    unsigned failures = 0;
    for (const kind &one : kinds()) {
        of.on_reset = [&] {
            one.toss();
            return wsrt::status();
        };
        wsrt::lease held = pool.alloc_resource(1);
        CHECK_CODE(WSRT_E_FAIL, held.try_release());
        CHECK(held);
        check_seen("reset_resource", one.what);
        CHECK_CODE(WSRT_E_FAIL, thrown_by([&] { held.release(); }));
        CHECK(held);
        check_seen("reset_resource", one.what);
        CHECK_CODE(WSRT_E_FAIL, pool.try_free_resource(held.id()));
        check_seen("reset_resource", one.what);
        const unsigned destroyed = of.destroyed;
        held = {};
        CHECK_EQ(destroyed + 1, of.destroyed);
        check_seen("reset_resource", one.what);
        failures += 4;
        CHECK_EQ(failures, pool.stats().reset_failures);
    }
    CHECK_EQ(0, pool.resources().size());
}

void a_destroy_that_throws_is_answered_with_a_code()
{
    script of;
    wsrt::dispenser pool = pool_of(of);
    unsigned failures = 0;
    for (const kind &one : kinds()) {
        of.on_destroy = [toss = one.toss] {
            toss();
            return wsrt::status();
        };
        wsrt::lease held = pool.alloc_resource(1);
        CHECK_CODE(WSRT_E_FAIL, thrown_by([&] { held.destroy(); }));
        check_seen("destroy_resource", one.what);
        CHECK(held);
        CHECK_CODE(WSRT_S_OK, held.release());
        CHECK_CODE(WSRT_S_OK, pool.track_resource(99));
        CHECK_CODE(WSRT_E_FAIL, thrown_by([&] { pool.untrack_resource(99, true); }));
        check_seen("destroy_resource", one.what);
        failures += 2;
        CHECK_EQ(failures, pool.stats().destroy_failures);
        CHECK_EQ(1, pool.resources().size());
    }
    CHECK_CODE(WSRT_S_OK, pool.close());
    check_seen("destroy_resource", kinds().back().what);
    CHECK_EQ(1, of.released);
}

void a_destroy_by_string_that_throws_is_answered_with_a_code()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    for (const kind &one : kinds()) {
        of.on_destroy_s = [&](std::string_view id) {
            CHECK_TEXT("a file", id);
            one.toss();
            return wsrt::status();
        };
        CHECK_CODE(WSRT_S_OK, pool.track_resource("a file"));
        CHECK_CODE(WSRT_E_FAIL, thrown_by([&] { pool.untrack_resource("a file", true); }));
        check_seen("destroy_resource_s", one.what);
        CHECK_CODE(WSRT_S_OK, pool.track_resource("a file"));
        CHECK_CODE(WSRT_E_FAIL, pool.try_untrack_resource("a file", true));
        check_seen("destroy_resource_s", one.what);
    }
    CHECK_EQ(2 * kinds().size(), of.destroyed_s);
    CHECK_EQ(0, pool.resources().size());
}

/* A callback that takes too long on another thread is reported, by the sweeps of this one, before and after it ends. */
void a_report_that_throws_is_told_on()
{
    for (const kind &one : kinds()) {
        script of;
        wsrt::pool_settings with = manual();
        with.callback_deadline = std::chrono::milliseconds(10);
        const wsrt::dispenser pool(player_of(of), "", with);
        std::atomic<bool> inside{false}, leave{false};
        std::vector<wsrt::pool_event> events;
        of.on_create = [&](dispenser_resid id) {
            inside = true;
            while (!leave) {
                std::this_thread::yield();
            }
            return wsrt::created(id);
        };
        of.on_report = [&](wsrt::pool_event event, const wsrt::pooled_view &about) {
            events.push_back(event);
            CHECK_EQ(event == wsrt::pool_event::written_off ? 0 : 1, about.id);
            one.toss();
        };
        wsrt_hresult seen = 0;
        std::thread other([&] {
            wsrt::lease held;
            seen = pool.try_alloc_resource(3, held).code();
        });
        while (!inside) {
            std::this_thread::yield();
        }
        CHECK_CODE(WSRT_S_OK, pool.sweep(std::chrono::milliseconds(1000)));
        CHECK_EQ(0, of.reported);
        CHECK_CODE(WSRT_S_OK, pool.sweep(std::chrono::milliseconds(2000)));
        CHECK_EQ(1, of.reported);
        check_seen("report", one.what);
        leave = true;
        other.join();
        CHECK_CODE(WSRT_E_OVERDUE, seen);
        CHECK_CODE(WSRT_S_OK, pool.sweep(std::chrono::milliseconds(3000)));
        CHECK_EQ(2, of.reported);
        CHECK(events[0] == wsrt::pool_event::written_off && events[1] == wsrt::pool_event::written_off_returned);
        check_seen("report", one.what);
    }
}

void lambdas_that_throw_answer_codes()
{
    for (const kind &one : kinds()) {
        tally counts;
        bool well = false;
        wsrt::dispenser pool(
            [&, held = seal(counts)](dispenser_restypid type) -> dispenser_resid {
                if (!well) {
                    one.toss();
                }
                return type + 1;
            },
            [&](dispenser_resid id) {
                CHECK_EQ(6, id);
                one.toss();
            },
            "", manual());
        wsrt::lease held;
        CHECK_CODE(one.code, pool.try_alloc_resource(5, held));
        check_seen("create_resource", one.what);
        well = true;
        held = pool.alloc_resource(5);
        CHECK_EQ(6, held.id());
        CHECK_CODE(WSRT_E_FAIL, held.try_destroy());
        check_seen("destroy_resource", one.what);
        CHECK_CODE(WSRT_S_OK, held.release());
        CHECK_EQ(0, counts.released);
        CHECK_CODE(WSRT_S_OK, pool.close());
        check_seen("destroy_resource", one.what);
        CHECK_EQ(1, counts.released);
    }
}

/* The plain form throws on what a visitor threw, itself and not a copy of its text; the other one makes it a code. */
void a_visitor_that_throws_stops()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    const wsrt::lease first = pool.alloc_resource(1), second = pool.alloc_resource(1);
    for (const kind &one : kinds()) {
        unsigned seen = 0;
        const auto visitor = [&](const wsrt::pooled_view &) {
            seen += 1;
            one.toss();
        };
        std::exception_ptr caught;
        try {
            pool.for_each_resource(visitor);
        } catch (...) {
            caught = std::current_exception();
        }
        CHECK(caught != nullptr);
        CHECK_EQ(1, seen);
        CHECK_EQ(0, take_sightings().size());
        keep_sighting("caught", caught);
        check_seen("caught", one.what);
        CHECK_CODE(one.code, pool.try_for_each_resource(visitor));
        CHECK_EQ(2, seen);
        check_seen("visitor", one.what);
    }
    unsigned seen = 0;
    CHECK_CODE(WSRT_S_FALSE, pool.for_each_resource([&](const wsrt::pooled_view &) { return ++seen < 1; }));
    CHECK_CODE(WSRT_S_OK, pool.for_each_resource([&](const wsrt::pooled_view &) { return ++seen < 9; }));
    CHECK_EQ(3, seen);
    CHECK_CODE(WSRT_E_CANCELLED, thrown_by([&] {
        pool.for_each_resource([](const wsrt::pooled_view &) { return wsrt::status(WSRT_E_CANCELLED); });
    }));
}

/* A callable that cannot be copied in throws in the plain form, is a code in the other, and leaves nothing behind. */
void a_copy_that_throws_leaves_nothing()
{
    struct uncopyable_today {
        uncopyable_today() = default;
        uncopyable_today(const uncopyable_today &) { throw wsrt::error(WSRT_E_NOT_FOUND); }
        dispenser_resid operator()(dispenser_restypid) const { return 1; }
    };
    const uncopyable_today create;
    const auto destroy = [](dispenser_resid) {};
    script of;
    wsrt::dispenser pool = pool_of(of);
    CHECK_CODE(WSRT_E_NOT_FOUND, thrown_by([&] { pool = wsrt::dispenser(create, destroy); }));
    CHECK(pool);
    CHECK_CODE(WSRT_E_NOT_FOUND, wsrt::dispenser::try_create(pool, create, destroy));
    CHECK(!pool);
    CHECK_EQ(1, of.released);
}

} // namespace

int main()
{
    wsrt::set_exception_handler(keep_sighting);
    RUN(a_create_that_throws_fails_the_alloc);
    RUN(a_rate_that_throws_is_unusable);
    RUN(an_enlist_that_throws_fails_the_alloc);
    RUN(a_reset_that_throws_leaves_the_resource_with_its_user);
    RUN(a_destroy_that_throws_is_answered_with_a_code);
    RUN(a_destroy_by_string_that_throws_is_answered_with_a_code);
    RUN(a_report_that_throws_is_told_on);
    RUN(lambdas_that_throw_answer_codes);
    RUN(a_visitor_that_throws_stops);
    RUN(a_copy_that_throws_leaves_nothing);
    return 0;
}
