using System;
using System.Collections.Generic;
using System.Threading;
using Wsrt;

/// <summary>Checks that say what they saw; the first that fails ends the program.</summary>
internal static class Check
{
    internal static void Equal<T>(T expected, T found, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found))
        {
            throw new CheckFailed(string.Format("{0} is {1}, not {2}", what, found, expected));
        }
    }

    internal static void True(bool condition, string what)
    {
        if (!condition)
        {
            throw new CheckFailed("not so: " + what);
        }
    }

    internal static T Throws<T>(Action action, string what) where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }
        catch (Exception other) when (!(other is CheckFailed))
        {
            throw new CheckFailed(string.Format("{0} throws {1}", what, other));
        }
        throw new CheckFailed(string.Format("{0} throws no {1}", what, typeof(T).Name));
    }

    internal static WsrtException Fails(Result expected, Action action, string what)
    {
        WsrtException failure = Throws<WsrtException>(action, what);
        Equal(expected, failure.Result, what);
        Equal(expected.Code, failure.HResult, what);
        return failure;
    }

    /// <summary>For what another thread is about to do. The whole program has a deadline, so this needs none.</summary>
    internal static void Until(Func<bool> condition)
    {
        while (!condition())
        {
            Thread.Sleep(1);
        }
    }

    /// <summary>Runs all on threads of their own; what one throws is thrown here.</summary>
    internal static void Together(params Action[] actions)
    {
        Exception thrown = null;
        List<Thread> threads = new List<Thread>();
        foreach (Action action in actions)
        {
            Thread thread = new Thread(() =>
            {
                try
                {
                    action();
                }
                catch (Exception exception)
                {
                    thrown = exception;
                }
            });
            threads.Add(thread);
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        if (thrown != null)
        {
            throw new CheckFailed("on a thread: " + thrown);
        }
    }

    /// <summary>Runs it where no reference to what it made is left on any stack, for collectors that look there.</summary>
    internal static void Elsewhere(Action action)
    {
        Together(action);
    }

    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}

internal sealed class CheckFailed : Exception
{
    internal CheckFailed(string message)
        : base(message)
    {
    }
}

/// <summary>Collects garbage all the time until it is disposed.</summary>
internal sealed class Collecting : IDisposable
{
    private readonly Thread thread;
    private volatile bool enough;
    private int rounds;

    internal Collecting()
    {
        thread = new Thread(() =>
        {
            while (!enough)
            {
                GC.Collect();
                rounds += 1;
                // Without a pause Mono hardly ever lets in the new threads that the library calls back on.
                Thread.Sleep(1);
            }
        });
        thread.Start();
    }

    public void Dispose()
    {
        enough = true;
        thread.Join();
        Check.True(rounds > 0, "garbage was collected meanwhile");
    }
}

/// <summary>A client that counts what is done to it.</summary>
internal sealed class Counting : IWorkspaceClient
{
    internal readonly string Workspace;
    internal readonly string Name;
    internal Func<uint, Result> WhenTold = cookie => Result.Ok;
    internal Func<string> WhenAskedId;
    internal Func<string> WhenAskedName;
    internal Action WhenReleased = () => { };
    internal int AskedId, AskedName, Told, Released;

    internal Counting(string workspace, string name)
    {
        Workspace = workspace;
        Name = name;
        WhenAskedId = () => workspace;
        WhenAskedName = () => name;
    }

    public string GetResourceId()
    {
        Interlocked.Increment(ref AskedId);
        return WhenAskedId();
    }

    public string GetResourceDisplayName()
    {
        Interlocked.Increment(ref AskedName);
        return WhenAskedName();
    }

    public Result IssueDisconnect(uint cookie)
    {
        Check.Equal(0, Released, "releases before this callback");
        Interlocked.Increment(ref Told);
        return WhenTold(cookie);
    }

    void IWorkspaceClient.Released()
    {
        Interlocked.Increment(ref Released);
        WhenReleased();
    }
}
