using System.Collections.Generic;
using System.Threading;

namespace Wsrt
{
    /// <summary>
    /// Which lease a resource belongs to. A number may be handed out again while an old lease of it is still there: it
    /// was reclaimed when its object ended, or destroyed by somebody else. That lease must not give back what is
    /// another's.
    /// </summary>
    internal sealed class Holders
    {
        /// <summary>Numbers of leases, not leases: these must not be kept alive.</summary>
        private readonly Dictionary<ulong, long> holders = new Dictionary<ulong, long>();

        /// <summary>How many there are: who uses no leases does not pay for them.</summary>
        private int count;

        private long last;

        /// <summary>A lease begins, and whatever held the resource before does not hold it any more.</summary>
        internal long Begin(ulong resource)
        {
            lock (holders)
            {
                last += 1;
                holders[resource] = last;
                Volatile.Write(ref count, holders.Count);
                return last;
            }
        }

        /// <summary>Which lease holds it; 0: none.</summary>
        internal long Of(ulong resource)
        {
            if (Volatile.Read(ref count) == 0)
            {
                return 0;
            }
            lock (holders)
            {
                holders.TryGetValue(resource, out long holder);
                return holder;
            }
        }

        /// <summary>That lease holds it no more; nothing is done to another's.</summary>
        internal void End(ulong resource, long holder)
        {
            if (holder == 0)
            {
                return;
            }
            lock (holders)
            {
                if (holders.TryGetValue(resource, out long now) && now == holder)
                {
                    holders.Remove(resource);
                    Volatile.Write(ref count, holders.Count);
                }
            }
        }
    }
}
