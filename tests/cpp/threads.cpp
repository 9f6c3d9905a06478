/* Callbacks on foreign threads while others add, remove and disconnect. */
#include "guest.hpp"

#include <chrono>
#include <condition_variable>
#include <thread>

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

void a_removal_waits_and_a_destructor_does_not()
{
    for (const bool wait : {true, false}) {
        wsrt::runtime runtime;
        tally counts;
        door entered, leave;
        auto made = std::make_unique<wsrt::registration>(
            runtime.add_resource(guest_of(counts, [&](ws_cookie) -> wsrt::status {
                entered.open();
                leave.pass();
                return {};
            })));
        const ws_cookie cookie = made->cookie();
        std::thread teller([&] { CHECK_CODE(WSRT_S_OK, runtime.disconnect_resource(cookie)); });
        entered.pass();
        if (wait) {
            std::thread opener([&] {
                while (runtime.resources().at(0).state != wsrt::resource_state::leaving) {
                    std::this_thread::yield();
                }
                /* The remover has emptied the owner already: who comes second has nothing to wait for. */
                CHECK_CODE(WSRT_S_FALSE, made->remove());
                CHECK_EQ(0, counts.released);
                leave.open();
            });
            CHECK_CODE(WSRT_S_OK, made->remove());
            CHECK_EQ(1, counts.left);
            CHECK_EQ(1, counts.released);
            opener.join();
        } else {
            made.reset();
            CHECK_EQ(0, counts.left);
            CHECK_EQ(0, counts.released);
            leave.open();
        }
        teller.join();
        CHECK_EQ(1, counts.released);
    }
}

/* The owner is destroyed on one thread while its callback runs on another, and the callback goes on to use what it has
   captured. */
void a_runtime_object_ends_while_a_callback_runs()
{
    tally counts;
    door entered, leave;
    wsrt::registration made;
    std::thread teller;
    wsrt::runtime_ref name;
    {
        wsrt::runtime runtime;
        name = runtime;
        made = runtime.add_resource("w", "n", [&, name, held = seal(counts)](ws_cookie cookie) {
            entered.open();
            leave.pass();
            CHECK_CODE(WSRT_E_HANDLE, name.try_remove_resource(cookie));
            CHECK_EQ(0, counts.released);
        });
        teller = std::thread([&, name] { CHECK_CODE(WSRT_E_ABORT, name.try_disconnect_workspace("w")); });
        entered.pass();
    }
    CHECK_EQ(0, counts.released);
    leave.open();
    teller.join();
    CHECK_EQ(1, counts.released);
    CHECK_CODE(WSRT_E_HANDLE, made.try_remove());
}

/* Every round registers, has others disconnect it, and removes it in one of the ways there are. What the callback uses
   ends with the client, so a callback that came later would be seen as a use after its end. */
void come_and_go(wsrt::runtime_ref runtime, tally &counts, unsigned seed)
{
    for (unsigned round = seed; round < seed + rounds; round++) {
        const std::string workspace = round % 2 ? "odd" : "even";
        auto secret = std::make_unique<unsigned>(round);
        wsrt::registration made;
        made = runtime.add_resource(
            workspace, "n",
            [&counts, runtime, round, secret = std::move(secret),
             held = seal(counts)](ws_cookie cookie) -> wsrt_hresult {
                CHECK_EQ(round, *secret);
                counts.told += 1;
                switch (round % 5) {
                case 0: return WSRT_E_ACCESSDENIED;
                case 1: throw std::runtime_error("out of order");
                case 2:
                    static_cast<void>(runtime.try_remove_resource(cookie));
                    CHECK_EQ(round, *secret);
                    return WSRT_S_OK;
                case 3: return WSRT_RPC_E_DISCONNECTED;
                default: return WSRT_S_OK;
                }
            });
        if (round % 3 == 0) {
            std::vector<wsrt::report> reports;
            static_cast<void>(runtime.try_disconnect(wsrt::selection::workspace(workspace), reports));
        } else if (round % 3 == 1) {
            static_cast<void>(runtime.try_disconnect_resource(made.cookie()));
        }
        if (round % 7 == 0) {
            const wsrt_hresult removed = made.try_remove().code();
            CHECK(removed == WSRT_S_OK || removed == WSRT_E_INVALIDARG);
        }
    }
}

void a_crowd_comes_and_goes()
{
    for (const std::uint32_t threads : {0U, 2U}) {
        wsrt::settings with;
        with.disconnect_threads = threads;
        with.disconnect_deadline = wsrt::infinite;
        wsrt::runtime runtime(with);
        tally counts, observed;
        std::atomic<unsigned> balance{0};
        wsrt::subscription watch = runtime.subscribe(
            [&, held = seal(observed)](wsrt::resource_change change, const wsrt::resource_view &one) {
                CHECK_TEXT("n", one.display_name);
                if (change == wsrt::resource_change::added) {
                    balance += 1;
                } else if (change != wsrt::resource_change::disconnecting) {
                    balance -= 1;
                }
                if (one.cookie % 16 == 0) {
                    throw std::bad_alloc();
                }
            });
        std::atomic<bool> over{false};
        std::vector<std::thread> crowd;
        for (unsigned at = 0; at < 3; at++) {
            crowd.emplace_back([&, at] { come_and_go(runtime, counts, at * 1000); });
        }
        std::thread sweeper([&] {
            while (!over) {
                static_cast<void>(runtime.try_disconnect(wsrt::selection::all()));
                CHECK(runtime.resources().size() < 64);
            }
        });
        for (std::thread &one : crowd) {
            one.join();
        }
        over = true;
        sweeper.join();
        CHECK_CODE(WSRT_S_OK, runtime.destroy());
        CHECK_EQ(3 * rounds, counts.released);
        CHECK_EQ(0, balance);
        CHECK(counts.told > 0);
        CHECK_EQ(1, observed.released);
        CHECK_CODE(WSRT_E_HANDLE, watch.try_unsubscribe());
        for (const sighting &seen : take_sightings()) {
            const bool known = seen.callback == "changed" || seen.callback == "issue_disconnect";
            CHECK(known);
        }
    }
}

/* A client may be removed by many at once: one of them does it. */
void of_many_who_remove_one_does()
{
    wsrt::runtime runtime;
    for (unsigned round = 0; round < rounds; round++) {
        tally counts;
        wsrt::registration made = runtime.add_resource(guest_of(counts));
        std::atomic<unsigned> done{0}, late{0};
        std::vector<std::thread> crowd;
        for (unsigned at = 0; at < 3; at++) {
            crowd.emplace_back([&] {
                const wsrt_hresult removed = made.remove().code();
                (removed == WSRT_S_OK ? done : late) += 1;
                CHECK(removed == WSRT_S_OK || removed == WSRT_S_FALSE);
            });
        }
        for (std::thread &one : crowd) {
            one.join();
        }
        CHECK_EQ(1, done);
        CHECK_EQ(2, late);
        CHECK_EQ(1, counts.released);
    }
}

} // namespace

int main()
{
    wsrt::set_exception_handler(keep_sighting);
    RUN(a_removal_waits_and_a_destructor_does_not);
    RUN(a_runtime_object_ends_while_a_callback_runs);
    RUN(a_crowd_comes_and_goes);
    RUN(of_many_who_remove_one_does);
    return 0;
}
