using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Wsrt;

/// <summary>Callbacks on many threads while garbage is collected: none is lost, none comes twice.</summary>
internal static class Callbacks
{
    internal static void Run()
    {
        OnThreadsOfTheLibrary();
        OnManyThreads();
        AnObserverOnManyThreads();
        WhatIsToldIsTrue();
        TextsInAllLengths();
        TheLogIsWritten();
    }

    private static void OnThreadsOfTheLibrary()
    {
        const int rounds = 20;
        ConcurrentDictionary<int, bool> threads = new ConcurrentDictionary<int, bool>();
        using (WorkspaceRuntime runtime = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = 4 }))
        {
            List<Counting> clients = Enumerable.Range(0, 50).Select(at => new Counting("w" + at % 5, "n" + at)).ToList();
            List<Registration> registrations = new List<Registration>();
            foreach (Counting client in clients)
            {
                client.WhenTold = cookie =>
                {
                    threads[Thread.CurrentThread.ManagedThreadId] = true;
                    return new Result(new byte[1000].Length - 1000);
                };
                registrations.Add(runtime.Add(client));
            }
            using (new Collecting())
            {
                for (int round = 0; round < rounds; round++)
                {
                    DisconnectReports reports = runtime.Disconnect(DisconnectSelection.All);
                    Check.Equal(Result.Ok, reports.Result, "disconnecting all");
                    Check.True(reports.Select(one => one.Cookie).SequenceEqual(registrations.Select(one => one.Cookie)),
                        "everybody is reported, oldest first");
                }
            }
            Check.True(clients.All(one => one.Told == rounds), "each is told once a round");
            Check.True(!threads.ContainsKey(Thread.CurrentThread.ManagedThreadId), "on other threads than this");
            foreach (Registration registration in registrations)
            {
                Check.Equal(Result.Ok, registration.Remove(), "removing");
            }
            Check.True(clients.All(one => one.AskedId == 1 && one.AskedName == 1 && one.Released == 1), "once each");
        }
    }

    private static void OnManyThreads()
    {
        const int rounds = 300;
        List<Counting> all = new List<Counting>();
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        using (new Collecting())
        {
            Check.Together(Enumerable.Range(0, 4).Select(thread => (Action)(() =>
            {
                List<Counting> mine = new List<Counting>();
                for (int round = 0; round < rounds; round++)
                {
                    Counting client = new Counting("w" + thread, "n" + round);
                    mine.Add(client);
                    Registration registration = runtime.Add(client);
                    Check.Equal(Result.Ok, registration.Disconnect(), "disconnecting one");
                    Check.Equal(Result.Ok, runtime.DisconnectWorkspace("w" + thread), "disconnecting a workspace");
                    Check.True(runtime.GetResources().Any(one => one.Cookie == registration.Cookie), "it is listed");
                    Check.Equal(Result.Ok, registration.Remove(), "removing");
                }
                lock (all)
                {
                    all.AddRange(mine);
                }
            })).ToArray());
            Check.Equal(0, runtime.GetResources().Count, "left");
        }
        Check.Equal(4 * rounds, all.Count, "clients");
        Check.True(all.All(one => one.AskedId == 1 && one.AskedName == 1 && one.Told == 2 && one.Released == 1), "exact");
    }

    private static void AnObserverOnManyThreads()
    {
        const int rounds = 300;
        Dictionary<ResourceChange, int> seen = new Dictionary<ResourceChange, int>();
        Dictionary<uint, ResourceChange> latest = new Dictionary<uint, ResourceChange>();
        int released = 0, inside = 0;
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        using (new Collecting())
        {
            Registration first = runtime.Add("first", null, cookie => Result.Ok);
            Subscription subscription = runtime.Subscribe((change, info) =>
            {
                Check.Equal(1, Interlocked.Increment(ref inside), "calls of one observer at once");
                seen.TryGetValue(change, out int count);
                seen[change] = count + 1;
                latest.TryGetValue(info.Cookie, out ResourceChange before);
                Check.True(before < change, "changes of one registration are in order");
                latest[info.Cookie] = change;
                Interlocked.Decrement(ref inside);
            }, () => released += 1);
            Check.Together(Enumerable.Range(0, 4).Select(thread => (Action)(() =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    using (Registration one = runtime.Add("w", null, cookie => Result.Ok))
                    {
                        one.Disconnect();
                    }
                }
            })).ToArray());
            // The last changes may be told by another thread that has not come to it yet.
            Check.Until(() => { lock (seen) { return seen.TryGetValue(ResourceChange.Removed, out int r) && r == 4 * rounds; } });
            Check.Equal(Result.Ok, subscription.Unsubscribe(), "unsubscribing");
            Check.Equal(1, released, "releases");
            Check.Equal(Result.Ok, first.Remove(), "removing");
        }
        Check.Equal(4 * rounds + 1, seen[ResourceChange.Added], "added");
        Check.Equal(4 * rounds, seen[ResourceChange.Disconnecting], "disconnecting");
        Check.Equal(4 * rounds, seen[ResourceChange.Removed], "removed");
        Check.True(!seen.ContainsKey(ResourceChange.Lost), "nobody is lost");
    }

    private static void WhatIsToldIsTrue()
    {
        Guid id = new Guid("01020304-0506-0708-090a-0b0c0d0e0f10");
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Counting client = new Counting("Bücher 書 😀", "名");
            client.WhenTold = cookie => Result.AccessDenied;
            Registration registration = runtime.Add(client, "https://example.org/ü", id);
            ResourceInfo info = runtime.GetResources().Single();
            Check.Equal(registration.Cookie, info.Cookie, "cookie");
            Check.Equal(ResourceState.Connected, info.State, "state");
            Check.Equal(System.Diagnostics.Process.GetCurrentProcess().Id, info.ProcessId, "process");
            Check.Equal(Result.Ok, info.LastResult, "last result");
            Check.Equal(id, info.CorrelationId, "correlation id");
            Check.Equal("Bücher 書 😀", info.WorkspaceId, "workspace");
            Check.Equal("名", info.DisplayName, "name");
            Check.True(info.Age >= TimeSpan.Zero && info.Age < TimeSpan.FromMinutes(5), "age");
            Check.True(info.StateAge >= TimeSpan.Zero && info.StateAge <= info.Age, "age of the state");

            DisconnectSelection[] ways =
            {
                DisconnectSelection.All, DisconnectSelection.Resource(registration.Cookie),
                DisconnectSelection.Workspace("Bücher 書 😀"), DisconnectSelection.FriendlyName("名")
            };
            foreach (DisconnectSelection way in ways)
            {
                DisconnectReports reports = runtime.Disconnect(way, TimeSpan.FromSeconds(5));
                DisconnectReport report = reports.Single();
                Check.Equal(Result.AccessDenied, reports.Result, "result of all");
                Check.True(reports.Error.Reason != "", "a reason");
                Check.Equal(null, reports.Error.InnerException, "nothing was thrown");
                Check.Equal(registration.Cookie, report.Cookie, "cookie");
                Check.Equal(DisconnectOutcome.Failed, report.Outcome, "outcome");
                Check.Equal(Result.AccessDenied, report.Result, "result");
                Check.Equal(info.ProcessId, report.ProcessId, "process");
                Check.Equal("Bücher 書 😀", report.WorkspaceId, "workspace");
                Check.Equal("名", report.DisplayName, "name");
                Check.True(report.Elapsed >= TimeSpan.Zero && report.Elapsed < TimeSpan.FromMinutes(5), "elapsed");
                Check.Equal(null, report.Exception, "thrown");
            }
            Check.Equal(ResourceState.Disconnecting, runtime.GetResources().Single().State, "state");
            Check.Equal(Result.Ok, runtime.DisconnectWorkspaceByFriendlyName("nobody"), "nobody's name");
            Check.Equal(0, runtime.Disconnect(DisconnectSelection.Workspace("nobody")).Count, "nobody's reports");
            Check.Fails(Result.InvalidArg, () => runtime.Disconnect(DisconnectSelection.Workspace("")), "no selection");
            Check.Fails(Result.InvalidArg, () => runtime.Disconnect(0), "no cookie");
            Check.Equal(Result.Ok, runtime.Remove(registration.Cookie, id), "removing");
            Check.Equal(1, client.Released, "releases");
        }
        Check.Throws<ArgumentOutOfRangeException>(
            () => new WorkspaceRuntime(new RuntimeOptions { DrainTimeout = TimeSpan.Zero }), "a time that means none");
        Check.Throws<ArgumentOutOfRangeException>(
            () => new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = -1 }), "a negative number");
    }

    private static void TextsInAllLengths()
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            foreach (int length in new[] { 1, 84, 85, 86, 255, 256, 257, 4095, 4096 })
            {
                string id = new string('w', length);
                using (Registration registration = runtime.Add(id, id, cookie => Result.Ok))
                {
                    ResourceInfo info = runtime.GetResources().Single();
                    Check.True(info.WorkspaceId == id && info.DisplayName == id, length + " bytes come back");
                    Check.Equal(1, runtime.Disconnect(DisconnectSelection.Workspace(id)).Count, "found by it");
                }
            }
            WsrtException failure = Check.Fails(Result.InvalidArg,
                () => runtime.DisconnectWorkspace(new string('w', 4097)), "too long");
            Check.True(failure.Reason.StartsWith("ws_disconnect_workspace: workspace_id"), failure.Reason);
            Check.Equal(failure.Reason + " (WSRT_E_INVALIDARG 0x80070057)", failure.Message, "message");
            Check.Throws<ArgumentException>(() => runtime.DisconnectWorkspace("a\0b"), "a NUL inside");
            Check.Throws<ArgumentException>(() => runtime.DisconnectWorkspace("a\uD800b"), "half a character");
        }
    }

    private static void TheLogIsWritten()
    {
        int written = 0, released = 0;
        Check.Fails(Result.InvalidArg, () => Log.Set((LogLevel)99, (level, target, message) => { }), "no such level");
        Check.Equal(Result.Ok, Log.Set(LogLevel.Trace, (level, target, message) =>
        {
            Check.True(level >= LogLevel.Error && level <= LogLevel.Trace && target != "" && message != "", message);
            Interlocked.Increment(ref written);
        }, () => released += 1), "setting the log");
        using (new Collecting())
        using (WorkspaceRuntime runtime = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = 2 }))
        {
            for (int at = 0; at < 100; at++)
            {
                using (Registration one = runtime.Add("w", null, cookie => Result.Fail))
                {
                    Check.Fails(Result.Fail, () => one.Disconnect(), "it refuses");
                }
            }
        }
        Check.True(written > 0, "something is written");
        Check.Equal(Result.Ok, Log.Clear(), "clearing the log");
        Check.Equal(1, released, "releases");
    }
}
