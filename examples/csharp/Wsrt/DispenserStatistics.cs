using System;

namespace Wsrt
{
    /// <summary>Whether a dispenser is in use.</summary>
    public enum DispenserState
    {
        /// <summary>In use.</summary>
        Open = 1,

        /// <summary>Closed, perhaps with callbacks still running.</summary>
        Closed = 2
    }

    /// <summary>Figures of a dispenser: a copy. Those of one copy may be of moments that lie apart.</summary>
    public sealed class DispenserStatistics
    {
        internal DispenserStatistics(Native.dispenser_stats native)
        {
            State = (DispenserState)native.state;
            FreeUnenlisted = (int)native.free_unenlisted;
            FreeEnlisted = (int)native.free_enlisted;
            UsedUnenlisted = (int)native.used_unenlisted;
            UsedEnlisted = (int)native.used_enlisted;
            Tracked = (int)native.tracked;
            AwaitingTransaction = (int)native.awaiting_transaction;
            Creating = (int)native.creating;
            Destroying = (int)native.destroying;
            WrittenOff = (int)native.written_off;
            PeakUsed = (int)native.peak_used;
            LastCreateResult = new Result(native.last_create_result);
            Allocations = (long)native.allocs;
            Frees = (long)native.frees;
            Creates = (long)native.creates;
            CreateFailures = (long)native.create_failures;
            Destroys = (long)native.destroys;
            DestroyFailures = (long)native.destroy_failures;
            ResetFailures = (long)native.reset_failures;
            EnlistFailures = (long)native.enlist_failures;
            LongestHold = DispenserResourceInfo.Span(native.longest_hold_ms);
            LongestHoldThread = (long)native.longest_hold_thread;
        }

        /// <summary>Whether it is in use.</summary>
        public DispenserState State { get; }

        /// <summary>Resources in stock, in no transaction.</summary>
        public int FreeUnenlisted { get; }

        /// <summary>Resources in stock for their transactions only.</summary>
        public int FreeEnlisted { get; }

        /// <summary>Resources allocated, in no transaction; being reset counts.</summary>
        public int UsedUnenlisted { get; }

        /// <summary>Resources allocated and enlisted; being reset counts.</summary>
        public int UsedEnlisted { get; }

        /// <summary>Resources tracked.</summary>
        public int Tracked { get; }

        /// <summary>Resources given up that are destroyed when their transaction ends.</summary>
        public int AwaitingTransaction { get; }

        /// <summary>Calls of <see cref="ResourceDriver.Create"/> that run.</summary>
        public int Creating { get; }

        /// <summary>Calls of <see cref="ResourceDriver.Destroy"/> that run.</summary>
        public int Destroying { get; }

        /// <summary>Callbacks written off that have not returned.</summary>
        public int WrittenOff { get; }

        /// <summary>The most resources in use at once, as seen when one was created and when this was asked.</summary>
        public int PeakUsed { get; }

        /// <summary>What <see cref="ResourceDriver.Create"/> answered last.</summary>
        public Result LastCreateResult { get; }

        /// <summary>Resources handed out.</summary>
        public long Allocations { get; }

        /// <summary>Resources that came back, also by <see cref="DispenserOptions.AutoReclaim"/>.</summary>
        public long Frees { get; }

        /// <summary>Resources created.</summary>
        public long Creates { get; }

        /// <summary>
        /// Calls of <see cref="ResourceDriver.Create"/> that failed, or whose resource was not taken.
        /// </summary>
        public long CreateFailures { get; }

        /// <summary>Resources destroyed.</summary>
        public long Destroys { get; }

        /// <summary>Destructions that failed.</summary>
        public long DestroyFailures { get; }

        /// <summary>Calls of <see cref="ResourceDriver.Reset"/> that failed.</summary>
        public long ResetFailures { get; }

        /// <summary>Calls of <see cref="ResourceDriver.Enlist"/> for a transaction that failed.</summary>
        public long EnlistFailures { get; }

        /// <summary>How long the resource in use longest has been so, as sweeps saw it.</summary>
        public TimeSpan LongestHold { get; }

        /// <summary>Who allocated that one: the system's number of the thread.</summary>
        public long LongestHoldThread { get; }
    }
}
