/*
 * The story of five connections in two workspaces, in C++17: examples/c/story.c with owners, a client class, lambdas
 * and exceptions. It prints the same lines.
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

} // namespace

int main()
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
