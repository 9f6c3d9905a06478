/* What goes in and comes out: texts, settings, selections, reports, and the exact code of each misuse. */
#include "guest.hpp"

#include <chrono>

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

const wsrt::status refused = WSRT_E_ACCESSDENIED;

wsrt::registration add(const wsrt::runtime &runtime, std::string_view id, std::string_view name, wsrt_hresult answer)
{
    return runtime.add_resource(id, name, [answer](ws_cookie) { return answer; });
}

void a_status_is_its_code()
{
    static_assert(wsrt::status().succeeded() && wsrt::status(WSRT_S_FALSE).succeeded());
    static_assert(wsrt::status(WSRT_S_DEFERRED).deferred() && !wsrt::status(WSRT_S_OK).deferred());
    static_assert(wsrt::status(WSRT_E_FAIL).failed() && wsrt::status(WSRT_E_FAIL) != WSRT_E_HANDLE);
    CHECK_TEXT("WSRT_E_ACCESSDENIED", refused.name());
    const wsrt::error bare(WSRT_E_TIMEOUT), told(WSRT_E_TIMEOUT, "too late");
    CHECK_TEXT("WSRT_E_TIMEOUT 0x800705B4", bare.what());
    CHECK_TEXT("", bare.text());
    CHECK_TEXT("WSRT_E_TIMEOUT 0x800705B4: too late", told.what());
    CHECK_TEXT("too late", told.text());
}

void an_error_says_what_the_library_says()
{
    wsrt::runtime runtime;
    try {
        runtime.disconnect_workspace("");
        CHECK(false);
    } catch (const std::runtime_error &failure) {
        CHECK_TEXT("WSRT_E_INVALIDARG 0x80070057: ws_disconnect_workspace: workspace_id: is NULL or empty",
                   failure.what());
    }
    /* What fails before the library is asked does not carry the library's words of before. */
    try {
        runtime.disconnect_workspace("a\0b"sv);
        CHECK(false);
    } catch (const wsrt::error &failure) {
        CHECK_CODE(WSRT_E_INVALIDARG, failure.code());
        CHECK_TEXT("a string has a NUL inside", failure.text());
    }
    /* Nor does what deletes the client, and fails meanwhile, change what is said. */
    struct clumsy final : wsrt::client {
        ~clumsy() override { static_cast<void>(wsrt::runtime_ref().try_disconnect_workspace("w")); }
        std::string resource_id() override { return {}; }
        wsrt::status issue_disconnect(ws_cookie) override { return {}; }
    };
    try {
        const wsrt::registration made = runtime.add_resource(std::make_unique<clumsy>());
        CHECK(false);
    } catch (const wsrt::error &failure) {
        CHECK_CODE(WSRT_E_INVALIDARG, failure.code());
        CHECK(std::strstr(failure.text(), "ws_add_resource_ex: ") == failure.text());
    }
}

void a_nul_inside_is_refused_everywhere()
{
    wsrt::runtime runtime;
    tally counts;
    wsrt::registration made;
    const std::string_view bad = "w\0x"sv;
    const auto disconnect = [] {};
    std::vector<wsrt::report> reports;
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect_workspace(bad));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect_workspace_by_friendly_name(bad));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect(wsrt::selection::workspace(bad)));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect(wsrt::selection::friendly_name(bad), reports));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_add_resource(bad, "n", disconnect, made));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_add_resource(guest_of(counts), made, {bad, {}}));
    CHECK_EQ(1, counts.released);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { made = runtime.add_resource(guest_of(counts), {bad, {}}); }));
    CHECK_EQ(2, counts.released);
    CHECK_EQ(0, counts.asked);
    /* A name is optional: one that cannot be used is none. */
    made = runtime.add_resource("w", bad, disconnect);
    CHECK_TEXT("", runtime.resources().at(0).display_name);
}

/* At the edges of the room that short texts have, without a NUL behind them, and up to the library's limit. */
void texts_of_every_length_arrive_whole()
{
    wsrt::runtime runtime;
    const std::string much(5000, 'y');
    for (const std::size_t length : {1U, 254U, 255U, 256U, 257U, 4096U}) {
        const std::string_view id = std::string_view(much).substr(0, length);
        const std::unique_ptr<char[]> bare(new char[length]);
        std::memcpy(bare.get(), id.data(), length);
        const wsrt::registration made = add(runtime, id, "n", WSRT_E_ACCESSDENIED);
        CHECK_TEXT(std::string(id).c_str(), runtime.resources().at(0).workspace_id);
        CHECK_CODE(WSRT_E_ACCESSDENIED, runtime.try_disconnect_workspace(std::string_view(bare.get(), length)));
        CHECK_CODE(WSRT_S_OK, runtime.try_disconnect_workspace(std::string_view(bare.get(), length - 1).empty()
                                                                   ? "other"sv
                                                                   : std::string_view(bare.get(), length - 1)));
    }
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect_workspace(std::string_view(much).substr(0, 4097)));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect_workspace("\xFF"));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect_workspace(std::string_view()));
}

void settings_are_passed_on()
{
    wsrt::runtime runtime(nullptr);
    wsrt::settings with;
    with.disconnect_threads = 1;
    with.disconnect_deadline = 20ms;
    with.drain_timeout = wsrt::infinite;
    CHECK_CODE(WSRT_S_OK, wsrt::runtime::try_create(runtime, with));
    std::atomic<bool> leave{false};
    tally counts;
    wsrt::registration made = runtime.add_resource(guest_of(counts, [&](ws_cookie) -> wsrt::status {
        while (!leave) {
        }
        return {};
    }));
    std::vector<wsrt::report> reports;
    const wsrt::selection one = wsrt::selection::resource(made.cookie());
    CHECK_CODE(WSRT_E_TIMEOUT, thrown_by([&] { runtime.disconnect(one, reports); }));
    CHECK_EQ(1, reports.size());
    CHECK(reports[0].outcome == wsrt::disconnect_outcome::no_answer);
    CHECK(reports[0].elapsed >= 20ms);
    CHECK_CODE(WSRT_S_FALSE, runtime.try_disconnect_resource(made.cookie()));
    leave = true;
    CHECK_CODE(WSRT_S_OK, made.remove());
    CHECK_EQ(1, counts.released);

    with.drain_timeout = 100 * 24h;
    CHECK_CODE(WSRT_S_OK, wsrt::runtime::try_create(runtime, with));
    with.flags = 0x80000000U;
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::runtime::try_create(runtime, with));
    CHECK(!runtime);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { wsrt::runtime other(with); }));
    for (const auto below : {&wsrt::settings::disconnect_deadline, &wsrt::settings::drain_timeout}) {
        wsrt::settings wrong;
        wrong.*below = -1ms;
        CHECK_CODE(WSRT_E_INVALIDARG, wsrt::runtime::try_create(runtime, wrong));
    }
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::runtime().try_disconnect(wsrt::selection::all().with_deadline(-1ms)));
}

void a_deadline_belongs_to_one_call()
{
    wsrt::settings with;
    with.disconnect_threads = 1;
    with.disconnect_deadline = wsrt::infinite;
    with.drain_timeout = 20ms;
    wsrt::runtime runtime(with);
    std::atomic<bool> leave{false};
    tally counts;
    wsrt::registration made = runtime.add_resource(guest_of(counts, [&](ws_cookie) -> wsrt::status {
        while (!leave) {
        }
        return {};
    }));
    CHECK_CODE(WSRT_E_TIMEOUT, runtime.try_disconnect(wsrt::selection::all().with_deadline(20ms)));
    /* The wait for it runs out as well, and then it is deferred. */
    const wsrt::status removed = made.remove();
    CHECK_CODE(WSRT_S_DEFERRED, removed);
    CHECK(removed.deferred());
    CHECK_EQ(0, counts.released);
    leave = true;
    while (counts.released == 0) {
    }
    CHECK_EQ(1, counts.released);
}

void resources_are_what_was_registered()
{
    wsrt::runtime runtime;
    const wsrt_guid id{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    const wsrt::registration one =
        runtime.add_resource("w", "one", [](ws_cookie) -> wsrt_hresult { return WSRT_E_ACCESSDENIED; }, {"upload", id});
    const wsrt::registration two = add(runtime, "v", "two", WSRT_S_OK);
    CHECK_CODE(WSRT_E_ACCESSDENIED, runtime.try_disconnect_resource(one.cookie()));
    std::vector<wsrt::resource> found(3);
    CHECK_CODE(WSRT_S_OK, runtime.try_resources(found));
    CHECK_EQ(2, found.size());
    CHECK_EQ(one.cookie(), found[0].cookie);
    CHECK(found[0].state == wsrt::resource_state::disconnecting && found[1].state == wsrt::resource_state::connected);
    CHECK_EQ(getpid(), found[0].process_id);
    CHECK_CODE(WSRT_E_ACCESSDENIED, found[0].last_result);
    CHECK_CODE(WSRT_S_OK, found[1].last_result);
    CHECK(found[0].age >= found[0].state_age && found[0].age < 60s);
    CHECK(std::memcmp(&id, &found[0].correlation_id, sizeof id) == 0);
    CHECK_TEXT("w", found[0].workspace_id);
    CHECK_TEXT("two", found[1].display_name);
    CHECK_CODE(WSRT_E_HANDLE, wsrt::runtime_ref().try_resources(found));
    CHECK_EQ(0, found.size());
}

void reports_are_there_even_if_it_throws()
{
    wsrt::runtime runtime;
    const wsrt::registration obeys = add(runtime, "w", "obeys", WSRT_S_OK);
    const wsrt::registration refuses = add(runtime, "w", "refuses", WSRT_E_ACCESSDENIED);
    const wsrt::registration dead = add(runtime, "w", "dead", WSRT_CO_E_OBJNOTCONNECTED);
    const ws_cookie gone = dead.cookie();
    std::vector<wsrt::report> reports(9);
    CHECK_CODE(WSRT_E_ACCESSDENIED,
               thrown_by([&] { runtime.disconnect(wsrt::selection::workspace("w"), reports); }));
    CHECK_EQ(3, reports.size());
    CHECK(reports[0].outcome == wsrt::disconnect_outcome::obeyed);
    CHECK(reports[1].outcome == wsrt::disconnect_outcome::failed);
    CHECK(reports[2].outcome == wsrt::disconnect_outcome::dropped);
    CHECK_CODE(WSRT_E_ACCESSDENIED, reports[1].result);
    CHECK_EQ(gone, reports[2].cookie);
    CHECK_TEXT("dead", reports[2].display_name);
    CHECK_TEXT("w", reports[2].workspace_id);
    CHECK_EQ(getpid(), reports[0].process_id);
    std::string names;
    CHECK_CODE(WSRT_E_ACCESSDENIED, runtime.try_disconnect(wsrt::selection::all(), [&](const wsrt::report_view &one) {
        names += one.display_name;
    }));
    CHECK_TEXT("obeysrefuses", names);
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect(wsrt::selection::resource(gone), reports));
    CHECK_EQ(0, reports.size());
    CHECK_CODE(WSRT_S_OK, runtime.disconnect_workspace_by_friendly_name("obeys"));
    CHECK_CODE(WSRT_E_ACCESSDENIED, thrown_by([&] { runtime.disconnect_workspace_by_friendly_name("refuses"); }));
    CHECK_CODE(WSRT_S_OK, runtime.disconnect(wsrt::selection::friendly_name("obeys")));
    CHECK_CODE(WSRT_E_ACCESSDENIED, thrown_by([&] { runtime.disconnect(wsrt::selection::all()); }));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_disconnect(wsrt::selection::workspace("")));
    CHECK_CODE(WSRT_S_OK, runtime.disconnect_resource(obeys.cookie()));
    CHECK_CODE(WSRT_E_ACCESSDENIED, thrown_by([&] { runtime.disconnect_resource(refuses.cookie()); }));
}

void a_dead_client_is_lost_and_released()
{
    wsrt::runtime runtime;
    tally counts;
    std::vector<wsrt::resource_change> changes;
    const wsrt::subscription watch = runtime.subscribe(
        [&](wsrt::resource_change change, const wsrt::resource_view &) { changes.push_back(change); });
    wsrt::registration made =
        runtime.add_resource(guest_of(counts, [](ws_cookie) -> wsrt::status { return WSRT_RPC_E_DISCONNECTED; }));
    CHECK_CODE(WSRT_S_OK, runtime.disconnect_workspace("w"));
    CHECK_EQ(1, counts.released);
    CHECK_CODE(WSRT_E_INVALIDARG, made.try_remove());
    const std::vector<wsrt::resource_change> expected = {wsrt::resource_change::added,
                                                         wsrt::resource_change::disconnecting,
                                                         wsrt::resource_change::lost};
    CHECK(changes == expected);
}

} // namespace

int main()
{
    RUN(a_status_is_its_code);
    RUN(an_error_says_what_the_library_says);
    RUN(a_nul_inside_is_refused_everywhere);
    RUN(texts_of_every_length_arrive_whole);
    RUN(settings_are_passed_on);
    RUN(a_deadline_belongs_to_one_call);
    RUN(resources_are_what_was_registered);
    RUN(reports_are_there_even_if_it_throws);
    RUN(a_dead_client_is_lost_and_released);
    return 0;
}
