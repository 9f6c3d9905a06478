using System;
using System.Collections.Generic;
using System.Threading;
using Wsrt;

/// <summary>Leaves the process while everything is alive and callbacks run on every kind of thread.</summary>
internal static class Exiting
{
    private static readonly List<object> kept = new List<object>();

    internal static int Run(string how)
    {
        WorkspaceRuntime threaded = new WorkspaceRuntime(new RuntimeOptions { DisconnectThreads = 4 });
        WorkspaceRuntime plain = new WorkspaceRuntime();
        kept.Add(threaded);
        kept.Add(plain);
        int told = 0;
        Log.Set(LogLevel.Trace, (level, target, message) => { });
        foreach (WorkspaceRuntime runtime in new[] { threaded, plain })
        {
            kept.Add(runtime.Subscribe((change, info) => GC.KeepAlive(info.WorkspaceId)));
            for (int at = 0; at < 100; at++)
            {
                kept.Add(runtime.Add("w" + at % 2, null, cookie =>
                {
                    Interlocked.Increment(ref told);
                    // Long enough to be inside when the end comes.
                    Thread.SpinWait(20000);
                    return Result.Ok;
                }));
            }
        }
        Work(() => threaded.DisconnectWorkspace("w0"));
        Work(() => threaded.DisconnectWorkspace("w1"));
        Work(() => plain.Disconnect(DisconnectSelection.All));
        Work(() => plain.Add("more", null, cookie => Result.Ok).Dispose());
        CountingDriver driver = Pools();
        Check.Until(() => Volatile.Read(ref told) >= 50 && Volatile.Read(ref driver.Destroyed) >= 50);
        Console.WriteLine("leaving");
        switch (how)
        {
            case "return":
                return 7;
            case "exit":
                Environment.Exit(7);
                return 1;
            case "drop":
                // Finalizers have all to do at the very end, too, where a runtime runs them then.
                kept.Clear();
                return 7;
            default:
                throw new CheckFailed("no such way out: " + how);
        }
    }

    /// <summary>One with leases held, dropped and changing, that a thread of the library sweeps all the time.</summary>
    private static CountingDriver Pools()
    {
        CountingDriver driver = new CountingDriver { WhenCreated = type => TimeSpan.Zero };
        driver.WhenDestroyed = resource =>
        {
            // Long enough to be inside when the end comes.
            Thread.SpinWait(20000);
            return Result.Ok;
        };
        DispenserOptions often = new DispenserOptions { SweepInterval = TimeSpan.FromMilliseconds(1) };
        Dispenser pool = new Dispenser(driver, "open at the end", often);
        kept.Add(pool);
        for (int at = 0; at < 10; at++)
        {
            kept.Add(pool.Lease(1));
        }
        Work(() => pool.Lease(1).Dispose());
        Work(() =>
        {
            // Dropped; not so many that their destruction keeps the process.
            pool.Lease(2);
            Thread.Sleep(1);
        });
        // Its stock is there until the end, which is told of it.
        CountingDriver telling = new CountingDriver
        {
            WhenDestroyed = resource =>
            {
                Console.WriteLine("the stock is destroyed");
                return Result.Ok;
            },
            WhenReleased = () => Console.WriteLine("the driver is released")
        };
        Dispenser still = new Dispenser(telling, "in stock at the end", often);
        kept.Add(still);
        still.Lease(1).Dispose();
        return driver;
    }

    private static void Work(Action action)
    {
        Thread thread = new Thread(() =>
        {
            while (true)
            {
                action();
            }
        });
        thread.IsBackground = true;
        thread.Start();
    }
}
