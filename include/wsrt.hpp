/**
 * @file wsrt.hpp
 * wsrt.h for C++17: objects that clean up after themselves, lambdas as callbacks, exceptions or codes.
 *
 * Header only; needs wsrt.h, the standard library and exceptions. What a function does is told in full in wsrt.h; here
 * stands what C++ adds, for the resource dispenser in wsrt_pool.hpp, which this header includes.
 *
 * What holds everywhere:
 * - Each operation comes twice. The plain form throws wsrt::error where the C function fails, and otherwise returns
 *   what that returned: WSRT_S_OK, WSRT_S_FALSE or WSRT_S_DEFERRED, as a status. The form try_... never throws and
 *   returns the failure too.
 * - Owners (runtime, registration, subscription, logger, dispenser, lease) can be moved and not copied. One that was
 *   moved from, or has ended what it owned, is empty: ending it again is WSRT_S_FALSE. Their destructors never throw,
 *   and never wait (save that of logger): a callback may still run when they return. To be sure that none does, call
 *   remove(), unsubscribe() or destroy() outside callbacks and see that the result is not deferred().
 * - The library knows objects by names, not by addresses: owners may end in any order, inside any callback too, also
 *   in their own, and a registration may outlive its runtime.
 * - What is given as a callback (a client, a driver, a callable) belongs to the library from then on, and is deleted on
 *   its release: after the last callback, exactly once, on any thread. If the call fails, it is deleted before the call
 *   returns. Its destructor must not throw.
 * - An exception that leaves a callback goes no further. It becomes the callback's answer (that of a wsrt::error, or
 *   WSRT_E_OUTOFMEMORY for std::bad_alloc, else WSRT_E_FAIL) and is offered to the handler of
 *   set_exception_handler(). Visitors are called by the very function that they are given to: its plain form
 *   throws on what they threw.
 * - Text in is a std::string_view of UTF-8; a NUL inside is WSRT_E_INVALIDARG. Text out is a std::string, or in a
 *   ..._view a std::string_view that is valid during the callback.
 * - Operations may be called on any thread, and several at once on one object. To move an object, to assign to it and
 *   to destroy it is for one thread at a time, as everywhere in C++. A callback that may run while the runtime object
 *   ends captures a runtime_ref instead.
 */
#ifndef WSRT_HPP
#define WSRT_HPP

#if !(defined(_MSVC_LANG) ? _MSVC_LANG >= 201703L : __cplusplus >= 201703L)
#  error "wsrt.hpp needs C++17"
#endif
#if !defined(__cpp_exceptions)
#  error "wsrt.hpp needs exceptions; without them use wsrt.h"
#endif

#include "wsrt.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace wsrt {

/** What an operation or a callback answers: a result code. Made from one without further ado. */
class status {
public:
    /** WSRT_S_OK. */
    constexpr status() noexcept = default;

    /** @param code  any wsrt_hresult */
    constexpr status(wsrt_hresult code) noexcept : code_(code) {}

    /** @return the code as C knows it */
    [[nodiscard]] constexpr wsrt_hresult code() const noexcept { return code_; }

    /** @return whether it is a success, which WSRT_S_FALSE and WSRT_S_DEFERRED are too */
    [[nodiscard]] constexpr bool succeeded() const noexcept { return code_ >= 0; }

    /** @return whether it is a failure */
    [[nodiscard]] constexpr bool failed() const noexcept { return code_ < 0; }

    /** @return whether it is WSRT_S_DEFERRED: done, but a callback still runs and the release is still to come */
    [[nodiscard]] constexpr bool deferred() const noexcept { return code_ == WSRT_S_DEFERRED; }

    /** @return the name of the code, or "unknown"; never NULL, valid for ever */
    [[nodiscard]] const char *name() const noexcept { return wsrt_hresult_name(code_); }

    /** @return whether both are the same code */
    friend constexpr bool operator==(status one, status other) noexcept { return one.code_ == other.code_; }

    /** @return whether they differ */
    friend constexpr bool operator!=(status one, status other) noexcept { return one.code_ != other.code_; }

private:
    wsrt_hresult code_ = WSRT_S_OK;
};

/**
 * A failure. what() is name, number and text in one line.
 *
 * A callback may throw it to answer with its code.
 */
class error : public std::runtime_error {
public:
    /**
     * @param code  the failure
     * @param text  why; may be empty
     */
    explicit error(status code, const std::string &text = {})
        : std::runtime_error(prefix(code) + (text.empty() ? "" : ": ") + text), code_(code),
          text_at_(prefix(code).size() + (text.empty() ? 0 : 2))
    {
    }

    /** @return the failure */
    [[nodiscard]] status code() const noexcept { return code_; }

    /** @return the name of its code; never NULL, valid for ever */
    [[nodiscard]] const char *name() const noexcept { return code_.name(); }

    /** @return the text of the library: function, argument or callback, and why; may be empty; valid as what() is */
    [[nodiscard]] const char *text() const noexcept { return what() + text_at_; }

private:
    static std::string prefix(status code)
    {
        char number[16];
        std::snprintf(number, sizeof number, " 0x%08X", static_cast<unsigned>(code.code()));
        return code.name() + std::string(number);
    }

    status code_;
    std::size_t text_at_;
};

/**
 * Sees an exception that left a callback.
 *
 * @param callback   the callback that it left: "resource_id", "display_name", "issue_disconnect", "changed", "write",
 *                   "create_resource", "rate_resource", "enlist_resource", "reset_resource", "destroy_resource",
 *                   "destroy_resource_s", "report", or "visitor" of a try_... form
 * @param exception  what was thrown
 */
using exception_handler = void (*)(const char *callback, std::exception_ptr exception);

/// @cond internal
namespace detail {

/* A plain pointer: objects with static storage call back until the very end of the program. */
inline std::atomic<exception_handler> handler{nullptr};

/* To be called while an exception is being handled. What the handler throws has nobody left to see it. */
inline void offer(const char *callback) noexcept
{
    if (const exception_handler see = handler.load()) {
        try {
            see(callback, std::current_exception());
        } catch (...) {
        }
    }
}

/* As above. */
inline wsrt_hresult code_of_exception() noexcept
{
    try {
        throw;
    } catch (const error &thrown) {
        return thrown.code().failed() ? thrown.code().code() : WSRT_E_FAIL;
    } catch (const std::bad_alloc &) {
        return WSRT_E_OUTOFMEMORY;
    } catch (...) {
        return WSRT_E_FAIL;
    }
}

/* The border: what the library calls is a body in here. */
template <class Body>
wsrt_hresult guarded(const char *callback, Body &&body) noexcept
{
    try {
        return body();
    } catch (...) {
        offer(callback);
        return code_of_exception();
    }
}

inline std::string last_error_of(wsrt_hresult code)
{
    wsrt_hresult found = WSRT_S_OK;
    std::size_t needed = 0;
    wsrt_last_error(&found, nullptr, 0, &needed);
    if (found != code || needed == 0) {
        return {};
    }
    std::string text(needed, '\0');
    if (wsrt_last_error(nullptr, text.data(), text.size(), nullptr) < 0) {
        return {};
    }
    text.pop_back();
    return text;
}

/* A result, and why if that is not the library's to say. */
struct outcome {
    wsrt_hresult code = WSRT_S_OK;
    const char *why = nullptr;

    status or_throw() const
    {
        if (code < 0) {
            throw error(code, why ? why : last_error_of(code));
        }
        return code;
    }
};

/* A view with a NUL behind it, for the time of a call; short ones without the heap. */
class c_string {
public:
    explicit c_string(std::string_view view) noexcept
    {
        if (!view.empty() && std::memchr(view.data(), '\0', view.size()) != nullptr) {
            outcome_ = {WSRT_E_INVALIDARG, "a string has a NUL inside"};
            return;
        }
        if (view.size() >= sizeof here_) {
            there_.reset(new (std::nothrow) char[view.size() + 1]);
            if (!there_) {
                outcome_ = {WSRT_E_OUTOFMEMORY, "no memory for a string"};
                return;
            }
        }
        char *text = there_ ? there_.get() : here_;
        if (!view.empty()) {
            std::memcpy(text, view.data(), view.size());
        }
        text[view.size()] = '\0';
    }
    c_string(const c_string &) = delete;
    c_string &operator=(const c_string &) = delete;

    outcome usable() const noexcept { return outcome_; }
    const char *get() const noexcept { return there_ ? there_.get() : here_; }

private:
    outcome outcome_;
    std::unique_ptr<char[]> there_;
    char here_[256];
};

/* Runs a function on the C form of a string, if it has one. */
template <class Call>
outcome with_c_string(std::string_view view, Call &&call) noexcept
{
    const c_string text(view);
    return text.usable().code < 0 ? text.usable() : outcome{call(text.get())};
}

/* What is not below 0 is the library's to judge. */
inline outcome milliseconds(std::chrono::milliseconds time, std::uint32_t &ms) noexcept
{
    if (time.count() < 0) {
        return {WSRT_E_INVALIDARG, "a time is below 0"};
    }
    ms = time.count() >= static_cast<std::int64_t>(WSRT_INFINITE) ? WSRT_INFINITE
                                                                  : static_cast<std::uint32_t>(time.count());
    return {};
}

/* The answer of a callable that may also answer nothing. */
template <class Callable, class... Arguments>
wsrt_hresult answer_of(Callable &callable, Arguments &&...arguments)
{
    using answer = std::invoke_result_t<Callable &, Arguments...>;
    if constexpr (std::is_void_v<answer>) {
        std::invoke(callable, std::forward<Arguments>(arguments)...);
        return WSRT_S_OK;
    } else if constexpr (std::is_same_v<answer, status>) {
        return std::invoke(callable, std::forward<Arguments>(arguments)...).code();
    } else {
        static_assert(std::is_same_v<answer, wsrt_hresult>, "answers nothing, a wsrt::status or a wsrt_hresult");
        return std::invoke(callable, std::forward<Arguments>(arguments)...);
    }
}

/* As above; a visitor may also answer whether to go on. */
template <class Visitor, class View>
wsrt_hresult verdict_of(Visitor &visitor, const View &view)
{
    if constexpr (std::is_same_v<std::invoke_result_t<Visitor &, const View &>, bool>) {
        return std::invoke(visitor, view) ? WSRT_S_OK : WSRT_S_FALSE;
    } else {
        return answer_of(visitor, view);
    }
}

template <class Object>
void release(void *user_data) noexcept
{
    delete static_cast<Object *>(user_data);
}

} // namespace detail
/// @endcond

/**
 * Sets who sees exceptions that leave a callback. There is one for the whole program, at first none.
 *
 * @param see  called on the thread of the callback, on several at once, before the callback answers; what it throws is
 *             dropped; NULL: nobody
 * @return the one before, or NULL
 * @par Threads
 * Any.
 * @par Callbacks
 * None. The handler may call everything.
 */
inline exception_handler set_exception_handler(exception_handler see) noexcept
{
    return detail::handler.exchange(see);
}

/**
 * Tells whether the library at hand offers the interface that this program was compiled for.
 *
 * @return whether the high half of its version is that of WSRT_ABI_VERSION and the low half not smaller
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 */
[[nodiscard]] inline bool abi_fits() noexcept
{
    const std::uint32_t found = wsrt_abi_version();
    return found >> 16 == WSRT_ABI_VERSION >> 16 && (found & 0xFFFF) >= (WSRT_ABI_VERSION & 0xFFFF);
}

/**
 * Sees to it that abi_fits(). Every runtime and logger that is made does this by itself.
 *
 * @throws error  WSRT_E_NOINTERFACE: it does not; the text names both versions
 * @par Threads
 * Any.
 * @par Callbacks
 * None.
 */
inline void check_abi()
{
    if (!abi_fits()) {
        char text[160];
        std::snprintf(text, sizeof text, "libwsrt %s has interface 0x%08X, this program was compiled for 0x%08X",
                      wsrt_version(), static_cast<unsigned>(wsrt_abi_version()),
                      static_cast<unsigned>(WSRT_ABI_VERSION));
        throw error(WSRT_E_NOINTERFACE, text);
    }
}

/** A time without limit. */
inline constexpr std::chrono::milliseconds infinite = (std::chrono::milliseconds::max)();

/** Settings of a runtime; see ws_runtime_options. Times below 0 are WSRT_E_INVALIDARG. */
struct settings {
    /** WS_RUNTIME_* */
    std::uint32_t flags = 0;
    /** How many threads of the library disconnect; 0: the calling thread does. */
    std::uint32_t disconnect_threads = 0;
    /** How long those wait for one client; 0: 5 s. */
    std::chrono::milliseconds disconnect_deadline{0};
    /** How long a removal waits for running callbacks; 0: without limit. */
    std::chrono::milliseconds drain_timeout{0};
};

/** What helps diagnosis of a registration; see ws_add_resource_ex(). */
struct details {
    /** Kept for diagnosis only; used during the call. */
    std::string_view event_log_upload_address{};
    /** The session's id, shown in resource. */
    wsrt_guid correlation_id{};
};

/** What state a registration is in; a later library may have more. */
enum class resource_state : std::uint32_t {
    connected = WS_STATE_CONNECTED,         /**< Registered, not told to disconnect. */
    disconnecting = WS_STATE_DISCONNECTING, /**< Told to disconnect, not yet removed. */
    leaving = WS_STATE_LEAVING              /**< Removed, a callback still running. */
};

/** What an observer is told of; a later library may have more. */
enum class resource_change : std::uint32_t {
    added = WS_CHANGE_ADDED,                 /**< Registered. */
    disconnecting = WS_CHANGE_DISCONNECTING, /**< Told to disconnect. */
    removed = WS_CHANGE_REMOVED,             /**< Removed by its client. */
    lost = WS_CHANGE_LOST                    /**< Found dead and dropped. */
};

/** What became of a client that was to be disconnected; a later library may have more. */
enum class disconnect_outcome : std::uint32_t {
    obeyed = WS_OUTCOME_OBEYED,       /**< Answered with success. */
    failed = WS_OUTCOME_FAILED,       /**< Answered with a failure, which is the result. */
    no_answer = WS_OUTCOME_NO_ANSWER, /**< Did not answer before its deadline. */
    dropped = WS_OUTCOME_DROPPED,     /**< Was dead, and its registration was dropped. */
    skipped = WS_OUTCOME_SKIPPED      /**< Was being told already by another call. */
};

/** How much a message matters. */
enum class log_level : std::uint32_t {
    error = WSRT_LOG_ERROR, /**< Something is lost. */
    warn = WSRT_LOG_WARN,   /**< A callback misbehaved. */
    info = WSRT_LOG_INFO,   /**< Worth knowing. */
    debug = WSRT_LOG_DEBUG, /**< For whoever looks for a fault. */
    trace = WSRT_LOG_TRACE  /**< Everything. */
};

/** A registration as it was at one moment; see ws_resource_info. */
template <class Text>
struct basic_resource {
    ws_cookie cookie;                    /**< Names the registration. */
    resource_state state;                /**< Its state. */
    std::uint32_t process_id;            /**< The process that it lives in. */
    status last_result;                  /**< What issue_disconnect answered last; WSRT_S_OK before that. */
    std::chrono::milliseconds age;       /**< Since it was registered. */
    std::chrono::milliseconds state_age; /**< Since it has this state. */
    wsrt_guid correlation_id;            /**< From details; else zero. */
    Text workspace_id;                   /**< The id of its workspace. */
    Text display_name;                   /**< Its display name, or "". */
};

/** What callbacks see: its texts are valid during the callback. */
using resource_view = basic_resource<std::string_view>;

/** What is kept: its texts are its own. */
using resource = basic_resource<std::string>;

/** What became of one client; see ws_disconnect_report. */
template <class Text>
struct basic_report {
    ws_cookie cookie;                  /**< Names the registration; it may be gone. */
    disconnect_outcome outcome;        /**< What became of it. */
    std::uint32_t process_id;          /**< The process that it lives in. */
    status result;                     /**< What issue_disconnect answered; WSRT_S_OK where it did not. */
    std::chrono::microseconds elapsed; /**< How long it took, or was waited for. */
    Text workspace_id;                 /**< The id of its workspace. */
    Text display_name;                 /**< Its display name, or "". */
};

/** What callbacks see: its texts are valid during the callback. */
using report_view = basic_report<std::string_view>;

/** What is kept: its texts are its own. */
using report = basic_report<std::string>;

/**
 * Whom disconnect() disconnects, and how long to wait for each; see ws_disconnect.
 *
 * Text is referred to, not copied: it must live until disconnect() returns.
 */
class selection {
public:
    /** @return every registration of the runtime */
    static selection all() noexcept
    {
        selection made;
        made.flags_ = WS_DISCONNECT_ALL;
        return made;
    }

    /** @param cookie  names the one registration */
    static selection resource(ws_cookie cookie) noexcept
    {
        selection made;
        made.cookie_ = cookie;
        return made;
    }

    /** @param id  every registration of this workspace; empty: no selection, WSRT_E_INVALIDARG */
    static selection workspace(std::string_view id) noexcept
    {
        selection made;
        made.workspace_id_ = id;
        return made;
    }

    /** @param name  every registration with this display name; empty: no selection, WSRT_E_INVALIDARG */
    static selection friendly_name(std::string_view name) noexcept
    {
        selection made;
        made.friendly_name_ = name;
        return made;
    }

    /**
     * @param each  how long to wait for one client, where library threads make the calls; 0: as the runtime's settings
     *              say; below 0: WSRT_E_INVALIDARG
     * @return this selection with that deadline
     */
    [[nodiscard]] selection with_deadline(std::chrono::milliseconds each) const noexcept
    {
        selection made = *this;
        made.deadline_ = each;
        return made;
    }

    /// @cond internal
    /* Runs a function on the C form of this. */
    template <class Call>
    detail::outcome in_c(Call &&call) const noexcept
    {
        ws_disconnect form = WS_DISCONNECT_INIT;
        form.flags = flags_;
        form.cookie = cookie_;
        const detail::outcome deadline = detail::milliseconds(deadline_, form.deadline_ms);
        if (deadline.code < 0) {
            return deadline;
        }
        const detail::c_string workspace_id(workspace_id_), friendly_name(friendly_name_);
        for (const detail::c_string *text : {&workspace_id, &friendly_name}) {
            if (text->usable().code < 0) {
                return text->usable();
            }
        }
        form.workspace_id = workspace_id.get();
        form.friendly_name = friendly_name.get();
        return {call(form)};
    }
    /// @endcond

private:
    selection() noexcept = default;

    std::uint32_t flags_ = 0;
    ws_cookie cookie_ = 0;
    std::string_view workspace_id_{};
    std::string_view friendly_name_{};
    std::chrono::milliseconds deadline_{0};
};

/**
 * What a client with a live connection answers to; see ws_client. Given to add_resource().
 *
 * The library owns it from then on: its destructor is the release, the last that is heard of the registration. Where a
 * constant id, a constant name and a lambda do, add_resource() takes these instead.
 */
class client {
public:
    /** Nothing yet. */
    client() = default;
    client(const client &) = delete;
    client &operator=(const client &) = delete;

    /** Runs once, after the last callback, on any thread; must not throw. */
    virtual ~client() = default;

    /**
     * Called once, during add_resource(), on its thread.
     *
     * @return the id of the workspace that the connection belongs to; empty: add_resource() fails
     * @throws anything  add_resource() fails
     */
    virtual std::string resource_id() = 0;

    /**
     * Called once, during add_resource(), on its thread.
     *
     * @return the name to show
     * @throws anything  it has the empty name
     */
    virtual std::string display_name() { return {}; }

    /**
     * Ends the connection. The registration stays until it is removed, which may be done in here.
     *
     * Never runs twice at once for one client. Every function may be called.
     *
     * @param cookie  names the registration; this is known here before add_resource() has returned it
     * @return the answer; WSRT_RPC_E_DISCONNECTED and WSRT_CO_E_OBJNOTCONNECTED: the connection is gone already, and
     *         the registration is dropped
     * @throws anything  a failure, which is the answer
     */
    virtual status issue_disconnect(ws_cookie cookie) = 0;
};

/// @cond internal
namespace detail {

inline resource_view view_of(const ws_resource_info &info) noexcept
{
    using ms = std::chrono::milliseconds;
    return {info.cookie,
            static_cast<resource_state>(info.state),
            info.process_id,
            info.last_result,
            ms(static_cast<ms::rep>(info.age_ms)),
            ms(static_cast<ms::rep>(info.state_age_ms)),
            info.correlation_id,
            info.workspace_id,
            info.display_name};
}

inline resource keep(const resource_view &view)
{
    return {view.cookie,
            view.state,
            view.process_id,
            view.last_result,
            view.age,
            view.state_age,
            view.correlation_id,
            std::string(view.workspace_id),
            std::string(view.display_name)};
}

inline report_view view_of(const ws_disconnect_report &of) noexcept
{
    using us = std::chrono::microseconds;
    return {of.cookie, static_cast<disconnect_outcome>(of.outcome), of.process_id,  of.result,
            us(static_cast<us::rep>(of.elapsed_us)),                of.workspace_id, of.display_name};
}

inline report keep(const report_view &view)
{
    return {view.cookie,
            view.outcome,
            view.process_id,
            view.result,
            view.elapsed,
            std::string(view.workspace_id),
            std::string(view.display_name)};
}

/* What a visitor is shown of it. */
template <class Info>
struct shown {
    static auto of(const Info &info) noexcept { return view_of(info); }
};

/* A visitor on its way through C. With room for it, what it throws is kept there; else the handler sees it. */
template <class Visitor>
struct visit {
    Visitor &visitor;
    std::exception_ptr *thrown;

    template <class Info>
    static wsrt_hresult call(void *user_data, const Info *info) noexcept
    {
        visit &self = *static_cast<visit *>(user_data);
        try {
            return verdict_of(self.visitor, shown<Info>::of(*info));
        } catch (...) {
            if (self.thrown) {
                *self.thrown = std::current_exception();
            } else {
                offer("visitor");
            }
            return code_of_exception();
        }
    }
};

inline status throw_on(const outcome &result, const std::exception_ptr &thrown)
{
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    return result.or_throw();
}

template <std::string (client::*ask)()>
wsrt_hresult tell_text(const char *callback, void *user_data, wsrt_text *sink) noexcept
{
    return guarded(callback, [&] {
        const std::string text = (static_cast<client *>(user_data)->*ask)();
        return wsrt_text_set(sink, text.data(), text.size());
    });
}

inline wsrt_hresult get_resource_id(void *user_data, wsrt_text *id) noexcept
{
    return tell_text<&client::resource_id>("resource_id", user_data, id);
}

inline wsrt_hresult get_resource_display_name(void *user_data, wsrt_text *name) noexcept
{
    return tell_text<&client::display_name>("display_name", user_data, name);
}

inline wsrt_hresult issue_disconnect(void *user_data, ws_cookie cookie) noexcept
{
    return guarded("issue_disconnect",
                   [&] { return static_cast<client *>(user_data)->issue_disconnect(cookie).code(); });
}

/* Constant texts and a callable. */
template <class Disconnect>
class simple_client final : public client {
public:
    template <class Given>
    simple_client(std::string_view id, std::string_view name, Given &&disconnect)
        : id_(id), name_(name), disconnect_(std::forward<Given>(disconnect))
    {
    }

    std::string resource_id() override { return id_; }
    std::string display_name() override { return name_; }
    status issue_disconnect(ws_cookie cookie) override
    {
        if constexpr (std::is_invocable_v<Disconnect &, ws_cookie>) {
            return answer_of(disconnect_, cookie);
        } else {
            return answer_of(disconnect_);
        }
    }

private:
    std::string id_;
    std::string name_;
    Disconnect disconnect_;
};

template <class Disconnect>
std::unique_ptr<client> client_of(std::string_view id, std::string_view name, Disconnect &&disconnect)
{
    using made = simple_client<std::decay_t<Disconnect>>;
    return std::make_unique<made>(id, name, std::forward<Disconnect>(disconnect));
}

/* A number that belongs to a runtime and is ended once. Of several threads that end it, one does. */
template <wsrt_hresult (*end_waiting)(ws_runtime *, std::uint32_t),
          wsrt_hresult (*end_at_once)(ws_runtime *, std::uint32_t)>
class owned {
public:
    owned() noexcept = default;
    owned(ws_runtime *runtime, std::uint32_t number) noexcept : runtime_(runtime), number_(number) {}
    owned(owned &&other) noexcept : runtime_(other.runtime_), number_(other.take()) {}
    owned &operator=(owned &&other) noexcept
    {
        // By way of a third: assigning to itself changes nothing.
        owned moved(std::move(other));
        const owned before(runtime_, take());
        runtime_ = moved.runtime_;
        number_.store(moved.take());
        return *this;
    }
    ~owned() { end_nowait(); }

    std::uint32_t number() const noexcept { return number_.load(); }
    std::uint32_t take() noexcept { return number_.exchange(0); }
    outcome end() noexcept { return {end_by(end_waiting)}; }
    wsrt_hresult end_nowait() noexcept { return end_by(end_at_once); }

private:
    /* Emptied first: the call may destroy this very object, in a callback. */
    wsrt_hresult end_by(wsrt_hresult (*function)(ws_runtime *, std::uint32_t)) noexcept
    {
        const std::uint32_t number = take();
        return number == 0 ? WSRT_S_FALSE : function(runtime_, number);
    }

    ws_runtime *runtime_ = nullptr;
    std::atomic<std::uint32_t> number_{0};
};

} // namespace detail
/// @endcond

/**
 * Owns a registration: removes it when it is destroyed, without waiting.
 *
 * Made by add_resource(). Its own callback may remove and even destroy it; but a callback may run before it has been
 * assigned to the variable that the callback knows, and then uses the cookie that it is given.
 */
class registration {
public:
    /** Empty. */
    registration() noexcept = default;

    /**
     * Takes over what was registered with wsrt.h.
     *
     * @param runtime  the runtime
     * @param cookie   names the registration
     */
    registration(ws_runtime *runtime, ws_cookie cookie) noexcept : owned_(runtime, cookie) {}

    /** @return the cookie; 0 if empty */
    [[nodiscard]] ws_cookie cookie() const noexcept { return owned_.number(); }

    /** @return whether it owns something, which another thread or the runtime's end may have removed */
    explicit operator bool() const noexcept { return cookie() != 0; }

    /**
     * Removes the registration and waits, outside callbacks, until no callback of it runs; see ws_remove_resource().
     *
     * Empty afterwards, also if it throws.
     *
     * @return WSRT_S_OK: nothing of it runs any more and its client is deleted; WSRT_S_DEFERRED: a callback still runs;
     *         WSRT_S_FALSE: was empty, which proves nothing about calls in flight
     * @throws error  WSRT_E_INVALIDARG: it is gone already; WSRT_E_HANDLE: its runtime is; WSRT_E_FORKED;
     *                WSRT_E_UNEXPECTED
     * @par Ownership
     * The client is deleted.
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * The client's destructor, on this thread or on the last that leaves it; observers.
     */
    status remove() { return owned_.end().or_throw(); }

    /** As remove(), but never throws. @return what ws_remove_resource() returned */
    [[nodiscard]] status try_remove() noexcept { return owned_.end().code; }

    /** As try_remove(), but never waits, like the destructor. @return what ws_remove_resource_nowait() returned */
    status remove_nowait() noexcept { return owned_.end_nowait(); }

    /** Lets go of the registration, which stays. @return its cookie, 0 if empty; empty afterwards */
    [[nodiscard]] ws_cookie detach() noexcept { return owned_.take(); }

private:
    detail::owned<ws_remove_resource, ws_remove_resource_nowait> owned_;
};

/** Owns a subscription: ends it when it is destroyed, without waiting. Made by subscribe(). */
class subscription {
public:
    /** Empty. */
    subscription() noexcept = default;

    /**
     * Takes over what was subscribed with wsrt.h.
     *
     * @param runtime  the runtime
     * @param id       names the subscription
     */
    subscription(ws_runtime *runtime, std::uint32_t id) noexcept : owned_(runtime, id) {}

    /** @return its number; 0 if empty */
    [[nodiscard]] std::uint32_t id() const noexcept { return owned_.number(); }

    /** @return whether it owns something, which another thread or the runtime's end may have ended */
    explicit operator bool() const noexcept { return id() != 0; }

    /**
     * Ends the subscription and waits, outside callbacks, until the observer does not run; see ws_unsubscribe().
     *
     * Empty afterwards, also if it throws.
     *
     * @return WSRT_S_OK: the observer does not run any more and is deleted; WSRT_S_DEFERRED: it still runs;
     *         WSRT_S_FALSE: was empty, which proves nothing about calls in flight
     * @throws error  WSRT_E_INVALIDARG: it has ended already; WSRT_E_HANDLE: its runtime has; WSRT_E_FORKED;
     *                WSRT_E_UNEXPECTED
     * @par Ownership
     * The observer is deleted.
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * The observer's destructor, on this thread or on the last that leaves it.
     */
    status unsubscribe() { return owned_.end().or_throw(); }

    /** As unsubscribe(), but never throws. @return what ws_unsubscribe() returned */
    [[nodiscard]] status try_unsubscribe() noexcept { return owned_.end().code; }

    /** As try_unsubscribe(), but never waits, like the destructor. @return what ws_unsubscribe_nowait() returned */
    status unsubscribe_nowait() noexcept { return owned_.end_nowait(); }

    /** Lets go of the subscription, which stays. @return its number, 0 if empty; empty afterwards */
    [[nodiscard]] std::uint32_t detach() noexcept { return owned_.take(); }

private:
    detail::owned<ws_unsubscribe, ws_unsubscribe_nowait> owned_;
};

/** What can be done with a runtime, by its owner (runtime) and by everybody else (runtime_ref). */
template <class Self>
class operations {
public:
    /**
     * Registers a live connection; see ws_add_resource_ex().
     *
     * @param given  the client
     * @param more   what helps diagnosis
     * @return owns the registration
     * @throws error  WSRT_E_HANDLE: no live runtime; WSRT_E_INVALIDARG: given is NULL, its id is empty or a string
     *                cannot be used; WSRT_E_FORKED; WSRT_E_OUTOFMEMORY; WSRT_E_UNEXPECTED; what resource_id() threw
     * @par Ownership
     * The client is the library's; if this throws, it is deleted.
     * @par Threads
     * Any.
     * @par Callbacks
     * resource_id(), then display_name(), on this thread; observers.
     */
    [[nodiscard]] registration add_resource(std::unique_ptr<client> given, const details &more = {}) const
    {
        registration made;
        add(given, more, made).or_throw();
        return made;
    }

    /**
     * Registers a live connection whose id and name are known.
     *
     * @param id          the id of its workspace
     * @param name        the name to show; may be empty
     * @param disconnect  ends the connection: a callable that takes the cookie or nothing, and answers nothing, a
     *                    status or a wsrt_hresult
     * @param more        what helps diagnosis
     * @return owns the registration
     * @throws error           as above
     * @throws std::bad_alloc  no memory for a client
     * @throws anything        that copying the callable throws
     * @par Ownership
     * The callable is moved or copied into a client; as above.
     * @par Threads
     * Any.
     * @par Callbacks
     * Observers.
     */
    template <class Disconnect>
    [[nodiscard]] registration add_resource(std::string_view id, std::string_view name, Disconnect &&disconnect,
                                            const details &more = {}) const
    {
        return add_resource(detail::client_of(id, name, std::forward<Disconnect>(disconnect)), more);
    }

    /**
     * As add_resource(), but never throws.
     *
     * @param      given  the client; deleted on failure
     * @param[out] made   owns the registration; empty on failure. What it owned before is removed, without waiting
     * @param      more   what helps diagnosis
     * @return what ws_add_resource_ex() returned
     */
    [[nodiscard]] status try_add_resource(std::unique_ptr<client> given, registration &made,
                                          const details &more = {}) const noexcept
    {
        return add(given, more, made).code;
    }

    /**
     * As add_resource(), but never throws.
     *
     * @param      id          the id of its workspace
     * @param      name        the name to show
     * @param      disconnect  ends the connection
     * @param[out] made        owns the registration; empty on failure. What it owned before is removed, without waiting
     * @param      more        what helps diagnosis
     * @return what ws_add_resource_ex() returned, or the code for what making a client threw
     */
    template <class Disconnect>
    [[nodiscard]] status try_add_resource(std::string_view id, std::string_view name, Disconnect &&disconnect,
                                          registration &made, const details &more = {}) const noexcept
    {
        std::unique_ptr<client> given;
        try {
            given = detail::client_of(id, name, std::forward<Disconnect>(disconnect));
        } catch (...) {
            made = {};
            return detail::code_of_exception();
        }
        return add(given, more, made).code;
    }

    /**
     * Removes a registration by its cookie, whoever owns it; see ws_remove_resource().
     *
     * The way for a callback to remove its own: it is given the cookie.
     *
     * @param cookie  names the registration
     * @return WSRT_S_OK: nothing of it runs any more and its client is deleted; WSRT_S_DEFERRED: a callback still runs
     * @throws error  WSRT_E_INVALIDARG: no live registration; WSRT_E_HANDLE: no live runtime; WSRT_E_FORKED;
     *                WSRT_E_UNEXPECTED
     * @par Ownership
     * The client is deleted. Its registration object need not be told.
     * @par Threads
     * Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
     * @par Callbacks
     * The client's destructor, on this thread or on the last that leaves it; observers.
     */
    status remove_resource(ws_cookie cookie) const
    {
        return detail::outcome{ws_remove_resource(name(), cookie)}.or_throw();
    }

    /** As remove_resource(), but never throws. @return what ws_remove_resource() returned */
    [[nodiscard]] status try_remove_resource(ws_cookie cookie) const noexcept
    {
        return ws_remove_resource(name(), cookie);
    }

    /** As try_remove_resource(), but never waits. @return what ws_remove_resource_nowait() returned */
    status remove_resource_nowait(ws_cookie cookie) const noexcept
    {
        return ws_remove_resource_nowait(name(), cookie);
    }

    /**
     * Disconnects one registered connection; see ws_disconnect_resource().
     *
     * @param cookie  names the registration
     * @return WSRT_S_OK: told; WSRT_S_FALSE: it is being told already
     * @throws error  what the client answered; WSRT_E_INVALIDARG: no live registration; WSRT_E_HANDLE: no live runtime;
     *                WSRT_E_ABORT; WSRT_E_FORKED; WSRT_E_TIMEOUT; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on one of the library; observers.
     */
    status disconnect_resource(ws_cookie cookie) const
    {
        return detail::outcome{ws_disconnect_resource(name(), cookie)}.or_throw();
    }

    /** As disconnect_resource(), but never throws. @return what ws_disconnect_resource() returned */
    [[nodiscard]] status try_disconnect_resource(ws_cookie cookie) const noexcept
    {
        return ws_disconnect_resource(name(), cookie);
    }

    /**
     * Disconnects every registered connection of a workspace; see ws_disconnect_workspace().
     *
     * @param id  the id of the workspace
     * @return WSRT_S_OK: told, or there is none; WSRT_S_FALSE: all are being told already; WSRT_S_DEFERRED: inside an
     *         issue_disconnect of a fan-out over the same connections, which goes on
     * @throws error  the first failure that a client answered, when all have been told; WSRT_E_INVALIDARG: id is empty
     *                or cannot be used; WSRT_E_HANDLE: no live runtime; WSRT_E_ABORT; WSRT_E_FORKED;
     *                WSRT_E_OUTOFMEMORY; WSRT_E_TIMEOUT; WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on those of the library; observers.
     */
    status disconnect_workspace(std::string_view id) const { return disconnect_all_of(id).or_throw(); }

    /** As disconnect_workspace(), but never throws. @return what ws_disconnect_workspace() returned */
    [[nodiscard]] status try_disconnect_workspace(std::string_view id) const noexcept
    {
        return disconnect_all_of(id).code;
    }

    /**
     * Disconnects every registered connection with a display name; see ws_disconnect_workspace_by_friendly_name().
     *
     * @param friendly_name  the name
     * @return as disconnect_workspace()
     * @throws error  as disconnect_workspace()
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on those of the library; observers.
     */
    status disconnect_workspace_by_friendly_name(std::string_view friendly_name) const
    {
        return disconnect_all_named(friendly_name).or_throw();
    }

    /** As disconnect_workspace_by_friendly_name(), but never throws. @return what that C function returned */
    [[nodiscard]] status try_disconnect_workspace_by_friendly_name(std::string_view friendly_name) const noexcept
    {
        return disconnect_all_named(friendly_name).code;
    }

    /**
     * Disconnects whom a selection names; see ws_disconnect_ex().
     *
     * @param whom  the selection
     * @return as disconnect_workspace()
     * @throws error  as disconnect_workspace()
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on those of the library; observers.
     */
    status disconnect(const selection &whom) const { return disconnect_unseen(whom).or_throw(); }

    /** As disconnect(), but never throws. @return what ws_disconnect_ex() returned */
    [[nodiscard]] status try_disconnect(const selection &whom) const noexcept { return disconnect_unseen(whom).code; }

    /**
     * Disconnects whom a selection names and shows what became of each, when all is over, oldest first.
     *
     * @param whom     the selection
     * @param visitor  a callable that takes a const report_view & and answers nothing, whether to go on, a status or a
     *                 wsrt_hresult; not copied
     * @return as disconnect_workspace(); WSRT_S_FALSE also if visitor stopped
     * @throws error     as disconnect_workspace(); what visitor stopped with
     * @throws anything  that visitor threw
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on those of the library; then visitor, on this thread; observers.
     */
    template <class Visitor>
    status disconnect(const selection &whom, Visitor &&visitor) const
    {
        std::exception_ptr thrown;
        const detail::outcome result = disconnect_seen(whom, visitor, &thrown);
        return detail::throw_on(result, thrown);
    }

    /** As disconnect() with a visitor, but never throws. @return what ws_disconnect_ex() returned */
    template <class Visitor>
    [[nodiscard]] status try_disconnect(const selection &whom, Visitor &&visitor) const noexcept
    {
        return disconnect_seen(whom, visitor, nullptr).code;
    }

    /**
     * Disconnects whom a selection names and collects what became of each, oldest first.
     *
     * @param      whom     the selection
     * @param[out] reports  all reports, and no others; also there if this throws because a client failed
     * @return as disconnect_workspace()
     * @throws error           as disconnect_workspace()
     * @throws std::bad_alloc  no memory for a report
     * @par Threads
     * Any.
     * @par Callbacks
     * issue_disconnect, on this thread or on those of the library; observers.
     */
    status disconnect(const selection &whom, std::vector<report> &reports) const
    {
        reports.clear();
        return disconnect(whom, [&](const report_view &one) { reports.push_back(detail::keep(one)); });
    }

    /** As disconnect() with reports, but never throws. @return what ws_disconnect_ex() returned */
    [[nodiscard]] status try_disconnect(const selection &whom, std::vector<report> &reports) const noexcept
    {
        reports.clear();
        return try_disconnect(whom, [&](const report_view &one) { reports.push_back(detail::keep(one)); });
    }

    /**
     * Shows every registration, oldest first; see ws_enum_resources().
     *
     * @param visitor  a callable that takes a const resource_view & and answers nothing, whether to go on, a status or
     *                 a wsrt_hresult; not copied
     * @return WSRT_S_OK: all were shown; WSRT_S_FALSE: visitor stopped
     * @throws error     what visitor stopped with; WSRT_E_HANDLE: no live runtime; WSRT_E_ABORT; WSRT_E_FORKED;
     *                   WSRT_E_OUTOFMEMORY; WSRT_E_UNEXPECTED
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

    /** As for_each_resource(), but never throws. @return what ws_enum_resources() returned */
    template <class Visitor>
    [[nodiscard]] status try_for_each_resource(Visitor &&visitor) const noexcept
    {
        return enumerate(visitor, nullptr).code;
    }

    /**
     * Collects every registration, oldest first; see ws_enum_resources().
     *
     * @return them
     * @throws error           as for_each_resource()
     * @throws std::bad_alloc  no memory for one
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    [[nodiscard]] std::vector<resource> resources() const
    {
        std::vector<resource> found;
        for_each_resource([&](const resource_view &one) { found.push_back(detail::keep(one)); });
        return found;
    }

    /**
     * As resources(), but never throws.
     *
     * @param[out] found  all registrations, and nothing else; on failure those that were seen until then
     * @return what ws_enum_resources() returned
     */
    [[nodiscard]] status try_resources(std::vector<resource> &found) const noexcept
    {
        found.clear();
        return try_for_each_resource([&](const resource_view &one) { found.push_back(detail::keep(one)); });
    }

    /**
     * Has an observer told of every change, first of each registration that is there; see ws_subscribe().
     *
     * @param observer  a callable that takes a resource_change and a const resource_view &; never runs twice at once
     * @return owns the subscription
     * @throws error           WSRT_E_HANDLE: no live runtime; WSRT_E_FORKED; WSRT_E_UNEXPECTED
     * @throws std::bad_alloc  no memory for the observer
     * @throws anything        that copying the callable throws
     * @par Ownership
     * The callable is moved or copied, and the library's; if this throws, it is deleted.
     * @par Threads
     * Any.
     * @par Callbacks
     * observer, on this thread and later on any that changes something.
     */
    template <class Observer>
    [[nodiscard]] subscription subscribe(Observer &&observer) const
    {
        subscription made;
        auto given = std::make_unique<std::decay_t<Observer>>(std::forward<Observer>(observer));
        observe(given, made).or_throw();
        return made;
    }

    /**
     * As subscribe(), but never throws.
     *
     * @param      observer  the callable; deleted on failure
     * @param[out] made      owns the subscription; empty on failure. What it owned before is ended, without waiting
     * @return what ws_subscribe() returned, or the code for what copying the callable threw
     */
    template <class Observer>
    [[nodiscard]] status try_subscribe(Observer &&observer, subscription &made) const noexcept
    {
        std::unique_ptr<std::decay_t<Observer>> given;
        try {
            given = std::make_unique<std::decay_t<Observer>>(std::forward<Observer>(observer));
        } catch (...) {
            made = {};
            return detail::code_of_exception();
        }
        return observe(given, made).code;
    }

protected:
    /// @cond internal
    operations() noexcept = default;
    operations(const operations &) noexcept = default;
    operations &operator=(const operations &) noexcept = default;
    ~operations() = default;
    /// @endcond

private:
    ws_runtime *name() const noexcept { return static_cast<const Self *>(this)->get(); }

    detail::outcome add(std::unique_ptr<client> &given, const details &more, registration &made) const noexcept
    {
        ws_runtime *const runtime = name();
        ws_cookie cookie = 0;
        detail::outcome result{WSRT_E_INVALIDARG, "the client is NULL"};
        if (given) {
            ws_client table = WS_CLIENT_INIT;
            table.user_data = given.get();
            table.get_resource_id = detail::get_resource_id;
            table.get_resource_display_name = detail::get_resource_display_name;
            table.issue_disconnect = detail::issue_disconnect;
            table.release = detail::release<client>;
            result = detail::with_c_string(more.event_log_upload_address, [&](const char *address) {
                return ws_add_resource_ex(runtime, &table, address, &more.correlation_id, &cookie);
            });
        }
        if (result.code >= 0) {
            // The library's now, and perhaps deleted already.
            static_cast<void>(given.release());
        }
        made = registration(runtime, cookie);
        return result;
    }

    detail::outcome disconnect_all_of(std::string_view id) const noexcept
    {
        return detail::with_c_string(id, [this](const char *text) { return ws_disconnect_workspace(name(), text); });
    }

    detail::outcome disconnect_all_named(std::string_view friendly_name) const noexcept
    {
        return detail::with_c_string(friendly_name, [this](const char *text) {
            return ws_disconnect_workspace_by_friendly_name(name(), text);
        });
    }

    detail::outcome disconnect_unseen(const selection &whom) const noexcept
    {
        return whom.in_c([&](const ws_disconnect &form) { return ws_disconnect_ex(name(), &form, nullptr, nullptr); });
    }

    template <class Visitor>
    detail::outcome disconnect_seen(const selection &whom, Visitor &visitor, std::exception_ptr *thrown) const noexcept
    {
        using visit = detail::visit<Visitor>;
        visit context{visitor, thrown};
        return whom.in_c([&](const ws_disconnect &form) {
            return ws_disconnect_ex(name(), &form, visit::template call<ws_disconnect_report>, &context);
        });
    }

    template <class Visitor>
    detail::outcome enumerate(Visitor &visitor, std::exception_ptr *thrown) const noexcept
    {
        using visit = detail::visit<Visitor>;
        visit context{visitor, thrown};
        return {ws_enum_resources(name(), visit::template call<ws_resource_info>, &context)};
    }

    template <class Observer>
    detail::outcome observe(std::unique_ptr<Observer> &given, subscription &made) const noexcept
    {
        ws_runtime *const runtime = name();
        std::uint32_t id = 0;
        ws_observer table = WS_OBSERVER_INIT;
        table.user_data = given.get();
        table.changed = [](void *user_data, std::uint32_t change, const ws_resource_info *info) noexcept {
            detail::guarded("changed", [&] {
                std::invoke(*static_cast<Observer *>(user_data), static_cast<resource_change>(change),
                            static_cast<const resource_view &>(detail::view_of(*info)));
                return WSRT_S_OK;
            });
        };
        table.release = detail::release<Observer>;
        const detail::outcome result{ws_subscribe(runtime, &table, &id)};
        if (result.code >= 0) {
            static_cast<void>(given.release());
        }
        made = subscription(runtime, id);
        return result;
    }
};

/**
 * Names a runtime without owning it. Small and copyable, and safe after the runtime's end: then WSRT_E_HANDLE.
 *
 * What callbacks and other threads capture.
 */
class runtime_ref : public operations<runtime_ref> {
public:
    /** Names nothing. */
    runtime_ref() noexcept = default;

    /** @param name  a runtime of wsrt.h, or NULL */
    explicit runtime_ref(ws_runtime *name) noexcept : name_(name) {}

    /** @return its name in wsrt.h, or NULL */
    [[nodiscard]] ws_runtime *get() const noexcept { return name_; }

    /**
     * Ends the runtime, whoever owns it; see runtime::destroy(). The owner need not be told.
     *
     * @return as runtime::destroy()
     * @throws error  as runtime::destroy()
     * @par Threads
     * Any; not while holding a lock that a callback takes.
     * @par Callbacks
     * The destructors of every client and observer.
     */
    status destroy() const { return detail::outcome{ws_runtime_destroy(name_)}.or_throw(); }

    /** As destroy(), but never throws. @return what ws_runtime_destroy() returned */
    [[nodiscard]] status try_destroy() const noexcept { return ws_runtime_destroy(name_); }

    /** As try_destroy(), but never waits. @return what ws_runtime_destroy_nowait() returned */
    status destroy_nowait() const noexcept { return ws_runtime_destroy_nowait(name_); }

private:
    ws_runtime *name_ = nullptr;
};

/** Owns a workspace runtime: ends it when it is destroyed, without waiting. */
class runtime : public operations<runtime> {
public:
    /**
     * Makes a workspace runtime in this process; see ws_runtime_create().
     *
     * @param with  its settings
     * @throws error  WSRT_E_NOINTERFACE: the library is not the one that this program was compiled for (check_abi());
     *                WSRT_E_INVALIDARG: a setting cannot be used; WSRT_E_FAIL; WSRT_E_NOTIMPL; WSRT_E_OUTOFMEMORY;
     *                WSRT_E_UNEXPECTED
     * @par Threads
     * Any.
     * @par Callbacks
     * None.
     */
    explicit runtime(const settings &with = {})
    {
        check_abi();
        create(with).or_throw();
    }

    /** Empty. */
    explicit runtime(std::nullptr_t) noexcept {}

    /** @param other  empty afterwards */
    runtime(runtime &&other) noexcept : operations(other), name_(other.detach()) {}

    /** Ends what it owned, without waiting. @param other  empty afterwards; itself is allowed */
    runtime &operator=(runtime &&other) noexcept
    {
        runtime moved(std::move(other));
        const runtime before = adopt(detach());
        name_.store(moved.detach());
        return *this;
    }

    ~runtime() { destroy_nowait(); }

    /**
     * As the constructor, but never throws.
     *
     * @param[out] made  the new runtime; empty on failure. What it owned before is ended, without waiting
     * @param      with  its settings
     * @return what ws_runtime_create() returned, or WSRT_E_NOINTERFACE
     */
    [[nodiscard]] static status try_create(runtime &made, const settings &with = {}) noexcept
    {
        made = runtime(nullptr);
        return abi_fits() ? made.create(with).code : WSRT_E_NOINTERFACE;
    }

    /** Takes over what was made with wsrt.h. @param name  the runtime; NULL: none @return its owner */
    [[nodiscard]] static runtime adopt(ws_runtime *name) noexcept
    {
        runtime made(nullptr);
        made.name_.store(name);
        return made;
    }

    /** @return its name in wsrt.h; NULL if empty */
    [[nodiscard]] ws_runtime *get() const noexcept { return name_.load(); }

    /** @return whether it owns a runtime, which another thread may have ended */
    explicit operator bool() const noexcept { return get() != nullptr; }

    /** @return a name for it that owns nothing */
    operator runtime_ref() const noexcept { return runtime_ref(get()); }

    /** Lets go of the runtime, which lives on. @return its name, NULL if empty; empty afterwards */
    [[nodiscard]] ws_runtime *detach() noexcept { return name_.exchange(nullptr); }

    /**
     * Ends the runtime and waits, outside callbacks, until no callback of it runs; see ws_runtime_destroy().
     *
     * Clients are released without being disconnected. Empty afterwards, also if it throws.
     *
     * @return WSRT_S_OK: nothing of it runs any more and every client and observer is deleted; WSRT_S_DEFERRED: a
     *         callback still runs; WSRT_S_FALSE: was empty
     * @throws error  WSRT_E_HANDLE: it has ended already; WSRT_E_UNEXPECTED
     * @par Ownership
     * Every client and observer is deleted.
     * @par Threads
     * Any; not while holding a lock that a callback takes.
     * @par Callbacks
     * The destructors of every client and observer, on this thread or on the last that leaves them.
     */
    status destroy() { return detail::outcome{ws_runtime_destroy(detach())}.or_throw(); }

    /** As destroy(), but never throws. @return what ws_runtime_destroy() returned */
    [[nodiscard]] status try_destroy() noexcept { return ws_runtime_destroy(detach()); }

    /** As try_destroy(), but never waits, like the destructor. @return what ws_runtime_destroy_nowait() returned */
    status destroy_nowait() noexcept { return ws_runtime_destroy_nowait(detach()); }

private:
    detail::outcome create(const settings &with) noexcept
    {
        ws_runtime_options options = WS_RUNTIME_OPTIONS_INIT;
        options.flags = with.flags;
        options.disconnect_threads = with.disconnect_threads;
        const detail::outcome deadline =
            detail::milliseconds(with.disconnect_deadline, options.disconnect_deadline_ms);
        const detail::outcome drain = detail::milliseconds(with.drain_timeout, options.drain_timeout_ms);
        if (deadline.code < 0 || drain.code < 0) {
            return deadline.code < 0 ? deadline : drain;
        }
        ws_runtime *made = nullptr;
        const detail::outcome result{ws_runtime_create(&options, &made)};
        name_.store(made);
        return result;
    }

    std::atomic<ws_runtime *> name_{nullptr};
};

/// @cond internal
namespace detail {

/* Which logger's log is in place; 0: none's. */
inline std::atomic<std::uint64_t> log_in_place{0};
inline std::atomic<std::uint64_t> logs_made{0};

} // namespace detail
/// @endcond

/**
 * Owns the log of the process: takes it away when it is destroyed, unless a later logger has replaced it.
 *
 * Unlike other owners its destructor waits, outside callbacks, until the log does not write, because C has no other
 * form. Loggers are made and ended by one thread at a time.
 */
class logger {
public:
    /** Empty. */
    logger() noexcept = default;

    /**
     * Sets where the library's messages go; see wsrt_set_log(). The log before is released.
     *
     * @param max_level  the highest level wanted
     * @param write      a callable that takes a log_level and two std::string_view, target and message; runs on the
     *                   thread that caused the message, on several at once
     * @throws error           WSRT_E_NOINTERFACE: check_abi(); WSRT_E_INVALIDARG: max_level is none; WSRT_E_UNEXPECTED
     * @throws std::bad_alloc  no memory for the callable
     * @throws anything        that copying the callable throws
     * @par Ownership
     * The callable is moved or copied, and the library's; if this throws, it is deleted.
     * @par Threads
     * Any.
     * @par Callbacks
     * The destructor of the log before.
     */
    template <class Write>
    logger(log_level max_level, Write &&write)
    {
        check_abi();
        auto given = std::make_unique<std::decay_t<Write>>(std::forward<Write>(write));
        set(max_level, given).or_throw();
    }

    /** @param other  empty afterwards */
    logger(logger &&other) noexcept : mark_(std::exchange(other.mark_, 0)) {}

    /** Ends what it owned. @param other  empty afterwards; itself is allowed */
    logger &operator=(logger &&other) noexcept
    {
        logger moved(std::move(other));
        std::swap(mark_, moved.mark_);
        return *this;
    }

    ~logger() { end(); }

    /**
     * As the constructor, but never throws.
     *
     * @param[out] made       owns the log; empty on failure, and then what it owned before has ended
     * @param      max_level  the highest level wanted
     * @param      write      the callable; deleted on failure
     * @return what wsrt_set_log() returned, WSRT_E_NOINTERFACE, or the code for what copying the callable threw
     */
    template <class Write>
    [[nodiscard]] static status try_set(logger &made, log_level max_level, Write &&write) noexcept
    {
        logger next;
        detail::outcome result{WSRT_E_NOINTERFACE};
        if (abi_fits()) {
            try {
                auto given = std::make_unique<std::decay_t<Write>>(std::forward<Write>(write));
                result = next.set(max_level, given);
            } catch (...) {
                result.code = detail::code_of_exception();
            }
        }
        made = std::move(next);
        return result.code;
    }

    /** @return whether it owns a log, which a later one may have replaced */
    explicit operator bool() const noexcept { return mark_ != 0; }

    /**
     * Takes the log away and waits, outside callbacks, until it does not write; see wsrt_set_log().
     *
     * Empty afterwards, also if it throws.
     *
     * @return WSRT_S_OK: it does not write any more and the callable is deleted; WSRT_S_DEFERRED: it still writes;
     *         WSRT_S_FALSE: was empty, or a later log is in its place
     * @throws error  WSRT_E_UNEXPECTED
     * @par Ownership
     * The callable is deleted.
     * @par Threads
     * Any; not while holding a lock that the callable takes.
     * @par Callbacks
     * The callable's destructor, on this thread or on the last that leaves it.
     */
    status reset() { return detail::outcome{end(), of_set_log}.or_throw(); }

    /** As reset(), but never throws. @return what wsrt_set_log() returned */
    [[nodiscard]] status try_reset() noexcept { return end(); }

private:
    /* wsrt_* functions leave the last error alone. */
    static constexpr const char *of_set_log = "wsrt_set_log";

    template <class Write>
    detail::outcome set(log_level max_level, std::unique_ptr<Write> &given) noexcept
    {
        wsrt_log table = WSRT_LOG_INIT;
        table.max_level = static_cast<std::uint32_t>(max_level);
        table.user_data = given.get();
        table.write = [](void *user_data, std::uint32_t level, const char *target, const char *message) noexcept {
            detail::guarded("write", [&] {
                std::invoke(*static_cast<Write *>(user_data), static_cast<log_level>(level), std::string_view(target),
                            std::string_view(message));
                return WSRT_S_OK;
            });
        };
        table.release = detail::release<Write>;
        // Before the call: in there the release of the log before may look.
        const std::uint64_t mark = detail::logs_made.fetch_add(1) + 1;
        const std::uint64_t before = detail::log_in_place.exchange(mark);
        const detail::outcome result{wsrt_set_log(&table), of_set_log};
        if (result.code < 0) {
            detail::log_in_place.store(before);
            return result;
        }
        static_cast<void>(given.release());
        mark_ = mark;
        return result;
    }

    wsrt_hresult end() noexcept
    {
        std::uint64_t mark = std::exchange(mark_, 0);
        const bool in_place = mark != 0 && detail::log_in_place.compare_exchange_strong(mark, 0);
        return in_place ? wsrt_set_log(nullptr) : WSRT_S_FALSE;
    }

    std::uint64_t mark_ = 0;
};

} // namespace wsrt

#include "wsrt_pool.hpp"

#endif
