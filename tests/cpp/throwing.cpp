/* What is thrown in a callback does not cross the border: it becomes a code, and the handler sees it. */
#include "guest.hpp"

#include <cstddef>
#include <thread>

namespace {

void check_seen(const char *callback, const char *what)
{
    const std::vector<sighting> seen = take_sightings();
    CHECK_EQ(1, seen.size());
    CHECK_TEXT(callback, seen[0].callback);
    CHECK_TEXT(what, seen[0].what);
}

/* A client whose texts are thrown instead of given. */
class mute final : public wsrt::client {
public:
    mute(tally &counts, const kind &id, const kind &name) : counts_(counts), id_(id), name_(name) {}
    ~mute() override { counts_.released += 1; }

    std::string resource_id() override
    {
        id_.toss();
        return "w";
    }
    std::string display_name() override
    {
        name_.toss();
        return "n";
    }
    wsrt::status issue_disconnect(ws_cookie) override { return {}; }

private:
    tally &counts_;
    kind id_;
    kind name_;
};

const kind nothing{[] {}, WSRT_S_OK, ""};

void an_id_that_throws_fails_the_add()
{
    wsrt::runtime runtime;
    for (const kind &one : kinds()) {
        tally counts;
        wsrt::registration made;
        CHECK_CODE(one.code, runtime.try_add_resource(std::make_unique<mute>(counts, one, nothing), made));
        CHECK(!made);
        CHECK_EQ(1, counts.released);
        check_seen("resource_id", one.what);
        try {
            made = runtime.add_resource(std::make_unique<mute>(counts, one, nothing));
            CHECK(false);
        } catch (const wsrt::error &failure) {
            CHECK_CODE(one.code, failure.code());
            CHECK_TEXT(wsrt_hresult_name(one.code), failure.name());
            CHECK(std::strstr(failure.text(), "get_resource_id") != nullptr);
            CHECK(std::strstr(failure.what(), failure.text()) != nullptr);
        }
        CHECK_EQ(2, counts.released);
        check_seen("resource_id", one.what);
    }
    CHECK_EQ(0, runtime.resources().size());
}

void a_name_that_throws_is_empty()
{
    wsrt::runtime runtime;
    for (const kind &one : kinds()) {
        tally counts;
        wsrt::registration made = runtime.add_resource(std::make_unique<mute>(counts, nothing, one));
        check_seen("display_name", one.what);
        CHECK_TEXT("", runtime.resources().at(0).display_name);
        CHECK_EQ(0, counts.released);
        CHECK_CODE(WSRT_S_OK, made.remove());
        CHECK_EQ(1, counts.released);
    }
}

void an_issue_disconnect_that_throws_answers_a_code()
{
    for (const std::uint32_t threads : {0U, 2U}) {
        wsrt::settings with;
        with.disconnect_threads = threads;
        wsrt::runtime runtime(with);
        for (const kind &one : kinds()) {
            tally counts, other;
            const wsrt::registration made = runtime.add_resource(guest_of(counts, [&](ws_cookie) -> wsrt::status {
                one.toss();
                return {};
            }));
            const wsrt::registration after = runtime.add_resource(guest_of(other));
            CHECK_CODE(one.code, runtime.try_disconnect_resource(made.cookie()));
            check_seen("issue_disconnect", one.what);
            CHECK_CODE(one.code, thrown_by([&] { runtime.disconnect_workspace("w"); }));
            check_seen("issue_disconnect", one.what);
            CHECK_EQ(2, counts.told);
            CHECK_EQ(0, counts.left);
            CHECK_EQ(1, other.told);
            CHECK_CODE(one.code, runtime.resources().at(0).last_result);
            CHECK_EQ(0, counts.released);
        }
        CHECK_EQ(0, runtime.resources().size());
    }
}

void a_lambda_that_throws_answers_a_code()
{
    wsrt::runtime runtime;
    for (const kind &one : kinds()) {
        tally counts;
        wsrt::registration made =
            runtime.add_resource("w", "n", [&one, held = seal(counts)] { one.toss(); });
        CHECK_CODE(one.code, runtime.try_disconnect(wsrt::selection::friendly_name("n")));
        check_seen("issue_disconnect", one.what);
        CHECK_EQ(0, counts.released);
        CHECK_CODE(WSRT_S_OK, made.remove());
        CHECK_EQ(1, counts.released);
    }
}

void an_observer_that_throws_is_told_on()
{
    wsrt::runtime runtime;
    for (const kind &one : kinds()) {
        tally counts, observed;
        wsrt::subscription watch =
            runtime.subscribe([&, held = seal(observed)](wsrt::resource_change, const wsrt::resource_view &) {
                observed.told += 1;
                one.toss();
            });
        wsrt::registration made = runtime.add_resource(guest_of(counts));
        check_seen("changed", one.what);
        CHECK_CODE(WSRT_S_OK, made.remove());
        check_seen("changed", one.what);
        CHECK_EQ(2, observed.told);
        CHECK_EQ(0, observed.released);
        CHECK_CODE(WSRT_S_OK, watch.unsubscribe());
        CHECK_EQ(1, observed.released);
    }
}

/* The plain form throws on what a visitor threw, itself and not a copy of its text; the other one makes it a code. */
void a_visitor_that_throws_stops()
{
    wsrt::runtime runtime;
    tally counts;
    const wsrt::registration first = runtime.add_resource(guest_of(counts));
    const wsrt::registration second = runtime.add_resource(guest_of(counts));
    for (const kind &one : kinds()) {
        unsigned seen = 0;
        const auto visitor = [&](const auto &) {
            seen += 1;
            one.toss();
        };
        const std::vector<std::function<wsrt::status()>> plain = {
            [&] { return runtime.for_each_resource(visitor); },
            [&] { return runtime.disconnect(wsrt::selection::all(), visitor); },
        };
        for (const auto &call : plain) {
            seen = 0;
            std::exception_ptr caught;
            try {
                call();
            } catch (...) {
                caught = std::current_exception();
            }
            CHECK(caught != nullptr);
            CHECK_EQ(1, seen);
            CHECK_EQ(0, take_sightings().size());
            keep_sighting("caught", caught);
            check_seen("caught", one.what);
        }
        seen = 0;
        CHECK_CODE(one.code, runtime.try_for_each_resource(visitor));
        CHECK_EQ(1, seen);
        check_seen("visitor", one.what);
        CHECK_CODE(one.code, runtime.try_disconnect(wsrt::selection::all(), visitor));
        CHECK_EQ(2, seen);
        check_seen("visitor", one.what);
    }
    CHECK_EQ(4 * kinds().size(), counts.told);
}

void a_visitor_stops_without_throwing()
{
    wsrt::runtime runtime;
    tally counts;
    const wsrt::registration first = runtime.add_resource(guest_of(counts));
    const wsrt::registration second = runtime.add_resource(guest_of(counts));
    unsigned seen = 0;
    CHECK_CODE(WSRT_S_FALSE, runtime.for_each_resource([&](const wsrt::resource_view &) { return ++seen < 1; }));
    CHECK_EQ(1, seen);
    CHECK_CODE(WSRT_S_OK, runtime.for_each_resource([&](const wsrt::resource_view &) { return ++seen < 9; }));
    CHECK_EQ(3, seen);
    const auto refuse = [](const auto &) -> wsrt::status { return WSRT_E_CANCELLED; };
    CHECK_CODE(WSRT_E_CANCELLED, thrown_by([&] { runtime.for_each_resource(refuse); }));
    CHECK_CODE(WSRT_E_CANCELLED, runtime.try_disconnect(wsrt::selection::workspace("w"), refuse));
    const auto code = [](const auto &) -> wsrt_hresult { return WSRT_S_FALSE; };
    CHECK_CODE(WSRT_S_FALSE, runtime.disconnect(wsrt::selection::workspace("w"), code));
}

/* A client whose name fails is worth a message. */
void a_log_that_throws_is_written_on()
{
    wsrt::runtime runtime;
    const kind no_name{[] { throw std::runtime_error("no name"); }, WSRT_E_FAIL, "no name"};
    for (const kind &one : kinds()) {
        tally counts, logged;
        wsrt::logger log(wsrt::log_level::trace,
                         [&, held = seal(logged)](wsrt::log_level, std::string_view target, std::string_view message) {
                             CHECK_TEXT("wsrt", target);
                             CHECK(!message.empty());
                             logged.told += 1;
                             one.toss();
                         });
        CHECK_CODE(WSRT_S_OK, runtime.add_resource(std::make_unique<mute>(counts, nothing, no_name)).remove());
        CHECK(logged.told > 0);
        unsigned written = 0;
        for (const sighting &seen : take_sightings()) {
            if (seen.callback == "write") {
                CHECK_TEXT(one.what, seen.what);
                written += 1;
            } else {
                CHECK_TEXT("display_name", seen.callback);
            }
        }
        CHECK_EQ(logged.told, written);
        CHECK_EQ(0, logged.released);
        CHECK_CODE(WSRT_S_OK, log.reset());
        CHECK_EQ(1, logged.released);
        CHECK_CODE(WSRT_S_FALSE, log.reset());
    }
}

void a_handler_may_throw_and_may_be_absent()
{
    wsrt::runtime runtime;
    const wsrt::registration made =
        runtime.add_resource("w", "n", [](ws_cookie) { throw wsrt::error(WSRT_E_CANCELLED); });
    CHECK(wsrt::set_exception_handler([](const char *, std::exception_ptr) { throw 1; }) == keep_sighting);
    CHECK_CODE(WSRT_E_CANCELLED, runtime.try_disconnect_workspace("w"));
    wsrt::set_exception_handler(nullptr);
    CHECK_CODE(WSRT_E_CANCELLED, runtime.try_disconnect_workspace("w"));
    CHECK(wsrt::set_exception_handler(keep_sighting) == nullptr);
    CHECK_CODE(WSRT_E_CANCELLED, runtime.try_disconnect_workspace("w"));
    check_seen("issue_disconnect", "WSRT_E_CANCELLED 0x800704C7");
}

/* A callable that cannot be copied in throws in the plain form, is a code in the other, and leaves nothing behind. */
struct uncopyable_today {
    uncopyable_today() = default;
    uncopyable_today(const uncopyable_today &) { throw wsrt::error(WSRT_E_NOT_FOUND); }
    void operator()() const {}
    void operator()(wsrt::resource_change, const wsrt::resource_view &) const {}
    void operator()(wsrt::log_level, std::string_view, std::string_view) const {}
};

void a_copy_that_throws_leaves_nothing()
{
    wsrt::runtime runtime;
    const uncopyable_today callable;
    tally counts;
    wsrt::registration made = runtime.add_resource(guest_of(counts));
    wsrt::subscription watch;
    wsrt::logger log;
    CHECK_CODE(WSRT_E_NOT_FOUND, thrown_by([&] { made = runtime.add_resource("w", "n", callable); }));
    CHECK(made);
    CHECK_CODE(WSRT_E_NOT_FOUND, runtime.try_add_resource("w", "n", callable, made));
    CHECK(!made);
    CHECK_EQ(1, counts.released);
    CHECK_CODE(WSRT_E_NOT_FOUND, thrown_by([&] { watch = runtime.subscribe(callable); }));
    CHECK_CODE(WSRT_E_NOT_FOUND, runtime.try_subscribe(callable, watch));
    CHECK_CODE(WSRT_E_NOT_FOUND, thrown_by([&] { log = wsrt::logger(wsrt::log_level::info, callable); }));
    CHECK_CODE(WSRT_E_NOT_FOUND, wsrt::logger::try_set(log, wsrt::log_level::info, callable));
    CHECK(!watch && !log);
    CHECK_EQ(0, runtime.resources().size());
}

} // namespace

int main()
{
    wsrt::set_exception_handler(keep_sighting);
    RUN(an_id_that_throws_fails_the_add);
    RUN(a_name_that_throws_is_empty);
    RUN(an_issue_disconnect_that_throws_answers_a_code);
    RUN(a_lambda_that_throws_answers_a_code);
    RUN(an_observer_that_throws_is_told_on);
    RUN(a_visitor_that_throws_stops);
    RUN(a_visitor_stops_without_throwing);
    RUN(a_log_that_throws_is_written_on);
    RUN(a_handler_may_throw_and_may_be_absent);
    RUN(a_copy_that_throws_leaves_nothing);
    return 0;
}
