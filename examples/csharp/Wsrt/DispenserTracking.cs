using System;

namespace Wsrt
{
    // Resources that their owner made, watched for him.
    public sealed partial class Dispenser
    {
        private static readonly string[] tracking = { "enlist_resource" };
        private static readonly string[] untracking = { "destroy_resource", "destroy_resource_s" };

        /// <summary>Watches a resource that you made yourself, for the object that now runs.</summary>
        /// <remarks>
        /// It never comes into stock. It is destroyed when its object ends or when it is untracked so, but not before
        /// its transaction has ended. In a transaction it is enlisted.
        /// </remarks>
        /// <param name="resource">The resource; not 0, and none that the dispenser knows.</param>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: it is 0 or known already; <see cref="Result.Fail"/>: it could not be
        /// enlisted; <see cref="Result.TxAborting"/>: the caller's transaction is aborting. It is then not tracked.
        /// </exception>
        public void Track(ulong resource)
        {
            Call call = Call.Begin();
            Ended(call, Native.dispenser_track_resource(handle.Name, (UIntPtr)resource), tracking);
        }

        /// <summary>Watches a resource, for an object and a transaction that are named.</summary>
        /// <param name="resource">The resource; not 0, and none that the dispenser knows.</param>
        /// <param name="instance">The object; 0: none, then only an untrack or a close ends the watch.</param>
        /// <param name="transaction">The transaction; 0: none.</param>
        /// <exception cref="WsrtException">As <see cref="Track(ulong)"/>.</exception>
        public void Track(ulong resource, ulong instance, ulong transaction)
        {
            Call call = Call.Begin();
            Ended(call, Native.dispenser_track_resource_ex(
                handle.Name, (UIntPtr)resource, (UIntPtr)instance, (UIntPtr)transaction), tracking);
        }

        /// <summary>Watches a resource that a string describes, for the object that now runs.</summary>
        /// <remarks>Strings are compared byte by byte and never enlisted.</remarks>
        /// <param name="name">The resource; not empty, and none that the dispenser knows.</param>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: it is null, empty, longer than 4,096 bytes, or known already;
        /// <see cref="Result.TxAborting"/>: the caller's transaction is aborting. It is then not tracked.
        /// </exception>
        public void Track(string name)
        {
            byte[] native = Text.ToNative(name, nameof(name));
            Call call = Call.Begin();
            Ended(call, Native.dispenser_track_resource_s(handle.Name, native), nothing);
        }

        /// <summary>Ends the watch over a resource, and destroys it if that is asked for.</summary>
        /// <param name="resource">The resource.</param>
        /// <param name="destroy">
        /// Whether <see cref="ResourceDriver.Destroy"/> is called, now or when its transaction ends; else the caller
        /// destroys it.
        /// </param>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Fail"/>: it could not be destroyed, and is not tracked any more all the same;
        /// <see cref="Result.InvalidArg"/>: it is not tracked.
        /// </exception>
        public void Untrack(ulong resource, bool destroy)
        {
            Call call = Call.Begin();
            Ended(call, Native.dispenser_untrack_resource(handle.Name, (UIntPtr)resource, destroy ? 1 : 0), untracking);
        }

        /// <summary>
        /// Ends the watch over a resource that a string describes, and destroys it if that is asked for.
        /// </summary>
        /// <param name="name">The resource.</param>
        /// <param name="destroy">
        /// Whether <see cref="ResourceDriver.DestroyNamed"/> is called; else the caller destroys it.
        /// </param>
        /// <exception cref="WsrtException">As <see cref="Untrack(ulong, bool)"/>.</exception>
        public void Untrack(string name, bool destroy)
        {
            byte[] native = Text.ToNative(name, nameof(name));
            Call call = Call.Begin();
            Ended(call, Native.dispenser_untrack_resource_s(handle.Name, native, destroy ? 1 : 0), untracking);
        }
    }
}
