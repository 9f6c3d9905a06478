/*
 * The story of five connections in two workspaces, and of a pool of sessions, in C++17: examples/c/story.c with owners,
 * classes for what answers, lambdas and exceptions. It prints the same lines.
 *
 * Build and run it by hand, after `make library`:
 *
 *     c++ -std=c++17 -Iinclude examples/cpp/story.cpp -Ltarget/release -lwsrt -Wl,-rpath,target/release -o story
 *
 * Every line is printed by what the library did: by a callback that it made, or from what it returned.
 */
#include "wsrt.hpp"

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace {

/* What this program knows of one of its connections. */
struct connection {
    std::string workspace;
    std::string name;
    wsrt::status answer;         /* to the order to disconnect */
    bool removes_itself = false; /* while it carries out that order */
    wsrt::registration registration{};
    ws_cookie cookie = 0; /* kept when the registration is gone */
};

void print_result(std::string_view what, std::string_view whom, wsrt::status result)
{
    char number[16];
    std::snprintf(number, sizeof number, "0x%08X", static_cast<unsigned>(result.code()));
    std::cout << what << whom << ": " << result.name() << ' ' << number << '\n';
}

/* What answers for a connection. The library owns it, and destroys it as the last that is heard of a registration. */
class answering final : public wsrt::client {
public:
    explicit answering(connection &of) : of_(of) {}
    ~answering() override { std::cout << "    " << of_.name << " is released\n"; }

    std::string resource_id() override
    {
        std::cout << "    " << of_.name << " is asked for its workspace: " << of_.workspace << '\n';
        return of_.workspace;
    }

    std::string display_name() override
    {
        std::cout << "    " << of_.name << " is asked for its display name\n";
        return of_.name;
    }

    wsrt::status issue_disconnect(ws_cookie cookie) override
    {
        const char *known = cookie == of_.registration.cookie() ? "its own cookie" : "a cookie that it does not know";
        std::cout << "    " << of_.name << " is told to disconnect, by " << known << '\n';
        if (of_.removes_itself) {
            // Inside a callback nothing waits: this object lives until the callback has returned.
            print_result("    remove ", of_.name, of_.registration.try_remove());
        }
        print_result("    answer of ", of_.name, of_.answer);
        return of_.answer;
    }

private:
    connection &of_;
};

/* What a call returned, or threw. */
template <class Call>
wsrt::status result_of(Call &&call)
{
    try {
        return call();
    } catch (const wsrt::error &failure) {
        return failure.code();
    }
}

/* As above, with the reason of a failure. Texts that name a cookie differ from run to run: this story has no use for
   those. */
template <class Call>
void print_with_reason(std::string_view what, std::string_view whom, Call &&call)
{
    try {
        print_result(what, whom, call());
    } catch (const wsrt::error &failure) {
        print_result(what, whom, failure.code());
        std::cout << "    reason: " << failure.text() << '\n';
    }
}

void add(wsrt::runtime_ref runtime, connection &one)
{
    const wsrt::status result = runtime.try_add_resource(std::make_unique<answering>(one), one.registration);
    one.cookie = one.registration.cookie();
    print_result("add ", one.name, result);
}

const char *name_of(wsrt::resource_state state)
{
    switch (state) {
    case wsrt::resource_state::connected: return "connected";
    case wsrt::resource_state::disconnecting: return "disconnecting";
    case wsrt::resource_state::leaving: return "leaving";
    }
    return "in a state of a later version";
}

void list(wsrt::runtime_ref runtime)
{
    int count = 0;
    const wsrt::status result = runtime.try_for_each_resource([&](const wsrt::resource_view &one) {
        count += 1;
        std::cout << "    " << one.display_name << " in " << one.workspace_id << " is " << name_of(one.state)
                  << ", last result " << one.last_result.name() << '\n';
    });
    print_result("list", "", result);
    std::cout << "registered: " << count << '\n';
}

int tell_of_connections()
{
    connection terminal{"lab", "Terminal", WSRT_S_OK};
    connection plotter{"lab", "Plotter", WSRT_S_OK};
    connection mail{"office", "Mail", WSRT_S_OK, true};
    connection sheets{"office", "Sheets", WSRT_E_ACCESSDENIED};
    connection viewer{"office", "Viewer", WSRT_RPC_E_DISCONNECTED};

    wsrt::runtime runtime(nullptr);
    const wsrt::status created = wsrt::runtime::try_create(runtime);
    print_result("create the runtime", "", created);
    if (created.failed()) {
        return 1;
    }

    // Five connections open.
    for (connection *one : {&terminal, &mail, &sheets, &viewer, &plotter}) {
        add(runtime, *one);
    }
    list(runtime);

    // One is disconnected alone. It stays registered until its connection is closed and it says so.
    print_result("disconnect ", terminal.name, result_of([&] { return runtime.disconnect_resource(terminal.cookie); }));
    list(runtime);
    print_result("remove ", terminal.name, result_of([&] { return terminal.registration.remove(); }));

    // A workspace is disconnected. Each is told, whatever the others answer: Mail removes itself, Sheets refuses, and
    // Viewer, which is dead, is dropped. The refusal is the result.
    const auto disconnect_office = [&] { return runtime.disconnect_workspace("office"); };
    print_result("disconnect workspace ", "office", result_of(disconnect_office));
    list(runtime);

    // Who has not gone is told again.
    sheets.answer = WSRT_S_OK;
    sheets.removes_itself = true;
    print_result("disconnect workspace ", "office", result_of(disconnect_office));

    // Nobody is left in that workspace, which is what was asked. But no name at all is no question.
    print_result("disconnect workspace ", "office", result_of(disconnect_office));
    print_with_reason("disconnect workspace ", "\"\"", [&] { return runtime.disconnect_workspace(""); });

    // Cookies of those who are gone name nothing, and never come to name somebody else.
    print_result("remove again ", mail.name, runtime.try_remove_resource(mail.cookie));
    print_result("disconnect again ", viewer.name, runtime.try_disconnect_resource(viewer.cookie));
    list(runtime);

    // The end of the runtime releases who is left, without disconnecting. Its owner is empty then; a name is kept here.
    const wsrt::runtime_ref stale = runtime;
    print_result("destroy the runtime", "", result_of([&] { return runtime.destroy(); }));

    // A handle is a name: after its end it is known to be stale, in every function.
    print_with_reason("disconnect workspace ", plotter.workspace,
                      [&] { return stale.disconnect_workspace(plotter.workspace); });
    list(stale);
    print_result("destroy the runtime", "", stale.try_destroy());
    return 0;
}

/* ---- A session's id is its number; its type is what it is good for. ---- */

constexpr dispenser_restypid reports = 1, orders = 2;

const char *name_of(dispenser_restypid type)
{
    return type == reports ? "reports" : "orders";
}

/* What the driver of the sessions answers to. The library owns it, as it owns an answering. */
class sessions final : public wsrt::rating_driver {
public:
    ~sessions() override { std::cout << "    the driver is released\n"; }

    wsrt::created create_resource(dispenser_restypid type) override
    {
        const dispenser_resid session = types_.size() + 1;
        types_[session] = type;
        std::cout << "    session " << session << " is created for " << name_of(type) << '\n';
        return {session, std::chrono::seconds(60)}; // it may be idle for so long
    }

    std::uint32_t rate_resource(dispenser_restypid type, dispenser_resid session, bool requires_enlistment) override
    {
        const auto rating = types_.at(session) == type ? DISPENSER_RATING_PERFECT : DISPENSER_RATING_UNUSABLE;
        std::cout << "    session " << session << " is rated for " << name_of(type)
                  << (requires_enlistment ? ", to be enlisted" : "") << ": " << rating << '\n';
        return rating;
    }

    wsrt::status enlist_resource(dispenser_resid session, dispenser_transid transaction) override
    {
        std::cout << "    session " << session << " is enlisted in transaction " << transaction << '\n';
        return {};
    }

    wsrt::status reset_resource(dispenser_resid session) override
    {
        std::cout << "    session " << session << " is reset\n";
        return {};
    }

    wsrt::status destroy_resource(dispenser_resid session) override
    {
        std::cout << "    session " << session << " is destroyed\n";
        return {};
    }

private:
    std::map<dispenser_resid, dispenser_restypid> types_;
};

wsrt::lease alloc(wsrt::dispenser_ref pool, dispenser_restypid type)
{
    wsrt::lease session;
    const wsrt::status result = pool.try_alloc_resource(type, session);
    print_result("alloc for ", name_of(type), result);
    if (result.succeeded()) {
        std::cout << "    it is session " << session.id() << '\n';
    }
    return session;
}

void alloc_in_vain(wsrt::dispenser_ref pool, dispenser_restypid type)
{
    print_with_reason("alloc for ", name_of(type), [&] {
        static_cast<void>(pool.alloc_resource(type));
        return wsrt::status();
    });
}

/* The end of a lease does this, too, and says nothing. */
void give_back(wsrt::lease &session)
{
    print_result("free", "", session.try_release());
}

void list(wsrt::dispenser_ref pool)
{
    const wsrt::status result = pool.try_for_each_resource([](const wsrt::pooled_view &one) {
        const char *state = one.state == wsrt::pooled_state::free_unenlisted ? "free"
                            : one.state == wsrt::pooled_state::free_enlisted ? "free, but enlisted"
                                                                             : "in use";
        std::cout << "    session " << one.id << " for " << name_of(one.type) << " is " << state << ", uses "
                  << one.uses << '\n';
    });
    print_result("list", "", result);
}

int tell_of_sessions()
{
    wsrt::pool_settings with;
    with.flags = DISPENSER_MANUAL_SWEEP; // time passes only when this program says so
    wsrt::dispenser pool(nullptr);
    const wsrt::status created =
        wsrt::dispenser::try_create(pool, std::make_unique<sessions>(), "sessions", with);
    print_result("create the dispenser", "", created);
    if (created.failed()) {
        return 1;
    }

    // The first is created, and kept when it comes back. The next that wants one of its type gets it.
    wsrt::lease first = alloc(pool, reports);
    give_back(first);
    first = alloc(pool, reports);

    // What is in use is offered to nobody; what does not fit is rated 0.
    wsrt::lease second = alloc(pool, orders);
    give_back(first);
    give_back(second);
    first = alloc(pool, reports);
    give_back(first);

    // In a transaction a session is enlisted once, and then is for that transaction alone.
    wsrt::context transaction;
    print_result("enter transaction 7", "", transaction.try_enter(0, 7));
    first = alloc(pool, reports);
    give_back(first);
    first = alloc(pool, reports);
    give_back(first);
    print_result("leave transaction 7", "", transaction.try_leave());
    second = alloc(pool, reports);
    const dispenser_resid known = second.id();
    list(pool);
    print_result("end transaction 7", "", wsrt::try_transaction_ended(7, true));
    give_back(second);
    list(pool);

    // Nothing is given back twice, and no type is 0. A lease knows that it is empty; a number does not.
    print_result("free", "", pool.try_free_resource(known));
    alloc_in_vain(pool, 0);

    // A broken one is taken out; what is idle for too long goes by itself.
    using std::chrono::milliseconds;
    print_result("destroy the session", "", pool.try_destroy_resource(known));
    print_result("sweep", "", pool.try_sweep(milliseconds(1000)));
    print_result("sweep, 60 s later", "", pool.try_sweep(milliseconds(61000)));
    first = alloc(pool, orders);
    give_back(first);
    dispenser_stats stats;
    print_result("count", "", pool.try_stats(stats));
    std::cout << "    allocs " << stats.allocs << ", frees " << stats.frees << ", created " << stats.creates
              << ", destroyed " << stats.destroys << '\n';

    // The close destroys what is in stock and gives the driver back.
    const wsrt::dispenser_ref stale = pool;
    print_result("close the dispenser", "", result_of([&] { return pool.close(); }));
    alloc_in_vain(pool, reports);
    print_result("destroy the dispenser", "", result_of([&] { return pool.destroy(); }));
    alloc_in_vain(stale, reports);
    return 0;
}

} // namespace

int main()
{
    const int status = tell_of_connections();
    return status != 0 ? status : tell_of_sessions();
}
