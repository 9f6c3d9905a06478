/* What goes into a pool and comes out: contexts, tracking, notices, sweeps, figures, settings, and the exact code of
   each misuse. */
#include "pool.hpp"

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

void a_context_is_set_and_set_back()
{
    const auto is = [](dispenser_instid instance, dispenser_transid transaction) {
        const wsrt::context_ids now = wsrt::get_context();
        return now.instance == instance && now.transaction == transaction;
    };
    CHECK(is(0, 0));
    {
        const wsrt::context outer(3, 7);
        CHECK(outer);
        CHECK(is(3, 7));
        try {
            wsrt::context inner(4, 0);
            CHECK(is(4, 0));
            throw 1;
        } catch (int) {
        }
        CHECK(is(3, 7));
        std::thread([&] { CHECK(is(0, 0)); }).join();
        wsrt::context inner;
        CHECK(!inner);
        CHECK_CODE(WSRT_S_FALSE, inner.leave());
        CHECK(is(3, 7));
        CHECK_CODE(WSRT_S_OK, inner.try_enter(5, 7));
        CHECK(inner && is(5, 7));
        /* Entered again: what it goes back to is still the outer one. */
        CHECK_CODE(WSRT_S_OK, inner.try_enter(6, 8));
        CHECK(is(6, 8));
        CHECK_CODE(WSRT_S_OK, inner.leave());
        CHECK(!inner && is(3, 7));
        CHECK_CODE(WSRT_S_FALSE, inner.try_leave());
        CHECK(is(3, 7));
    }
    CHECK(is(0, 0));
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, true));
    CHECK_CODE(WSRT_S_OK, wsrt::try_transaction_ended(8, false));
}

void a_transaction_keeps_what_is_enlisted()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    bool needed = false;
    of.on_rate = [&](bool requires_enlistment) {
        needed = requires_enlistment;
        return DISPENSER_RATING_PERFECT;
    };
    static_cast<void>(pool.alloc_resource(1));
    {
        const wsrt::context inside(0, 7);
        static_cast<void>(pool.alloc_resource(1));
        CHECK(needed);
        CHECK_EQ(1, of.enlisted);
        const wsrt::lease again = pool.alloc_resource(1);
        CHECK(!needed);
        CHECK_EQ(1, of.enlisted);
        CHECK_EQ(1, of.created);
        const wsrt::pooled one = pool.info(again.id());
        CHECK(one.state == wsrt::pooled_state::used_enlisted);
        CHECK_EQ(7, one.transaction);
    }
    CHECK(pool.resources().at(0).state == wsrt::pooled_state::free_enlisted);
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_aborting(7));
    {
        const wsrt::context inside(0, 7);
        CHECK_CODE(WSRT_E_TX_ABORTING, thrown_by([&] { static_cast<void>(pool.alloc_resource(1)); }));
        CHECK_CODE(WSRT_E_TX_ABORTING, pool.try_track_resource("a file"));
    }
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, false));
    CHECK(pool.resources().at(0).state == wsrt::pooled_state::free_unenlisted);
    for (const wsrt_hresult code :
         {thrown_by([] { wsrt::transaction_ended(0, true); }), thrown_by([] { wsrt::transaction_aborting(0); }),
          thrown_by([] { wsrt::instance_ended(0); }), wsrt::try_transaction_ended(0, false).code(),
          wsrt::try_transaction_aborting(0).code(), wsrt::try_instance_ended(0).code()}) {
        CHECK_CODE(WSRT_E_INVALIDARG, code);
    }
}

/* Without rate_resource equal types fit; without enlist_resource nothing is for transactions. */
void a_driver_that_does_the_least()
{
    struct least final : wsrt::driver {
        wsrt::created create_resource(dispenser_restypid type) override { return type * 10; }
        wsrt::status destroy_resource(dispenser_resid) override { return {}; }
    };
    const wsrt::dispenser pool(std::make_unique<least>(), {}, manual());
    CHECK_EQ(10, pool.alloc_resource(1).id());
    CHECK_EQ(20, pool.alloc_resource(2).id());
    CHECK_EQ(10, pool.alloc_resource(1).id());
    {
        const wsrt::context inside(0, 7);
        const wsrt::lease held = pool.alloc_resource(1);
        CHECK_EQ(10, held.id());
        CHECK(pool.info(10).state == wsrt::pooled_state::used_unenlisted);
        CHECK_EQ(0, pool.info(10).transaction);
    }
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, true));
    CHECK_CODE(WSRT_S_OK, pool.track_resource("a file"));
    CHECK_CODE(WSRT_E_FAIL, thrown_by([&] { pool.untrack_resource("a file", true); }));
    CHECK_EQ(2, pool.resources().size());
    CHECK_EQ(2, pool.stats().creates);
}

void objects_hold_what_is_tracked()
{
    script of;
    const wsrt::dispenser pool = pool_of(of, DISPENSER_AUTO_RECLAIM);
    std::string destroyed;
    of.on_destroy_s = [&](std::string_view id) {
        destroyed += id;
        return wsrt::status();
    };
    wsrt::lease held;
    {
        const wsrt::context inside(3, 0);
        held = pool.alloc_resource(1);
        CHECK_CODE(WSRT_S_OK, pool.track_resource(91));
        CHECK_CODE(WSRT_S_OK, pool.track_resource("a"));
        CHECK_CODE(WSRT_S_OK, pool.try_track_resource("b"));
    }
    CHECK_CODE(WSRT_S_OK, pool.track_resource(92, 4, 7));
    CHECK_CODE(WSRT_S_OK, pool.try_track_resource(93));
    CHECK_CODE(WSRT_S_OK, pool.try_track_resource(94, 3, 0));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.track_resource(92); }));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.track_resource(92, 1, 0); }));
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_track_resource(0));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.track_resource("a"); }));
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_track_resource(""sv));
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_track_resource("a\0b"sv));
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_untrack_resource("a\0b"sv, false));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.untrack_resource("c", true); }));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.untrack_resource(99, false); }));
    CHECK_EQ(6, pool.stats().tracked);

    const std::vector<wsrt::pooled> all = pool.resources();
    CHECK_EQ(7, all.size());
    CHECK_EQ(3, all[0].instance);
    CHECK_EQ(91, all[1].id);
    CHECK_EQ(0, all[1].type);
    CHECK_TEXT("", all[1].string_id);
    CHECK_TEXT("a", all[2].string_id);
    CHECK_EQ(0, all[2].id);
    CHECK_TEXT("b", all[3].string_id);
    CHECK(all[4].state == wsrt::pooled_state::tracked_enlisted);
    CHECK_EQ(4, all[4].instance);
    CHECK_EQ(7, all[4].transaction);
    CHECK(all[5].state == wsrt::pooled_state::tracked);

    CHECK_CODE(WSRT_S_OK, pool.untrack_resource("b", false));
    CHECK_CODE(WSRT_S_OK, pool.untrack_resource(92, false));
    CHECK_CODE(WSRT_S_OK, pool.try_untrack_resource(93, true));
    CHECK_EQ(1, of.destroyed);
    CHECK_TEXT("", destroyed);
    CHECK_CODE(WSRT_S_OK, wsrt::instance_ended(3));
    CHECK_TEXT("a", destroyed);
    CHECK_EQ(3, of.destroyed);
    CHECK_EQ(1, of.reset);
    CHECK_CODE(WSRT_E_INVALIDARG, held.try_release());
    CHECK_EQ(1, pool.stats().free_unenlisted);
    CHECK_EQ(0, pool.stats().tracked);
    /* 92 was enlisted, and is its maker's all the same. */
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, true));
    CHECK_EQ(3, of.destroyed);
}

void idle_times_are_kept()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    const std::pair<std::chrono::seconds, std::chrono::seconds> times[] = {
        {60s, 60s},
        {0s, 0s},
        {wsrt::for_ever, wsrt::for_ever},
        {std::chrono::seconds::min(), wsrt::for_ever},
        {std::chrono::seconds::max(), std::chrono::seconds(INT32_MAX)},
    };
    std::vector<wsrt::lease> held;
    for (const auto &[given, kept] : times) {
        of.on_create = [idle = given](dispenser_resid id) { return wsrt::created(id, idle); };
        held.push_back(pool.alloc_resource(1));
        CHECK(pool.info(held.back().id()).idle == kept);
    }
    held.clear();
    CHECK_EQ(5, pool.stats().free_unenlisted);
    CHECK_CODE(WSRT_S_OK, pool.sweep(1000ms));
    CHECK_EQ(4, pool.stats().free_unenlisted);
    CHECK_CODE(WSRT_S_OK, pool.sweep(60999ms));
    CHECK_EQ(4, pool.stats().free_unenlisted);
    CHECK_CODE(WSRT_S_OK, pool.try_sweep(61000ms));
    CHECK_EQ(3, pool.stats().free_unenlisted);
    CHECK_EQ(2, of.destroyed);
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_sweep(60000ms));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { pool.sweep(60000ms); }));
    try {
        pool.sweep(-1ms);
        CHECK(false);
    } catch (const wsrt::error &failure) {
        CHECK_CODE(WSRT_E_INVALIDARG, failure.code());
        CHECK_TEXT("a time is below 0", failure.text());
    }
    wsrt::status inside;
    of.on_rate = [&](bool) -> std::uint32_t {
        inside = pool.sweep(62000ms);
        return 100;
    };
    static_cast<void>(pool.alloc_resource(1));
    CHECK_CODE(WSRT_S_FALSE, inside);
    const wsrt::dispenser swept(player_of(of), "");
    CHECK_CODE(WSRT_S_OK, swept.sweep());
    CHECK_CODE(WSRT_E_INVALIDARG, swept.try_sweep(1000ms));
}

void settings_are_passed_on()
{
    script of;
    wsrt::pool_settings with;
    with.flags = DISPENSER_NO_POOLING | DISPENSER_MANUAL_SWEEP;
    with.sweep_interval = 1234ms;
    with.callback_deadline = 2345ms;
    with.drain_timeout = 3456ms;
    wsrt::dispenser pool(player_of(of), "named", with);
    const wsrt::pool_settings found = pool.options();
    CHECK_EQ(with.flags, found.flags);
    CHECK(found.sweep_interval == 1234ms && found.callback_deadline == 2345ms && found.drain_timeout == 3456ms);
    static_cast<void>(pool.alloc_resource(1));
    CHECK_EQ(1, of.destroyed);
    CHECK_EQ(0, of.reset);
    CHECK_CODE(WSRT_S_OK, pool.close());
    CHECK_EQ(with.flags, pool.options().flags);
    wsrt::pool_settings told;
    CHECK_CODE(WSRT_S_OK, pool.try_options(told));
    CHECK(told.drain_timeout == 3456ms);
    CHECK_CODE(WSRT_E_HANDLE, wsrt::dispenser_ref().try_options(told));
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([] { static_cast<void>(wsrt::dispenser_ref().options()); }));
    CHECK(told.drain_timeout == 0ms);
    with.drain_timeout = with.sweep_interval = wsrt::infinite;
    CHECK_CODE(WSRT_S_OK, wsrt::dispenser::try_create(pool, player_of(of), {}, with));
    CHECK(pool.options().drain_timeout == 0ms && pool.options().sweep_interval == wsrt::infinite);
    CHECK_CODE(WSRT_S_OK, wsrt::dispenser::try_create(pool, player_of(of)));
    CHECK(pool.options().sweep_interval == 10s);

    const unsigned released = of.released;
    with.flags = 0x80000000U;
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::dispenser::try_create(pool, player_of(of), {}, with));
    CHECK(!pool);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { wsrt::dispenser(player_of(of), {}, with); }));
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::dispenser::try_create(pool, player_of(of), "a\0b"sv));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { wsrt::dispenser(player_of(of), "\xFF"); }));
    unsigned refused = 4;
    for (const auto below : {&wsrt::pool_settings::sweep_interval, &wsrt::pool_settings::callback_deadline,
                             &wsrt::pool_settings::drain_timeout}) {
        wsrt::pool_settings wrong;
        wrong.*below = -1ms;
        CHECK_CODE(WSRT_E_INVALIDARG, wsrt::dispenser::try_create(pool, player_of(of), {}, wrong));
        refused += 1;
    }
    /* One more is the pool that was assigned over. */
    CHECK_EQ(released + refused + 1, of.released);
}

void figures_and_resources_are_what_happened()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    const wsrt::lease first = pool.alloc_resource(5), second = pool.alloc_resource(6);
    dispenser_stats stats;
    CHECK_CODE(WSRT_S_OK, pool.try_stats(stats));
    CHECK_EQ(DISPENSER_OPEN, stats.state);
    CHECK_EQ(2, stats.used_unenlisted);
    CHECK_EQ(2, stats.allocs);
    CHECK_EQ(2, stats.peak_used);
    wsrt::pooled one;
    CHECK_CODE(WSRT_S_OK, pool.try_info(second.id(), one));
    CHECK_EQ(second.id(), one.id);
    CHECK_EQ(6, one.type);
    CHECK_EQ(1, one.uses);
    CHECK(one.thread_id != 0 && one.age < 60s);
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_info(99, one));
    CHECK_EQ(0, one.id);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { static_cast<void>(pool.info(0)); }));
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { static_cast<void>(pool.alloc_resource(0)); }));
    std::vector<wsrt::pooled> found(3);
    CHECK_CODE(WSRT_S_OK, pool.try_resources(found));
    CHECK_EQ(2, found.size());
    CHECK_EQ(5, found[0].type);
    CHECK_CODE(WSRT_E_HANDLE, wsrt::dispenser_ref().try_resources(found));
    CHECK_EQ(0, found.size());
    CHECK_CODE(WSRT_E_HANDLE, wsrt::dispenser_ref().try_stats(stats));
    CHECK_EQ(0, stats.allocs);
    CHECK_CODE(WSRT_S_OK, pool.close());
    CHECK_CODE(WSRT_E_CLOSED, pool.try_info(first.id(), one));
    CHECK_CODE(WSRT_E_CLOSED, pool.try_track_resource(9));
    CHECK_CODE(WSRT_E_CLOSED, pool.try_destroy_resource(first.id()));
    CHECK_CODE(WSRT_S_OK, pool.try_resources(found));
    CHECK_CODE(WSRT_S_OK, pool.try_stats(stats));
    CHECK_EQ(DISPENSER_CLOSED, stats.state);
}

} // namespace

int main()
{
    RUN(a_context_is_set_and_set_back);
    RUN(a_transaction_keeps_what_is_enlisted);
    RUN(a_driver_that_does_the_least);
    RUN(objects_hold_what_is_tracked);
    RUN(idle_times_are_kept);
    RUN(settings_are_passed_on);
    RUN(figures_and_resources_are_what_happened);
    return 0;
}
