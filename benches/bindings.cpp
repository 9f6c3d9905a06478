// What wsrt.hpp costs a program in C++: add and remove, a callback, and a lease. Beside it the C rows of registry.c and
// dispenser.c.
#include "wsrt.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

constexpr int REPETITIONS = 200;

/// Nanoseconds per round, least and median of many repetitions.
template <class Body> void row(const char *what, int rounds, Body body)
{
    std::vector<double> each;
    for (int i = 0; i < REPETITIONS; i++) {
        const auto began = std::chrono::steady_clock::now();
        body(rounds);
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
        each.push_back(took.count() / rounds);
    }
    std::sort(each.begin(), each.end());
    std::printf("| C++: %s | %.1f / %.1f |\n", what, each.front(), each[each.size() / 2]);
}

} // namespace

int main()
{
    // glibc's locks are cheaper while there is one thread: there are two.
    std::thread([] {
        for (;;)
            std::this_thread::sleep_for(std::chrono::hours(1));
    }).detach();

    wsrt::runtime runtime;
    long told = 0;
    const auto tell = [&](ws_cookie) { told++; };
    std::puts("| what | ns |\n|---|---:|");
    row("add + remove", 1000, [&](int rounds) {
        for (int i = 0; i < rounds; i++)
            runtime.add_resource("contoso", "", tell).remove();
    });
    std::vector<wsrt::registration> many;
    for (int i = 0; i < 1000; i++)
        many.push_back(runtime.add_resource("contoso", "", tell));
    row("disconnect of 1,000, per callback", 1000, [&](int) { runtime.disconnect_workspace("contoso"); });

    // Lambdas for a driver: one without rate_resource and reset_resource, as beside it in C.
    wsrt::pool_settings with;
    with.flags = DISPENSER_MANUAL_SWEEP;
    const wsrt::dispenser pool([](dispenser_restypid type) { return type; }, [](dispenser_resid) {}, "bench", with);
    row("alloc + free through a lease", 1000, [&](int rounds) {
        for (int i = 0; i < rounds; i++)
            const wsrt::lease held = pool.alloc_resource(1);
    });
    const bool pooled = pool.stats().creates == 1 && pool.stats().frees == 1000U * REPETITIONS;
    return told == 1000L * REPETITIONS && pooled ? 0 : 1;
}
