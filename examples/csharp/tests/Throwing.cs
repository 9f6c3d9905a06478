using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Wsrt;

/// <summary>Exceptions of callbacks: none crosses the border, all are offered, and calls know their cause.</summary>
internal static class Throwing
{
    private sealed class Planted : Exception
    {
        internal Planted(string message)
            : base(message)
        {
        }
    }

    private static readonly List<CallbackErrorEventArgs> caught = new List<CallbackErrorEventArgs>();

    internal static void Run()
    {
        CallbackErrors.Caught += (sender, error) => throw new Planted("by a handler");
        CallbackErrors.Caught += (sender, error) =>
        {
            lock (caught)
            {
                caught.Add(error);
            }
        };
        AnIdThatThrows();
        ANameThatThrows();
        foreach (int threads in new[] { 0, 2 })
        {
            ADisconnectThatThrows(threads);
            TheOldestIsTheCause(threads);
            ANestedOne(threads);
        }
        ObserversThatThrow();
        ReleasesThatThrow();
        ALogThatThrows();
    }

    /// <summary>Exactly this was offered since the last time.</summary>
    private static void Offered(params string[] callbacks)
    {
        lock (caught)
        {
            Check.Equal(string.Join(" ", callbacks), string.Join(" ", caught.Select(one => one.Callback)), "offered");
            Check.True(caught.All(one => one.Target != null && one.Exception != null), "what it was");
            caught.Clear();
        }
    }

    private static void AnIdThatThrows()
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Planted planted = new Planted("id");
            Counting client = new Counting("w", "n") { WhenAskedId = () => throw planted };
            WsrtException failure = Check.Fails(Result.Fail, () => runtime.Add(client), "an id that throws");
            Check.Equal(planted, failure.InnerException, "cause");
            lock (caught)
            {
                Check.Equal(client, caught[0].Target, "target");
                Check.Equal(planted, caught[0].Exception, "exception");
            }
            Offered("get_resource_id");

            client.WhenAskedId = () => throw new WsrtException(Result.AccessDenied, "no");
            Check.Fails(Result.AccessDenied, () => runtime.Add(client), "an id that throws a code");
            client.WhenAskedId = () => "half \uDC00";
            failure = Check.Fails(Result.Fail, () => runtime.Add(client), "an id that is not Unicode");
            Check.True(failure.InnerException is ArgumentException, "cause");
            Offered("get_resource_id", "get_resource_id");

            client.WhenAskedId = () => "a\0b";
            Check.Fails(Result.InvalidArg, () => runtime.Add(client), "an id with a NUL");
            client.WhenAskedId = () => null;
            Check.Fails(Result.InvalidArg, () => runtime.Add(client), "no id");
            Offered();
            Check.Equal(0, client.Released, "what was never registered is never released");
            Check.Equal(0, runtime.GetResources().Count, "registered");

            // And it is not held either.
            WeakReference dropped = null;
            Check.Elsewhere(() => dropped = FailToAdd(runtime));
            Offered("get_resource_id");
            Check.Until(() => { Check.Collect(); return !dropped.IsAlive; });
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference FailToAdd(WorkspaceRuntime runtime)
    {
        Counting client = new Counting("w", "n") { WhenAskedId = () => throw new Planted("id") };
        Check.Fails(Result.Fail, () => runtime.Add(client), "an id that throws");
        return new WeakReference(client);
    }

    private static void ANameThatThrows()
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Counting client = new Counting("w", "n") { WhenAskedName = () => throw new Planted("name") };
            Registration registration = runtime.Add(client);
            Offered("get_resource_display_name");
            Check.Equal("", runtime.GetResources().Single().DisplayName, "name");
            registration.Remove();
            Check.Equal(1, client.Released, "releases");
        }
    }

    private static void ADisconnectThatThrows(int threads)
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = threads }))
        {
            Planted planted = new Planted("told");
            Counting client = new Counting("w", "n") { WhenTold = cookie => throw planted };
            Registration registration = runtime.Add(client);
            Action[] ways =
            {
                () => registration.Disconnect(),
                () => runtime.DisconnectWorkspace("w"),
                () => runtime.DisconnectWorkspaceByFriendlyName("n")
            };
            foreach (Action way in ways)
            {
                Check.Equal(planted, Check.Fails(Result.Fail, way, "told").InnerException, "cause");
                Offered("issue_disconnect");
            }
            DisconnectReports reports = runtime.Disconnect(DisconnectSelection.All);
            Check.Equal(planted, reports.Error.InnerException, "cause");
            Check.Equal(planted, reports.Single().Exception, "thrown");
            Check.Equal(Result.Fail, reports.Single().Result, "result");
            Offered("issue_disconnect");
            // The next call has nothing to do with it.
            Check.Equal(null, Check.Fails(Result.InvalidArg, () => runtime.Disconnect(0), "no cookie").InnerException, "");

            client.WhenTold = cookie => throw new WsrtException(Result.RpcDisconnected, "dead");
            reports = runtime.Disconnect(DisconnectSelection.Workspace("w"));
            Check.Equal(Result.Ok, reports.Result, "the dead are dropped");
            Check.Equal(DisconnectOutcome.Dropped, reports.Single().Outcome, "outcome");
            Check.True(reports.Single().Exception is WsrtException, "thrown");
            Check.Equal(1, client.Released, "releases");
            Check.Equal(4 + 1, client.Told, "told");
            Offered("issue_disconnect");
        }
    }

    /// <summary>The exception of another client, with the same code by chance, must not be shown as the cause.</summary>
    private static void TheOldestIsTheCause(int threads)
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = threads }))
        {
            Planted planted = new Planted("second"), other = new Planted("third");
            Counting[] clients = { new Counting("w", "1"), new Counting("w", "2"), new Counting("w", "3") };
            clients[0].WhenTold = cookie => Result.Fail;
            clients[1].WhenTold = cookie => throw planted;
            clients[2].WhenTold = cookie => throw other;
            List<Registration> kept = clients.Select(one => runtime.Add(one)).ToList();
            WsrtException failure = Check.Fails(Result.Fail, () => runtime.DisconnectWorkspace("w"), "three fail");
            Check.Equal(null, failure.InnerException, "cause");
            DisconnectReports reports = runtime.Disconnect(DisconnectSelection.All);
            Check.True(reports.Select(one => one.Exception).SequenceEqual(new Exception[] { null, planted, other }), "each");
            kept[0].Remove();
            failure = Check.Fails(Result.Fail, () => runtime.DisconnectWorkspace("w"), "two fail");
            Check.Equal(planted, failure.InnerException, "cause");
            GC.KeepAlive(kept);
        }
        Offered(Enumerable.Repeat("issue_disconnect", 6).ToArray());
    }

    private static void ANestedOne(int threads)
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = threads }))
        {
            Planted planted = new Planted("inner");
            Counting inner = new Counting("inner", "n"), outer = new Counting("outer", "n");
            inner.WhenTold = cookie => throw planted;
            outer.WhenTold = cookie => runtime.DisconnectWorkspace("inner");
            using (Registration one = runtime.Add(inner))
            using (runtime.Add(outer))
            {
                WsrtException failure = Check.Fails(Result.Fail, () => runtime.DisconnectWorkspace("outer"), "nested");
                WsrtException cause = failure.InnerException as WsrtException;
                Check.True(cause != null, "the cause is the call inside");
                Check.Equal(planted, cause.InnerException, "its cause");
                Offered("issue_disconnect", "issue_disconnect");

                // What is dealt with inside is no cause outside.
                outer.WhenTold = cookie =>
                {
                    Check.Fails(Result.Fail, () => one.Disconnect(), "inside");
                    return Result.Fail;
                };
                failure = Check.Fails(Result.Fail, () => runtime.DisconnectWorkspace("outer"), "nested");
                Check.Equal(null, failure.InnerException, "cause");
                Offered("issue_disconnect");
            }
        }
    }

    private static void ObserversThatThrow()
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            int after = 0;
            Subscription thrower = runtime.Subscribe(
                (change, info) => throw new Planted("changed"), () => throw new Planted("released"));
            Subscription other = runtime.Subscribe((change, info) => after += 1);
            runtime.Add("w", null, cookie => Result.Ok).Remove();
            Check.Equal(2, after, "changes seen by the other");
            Offered("changed", "changed");
            Check.Equal(Result.Ok, thrower.Unsubscribe(), "unsubscribing");
            Offered("release");
            other.Dispose();
        }
    }

    private static void ReleasesThatThrow()
    {
        WorkspaceRuntime runtime = new WorkspaceRuntime();
        Counting[] clients = { new Counting("w", "1"), new Counting("w", "2") };
        List<Registration> kept = new List<Registration>();
        foreach (Counting client in clients)
        {
            client.WhenReleased = () => throw new Planted("released");
            kept.Add(runtime.Add(client));
        }
        Check.Equal(Result.Ok, kept[0].Remove(), "removing");
        Offered("release");
        Check.Equal(Result.Ok, runtime.Destroy(), "destroying");
        Offered("release");
        Check.True(clients.All(one => one.Released == 1), "once each");
        GC.KeepAlive(kept);
    }

    private static void ALogThatThrows()
    {
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Log.Set(LogLevel.Trace, (level, target, message) => throw new Planted("write"), () => throw new Planted("end"));
            using (Registration refusing = runtime.Add("w", null, cookie => Result.Fail))
            {
                Check.Fails(Result.Fail, () => refusing.Disconnect(), "it refuses");
            }
            Log.Clear();
            lock (caught)
            {
                Check.True(caught.Count >= 2, "something was written");
                caught.RemoveAll(one => one.Callback == "write");
            }
            Offered("release");
        }
    }
}
