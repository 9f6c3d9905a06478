/**
 * @file wsrt_pool.hpp
 * The resource dispenser of wsrt.h for C++17. Part of wsrt.hpp, which includes it and tells what holds everywhere.
 *
 * What is special to pools:
 * - A lease owns a resource that was allocated, and gives it back when it is destroyed. It may go to another thread,
 *   and may outlive its dispenser. A resource that is handed around by its id instead is freed by its id.
 * - A driver is what fills the pool; where two lambdas do, a dispenser takes these instead. Exceptions that leave it
 *   become its answers, as those of every callback.
 * - A callback that may run while the dispenser object ends captures a dispenser_ref.
 * - wsrt::dispenser is not the dispenser of wsrt.h, which it names by a pointer. Both are in sight after a using
 *   namespace: say wsrt::dispenser or ::dispenser then.
 */
#ifndef WSRT_POOL_HPP
#define WSRT_POOL_HPP

#include "wsrt.hpp"

namespace wsrt {

/** An idle time without limit. */
inline constexpr std::chrono::seconds for_ever{-1};

/** Settings of a dispenser; see dispenser_options. Times below 0 are WSRT_E_INVALIDARG. */
struct pool_settings {
    /** DISPENSER_AUTO_RECLAIM, DISPENSER_NO_POOLING, DISPENSER_MANUAL_SWEEP. */
    std::uint32_t flags = 0;
    /** How often a thread of the library sweeps; 0: 10 s. */
    std::chrono::milliseconds sweep_interval{0};
    /** After how long a callback is written off; 0: never. */
    std::chrono::milliseconds callback_deadline{0};
    /** How long a close waits for running callbacks; 0: without limit. */
    std::chrono::milliseconds drain_timeout{0};
};

/** What state a resource of a pool is in; a later library may have more. */
enum class pooled_state : std::uint32_t {
    free_unenlisted = DISPENSER_RESOURCE_FREE_UNENLISTED,           /**< In stock, for anyone. */
    free_enlisted = DISPENSER_RESOURCE_FREE_ENLISTED,               /**< In stock, for its transaction only. */
    used_unenlisted = DISPENSER_RESOURCE_USED_UNENLISTED,           /**< Allocated, in no transaction. */
    used_enlisted = DISPENSER_RESOURCE_USED_ENLISTED,               /**< Allocated, enlisted in a transaction. */
    tracked = DISPENSER_RESOURCE_TRACKED,                           /**< Tracked, in no transaction. */
    tracked_enlisted = DISPENSER_RESOURCE_TRACKED_ENLISTED,         /**< Tracked, enlisted in a transaction. */
    awaiting_transaction = DISPENSER_RESOURCE_AWAITING_TRANSACTION, /**< Destroyed when its transaction ends. */
    creating = DISPENSER_RESOURCE_CREATING,                         /**< In create_resource. */
    rating = DISPENSER_RESOURCE_RATING,                             /**< Reserved for an allocation that rates. */
    enlisting = DISPENSER_RESOURCE_ENLISTING,                       /**< In enlist_resource. */
    resetting = DISPENSER_RESOURCE_RESETTING,                       /**< In reset_resource, on its way back. */
    destroying = DISPENSER_RESOURCE_DESTROYING,                     /**< In destroy_resource. */
    written_off = DISPENSER_RESOURCE_WRITTEN_OFF                    /**< In a callback that has been written off. */
};

/** What a driver is told of; a later library may have more. */
enum class pool_event : std::uint32_t {
    written_off = DISPENSER_EVENT_WRITTEN_OFF,                   /**< A callback took longer than callback_deadline. */
    written_off_returned = DISPENSER_EVENT_WRITTEN_OFF_RETURNED /**< One that was written off has returned after all. */
};

/** A resource of a pool as it was at one moment; see dispenser_resource_info. */
template <class Text>
struct basic_pooled {
    dispenser_resid id;                  /**< The resource; 0 if a string names it, or while it is being created. */
    dispenser_restypid type;             /**< The type that it was last allocated for; 0 for a tracked one. */
    pooled_state state;                  /**< Its state. */
    std::chrono::seconds idle;           /**< How long it may lie idle; below 0: for ever. */
    std::chrono::milliseconds age;       /**< Since it is there. */
    std::chrono::milliseconds state_age; /**< Since it has this state, as sweeps saw it. */
    std::uint64_t uses;                  /**< How often it has been allocated. */
    std::uint64_t thread_id;             /**< Who allocated or tracked it last: the system's number of the thread. */
    dispenser_instid instance;           /**< The object that has it; 0: none. */
    dispenser_transid transaction;       /**< The transaction that it is enlisted in; 0: none. */
    Text string_id;                      /**< The string that names a tracked resource; else "". */
};

/** What callbacks see: its text is valid during the callback. */
using pooled_view = basic_pooled<std::string_view>;

/** What is kept: its text is its own. */
using pooled = basic_pooled<std::string>;

/** A new resource, as create_resource() gives it to the pool. Made from an id without further ado. */
struct created {
    /** Names it: not 0, and no other that the dispenser has. */
    dispenser_resid id;
    /** How long it may lie idle; 0: until the next sweep; below 0: for ever. */
    std::chrono::seconds idle;

    /**
     * @param of    names the resource
     * @param secs  how long it may lie idle
     */
    constexpr created(dispenser_resid of, std::chrono::seconds secs = for_ever) noexcept : id(of), idle(secs) {}
};

class rating_driver;

/**
 * What the owner of a pool does for it; see dispenser_driver. Given to a dispenser.
 *
 * The library owns it from then on: its destructor is the release, the last that is heard of the dispenser. Several
 * functions may run at once, on any thread, but only one for one resource. Each may call everything, also on the
 * dispenser that calls it. Which of the free resources are of a type this class does not say: those that were made for
 * an equal one. A rating_driver says it. Where there is nothing else to do, a dispenser takes two lambdas instead.
 */
class driver {
public:
    /** Nothing yet. */
    driver() = default;
    driver(const driver &) = delete;
    driver &operator=(const driver &) = delete;

    /** Runs once, after the last callback, on any thread; must not throw. */
    virtual ~driver() = default;

    /**
     * Makes a resource.
     *
     * @param type  what is wanted
     * @return its id, and how long it may lie idle
     * @throws anything  a failure, which is what the allocation fails with
     */
    virtual created create_resource(dispenser_restypid type) = 0;

    /**
     * Enlists a resource in a transaction. If this is not overridden, no resource is one for transactions.
     *
     * @param id           the resource
     * @param transaction  the transaction; 0: sees to it that the resource is in none
     * @return WSRT_S_OK: enlisted; WSRT_S_FALSE: it is not one for transactions, and is handed out all the same
     * @throws anything  a failure, which is the answer
     */
    virtual status enlist_resource(dispenser_resid id, dispenser_transid transaction)
    {
        static_cast<void>(id), static_cast<void>(transaction);
        return WSRT_S_FALSE;
    }

    /**
     * Makes a resource as good as new on its way back. What it is enlisted in goes on.
     *
     * @param id  the resource
     * @return the answer; after a failure the resource stays its user's
     * @throws anything  a failure, which is the answer
     */
    virtual status reset_resource(dispenser_resid id)
    {
        static_cast<void>(id);
        return {};
    }

    /**
     * Ends a resource. Its id may be used again from then on, also before this returns.
     *
     * @param id  the resource
     * @return the answer
     * @throws anything  a failure, which is the answer
     */
    virtual status destroy_resource(dispenser_resid id) = 0;

    /**
     * Ends a resource that is tracked by a string.
     *
     * @param id  the string; valid during the call
     * @return the answer; if this is not overridden, WSRT_E_NOTIMPL
     * @throws anything  a failure, which is the answer
     */
    virtual status destroy_resource_s(std::string_view id)
    {
        static_cast<void>(id);
        return WSRT_E_NOTIMPL;
    }

    /**
     * Sees that a callback has been written off, or has returned after that.
     *
     * @param event  what happened
     * @param one    the resource that the callback is about; valid during the call
     * @throws anything  nothing comes of it
     */
    virtual void report(pool_event event, const pooled_view &one)
    {
        static_cast<void>(event), static_cast<void>(one);
    }

    /// @cond internal
    /* Whether it rates, without asking for run-time type information. */
    virtual rating_driver *as_rating() noexcept { return nullptr; }
    /* Whether it creates and destroys and does nothing else, so that nothing else need be called. */
    virtual bool does_the_least() const noexcept { return false; }
    /// @endcond
};

/** A driver that says how well a resource would do. Types then mean what it says that they mean. */
class rating_driver : public driver {
public:
    /**
     * Says how well a free resource would do for a type. Every free one is offered, of whatever type.
     *
     * @param type                 what is wanted
     * @param id                   the resource
     * @param requires_enlistment  whether it would have to be enlisted first
     * @return from DISPENSER_RATING_UNUSABLE to DISPENSER_RATING_PERFECT, which ends the search; more is unusable, too
     * @throws anything  it counts as unusable
     */
    virtual std::uint32_t rate_resource(dispenser_restypid type, dispenser_resid id, bool requires_enlistment) = 0;

    /// @cond internal
    rating_driver *as_rating() noexcept final { return this; }
    /// @endcond
};

/// @cond internal
namespace detail {

inline pooled_view view_of(const dispenser_resource_info &info) noexcept
{
    using ms = std::chrono::milliseconds;
    return {info.resid,
            info.restypid,
            static_cast<pooled_state>(info.state),
            std::chrono::seconds(info.secs_free_before_destroy),
            ms(static_cast<ms::rep>(info.age_ms)),
            ms(static_cast<ms::rep>(info.state_age_ms)),
            info.uses,
            info.thread_id,
            info.instid,
            info.transid,
            info.sresid ? std::string_view(info.sresid) : std::string_view()};
}

template <>
struct shown<dispenser_resource_info> {
    static pooled_view of(const dispenser_resource_info &info) noexcept { return view_of(info); }
};

inline pooled keep(const pooled_view &view)
{
    return {view.id,        view.type, view.state,     view.idle,     view.age,
            view.state_age, view.uses, view.thread_id, view.instance, view.transaction,
            std::string(view.string_id)};
}

inline driver &driver_of(void *user_data) noexcept
{
    return *static_cast<driver *>(user_data);
}

inline std::int32_t seconds_of(std::chrono::seconds idle) noexcept
{
    const bool fits = idle.count() <= INT32_MAX;
    return idle.count() < 0 ? -1 : fits ? static_cast<std::int32_t>(idle.count()) : INT32_MAX;
}

inline wsrt_hresult create_resource(void *user_data, dispenser_restypid type, dispenser_resid *id,
                                    std::int32_t *idle) noexcept
{
    return guarded("create_resource", [&] {
        const created made = driver_of(user_data).create_resource(type);
        *id = made.id;
        *idle = seconds_of(made.idle);
        return WSRT_S_OK;
    });
}

inline wsrt_hresult rate_resource(void *user_data, dispenser_restypid type, dispenser_resid id,
                                  std::int32_t requires_enlistment, std::uint32_t *rating) noexcept
{
    return guarded("rate_resource", [&] {
        auto &rates = static_cast<rating_driver &>(driver_of(user_data));
        *rating = rates.rate_resource(type, id, requires_enlistment != 0);
        return WSRT_S_OK;
    });
}

inline wsrt_hresult enlist_resource(void *user_data, dispenser_resid id, dispenser_transid transaction) noexcept
{
    return guarded("enlist_resource", [&] { return driver_of(user_data).enlist_resource(id, transaction).code(); });
}

inline wsrt_hresult reset_resource(void *user_data, dispenser_resid id) noexcept
{
    return guarded("reset_resource", [&] { return driver_of(user_data).reset_resource(id).code(); });
}

inline wsrt_hresult destroy_resource(void *user_data, dispenser_resid id) noexcept
{
    return guarded("destroy_resource", [&] { return driver_of(user_data).destroy_resource(id).code(); });
}

inline wsrt_hresult destroy_resource_s(void *user_data, const char *id) noexcept
{
    return guarded("destroy_resource_s", [&] { return driver_of(user_data).destroy_resource_s(id).code(); });
}

inline void report(void *user_data, std::uint32_t event, const dispenser_resource_info *info) noexcept
{
    guarded("report", [&] {
        driver_of(user_data).report(static_cast<pool_event>(event), view_of(*info));
        return WSRT_S_OK;
    });
}

/* Two callables. */
template <class Create, class Destroy>
class simple_driver final : public driver {
public:
    template <class GivenCreate, class GivenDestroy>
    simple_driver(GivenCreate &&create, GivenDestroy &&destroy)
        : create_(std::forward<GivenCreate>(create)), destroy_(std::forward<GivenDestroy>(destroy))
    {
    }

    created create_resource(dispenser_restypid type) override { return std::invoke(create_, type); }
    status destroy_resource(dispenser_resid id) override { return answer_of(destroy_, id); }
    bool does_the_least() const noexcept override { return true; }

private:
    Create create_;
    Destroy destroy_;
};

template <class Create, class Destroy>
std::unique_ptr<driver> driver_of(Create &&create, Destroy &&destroy)
{
    using made = simple_driver<std::decay_t<Create>, std::decay_t<Destroy>>;
    return std::make_unique<made>(std::forward<Create>(create), std::forward<Destroy>(destroy));
}

} // namespace detail
/// @endcond

/**
 * Owns a resource that was allocated: gives it back when it is destroyed. Made by alloc_resource().
 *
 * The destructor frees the resource, on whatever thread, and runs reset_resource there. If that fails, nobody is left
 * to try again, and the resource is destroyed; if that fails too, it stays in use until the dispenser is closed, and
 * the log and the driver are all who know. After a close of the dispenser the resource is its user's (see
 * dispenser_close()), and the destructor does nothing: who has to end it then takes it with detach(). One that somebody
 * else has freed or destroyed by its id is not there any more, but one of the same id may be: use one way or the other.
 *
 * A lease object must live until its own function has returned, also in callbacks.
 */
class lease {
public:
    /** Empty. */
    lease() noexcept = default;

    /**
     * Takes over what was allocated with wsrt.h, or let go of with detach().
     *
     * @param pool  the dispenser
     * @param id    the resource, in use; 0: none
     */
    lease(::dispenser *pool, dispenser_resid id) noexcept : pool_(pool), id_(id) {}

    /** @param other  empty afterwards */
    lease(lease &&other) noexcept : pool_(other.pool_), id_(other.detach()) {}

    /** Gives back what it owned, as the destructor. @param other  empty afterwards; itself is allowed */
    lease &operator=(lease &&other) noexcept
    {
        lease moved(std::move(other));
        const lease before(pool_, detach());
        pool_ = moved.pool_;
        id_.store(moved.detach());
        return *this;
    }

    ~lease()
    {
        const dispenser_resid id = detach();
        if (id != 0 && stays(dispenser_free_resource(pool_, id), id)) {
            static_cast<void>(dispenser_destroy_resource(pool_, id));
        }
    }

    /** @return the resource; 0 if empty */
    [[nodiscard]] dispenser_resid id() const noexcept { return id_.load(); }

    /** @return whether it owns a resource, which another may have freed by its id */
    explicit operator bool() const noexcept { return id() != 0; }

    /**
     * Gives the resource back; see dispenser_free_resource().
     *
     * Empty afterwards, also if it throws: save if reset_resource failed, for then the resource stays the lease's.
     *
     * @return WSRT_S_OK: back in stock; WSRT_S_FALSE: was empty
     * @throws error  WSRT_E_FAIL: reset_resource failed, or gave the resource up; WSRT_E_CLOSED: the dispenser is
     *                closed, and the resource is its user's; WSRT_E_HANDLE: no live
     *                dispenser; WSRT_E_INVALIDARG: another has freed or destroyed it; WSRT_E_FORKED; WSRT_E_OVERDUE;
     *                WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * reset_resource, on this thread; destroy_resource for what cannot be kept.
     */
    status release() { return end_or_throw(dispenser_free_resource); }

    /** As release(), but never throws, and keeps no last error. @return what dispenser_free_resource() returned */
    [[nodiscard]] status try_release() noexcept { return end_by(dispenser_free_resource); }

    /**
     * Has the resource destroyed instead of pooled, for example because it is broken; see dispenser_destroy_resource().
     *
     * Empty afterwards, also if it throws: save if destroy_resource failed, for then the resource stays the lease's.
     *
     * @return WSRT_S_OK: destroyed, or will be at the end of its transaction; WSRT_S_FALSE: was empty
     * @throws error  WSRT_E_FAIL: destroy_resource failed; WSRT_E_NOTIMPL: it answered that; WSRT_E_CLOSED;
     *                WSRT_E_FORKED; WSRT_E_HANDLE; WSRT_E_INVALIDARG; WSRT_E_OVERDUE; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * destroy_resource, on this thread or on the one that ends the transaction.
     */
    status destroy() { return end_or_throw(dispenser_destroy_resource); }

    /** As destroy(), but never throws, and keeps no last error. @return what dispenser_destroy_resource() returned */
    [[nodiscard]] status try_destroy() noexcept { return end_by(dispenser_destroy_resource); }

    /** Lets go of the resource, which stays in use. @return its id, 0 if empty; empty afterwards */
    [[nodiscard]] dispenser_resid detach() noexcept { return id_.exchange(0); }

private:
    /* Whether the resource is still in use after that. A driver may also have given it up while it failed. */
    bool stays(wsrt_hresult code, dispenser_resid id) const noexcept
    {
        dispenser_resource_info info = DISPENSER_RESOURCE_INFO_INIT;
        return (code == WSRT_E_FAIL || code == WSRT_E_NOTIMPL) &&
               dispenser_get_resource_info(pool_, id, &info) == WSRT_S_OK &&
               (info.state == DISPENSER_RESOURCE_USED_UNENLISTED || info.state == DISPENSER_RESOURCE_USED_ENLISTED);
    }

    using ending = wsrt_hresult (*)(::dispenser *, dispenser_resid);

    /* Emptied first: of several threads that end it, one does. */
    status end_by(ending function, std::string *why = nullptr) noexcept
    {
        const dispenser_resid id = detach();
        if (id == 0) {
            return WSRT_S_FALSE;
        }
        const wsrt_hresult code = function(pool_, id);
        if (code < 0 && why) {
            // Before anything else is asked. Without memory for it there is no reason, but the lease is right.
            try {
                *why = detail::last_error_of(code);
            } catch (const std::bad_alloc &) {
            }
        }
        if (stays(code, id)) {
            id_.store(id);
        }
        return code;
    }

    status end_or_throw(ending function)
    {
        std::string why;
        const status result = end_by(function, &why);
        if (result.failed()) {
            throw error(result, why);
        }
        return result;
    }

    ::dispenser *pool_ = nullptr;
    std::atomic<dispenser_resid> id_{0};
};

/** What can be done with a dispenser, by its owner (dispenser) and by everybody else (dispenser_ref). */
template <class Self>
class pool_operations {
public:
    /**
     * Allocates a resource: a free one that will do, else a new one; see dispenser_alloc_resource().
     *
     * @param type  the type wanted; not 0
     * @return owns the resource
     * @throws error  what create_resource failed with; WSRT_E_CLOSED: closed; WSRT_E_FAIL: enlist_resource failed;
     *                WSRT_E_HANDLE: no live dispenser; WSRT_E_INVALIDARG: the type is 0, or create_resource gave an id
     *                that cannot be used; WSRT_E_TX_ABORTING: the caller's transaction is aborting;
     *                WSRT_MTXDM_E_ENLISTRESOURCEFAILED; WSRT_E_FORKED; WSRT_E_OUTOFMEMORY; WSRT_E_OVERDUE;
     *                WSRT_E_UNEXPECTED
     * @par Threads
     * Any. Never waits for another.
     * @par Callbacks
     * rate_resource, create_resource, enlist_resource, on this thread; destroy_resource for what has to be undone.
     */
    [[nodiscard]] lease alloc_resource(dispenser_restypid type) const
    {
        ::dispenser *const pool = name();
        dispenser_resid id = 0;
        detail::outcome{dispenser_alloc_resource(pool, type, &id)}.or_throw();
        return lease(pool, id);
    }

    /**
     * As alloc_resource(), but never throws.
     *
     * @param      type  the type wanted
     * @param[out] made  owns the resource; empty on failure. What it owned before is given back afterwards
     * @return what dispenser_alloc_resource() returned
     */
    [[nodiscard]] status try_alloc_resource(dispenser_restypid type, lease &made) const noexcept
    {
        ::dispenser *const pool = name();
        dispenser_resid id = 0;
        const wsrt_hresult code = dispenser_alloc_resource(pool, type, &id);
        // Last: what it owned before runs a callback on its way back.
        made = lease(pool, id);
        return code;
    }

    /**
     * Gives a resource back by its id, whoever allocated it; see dispenser_free_resource(). Not one that a lease owns.
     *
     * @param id  the resource
     * @return WSRT_S_OK: back in stock
     * @throws error  as lease::release()
     * @par Threads
     * Any.
     * @par Callbacks
     * reset_resource, on this thread; destroy_resource for what cannot be kept.
     */
    status free_resource(dispenser_resid id) const
    {
        return detail::outcome{dispenser_free_resource(name(), id)}.or_throw();
    }

    /** As free_resource(), but never throws. @return what dispenser_free_resource() returned */
    [[nodiscard]] status try_free_resource(dispenser_resid id) const noexcept
    {
        return dispenser_free_resource(name(), id);
    }

    /**
     * Has a resource destroyed by its id, free or in use; see dispenser_destroy_resource(). Not one that a lease owns.
     *
     * @param id  the resource
     * @return WSRT_S_OK: destroyed, or will be at the end of its transaction or of its callback
     * @throws error  as lease::destroy()
     * @par Threads
     * Any.
     * @par Callbacks
     * destroy_resource, on this thread or on the one that ends the transaction.
     */
    status destroy_resource(dispenser_resid id) const
    {
        return detail::outcome{dispenser_destroy_resource(name(), id)}.or_throw();
    }

    /** As destroy_resource(), but never throws. @return what dispenser_destroy_resource() returned */
    [[nodiscard]] status try_destroy_resource(dispenser_resid id) const noexcept
    {
        return dispenser_destroy_resource(name(), id);
    }

    /**
     * Watches a resource that the caller made itself, for the object and in the transaction that this thread runs in;
     * see dispenser_track_resource().
     *
     * @param id  the resource; not 0, and none that the dispenser knows
     * @return WSRT_S_OK: tracked
     * @throws error  WSRT_E_CLOSED: closed; WSRT_E_FAIL: enlist_resource failed; WSRT_E_HANDLE: no live dispenser;
     *                WSRT_E_INVALIDARG: id is 0 or known already; WSRT_E_TX_ABORTING: the transaction is aborting;
     *                WSRT_E_FORKED; WSRT_E_OUTOFMEMORY; WSRT_E_OVERDUE; WSRT_E_UNEXPECTED
     * @par Ownership
     * The dispenser destroys the resource; after a throw it stays the caller's.
     * @par Threads
     * Any.
     * @par Callbacks
     * enlist_resource, on this thread.
     */
    status track_resource(dispenser_resid id) const
    {
        return detail::outcome{dispenser_track_resource(name(), id)}.or_throw();
    }

    /** As track_resource(), but never throws. @return what dispenser_track_resource() returned */
    [[nodiscard]] status try_track_resource(dispenser_resid id) const noexcept
    {
        return dispenser_track_resource(name(), id);
    }

    /**
     * As track_resource(), for an object and in a transaction that are named; see dispenser_track_resource_ex().
     *
     * @param id           the resource
     * @param instance     the object; 0: none
     * @param transaction  the transaction; 0: none
     * @return as above
     * @throws error  as above
     * @par Threads
     * Any.
     * @par Callbacks
     * enlist_resource, on this thread.
     */
    status track_resource(dispenser_resid id, dispenser_instid instance, dispenser_transid transaction) const
    {
        return detail::outcome{dispenser_track_resource_ex(name(), id, instance, transaction)}.or_throw();
    }

    /** As above, but never throws. @return what dispenser_track_resource_ex() returned */
    [[nodiscard]] status try_track_resource(dispenser_resid id, dispenser_instid instance,
                                            dispenser_transid transaction) const noexcept
    {
        return dispenser_track_resource_ex(name(), id, instance, transaction);
    }

    /**
     * As track_resource(), by a string, which is never enlisted; see dispenser_track_resource_s().
     *
     * @param id  the string; not empty, and none that the dispenser knows
     * @return as above
     * @throws error  as above; WSRT_E_INVALIDARG also if the string cannot be used
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    status track_resource(std::string_view id) const { return track_string(id).or_throw(); }

    /** As above, but never throws. @return what dispenser_track_resource_s() returned */
    [[nodiscard]] status try_track_resource(std::string_view id) const noexcept { return track_string(id).code; }

    /**
     * Ends the watch over a resource; see dispenser_untrack_resource().
     *
     * @param id       the resource
     * @param destroy  whether destroy_resource is called, now or at the end of its transaction; else it is the caller's
     * @return WSRT_S_OK: not tracked any more
     * @throws error  WSRT_E_CLOSED: closed; WSRT_E_FAIL: destroy_resource failed, but the watch has ended;
     *                WSRT_E_HANDLE: no live dispenser; WSRT_E_INVALIDARG: not tracked; WSRT_E_FORKED; WSRT_E_OVERDUE;
     *                WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * destroy_resource, on this thread or on the one that ends the transaction.
     */
    status untrack_resource(dispenser_resid id, bool destroy) const
    {
        return detail::outcome{dispenser_untrack_resource(name(), id, destroy)}.or_throw();
    }

    /** As untrack_resource(), but never throws. @return what dispenser_untrack_resource() returned */
    [[nodiscard]] status try_untrack_resource(dispenser_resid id, bool destroy) const noexcept
    {
        return dispenser_untrack_resource(name(), id, destroy);
    }

    /**
     * As untrack_resource(), by a string; see dispenser_untrack_resource_s().
     *
     * @param id       the string
     * @param destroy  whether destroy_resource_s is called; else the resource is the caller's
     * @return as above
     * @throws error  as above; WSRT_E_INVALIDARG also if the string cannot be used
     * @par Threads
     * Any.
     * @par Callbacks
     * destroy_resource_s, on this thread.
     */
    status untrack_resource(std::string_view id, bool destroy) const { return untrack_string(id, destroy).or_throw(); }

    /** As above, but never throws. @return what dispenser_untrack_resource_s() returned */
    [[nodiscard]] status try_untrack_resource(std::string_view id, bool destroy) const noexcept
    {
        return untrack_string(id, destroy).code;
    }

    /**
     * Destroys what has been idle for too long, and writes off callbacks that are overdue; see dispenser_sweep().
     *
     * @param now  what time it is; 0: the system's clock; else only with DISPENSER_MANUAL_SWEEP, never going back
     * @return WSRT_S_OK: swept; WSRT_S_FALSE: not done, inside a callback
     * @throws error  WSRT_E_CLOSED: closed; WSRT_E_HANDLE: no live dispenser; WSRT_E_INVALIDARG: now cannot be used;
     *                WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * destroy_resource, in the order in which one thread gave things back, and report, on this thread.
     */
    status sweep(std::chrono::milliseconds now = std::chrono::milliseconds(0)) const { return swept(now).or_throw(); }

    /** As sweep(), but never throws. @return what dispenser_sweep() returned */
    [[nodiscard]] status try_sweep(std::chrono::milliseconds now = std::chrono::milliseconds(0)) const noexcept
    {
        return swept(now).code;
    }

    /**
     * Tells the figures of the dispenser, open or closed; see dispenser_get_stats().
     *
     * @return they, as in C
     * @throws error  WSRT_E_HANDLE: no live dispenser; WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    [[nodiscard]] dispenser_stats stats() const
    {
        dispenser_stats found = DISPENSER_STATS_INIT;
        detail::outcome{dispenser_get_stats(name(), &found)}.or_throw();
        return found;
    }

    /** As stats(), but never throws. @param[out] found  all 0 on failure @return what dispenser_get_stats() returned */
    [[nodiscard]] status try_stats(dispenser_stats &found) const noexcept
    {
        found = DISPENSER_STATS_INIT;
        return dispenser_get_stats(name(), &found);
    }

    /**
     * Tells the settings of the dispenser, open or closed, with the defaults filled in; see dispenser_get_options().
     *
     * @return they; no deadline and no timeout is 0
     * @throws error  WSRT_E_HANDLE: no live dispenser; WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    [[nodiscard]] pool_settings options() const
    {
        pool_settings found;
        settings_to(found).or_throw();
        return found;
    }

    /**
     * As options(), but never throws.
     *
     * @param[out] found  the settings; as when new on failure
     * @return what dispenser_get_options() returned
     */
    [[nodiscard]] status try_options(pool_settings &found) const noexcept { return settings_to(found).code; }

    /**
     * Tells about one resource; see dispenser_get_resource_info().
     *
     * @param id  the resource, pooled or tracked
     * @return it
     * @throws error  WSRT_E_CLOSED: closed; WSRT_E_HANDLE: no live dispenser; WSRT_E_INVALIDARG: no such resource;
     *                WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    [[nodiscard]] pooled info(dispenser_resid id) const
    {
        dispenser_resource_info found = DISPENSER_RESOURCE_INFO_INIT;
        detail::outcome{dispenser_get_resource_info(name(), id, &found)}.or_throw();
        return detail::keep(detail::view_of(found));
    }

    /**
     * As info(), but never throws.
     *
     * @param      id     the resource
     * @param[out] found  it; its id is 0 on failure
     * @return what dispenser_get_resource_info() returned
     */
    [[nodiscard]] status try_info(dispenser_resid id, pooled &found) const noexcept
    {
        dispenser_resource_info told = DISPENSER_RESOURCE_INFO_INIT;
        const wsrt_hresult code = dispenser_get_resource_info(name(), id, &told);
        // Without a string: that is told in callbacks only, and an empty one takes no memory.
        told.sresid = nullptr;
        found = detail::keep(detail::view_of(told));
        return code;
    }

    /**
     * Shows every resource, oldest first, of a dispenser that is open or closed; see dispenser_enum_resources().
     *
     * @param visitor  a callable that takes a const pooled_view & and answers nothing, whether to go on, a status or a
     *                 wsrt_hresult; not copied
     * @return WSRT_S_OK: all were shown; WSRT_S_FALSE: visitor stopped
     * @throws error     what visitor stopped with; WSRT_E_HANDLE: no live dispenser; WSRT_E_FORKED; WSRT_E_OUTOFMEMORY;
     *                   WSRT_E_UNEXPECTED
     * @throws anything  that visitor threw
     * @par Threads
     * Any.
     * @par Callbacks
     * visitor, on this thread; it may call everything.
     */
    template <class Visitor>
    status for_each_resource(Visitor &&visitor) const
    {
        std::exception_ptr thrown;
        const detail::outcome result = enumerate(visitor, &thrown);
        return detail::throw_on(result, thrown);
    }

    /** As for_each_resource(), but never throws. @return what dispenser_enum_resources() returned */
    template <class Visitor>
    [[nodiscard]] status try_for_each_resource(Visitor &&visitor) const noexcept
    {
        return enumerate(visitor, nullptr).code;
    }

    /**
     * Collects every resource, oldest first; see dispenser_enum_resources().
     *
     * @return them
     * @throws error           as for_each_resource()
     * @throws std::bad_alloc  no memory for one
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    [[nodiscard]] std::vector<pooled> resources() const
    {
        std::vector<pooled> found;
        for_each_resource([&](const pooled_view &one) { found.push_back(detail::keep(one)); });
        return found;
    }

    /**
     * As resources(), but never throws.
     *
     * @param[out] found  all resources, and nothing else; on failure those that were seen until then
     * @return what dispenser_enum_resources() returned
     */
    [[nodiscard]] status try_resources(std::vector<pooled> &found) const noexcept
    {
        found.clear();
        return try_for_each_resource([&](const pooled_view &one) { found.push_back(detail::keep(one)); });
    }

    /**
     * Closes the dispenser, whoever owns it, and waits, outside callbacks, until no callback of it runs; see
     * dispenser_close(). What is in stock is destroyed; what is in use or tracked is its user's from then on.
     *
     * @return WSRT_S_OK: closed, nothing of it runs any more and its driver is deleted; WSRT_S_DEFERRED: a callback
     *         still runs
     * @throws error  WSRT_E_CLOSED: closed already, which proves nothing about calls in flight; WSRT_E_HANDLE: no live
     *                dispenser; WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @par Ownership
     * The driver is deleted.
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * destroy_resource, in the order in which one thread gave it back, on this thread; the driver's destructor, on
     * this thread or on the last that leaves it.
     */
    status close() const { return detail::outcome{dispenser_close(name())}.or_throw(); }

    /** As close(), but never throws. @return what dispenser_close() returned */
    [[nodiscard]] status try_close() const noexcept { return dispenser_close(name()); }

    /** As try_close(), but never waits. @return what dispenser_close_nowait() returned */
    status close_nowait() const noexcept { return dispenser_close_nowait(name()); }

protected:
    /// @cond internal
    pool_operations() noexcept = default;
    pool_operations(const pool_operations &) noexcept = default;
    pool_operations &operator=(const pool_operations &) noexcept = default;
    ~pool_operations() = default;
    /// @endcond

private:
    ::dispenser *name() const noexcept { return static_cast<const Self *>(this)->get(); }

    detail::outcome track_string(std::string_view id) const noexcept
    {
        return detail::with_c_string(id, [this](const char *text) { return dispenser_track_resource_s(name(), text); });
    }

    detail::outcome untrack_string(std::string_view id, bool destroy) const noexcept
    {
        return detail::with_c_string(
            id, [&](const char *text) { return dispenser_untrack_resource_s(name(), text, destroy); });
    }

    detail::outcome swept(std::chrono::milliseconds now) const noexcept
    {
        if (now.count() < 0) {
            return {WSRT_E_INVALIDARG, "a time is below 0"};
        }
        return {dispenser_sweep(name(), static_cast<std::uint64_t>(now.count()))};
    }

    detail::outcome settings_to(pool_settings &found) const noexcept
    {
        dispenser_options told = DISPENSER_OPTIONS_INIT;
        const detail::outcome result{dispenser_get_options(name(), &told)};
        using ms = std::chrono::milliseconds;
        const ms interval = told.sweep_interval_ms == WSRT_INFINITE ? infinite : ms(told.sweep_interval_ms);
        found = {told.flags, interval, ms(told.callback_deadline_ms), ms(told.drain_timeout_ms)};
        return result;
    }

    template <class Visitor>
    detail::outcome enumerate(Visitor &visitor, std::exception_ptr *thrown) const noexcept
    {
        using visit = detail::visit<Visitor>;
        visit context{visitor, thrown};
        return {dispenser_enum_resources(name(), visit::template call<dispenser_resource_info>, &context)};
    }
};

/**
 * Names a dispenser without owning it. Small and copyable, and safe after the dispenser's end: then WSRT_E_HANDLE.
 *
 * What callbacks and other threads capture.
 */
class dispenser_ref : public pool_operations<dispenser_ref> {
public:
    /** Names nothing. */
    dispenser_ref() noexcept = default;

    /** @param name  a dispenser of wsrt.h, or NULL */
    explicit dispenser_ref(::dispenser *name) noexcept : name_(name) {}

    /** @return its name in wsrt.h, or NULL */
    [[nodiscard]] ::dispenser *get() const noexcept { return name_; }

    /**
     * Ends the dispenser, whoever owns it; see dispenser::destroy(). The owner need not be told.
     *
     * @return as dispenser::destroy()
     * @throws error  as dispenser::destroy()
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * Those of close(), if it is still open.
     */
    status destroy() const { return detail::outcome{dispenser_destroy(name_)}.or_throw(); }

    /** As destroy(), but never throws. @return what dispenser_destroy() returned */
    [[nodiscard]] status try_destroy() const noexcept { return dispenser_destroy(name_); }

    /** As try_destroy(), but never waits. @return what dispenser_destroy_nowait() returned */
    status destroy_nowait() const noexcept { return dispenser_destroy_nowait(name_); }

private:
    ::dispenser *name_ = nullptr;
};

/** Owns a resource dispenser: ends it, and closes it first, when it is destroyed, without waiting. */
class dispenser : public pool_operations<dispenser> {
public:
    /**
     * Makes a resource dispenser; see dispenser_create(). Nothing of the driver is called.
     *
     * @param given  the driver
     * @param title  for people, in the log; may be empty
     * @param with   its settings
     * @throws error  WSRT_E_NOINTERFACE: the library is not the one that this program was compiled for (check_abi());
     *                WSRT_E_INVALIDARG: given is NULL, or the title or a setting cannot be used; WSRT_E_FAIL;
     *                WSRT_E_NOTIMPL; WSRT_E_OUTOFMEMORY; WSRT_E_UNEXPECTED
     * @par Ownership
     * The driver is the library's; if this throws, it is deleted.
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    explicit dispenser(std::unique_ptr<driver> given, std::string_view title = {}, const pool_settings &with = {})
    {
        check_abi();
        create(given, title, with).or_throw();
    }

    /**
     * Makes a resource dispenser whose driver creates and destroys, and no more.
     *
     * @param create   a callable that takes a dispenser_restypid and answers a created, or just the id; what it throws
     *                 is what the allocation fails with
     * @param destroy  a callable that takes a dispenser_resid and answers nothing, a status or a wsrt_hresult
     * @param title    for people, in the log; may be empty
     * @param with     its settings
     * @throws error           as above
     * @throws std::bad_alloc  no memory for a driver
     * @throws anything        that copying a callable throws
     * @par Ownership
     * The callables are moved or copied into a driver; as above.
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    template <class Create, class Destroy,
              std::enable_if_t<std::is_invocable_v<std::decay_t<Create> &, dispenser_restypid>, int> = 0>
    dispenser(Create &&create, Destroy &&destroy, std::string_view title = {}, const pool_settings &with = {})
        : dispenser(detail::driver_of(std::forward<Create>(create), std::forward<Destroy>(destroy)), title, with)
    {
    }

    /** Empty. */
    explicit dispenser(std::nullptr_t) noexcept {}

    /** @param other  empty afterwards */
    dispenser(dispenser &&other) noexcept : pool_operations(other), name_(other.detach()) {}

    /** Ends what it owned, without waiting. @param other  empty afterwards; itself is allowed */
    dispenser &operator=(dispenser &&other) noexcept
    {
        dispenser moved(std::move(other));
        const dispenser before = adopt(detach());
        name_.store(moved.detach());
        return *this;
    }

    ~dispenser() { destroy_nowait(); }

    /**
     * As the constructor, but never throws.
     *
     * @param[out] made   the new dispenser; empty on failure. What it owned before is ended, without waiting
     * @param      given  the driver; deleted on failure
     * @param      title  for people, in the log
     * @param      with   its settings
     * @return what dispenser_create() returned, or WSRT_E_NOINTERFACE
     */
    [[nodiscard]] static status try_create(dispenser &made, std::unique_ptr<driver> given, std::string_view title = {},
                                           const pool_settings &with = {}) noexcept
    {
        made = dispenser(nullptr);
        return abi_fits() ? made.create(given, title, with).code : WSRT_E_NOINTERFACE;
    }

    /**
     * As the constructor, but never throws.
     *
     * @param[out] made     the new dispenser; empty on failure. What it owned before is ended, without waiting
     * @param      create   makes a resource
     * @param      destroy  ends a resource
     * @param      title    for people, in the log
     * @param      with     its settings
     * @return what dispenser_create() returned, WSRT_E_NOINTERFACE, or the code for what making a driver threw
     */
    template <class Create, class Destroy,
              std::enable_if_t<std::is_invocable_v<std::decay_t<Create> &, dispenser_restypid>, int> = 0>
    [[nodiscard]] static status try_create(dispenser &made, Create &&create, Destroy &&destroy,
                                           std::string_view title = {}, const pool_settings &with = {}) noexcept
    {
        std::unique_ptr<driver> given;
        try {
            given = detail::driver_of(std::forward<Create>(create), std::forward<Destroy>(destroy));
        } catch (...) {
            made = dispenser(nullptr);
            return detail::code_of_exception();
        }
        return try_create(made, std::move(given), title, with);
    }

    /** Takes over what was made with wsrt.h. @param name  the dispenser; NULL: none @return its owner */
    [[nodiscard]] static dispenser adopt(::dispenser *name) noexcept
    {
        dispenser made(nullptr);
        made.name_.store(name);
        return made;
    }

    /** @return its name in wsrt.h; NULL if empty */
    [[nodiscard]] ::dispenser *get() const noexcept { return name_.load(); }

    /** @return whether it owns a dispenser, which may be closed, and which another thread may have ended */
    explicit operator bool() const noexcept { return get() != nullptr; }

    /** @return a name for it that owns nothing */
    operator dispenser_ref() const noexcept { return dispenser_ref(get()); }

    /** Lets go of the dispenser, which lives on. @return its name, NULL if empty; empty afterwards */
    [[nodiscard]] ::dispenser *detach() noexcept { return name_.exchange(nullptr); }

    /**
     * Ends the dispenser, and closes it first if it is open: waits, outside callbacks, until no callback of it runs;
     * see dispenser_destroy().
     *
     * Empty afterwards, also if it throws.
     *
     * @return WSRT_S_OK: nothing of it runs any more and its driver is deleted; WSRT_S_DEFERRED: a callback still runs;
     *         WSRT_S_FALSE: was empty
     * @throws error  WSRT_E_HANDLE: it has ended already; WSRT_E_UNEXPECTED
     * @par Ownership
     * The driver is deleted. What is in use or tracked is its user's.
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * Those of close(), if it is still open.
     */
    status destroy() { return detail::outcome{dispenser_destroy(detach())}.or_throw(); }

    /** As destroy(), but never throws. @return what dispenser_destroy() returned */
    [[nodiscard]] status try_destroy() noexcept { return dispenser_destroy(detach()); }

    /** As try_destroy(), but never waits, like the destructor. @return what dispenser_destroy_nowait() returned */
    status destroy_nowait() noexcept { return dispenser_destroy_nowait(detach()); }

private:
    detail::outcome create(std::unique_ptr<driver> &given, std::string_view title, const pool_settings &with) noexcept
    {
        if (!given) {
            return {WSRT_E_INVALIDARG, "the driver is NULL"};
        }
        dispenser_options options = DISPENSER_OPTIONS_INIT;
        options.flags = with.flags;
        for (const auto &[time, ms] : {std::pair(with.sweep_interval, &options.sweep_interval_ms),
                                       std::pair(with.callback_deadline, &options.callback_deadline_ms),
                                       std::pair(with.drain_timeout, &options.drain_timeout_ms)}) {
            const detail::outcome usable = detail::milliseconds(time, *ms);
            if (usable.code < 0) {
                return usable;
            }
        }
        dispenser_driver table = DISPENSER_DRIVER_INIT;
        table.user_data = given.get();
        table.create_resource = detail::create_resource;
        table.destroy_resource = detail::destroy_resource;
        table.release = detail::release<driver>;
        if (given->as_rating()) {
            table.rate_resource = detail::rate_resource;
        }
        if (!given->does_the_least()) {
            table.enlist_resource = detail::enlist_resource;
            table.reset_resource = detail::reset_resource;
            table.destroy_resource_s = detail::destroy_resource_s;
            table.report = detail::report;
        }
        ::dispenser *made = nullptr;
        const detail::outcome result = detail::with_c_string(
            title, [&](const char *text) { return dispenser_create(&table, text, &options, &made); });
        if (result.code >= 0) {
            static_cast<void>(given.release());
        }
        name_.store(made);
        return result;
    }

    std::atomic<::dispenser *> name_{nullptr};
};

/** For which object, and in which transaction, a thread runs. */
struct context_ids {
    dispenser_instid instance = 0;     /**< The object; 0: none. */
    dispenser_transid transaction = 0; /**< The transaction; 0: none, or it has ended. */
};

/**
 * Tells for which object, and in which transaction, this thread runs; see dispenser_get_context().
 *
 * @return they
 * @throws error  WSRT_E_UNEXPECTED
 * @par Threads
 * Any; each has a context of its own.
 * @par Callbacks
 * None.
 */
[[nodiscard]] inline context_ids get_context()
{
    context_ids found;
    detail::outcome{dispenser_get_context(&found.instance, &found.transaction)}.or_throw();
    return found;
}

/**
 * Runs this thread for an object and in a transaction while it lives; then sets what was set before.
 *
 * What the thread allocates and tracks meanwhile belongs to that object and is enlisted in that transaction. Belongs to
 * the thread that made it: contexts end there, innermost first. A transaction begins when it is first named, also when
 * it is set again at the end of an inner context: end one when every context that names it has been left.
 */
class context {
public:
    /** Sets nothing. */
    context() noexcept = default;

    /**
     * Sets the object and the transaction; see dispenser_set_context().
     *
     * @param instance     the object; 0: none
     * @param transaction  the transaction; 0: none
     * @throws error  WSRT_E_OUTOFMEMORY: no memory for another transaction; WSRT_E_UNEXPECTED
     * @par Threads
     * Any; each has a context of its own.
     * @par Callbacks
     * None.
     */
    context(dispenser_instid instance, dispenser_transid transaction)
    {
        detail::outcome{enter(instance, transaction)}.or_throw();
    }

    context(const context &) = delete;
    context &operator=(const context &) = delete;

    ~context() { static_cast<void>(try_leave()); }

    /**
     * As the constructor, but never throws. What this object has set is left first.
     *
     * @param instance     the object
     * @param transaction  the transaction
     * @return what dispenser_set_context() returned
     */
    [[nodiscard]] status try_enter(dispenser_instid instance, dispenser_transid transaction) noexcept
    {
        const status left = try_leave();
        return left.failed() ? left : status(enter(instance, transaction));
    }

    /** @return whether it has set something and not yet left it */
    explicit operator bool() const noexcept { return inside_; }

    /**
     * Sets what was set before, like the destructor.
     *
     * @return WSRT_S_OK: set; WSRT_S_FALSE: nothing was to be left
     * @throws error  WSRT_E_OUTOFMEMORY; WSRT_E_UNEXPECTED
     * @par Threads
     * The one that entered.
     * @par Callbacks
     * None.
     */
    status leave() { return detail::outcome{try_leave().code()}.or_throw(); }

    /** As leave(), but never throws. @return what dispenser_set_context() returned */
    [[nodiscard]] status try_leave() noexcept
    {
        return std::exchange(inside_, false) ? dispenser_set_context(before_.instance, before_.transaction)
                                             : WSRT_S_FALSE;
    }

private:
    wsrt_hresult enter(dispenser_instid instance, dispenser_transid transaction) noexcept
    {
        wsrt_hresult code = dispenser_get_context(&before_.instance, &before_.transaction);
        if (code >= 0) {
            code = dispenser_set_context(instance, transaction);
        }
        inside_ = code >= 0;
        return code;
    }

    context_ids before_{};
    bool inside_ = false;
};

/**
 * Says that an object has ended; see dispenser_instance_ended().
 *
 * @param instance  the object; not 0
 * @return WSRT_S_OK: done, whatever the callbacks answered
 * @throws error  WSRT_E_INVALIDARG: instance is 0; WSRT_E_UNEXPECTED
 * @par Threads
 * Any; not beside calls of that object.
 * @par Callbacks
 * reset_resource, destroy_resource and destroy_resource_s, on this thread.
 */
inline status instance_ended(dispenser_instid instance)
{
    return detail::outcome{dispenser_instance_ended(instance)}.or_throw();
}

/** As instance_ended(), but never throws. @return what dispenser_instance_ended() returned */
[[nodiscard]] inline status try_instance_ended(dispenser_instid instance) noexcept
{
    return dispenser_instance_ended(instance);
}

/**
 * Says that a transaction is about to be aborted: allocating and tracking in it is refused from now on; see
 * dispenser_transaction_aborting().
 *
 * @param transaction  the transaction; not 0
 * @return WSRT_S_OK: done
 * @throws error  WSRT_E_INVALIDARG: transaction is 0; WSRT_E_UNEXPECTED
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 */
inline status transaction_aborting(dispenser_transid transaction)
{
    return detail::outcome{dispenser_transaction_aborting(transaction)}.or_throw();
}

/** As transaction_aborting(), but never throws. @return what dispenser_transaction_aborting() returned */
[[nodiscard]] inline status try_transaction_aborting(dispenser_transid transaction) noexcept
{
    return dispenser_transaction_aborting(transaction);
}

/**
 * Says that a transaction has ended: what was enlisted in it is free of it; see dispenser_transaction_ended().
 *
 * @param transaction  the transaction; not 0
 * @param committed    whether it was committed; makes no difference to the pool
 * @return WSRT_S_OK: done, whatever the callbacks answered
 * @throws error  WSRT_E_INVALIDARG: transaction is 0; WSRT_E_UNEXPECTED
 * @par Threads
 * Any.
 * @par Callbacks
 * destroy_resource for what waited, on this thread.
 */
inline status transaction_ended(dispenser_transid transaction, bool committed)
{
    return detail::outcome{dispenser_transaction_ended(transaction, committed)}.or_throw();
}

/** As transaction_ended(), but never throws. @return what dispenser_transaction_ended() returned */
[[nodiscard]] inline status try_transaction_ended(dispenser_transid transaction, bool committed) noexcept
{
    return dispenser_transaction_ended(transaction, committed);
}

} // namespace wsrt

#endif
