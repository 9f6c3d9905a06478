using System;
using System.Threading;

namespace Wsrt
{
    /// <summary>Settings of a <see cref="Dispenser"/>, read when it is made. All may be left as they are.</summary>
    public sealed class DispenserOptions
    {
        /// <summary>What an object has allocated goes back when the object ends.</summary>
        public bool AutoReclaim { get; set; }

        /// <summary>An allocation always creates, a free destroys.</summary>
        public bool NoPooling { get; set; }

        /// <summary>No thread of the library sweeps; only <see cref="Dispenser.Sweep()"/> does.</summary>
        public bool ManualSweep { get; set; }

        /// <summary>How often a thread of the library sweeps; null: every 10 s.</summary>
        public TimeSpan? SweepInterval { get; set; }

        /// <summary>After how long a callback is written off, as sweeps see it; null: never.</summary>
        public TimeSpan? CallbackDeadline { get; set; }

        /// <summary>How long a close waits for running callbacks; null: without limit.</summary>
        public TimeSpan? DrainTimeout { get; set; }

        internal Native.dispenser_options ToNative()
        {
            return new Native.dispenser_options
            {
                cb_size = Native.Size<Native.dispenser_options>.Bytes,
                flags = (AutoReclaim ? Native.DISPENSER_AUTO_RECLAIM : 0)
                    | (NoPooling ? Native.DISPENSER_NO_POOLING : 0)
                    | (ManualSweep ? Native.DISPENSER_MANUAL_SWEEP : 0),
                sweep_interval_ms = RuntimeOptions.Milliseconds(SweepInterval, nameof(SweepInterval)),
                callback_deadline_ms = RuntimeOptions.Milliseconds(CallbackDeadline, nameof(CallbackDeadline)),
                drain_timeout_ms = RuntimeOptions.Milliseconds(DrainTimeout, nameof(DrainTimeout))
            };
        }

        internal static DispenserOptions FromNative(Native.dispenser_options native)
        {
            return new DispenserOptions
            {
                AutoReclaim = (native.flags & Native.DISPENSER_AUTO_RECLAIM) != 0,
                NoPooling = (native.flags & Native.DISPENSER_NO_POOLING) != 0,
                ManualSweep = (native.flags & Native.DISPENSER_MANUAL_SWEEP) != 0,
                SweepInterval = Span(native.sweep_interval_ms),
                CallbackDeadline = Span(native.callback_deadline_ms),
                DrainTimeout = Span(native.drain_timeout_ms)
            };
        }

        private static TimeSpan? Span(uint milliseconds)
        {
            switch (milliseconds)
            {
                case 0: return null;
                case Native.WSRT_INFINITE: return Timeout.InfiniteTimeSpan;
                default: return TimeSpan.FromMilliseconds(milliseconds);
            }
        }
    }
}
