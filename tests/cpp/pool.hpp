/* A driver that counts what is done to it and does what it is told to, for the programs about pools. */
#ifndef POOL_HPP
#define POOL_HPP

#include "guest.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/* What happened to the driver of one pool, and what it is to do beside that. */
struct script {
    std::atomic<unsigned> created{0}, rated{0}, enlisted{0}, reset{0}, destroyed{0}, destroyed_s{0}, reported{0};
    std::atomic<unsigned> released{0};
    std::atomic<dispenser_resid> next{1};
    std::function<wsrt::created(dispenser_resid)> on_create = [](dispenser_resid id) { return wsrt::created(id); };
    std::function<std::uint32_t(bool)> on_rate = [](bool) { return DISPENSER_RATING_PERFECT; };
    std::function<wsrt::status()> on_enlist = [] { return wsrt::status(); };
    std::function<wsrt::status()> on_reset = [] { return wsrt::status(); };
    std::function<wsrt::status()> on_destroy = [] { return wsrt::status(); };
    std::function<wsrt::status(std::string_view)> on_destroy_s = [](std::string_view) { return wsrt::status(); };
    std::function<void(wsrt::pool_event, const wsrt::pooled_view &)> on_report =
        [](wsrt::pool_event, const wsrt::pooled_view &) {};
};

class player final : public wsrt::rating_driver {
public:
    explicit player(script &of) : of_(of) {}
    ~player() override { of_.released += 1; }

    wsrt::created create_resource(dispenser_restypid) override
    {
        of_.created += 1;
        return of_.on_create(of_.next++);
    }
    std::uint32_t rate_resource(dispenser_restypid, dispenser_resid, bool requires_enlistment) override
    {
        of_.rated += 1;
        return of_.on_rate(requires_enlistment);
    }
    wsrt::status enlist_resource(dispenser_resid, dispenser_transid) override
    {
        of_.enlisted += 1;
        return of_.on_enlist();
    }
    wsrt::status reset_resource(dispenser_resid) override
    {
        of_.reset += 1;
        return of_.on_reset();
    }
    wsrt::status destroy_resource(dispenser_resid) override
    {
        of_.destroyed += 1;
        return of_.on_destroy();
    }
    wsrt::status destroy_resource_s(std::string_view id) override
    {
        of_.destroyed_s += 1;
        return of_.on_destroy_s(id);
    }
    void report(wsrt::pool_event event, const wsrt::pooled_view &one) override
    {
        of_.reported += 1;
        of_.on_report(event, one);
    }

private:
    script &of_;
};

inline std::unique_ptr<wsrt::driver> player_of(script &of)
{
    return std::make_unique<player>(of);
}

/* Swept only when a test does it. */
inline wsrt::pool_settings manual(std::uint32_t flags = 0)
{
    wsrt::pool_settings with;
    with.flags = flags | DISPENSER_MANUAL_SWEEP;
    return with;
}

inline wsrt::dispenser pool_of(script &of, std::uint32_t flags = 0)
{
    return wsrt::dispenser(player_of(of), "a pool", manual(flags));
}

#endif
