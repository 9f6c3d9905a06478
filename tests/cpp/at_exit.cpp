/* Objects with static storage that are alive when the program ends, runtime first and runtime last, while a client
   still throws. What was released is printed by the one that ends after all others. */
#include "pool.hpp"

#include <cstdio>

namespace {

struct epilogue {
    tally clients;
    tally observers;
    tally logs;
    script drivers;
    unsigned thrown = 0;
    ~epilogue()
    {
        std::printf("told %u, thrown %u, released %u clients, %u observers, %u logs, %u drivers\n",
                    clients.told.load(), thrown, clients.released.load(), observers.released.load(),
                    logs.released.load(), drivers.released.load());
    }
};

epilogue last;

wsrt::logger static_log;
wsrt::registration before_its_runtime;
wsrt::subscription watch_before_its_runtime;
wsrt::runtime static_runtime;
wsrt::runtime static_other;
wsrt::registration after_its_runtime;
wsrt::subscription watch_after_its_runtime;

wsrt::lease before_its_pool;
wsrt::dispenser static_pool(nullptr);
wsrt::dispenser static_other_pool(nullptr);
wsrt::lease after_its_pool;

/* Ends first: everything else is alive. */
struct prologue {
    ~prologue() { static_cast<void>(static_runtime.try_disconnect(wsrt::selection::all())); }
} first;

auto watch()
{
    return [held = seal(last.observers)](wsrt::resource_change, const wsrt::resource_view &) {};
}

} // namespace

int main()
{
    wsrt::set_exception_handler([](const char *, std::exception_ptr) { last.thrown += 1; });
    static_log = wsrt::logger(wsrt::log_level::trace, [held = seal(last.logs)](wsrt::log_level, std::string_view,
                                                                               std::string_view) { throw 1; });
    const auto refuse = [](ws_cookie) -> wsrt::status { throw wsrt::error(WSRT_E_ACCESSDENIED); };
    before_its_runtime = static_runtime.add_resource(guest_of(last.clients, refuse));
    after_its_runtime = static_other.add_resource(guest_of(last.clients));
    static_cast<void>(static_runtime.add_resource(guest_of(last.clients)).detach());
    watch_before_its_runtime = static_runtime.subscribe(watch());
    watch_after_its_runtime = static_other.subscribe(watch());
    /* With the library's sweeper at work: a resource that cannot be reset, and then cannot be destroyed either. */
    last.drivers.on_reset = last.drivers.on_destroy = []() -> wsrt::status { throw 1; };
    static_pool = wsrt::dispenser(player_of(last.drivers));
    static_other_pool = wsrt::dispenser(player_of(last.drivers));
    before_its_pool = static_pool.alloc_resource(1);
    after_its_pool = static_other_pool.alloc_resource(1);
    return 0;
}
