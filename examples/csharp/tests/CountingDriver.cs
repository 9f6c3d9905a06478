using System;
using System.Collections.Concurrent;
using System.Threading;
using Wsrt;

/// <summary>
/// A driver that counts what is done to it and keeps the books on its resources: each is destroyed once at most, and
/// nothing is done to one that is not there.
/// </summary>
internal sealed class CountingDriver : ResourceDriver
{
    internal readonly ConcurrentDictionary<ulong, ulong> Alive = new ConcurrentDictionary<ulong, ulong>();
    internal Func<ulong, TimeSpan> WhenCreated = type => Timeout.InfiniteTimeSpan;
    internal Func<ulong, ulong, int> WhenRated;
    internal Func<ulong, ulong, Result> WhenEnlisted = (resource, transaction) => Result.Ok;
    internal Func<ulong, Result> WhenReset = resource => Result.Ok;
    internal Func<ulong, Result> WhenDestroyed = resource => Result.Ok;
    internal Func<string, Result> WhenDestroyedByName = name => Result.Ok;
    internal Action<DispenserEvent, DispenserResourceInfo> WhenReported = (what, resource) => { };
    internal Action WhenReleased = () => { };
    internal int Made, Rated, Enlisted, Resets, Destroyed, Named, Reported, Releases;

    /// <summary>What was done that must not be.</summary>
    internal volatile string Fault;

    private long last;

    internal CountingDriver()
    {
        WhenRated = (type, resource) => Alive[resource] == type ? Perfect : Unusable;
    }

    public override ulong Create(ulong type, ref TimeSpan idle)
    {
        Called(ref Made);
        idle = WhenCreated(type);
        ulong resource = (ulong)Interlocked.Increment(ref last);
        Alive[resource] = type;
        return resource;
    }

    public override int Rate(ulong type, ulong resource, bool requiresEnlistment)
    {
        Called(ref Rated, resource);
        return WhenRated(type, resource);
    }

    public override Result Enlist(ulong resource, ulong transaction)
    {
        Called(ref Enlisted);
        return WhenEnlisted(resource, transaction);
    }

    public override Result Reset(ulong resource)
    {
        Called(ref Resets, resource);
        return WhenReset(resource);
    }

    public override Result Destroy(ulong resource)
    {
        Called(ref Destroyed);
        Result result = WhenDestroyed(resource);
        if (result.Succeeded)
        {
            Alive.TryRemove(resource, out ulong type);
        }
        return result;
    }

    public override Result DestroyNamed(string name)
    {
        Called(ref Named);
        return WhenDestroyedByName(name);
    }

    public override void Report(DispenserEvent what, DispenserResourceInfo resource)
    {
        Called(ref Reported);
        WhenReported(what, resource);
    }

    public override void Released()
    {
        Interlocked.Increment(ref Releases);
        WhenReleased();
    }

    private void Called(ref int count)
    {
        Interlocked.Increment(ref count);
        if (Releases != 0)
        {
            Fault = "called after its release";
        }
    }

    private void Called(ref int count, ulong resource)
    {
        Called(ref count);
        if (!Alive.ContainsKey(resource))
        {
            Fault = "called for " + resource + ", which is gone";
        }
    }
}

/// <summary>A driver that overrides only what it must.</summary>
internal sealed class PlainDriver : ResourceDriver
{
    internal int Made, Destroyed, Releases;

    public override ulong Create(ulong type, ref TimeSpan idle)
    {
        return (ulong)Interlocked.Increment(ref Made);
    }

    public override Result Destroy(ulong resource)
    {
        Interlocked.Increment(ref Destroyed);
        return Result.Ok;
    }

    public override void Released()
    {
        Interlocked.Increment(ref Releases);
    }
}
