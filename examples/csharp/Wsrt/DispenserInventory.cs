using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wsrt
{
    // What a dispenser has, and how long it keeps it.
    public sealed partial class Dispenser
    {
        /// <summary>For calls that no callback makes fail.</summary>
        private static readonly string[] nothing = new string[0];

        /// <summary>Destroys what has been idle for too long, and writes off callbacks that are overdue.</summary>
        /// <remarks>
        /// A thread of the library does this every <see cref="DispenserOptions.SweepInterval"/>, unless
        /// <see cref="DispenserOptions.ManualSweep"/> is set. Idle time runs from the first sweep that sees a resource
        /// free. What is enlisted stays. Drivers are called on this thread.
        /// </remarks>
        /// <returns>
        /// <see cref="Result.Ok"/>; <see cref="Result.False"/>: inside a callback, where it does nothing.
        /// </returns>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        public Result Sweep()
        {
            return SweepAt(0);
        }

        /// <summary>Sweeps as if it were a certain time.</summary>
        /// <param name="now">
        /// What time it is by a clock of yours: above zero, in milliseconds, and not earlier than in the last sweep.
        /// </param>
        /// <returns>As <see cref="Sweep()"/>.</returns>
        /// <exception cref="ArgumentOutOfRangeException">That is no time.</exception>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: the time goes back, or a thread of the library sweeps.
        /// </exception>
        public Result Sweep(TimeSpan now)
        {
            double milliseconds = Math.Floor(now.TotalMilliseconds);
            if (milliseconds < 1)
            {
                throw new ArgumentOutOfRangeException(nameof(now), "is not above 0");
            }
            return SweepAt((ulong)milliseconds);
        }

        private Result SweepAt(ulong milliseconds)
        {
            Call call = Call.Begin();
            return Ended(call, Native.dispenser_sweep(handle.Name, milliseconds), nothing);
        }

        /// <summary>Tells its figures; also when it is closed.</summary>
        /// <returns>A copy.</returns>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        public DispenserStatistics GetStatistics()
        {
            Native.dispenser_stats native = new Native.dispenser_stats
            {
                cb_size = Native.Size<Native.dispenser_stats>.Bytes
            };
            Call call = Call.Begin();
            Ended(call, Native.dispenser_get_stats(handle.Name, ref native), nothing);
            return new DispenserStatistics(native);
        }

        /// <summary>Tells its settings, with the defaults filled in; also when it is closed.</summary>
        /// <returns>A copy.</returns>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        public DispenserOptions GetOptions()
        {
            Native.dispenser_options native = new Native.dispenser_options
            {
                cb_size = Native.Size<Native.dispenser_options>.Bytes
            };
            Call call = Call.Begin();
            Ended(call, Native.dispenser_get_options(handle.Name, ref native), nothing);
            return DispenserOptions.FromNative(native);
        }

        /// <summary>Tells about one resource.</summary>
        /// <param name="resource">The resource, pooled or tracked.</param>
        /// <returns>A copy.</returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: it is no resource of this dispenser.
        /// </exception>
        public DispenserResourceInfo GetResource(ulong resource)
        {
            Native.dispenser_resource_info native = new Native.dispenser_resource_info
            {
                cb_size = Native.Size<Native.dispenser_resource_info>.Bytes
            };
            Call call = Call.Begin();
            Ended(call, Native.dispenser_get_resource_info(handle.Name, (UIntPtr)resource, ref native), nothing);
            return new DispenserResourceInfo(native);
        }

        /// <summary>Lists every resource, oldest first; also when it is closed.</summary>
        /// <returns>The list, the caller's.</returns>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        public IReadOnlyList<DispenserResourceInfo> GetResources()
        {
            Visitor<DispenserResourceInfo> visitor =
                new Visitor<DispenserResourceInfo>(DispenserResourceInfo.FromNative);
            GCHandle held = GCHandle.Alloc(visitor);
            try
            {
                Call call = Call.Begin();
                int code = Native.dispenser_enum_resources(handle.Name, Visitor.Function, GCHandle.ToIntPtr(held));
                GC.KeepAlive(this);
                call.End(code);
            }
            finally
            {
                held.Free();
            }
            return visitor.Seen;
        }
    }
}
