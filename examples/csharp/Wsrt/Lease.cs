using System;
using System.Threading;

namespace Wsrt
{
    /// <summary>A resource that is in use until this is disposed of.</summary>
    /// <remarks>
    /// <para>
    /// Use it in a <c>using</c> statement, or keep it as long as the resource is used: one that is dropped gives the
    /// resource back when the garbage collector finds it, on the finalizer's thread. It keeps its dispenser alive. Any
    /// thread may use it, also another than the one that allocated.
    /// </para>
    /// <para>
    /// A lease ends without being asked where somebody else destroys the resource, and where it has been reclaimed
    /// because its object has ended: from when another has got the resource, nothing that is done here touches it.
    /// </para>
    /// </remarks>
    public sealed class Lease : IDisposable
    {
        private const int Held = 0, Ending = 1, Ended = 2;

        private readonly Dispenser dispenser;
        private readonly long holder;
        private int state;

        internal Lease(Dispenser dispenser, ulong resource, long holder)
        {
            this.dispenser = dispenser;
            this.holder = holder;
            Resource = resource;
        }

        /// <summary>Gives back what was dropped.</summary>
        ~Lease()
        {
            // The dispenser may be finalized already; its name says so.
            if (Begin())
            {
                dispenser.GiveBack(Resource, holder);
            }
        }

        /// <summary>The resource.</summary>
        public ulong Resource { get; }

        /// <summary>Gives the resource back.</summary>
        /// <remarks>
        /// As <see cref="Dispenser.Free"/>. Where that fails because the resource could not be reset, the lease goes
        /// on: try again, destroy it, or dispose of the lease, which destroys it. After any other failure the lease has
        /// ended.
        /// </remarks>
        /// <exception cref="WsrtException">
        /// As there; <see cref="Result.InvalidArg"/> also if the lease has ended already.
        /// </exception>
        public void Free()
        {
            Run(resource => dispenser.Free(resource));
        }

        /// <summary>Takes the resource out of the pool and has it destroyed, instead of giving it back.</summary>
        /// <remarks>
        /// As <see cref="Dispenser.DestroyResource"/>. Where that fails because it could not be destroyed, the lease
        /// goes on.
        /// </remarks>
        /// <exception cref="WsrtException">
        /// As there; <see cref="Result.InvalidArg"/> also if the lease has ended already.
        /// </exception>
        public void Destroy()
        {
            Run(resource => dispenser.DestroyResource(resource));
        }

        /// <summary>Gives the resource back if that has not been done. Never throws.</summary>
        /// <remarks>
        /// <para>May be called repeatedly, on any thread, and inside any callback.</para>
        /// <para>
        /// A resource that cannot be reset is destroyed instead; the exception of the driver is in
        /// <see cref="CallbackErrors.Caught"/>. One that can be neither reset nor destroyed stays allocated, for
        /// <see cref="Dispenser.DestroyResource"/> later. Where the dispenser has been closed meanwhile the resource
        /// belongs to its user, and nothing is done with it here: call <see cref="Free"/> to be told.
        /// </para>
        /// </remarks>
        public void Dispose()
        {
            if (Begin())
            {
                dispenser.GiveBack(Resource, holder);
                Done();
            }
        }

        private bool Begin()
        {
            return Interlocked.CompareExchange(ref state, Ending, Held) == Held;
        }

        private void Run(Action<ulong> end)
        {
            if (!Begin())
            {
                throw new WsrtException(Result.InvalidArg, "the lease has ended");
            }
            if (!dispenser.Holds(Resource, holder))
            {
                Done();
                throw new WsrtException(Result.InvalidArg, "the resource was taken from this lease");
            }
            try
            {
                end(Resource);
            }
            catch (WsrtException failure) when (IsKept(failure.Result) && dispenser.Holds(Resource, holder))
            {
                Interlocked.Exchange(ref state, Held);
                throw;
            }
            catch
            {
                Done();
                throw;
            }
            Done();
        }

        /// <summary>Whether the resource is as it was before.</summary>
        private static bool IsKept(Result failure)
        {
            return failure == Result.Fail || failure == Result.NotImpl;
        }

        private void Done()
        {
            Interlocked.Exchange(ref state, Ended);
            dispenser.EndLease(Resource, holder);
            GC.SuppressFinalize(this);
        }
    }
}
