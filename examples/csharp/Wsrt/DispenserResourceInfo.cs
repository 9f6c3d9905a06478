using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>Where a resource of a dispenser stands.</summary>
    public enum DispenserResourceState
    {
        /// <summary>In stock, for anyone.</summary>
        FreeUnenlisted = 1,

        /// <summary>In stock, for objects of its transaction only.</summary>
        FreeEnlisted = 2,

        /// <summary>Allocated, in no transaction.</summary>
        UsedUnenlisted = 3,

        /// <summary>Allocated, enlisted in a transaction.</summary>
        UsedEnlisted = 4,

        /// <summary>Tracked, in no transaction.</summary>
        Tracked = 5,

        /// <summary>Tracked, enlisted in a transaction.</summary>
        TrackedEnlisted = 6,

        /// <summary>Given up; destroyed when its transaction ends.</summary>
        AwaitingTransaction = 7,

        /// <summary>Being created.</summary>
        Creating = 8,

        /// <summary>Free, and reserved for an allocation that rates.</summary>
        Rating = 9,

        /// <summary>Being enlisted.</summary>
        Enlisting = 10,

        /// <summary>Being reset, on its way back.</summary>
        Resetting = 11,

        /// <summary>Being destroyed.</summary>
        Destroying = 12,

        /// <summary>In a callback that has been written off.</summary>
        WrittenOff = 13
    }

    /// <summary>What a driver is told of.</summary>
    public enum DispenserEvent
    {
        /// <summary>A callback took longer than its deadline.</summary>
        WrittenOff = 3,

        /// <summary>A callback that was written off has returned after all.</summary>
        WrittenOffReturned = 4
    }

    /// <summary>A resource as it was at one moment: a copy, for any thread and any time.</summary>
    public sealed class DispenserResourceInfo
    {
        internal DispenserResourceInfo(Native.dispenser_resource_info native)
        {
            State = (DispenserResourceState)native.state;
            Resource = (ulong)native.resid;
            Name = native.sresid == IntPtr.Zero ? null : Text.FromNative(native.sresid);
            Type = (ulong)native.restypid;
            Instance = (ulong)native.instid;
            Transaction = (ulong)native.transid;
            int seconds = native.secs_free_before_destroy;
            Idle = seconds < 0 ? (TimeSpan?)null : TimeSpan.FromSeconds(seconds);
            Age = Span(native.age_ms);
            StateAge = Span(native.state_age_ms);
            Uses = (long)native.uses;
            ThreadId = (long)native.thread_id;
        }

        /// <summary>Where it stands; later versions may know more states.</summary>
        public DispenserResourceState State { get; }

        /// <summary>The resource; 0 if a string names it, or while it is being created.</summary>
        public ulong Resource { get; }

        /// <summary>The string that names a tracked resource; null for others.</summary>
        public string Name { get; }

        /// <summary>The type that it was last allocated for; 0 for a tracked one.</summary>
        public ulong Type { get; }

        /// <summary>The object that has it; 0: none.</summary>
        public ulong Instance { get; }

        /// <summary>The transaction that it is enlisted in; 0: none.</summary>
        public ulong Transaction { get; }

        /// <summary>How long it may be idle; null: for ever.</summary>
        public TimeSpan? Idle { get; }

        /// <summary>Since it is there.</summary>
        public TimeSpan Age { get; }

        /// <summary>Since it has this state, as sweeps saw it; zero before the first that did.</summary>
        public TimeSpan StateAge { get; }

        /// <summary>How often it has been allocated.</summary>
        public long Uses { get; }

        /// <summary>Who allocated or tracked it last: the system's number of the thread.</summary>
        public long ThreadId { get; }

        internal static DispenserResourceInfo FromNative(IntPtr info)
        {
            return new DispenserResourceInfo((Native.dispenser_resource_info)Marshal.PtrToStructure(
                info, typeof(Native.dispenser_resource_info)));
        }

        /// <summary>However much the library counts: a clock of the caller's may have been set to anything.</summary>
        internal static TimeSpan Span(ulong milliseconds)
        {
            ulong most = (ulong)(TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond);
            return TimeSpan.FromTicks((long)Math.Min(milliseconds, most) * TimeSpan.TicksPerMillisecond);
        }
    }
}
