/* What each maker says about the library at hand, a line each; run with one of another interface version. */
#include "wsrt.hpp"

#include <cstdio>

namespace {

template <class Call>
void print(const char *what, Call &&call)
{
    try {
        call();
        std::printf("%s: fits\n", what);
    } catch (const wsrt::error &failure) {
        std::printf("%s: %08X %s\n", what, static_cast<unsigned>(failure.code().code()), failure.text());
    }
}

} // namespace

int main()
{
    const auto write = [](wsrt::log_level, std::string_view, std::string_view) {};
    print("runtime", [] { const wsrt::runtime made; });
    const auto create = [](dispenser_restypid type) { return type; };
    const auto destroy = [](dispenser_resid) {};
    print("dispenser", [&] { const wsrt::dispenser made(create, destroy); });
    print("logger", [&] { const wsrt::logger made(wsrt::log_level::info, write); });
    print("check_abi", [] { wsrt::check_abi(); });
    wsrt::runtime runtime(nullptr);
    wsrt::logger log;
    wsrt::dispenser pool(nullptr);
    const wsrt::status created = wsrt::runtime::try_create(runtime);
    const wsrt::status filled = wsrt::dispenser::try_create(pool, create, destroy);
    const wsrt::status set = wsrt::logger::try_set(log, wsrt::log_level::info, write);
    std::printf("try_create: %08X, %08X, try_set: %08X\n", static_cast<unsigned>(created.code()),
                static_cast<unsigned>(filled.code()), static_cast<unsigned>(set.code()));
    return 0;
}
