/* Clients that count what is done to them, and a handler that keeps what leaves callbacks. */
#ifndef GUEST_HPP
#define GUEST_HPP

#include "../c/check.h"
#include "wsrt.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#define CHECK_CODE(expected, found) check_hr(__FILE__, __LINE__, #found, (expected), wsrt::status(found).code())
#define CHECK_TEXT(expected, found) check_str(__FILE__, __LINE__, #found, (expected), std::string(found).c_str())

/* The code of what a call throws; what it returns is no failure. */
template <class Call>
wsrt_hresult thrown_by(Call &&call)
{
    try {
        call();
    } catch (const wsrt::error &failure) {
        return failure.code().code();
    }
    return WSRT_S_OK;
}

/* How often it happened to the clients and callables that share it. */
struct tally {
    std::atomic<unsigned> asked{0};
    std::atomic<unsigned> told{0};
    std::atomic<unsigned> left{0};
    std::atomic<unsigned> released{0};
};

class guest : public wsrt::client {
public:
    using action = std::function<wsrt::status(ws_cookie)>;

    guest(tally &counts, action when_told) : counts_(counts), when_told_(std::move(when_told)) {}
    ~guest() override { counts_.released += 1; }

    std::string resource_id() override
    {
        counts_.asked += 1;
        return "w";
    }

    std::string display_name() override
    {
        counts_.asked += 1;
        return "n";
    }

    wsrt::status issue_disconnect(ws_cookie cookie) override
    {
        counts_.told += 1;
        const wsrt::status answer = when_told_(cookie);
        counts_.left += 1;
        return answer;
    }

private:
    tally &counts_;
    action when_told_;
};

inline std::unique_ptr<wsrt::client> guest_of(tally &counts, guest::action when_told = [](ws_cookie) {
    return wsrt::status();
})
{
    return std::make_unique<guest>(counts, std::move(when_told));
}

/* Captured by a callable: counts the end of that callable, however often it was moved on the way. */
class seal {
public:
    explicit seal(tally &counts) : counts_(&counts) {}
    seal(seal &&other) noexcept : counts_(std::exchange(other.counts_, nullptr)) {}
    seal(const seal &) = delete;
    seal &operator=(const seal &) = delete;
    ~seal()
    {
        if (counts_) {
            counts_->released += 1;
        }
    }

private:
    tally *counts_;
};

/* ---- What the exception handler saw. ---- */

struct sighting {
    std::string callback;
    std::string what;
};

inline std::mutex sightings_lock;
inline std::vector<sighting> sightings;

inline void keep_sighting(const char *callback, std::exception_ptr exception)
{
    std::string what = "something else";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception &thrown) {
        what = thrown.what();
    } catch (...) {
    }
    const std::lock_guard<std::mutex> hold(sightings_lock);
    sightings.push_back({callback, what});
}

inline std::vector<sighting> take_sightings()
{
    const std::lock_guard<std::mutex> hold(sightings_lock);
    return std::exchange(sightings, {});
}

/* One of each kind of what can be thrown, and the code that it is to become. */
struct kind {
    std::function<void()> toss;
    wsrt_hresult code;
    const char *what;
};

inline std::vector<kind> kinds()
{
    return {
        {[] { throw std::runtime_error("out of order"); }, WSRT_E_FAIL, "out of order"},
        {[] { throw std::bad_alloc(); }, WSRT_E_OUTOFMEMORY, "std::bad_alloc"},
        {[] { throw wsrt::error(WSRT_E_ACCESSDENIED, "not you"); }, WSRT_E_ACCESSDENIED,
         "WSRT_E_ACCESSDENIED 0x80070005: not you"},
        {[] { throw wsrt::error(WSRT_S_FALSE); }, WSRT_E_FAIL, "WSRT_S_FALSE 0x00000001"},
        {[] { throw 7; }, WSRT_E_FAIL, "something else"},
    };
}

#endif
