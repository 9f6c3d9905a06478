/* Leases that go to other threads, and pools that end while others are at work in them. */
#include "pool.hpp"

namespace {

constexpr unsigned rounds = 200;

/* Opens once. */
class door {
public:
    void open()
    {
        const std::lock_guard<std::mutex> hold(lock_);
        open_ = true;
        opened_.notify_all();
    }
    void pass()
    {
        std::unique_lock<std::mutex> hold(lock_);
        opened_.wait(hold, [this] { return open_; });
    }

private:
    std::mutex lock_;
    std::condition_variable opened_;
    bool open_ = false;
};

/* Allocated here, given back there: by a lease that was moved into the thread, with its end. */
void a_lease_goes_to_another_thread()
{
    script of;
    wsrt::dispenser pool = pool_of(of);
    std::atomic<std::thread::id> reset_by{};
    of.on_reset = [&] {
        reset_by = std::this_thread::get_id();
        return wsrt::status();
    };
    for (unsigned round = 0; round < 20; round++) {
        wsrt::lease held = pool.alloc_resource(1);
        CHECK_EQ(1, held.id());
        std::thread::id other;
        std::thread taker([&other, mine = std::move(held)]() mutable {
            other = std::this_thread::get_id();
            CHECK_EQ(1, mine.id());
            const wsrt::lease ends_here(std::move(mine));
        });
        CHECK(!held);
        taker.join();
        CHECK(reset_by.load() == other);
        CHECK_EQ(round + 1, of.reset);
    }
    CHECK_EQ(1, of.created);
    CHECK_EQ(20, pool.stats().frees);
    CHECK_CODE(WSRT_S_OK, pool.destroy());
    CHECK_EQ(1, of.destroyed);
}

/* Who comes second, while the first is in reset_resource, finds the lease empty and has nothing to wait for. */
void a_lease_is_empty_before_its_resource_is_back()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    door entered, leave;
    of.on_reset = [&] {
        entered.open();
        leave.pass();
        return wsrt::status();
    };
    wsrt::lease held = pool.alloc_resource(1);
    std::thread first([&] { CHECK_CODE(WSRT_S_OK, held.try_release()); });
    entered.pass();
    CHECK(!held);
    CHECK_CODE(WSRT_S_FALSE, held.try_release());
    CHECK_CODE(WSRT_S_FALSE, held.try_destroy());
    leave.open();
    first.join();
    CHECK_EQ(1, of.reset);
    CHECK_EQ(0, of.destroyed);
}

void of_many_who_release_one_does()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    for (unsigned round = 0; round < rounds; round++) {
        wsrt::lease held = pool.alloc_resource(1);
        std::atomic<unsigned> done{0}, late{0};
        std::vector<std::thread> crowd;
        for (unsigned at = 0; at < 3; at++) {
            crowd.emplace_back([&] {
                const wsrt_hresult result = held.release().code();
                (result == WSRT_S_OK ? done : late) += 1;
                CHECK(result == WSRT_S_OK || result == WSRT_S_FALSE);
            });
        }
        for (std::thread &one : crowd) {
            one.join();
        }
        CHECK_EQ(1, done);
        CHECK_EQ(2, late);
        CHECK_EQ(round + 1, of.reset);
    }
    CHECK_EQ(1, of.created);
}

/* A thread is in create_resource: a close waits for it, the destructor of the dispenser does not. */
void a_close_waits_and_a_destructor_does_not()
{
    for (const bool wait : {true, false}) {
        script of;
        auto pool = std::make_unique<wsrt::dispenser>(pool_of(of));
        const wsrt::dispenser_ref name = *pool;
        door entered, leave;
        of.on_create = [&](dispenser_resid id) {
            entered.open();
            leave.pass();
            return wsrt::created(id);
        };
        std::thread taker([&] {
            wsrt::lease held;
            CHECK_CODE(WSRT_E_CLOSED, name.try_alloc_resource(1, held));
            CHECK(!held);
        });
        entered.pass();
        if (wait) {
            std::thread opener([&] {
                while (name.stats().state == DISPENSER_OPEN) {
                    std::this_thread::yield();
                }
                CHECK_EQ(0, of.released);
                leave.open();
            });
            CHECK_CODE(WSRT_S_OK, pool->close());
            CHECK_EQ(1, of.destroyed);
            CHECK_EQ(1, of.released);
            opener.join();
        } else {
            pool.reset();
            CHECK_CODE(WSRT_E_HANDLE, name.try_close());
            CHECK_EQ(0, of.released);
            leave.open();
        }
        taker.join();
        CHECK_EQ(1, of.destroyed);
        CHECK_EQ(1, of.released);
    }
}

/* Every thread allocates and lets go in one of the ways there are, in a driver of which every function throws now and
   then. Whatever came of it, what was created is destroyed once. */
void a_crowd_shares_a_pool()
{
    script of;
    std::atomic<unsigned> calls{0}, alive{0};
    const auto stumble = [&] {
        if (++calls % 7 == 0) {
            throw wsrt::error(WSRT_E_ACCESSDENIED);
        }
    };
    of.on_create = [&](dispenser_resid id) {
        stumble();
        alive += 1;
        return wsrt::created(id);
    };
    of.on_rate = [&](bool) -> std::uint32_t {
        stumble();
        return DISPENSER_RATING_PERFECT;
    };
    of.on_reset = [&] {
        stumble();
        return wsrt::status();
    };
    of.on_destroy = [&] {
        alive -= 1;
        return wsrt::status();
    };
    wsrt::dispenser pool = pool_of(of);
    std::atomic<unsigned> taken{0};
    std::vector<std::thread> crowd;
    for (unsigned at = 0; at < 3; at++) {
        crowd.emplace_back([&, at, name = wsrt::dispenser_ref(pool)] {
            wsrt::lease kept;
            for (unsigned round = 0; round < rounds; round++) {
                wsrt::lease held;
                if (name.try_alloc_resource(at % 2 + 1, held).failed()) {
                    continue;
                }
                taken += 1;
                switch (round % 4) {
                case 0: static_cast<void>(held.try_release()); break;
                case 1: static_cast<void>(held.try_destroy()); break;
                case 2: kept = std::move(held); break;
                default: break;
                }
            }
        });
    }
    for (std::thread &one : crowd) {
        one.join();
    }
    const dispenser_stats stats = pool.stats();
    CHECK_EQ(taken, stats.allocs);
    CHECK_EQ(alive, stats.free_unenlisted);
    CHECK_EQ(0, stats.used_unenlisted);
    CHECK_EQ(of.created, stats.creates + stats.create_failures);
    CHECK_EQ(of.destroyed, stats.destroys);
    CHECK_CODE(WSRT_S_OK, pool.close());
    CHECK_EQ(0, alive);
    CHECK_EQ(1, of.released);
    for (const sighting &seen : take_sightings()) {
        CHECK_TEXT("WSRT_E_ACCESSDENIED 0x80070005", seen.what);
    }
}

/* Many make and end pools of their own at once, and use each other's names after the end. */
void pools_come_and_go()
{
    script of;
    std::vector<std::thread> crowd;
    for (unsigned at = 0; at < 3; at++) {
        crowd.emplace_back([&] {
            wsrt::dispenser_ref before;
            for (unsigned round = 0; round < 50; round++) {
                const wsrt::dispenser pool(player_of(of), "", {});
                const wsrt::lease held = pool.alloc_resource(1);
                wsrt::lease none;
                CHECK_CODE(WSRT_E_HANDLE, before.try_alloc_resource(1, none));
                before = pool;
            }
        });
    }
    for (std::thread &one : crowd) {
        one.join();
    }
    CHECK_EQ(150, of.created);
    CHECK_EQ(150, of.reset);
    CHECK_EQ(150, of.destroyed);
    CHECK_EQ(150, of.released);
}

} // namespace

int main()
{
    wsrt::set_exception_handler(keep_sighting);
    RUN(a_lease_goes_to_another_thread);
    RUN(a_lease_is_empty_before_its_resource_is_back);
    RUN(of_many_who_release_one_does);
    RUN(a_close_waits_and_a_destructor_does_not);
    RUN(a_crowd_shares_a_pool);
    RUN(pools_come_and_go);
    return 0;
}
