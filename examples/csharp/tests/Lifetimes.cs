using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading;
using Wsrt;

/// <summary>Who ends what, once, in time, and also where nobody does.</summary>
internal static class Lifetimes
{
    internal static void Run()
    {
        DisposedTwice();
        DisposedInsideCallbacks();
        DisposedByManyAtOnce();
        DisposingWaits();
        WhatIsDroppedIsReleased();
        ADroppedRuntimeIsReleased();
        FinalizersDoNotWait();
        WhatIsKeptLives();
        AfterTheEnd();
    }

    private static void DisposedTwice()
    {
        Counting client = new Counting("w", "n"), left = new Counting("w", "m");
        int released = 0;
        WorkspaceRuntime runtime = new WorkspaceRuntime();
        Registration registration = runtime.Add(client), other = runtime.Add(left);
        Subscription subscription = runtime.Subscribe((change, info) => { }, () => released += 1);
        for (int time = 0; time < 2; time++)
        {
            registration.Dispose();
            Check.Equal(1, client.Released, "releases");
            subscription.Dispose();
            Check.Equal(1, released, "releases");
        }
        Check.Equal(1, runtime.GetResources().Count, "the other is still there");
        for (int time = 0; time < 2; time++)
        {
            runtime.Dispose();
            Check.Equal(1, left.Released, "releases");
        }
        other.Dispose();
        Check.Equal(1, left.Released, "releases");
    }

    private static void DisposedInsideCallbacks()
    {
        // Its own registration.
        WorkspaceRuntime runtime = new WorkspaceRuntime();
        Counting client = new Counting("w", "n");
        Registration registration = null;
        client.WhenTold = cookie =>
        {
            registration.Dispose();
            registration.Dispose();
            Check.Equal(0, client.Released, "releases while the callback runs");
            return Result.Ok;
        };
        registration = runtime.Add(client);
        Check.Equal(Result.Ok, registration.Disconnect(), "disconnecting");
        Check.Equal(1, client.Released, "releases");

        // Its own subscription.
        int seen = 0, released = 0;
        Subscription subscription = null;
        subscription = runtime.Subscribe((change, info) =>
        {
            seen += 1;
            subscription.Dispose();
            Check.Equal(0, released, "releases while the callback runs");
        }, () => released += 1);
        runtime.Add("w", null, cookie => Result.Ok).Remove();
        Check.Equal(1, seen, "changes");
        Check.Equal(1, released, "releases");

        // Its own runtime; what is found out is checked out here, where it can fail.
        Counting first = new Counting("w", "1"), second = new Counting("w", "2");
        int early = -1;
        first.WhenTold = cookie =>
        {
            runtime.Dispose();
            runtime.Dispose();
            early = first.Released;
            return Result.Ok;
        };
        List<Registration> kept = new List<Registration> { runtime.Add(first), runtime.Add(second) };
        Check.Fails(Result.Abort, () => runtime.DisconnectWorkspace("w"), "the runtime has ended");
        Check.Equal(0, early, "releases while the callback runs");
        Check.Equal(0, second.Told, "told after the end");
        Check.True(first.Released == 1 && second.Released == 1, "once each");

        // From the release of another one.
        runtime = new WorkspaceRuntime();
        first = new Counting("w", "1");
        second = new Counting("w", "2");
        kept = new List<Registration> { runtime.Add(first), runtime.Add(second) };
        second.WhenReleased = () => kept[0].Dispose();
        kept[1].Dispose();
        Check.True(first.Released == 1 && second.Released == 1, "once each");
        runtime.Dispose();
    }

    private static void DisposedByManyAtOnce()
    {
        for (int round = 0; round < 200; round++)
        {
            Counting client = new Counting("w", "n");
            int released = 0;
            WorkspaceRuntime runtime = new WorkspaceRuntime();
            Registration registration = runtime.Add(client);
            Subscription subscription = runtime.Subscribe((change, info) => { }, () => Interlocked.Increment(ref released));
            Check.Together(registration.Dispose, subscription.Dispose, runtime.Dispose, registration.Dispose);
            Check.Equal(1, client.Released, "releases");
            Check.Equal(1, released, "releases");
        }
    }

    private static void DisposingWaits()
    {
        Action<WorkspaceRuntime, Registration>[] ends =
        {
            (runtime, registration) => registration.Dispose(),
            (runtime, registration) => runtime.Dispose()
        };
        foreach (Action<WorkspaceRuntime, Registration> end in ends)
        {
            using (WorkspaceRuntime runtime = new WorkspaceRuntime())
            using (ManualResetEvent inside = new ManualResetEvent(false))
            using (ManualResetEvent leave = new ManualResetEvent(false))
            {
                Counting client = new Counting("w", "n");
                bool left = false, leftBefore = false;
                client.WhenTold = cookie =>
                {
                    inside.Set();
                    leave.WaitOne();
                    left = true;
                    return Result.Ok;
                };
                Registration registration = runtime.Add(client);
                Check.Together(
                    () =>
                    {
                        try
                        {
                            registration.Disconnect();
                        }
                        catch (WsrtException failure) when (failure.Result == Result.Abort)
                        {
                            // The runtime has ended meanwhile.
                        }
                    },
                    () =>
                    {
                        inside.WaitOne();
                        end(runtime, registration);
                        leftBefore = left && client.Released == 1;
                    },
                    () =>
                    {
                        inside.WaitOne();
                        // Time to return too early.
                        Thread.Sleep(30);
                        leave.Set();
                    });
                Check.True(leftBefore, "the callback has left and the client is released when the end returns");
            }
        }
    }

    private static void WhatIsDroppedIsReleased()
    {
        const int many = 500;
        int released = 0, ended = 0;
        List<WeakReference> held = new List<WeakReference>();
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Check.Elsewhere(() =>
            {
                for (int at = 0; at < many; at++)
                {
                    object client = new object(), observer = new object();
                    held.Add(new WeakReference(client));
                    held.Add(new WeakReference(observer));
                    runtime.Add("w", null, cookie => Result.Ok, () =>
                    {
                        Interlocked.Increment(ref released);
                        GC.KeepAlive(client);
                    });
                    runtime.Subscribe((change, info) => { }, () =>
                    {
                        Interlocked.Increment(ref ended);
                        GC.KeepAlive(observer);
                    });
                }
            });
            Check.Until(() => { Check.Collect(); return released == many && ended == many; });
            Check.Equal(0, runtime.GetResources().Count, "registered");
            // The library holds them no more. A collector that looks at stacks may take a few for alive.
            Check.Until(() => { Check.Collect(); return held.Count(one => one.IsAlive) < many / 10; });
        }
        Check.Collect();
        Check.True(released == many && ended == many, "once each");
    }

    private static void ADroppedRuntimeIsReleased()
    {
        const int many = 50;
        int released = 0, ended = 0;
        // What the library calls them says whether they are still there; it keeps nothing alive.
        List<IntPtr> names = new List<IntPtr>();
        FieldInfo handle = typeof(WorkspaceRuntime).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);
        Check.Elsewhere(() =>
        {
            for (int at = 0; at < many; at++)
            {
                WorkspaceRuntime runtime = new WorkspaceRuntime();
                names.Add(((RuntimeHandle)handle.GetValue(runtime)).Name);
                runtime.Add("w", null, cookie => Result.Ok, () => Interlocked.Increment(ref released));
                runtime.Subscribe((change, info) => { }, () => Interlocked.Increment(ref ended));
            }
        });
        Check.Until(() =>
        {
            Check.Collect();
            return names.All(one => Native.ws_disconnect_resource(one, 1) == Result.Handle.Code);
        });
        Check.True(released == many && ended == many, "once each");
    }

    private static void FinalizersDoNotWait()
    {
        int released = 0;
        using (ManualResetEvent inside = new ManualResetEvent(false))
        using (ManualResetEvent leave = new ManualResetEvent(false))
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Check.Elsewhere(() => runtime.Add("w", null, cookie =>
            {
                inside.Set();
                leave.WaitOne();
                return Result.Ok;
            }, () => Interlocked.Increment(ref released)));
            Thread teller = new Thread(() => runtime.DisconnectWorkspace("w"));
            teller.Start();
            inside.WaitOne();
            Check.Until(() => { Check.Collect(); return runtime.GetResources()[0].State == ResourceState.Leaving; });
            Check.Equal(0, released, "releases while the callback runs");
            leave.Set();
            teller.Join();
            Check.Equal(1, released, "releases");
        }
    }

    private static void WhatIsKeptLives()
    {
        Registration kept = null;
        int told = 0;
        Check.Elsewhere(() => kept = AddToNobodysRuntime(() => told += 1));
        for (int round = 0; round < 5; round++)
        {
            Check.Collect();
        }
        Check.Equal(Result.Ok, kept.Disconnect(), "the runtime lives by its registration");
        Check.Equal(1, told, "told");
        kept.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Registration AddToNobodysRuntime(Action told)
    {
        return new WorkspaceRuntime().Add("w", null, cookie =>
        {
            told();
            return Result.Ok;
        });
    }

    private static void AfterTheEnd()
    {
        WorkspaceRuntime runtime = new WorkspaceRuntime();
        Counting client = new Counting("w", "n");
        Registration registration = runtime.Add(client);
        Subscription subscription = runtime.Subscribe((change, info) => { });
        Check.Equal(Result.Ok, runtime.DestroyNoWait(), "destroying");
        Check.Equal(1, client.Released, "releases");
        Action[] calls =
        {
            () => runtime.Add(client), () => runtime.Add(client, null, Guid.Empty), () => runtime.Remove(1),
            () => runtime.Remove(1, Guid.Empty), () => runtime.RemoveNoWait(1), () => runtime.Disconnect(1),
            () => runtime.DisconnectWorkspace("w"), () => runtime.DisconnectWorkspaceByFriendlyName("n"),
            () => runtime.Disconnect(DisconnectSelection.All), () => runtime.GetResources(),
            () => runtime.Subscribe((change, info) => { }), () => runtime.Destroy(), () => runtime.DestroyNoWait(),
            () => registration.Remove(), () => registration.RemoveNoWait(), () => registration.Disconnect(),
            () => subscription.Unsubscribe(), () => subscription.UnsubscribeNoWait()
        };
        foreach (Action call in calls)
        {
            Check.True(Check.Fails(Result.Handle, call, "after the end").Reason != "", "it says why");
        }
        registration.Dispose();
        subscription.Dispose();
        runtime.Dispose();
        Check.Equal(1, client.Released, "releases");
        Check.Throws<ArgumentNullException>(() => runtime.Add(null), "no client");
    }
}
