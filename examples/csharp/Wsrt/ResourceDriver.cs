using System;

namespace Wsrt
{
    /// <summary>What the owner of a pool does for it: makes, judges and ends resources.</summary>
    /// <remarks>
    /// <para>
    /// A resource is a number, often an address: the driver chooses it, the dispenser never follows it, and 0 names
    /// nothing. So is a type of resources.
    /// </para>
    /// <para>
    /// Each of these is called with no lock of the library held, on the thread of the call that needs it, in a sweep on
    /// a thread of the library, and for what was dropped on the finalizer's. Several may run at once, but only one for
    /// one resource. Inside every one of these every call is allowed, on any object. One that takes longer than
    /// <see cref="DispenserOptions.CallbackDeadline"/> is written off: what it brings late is cleaned up.
    /// </para>
    /// <para>
    /// Exceptions are caught, offered to <see cref="CallbackErrors.Caught"/>, and answered as the code of a
    /// <see cref="WsrtException"/>, else as <see cref="Result.Fail"/>.
    /// </para>
    /// <para>
    /// What is not overridden is not called, which is not the same as one that does nothing; and it is faster.
    /// </para>
    /// <para>
    /// A dispenser holds its driver until it has called <see cref="Released"/>: a driver that refers to the dispenser
    /// keeps that alive, too, so that only an explicit end ends it.
    /// </para>
    /// </remarks>
    public abstract class ResourceDriver
    {
        /// <summary>A rating: not of that type, and cannot be made so.</summary>
        public const int Unusable = (int)Native.DISPENSER_RATING_UNUSABLE;

        /// <summary>A rating: nothing can be better; the search stops.</summary>
        public const int Perfect = (int)Native.DISPENSER_RATING_PERFECT;

        /// <summary>Makes a resource.</summary>
        /// <param name="type">The type wanted.</param>
        /// <param name="idle">
        /// How long the resource may lie idle, in whole seconds, rounded up: zero until the next sweep; negative, as it
        /// is set at first, for ever.
        /// </param>
        /// <returns>
        /// The resource: not 0 nor another that this dispenser has, pooled or tracked. Else it is not taken, nothing is
        /// called for it, and the allocation fails with <see cref="Result.InvalidArg"/>.
        /// </returns>
        public abstract ulong Create(ulong type, ref TimeSpan idle);

        /// <summary>Says how well a free resource would do for a type.</summary>
        /// <remarks>
        /// Every free resource is offered, of whatever type. An exception and a number that is no rating count as
        /// <see cref="Unusable"/>. Not overridden: types are values, equal ones fit.
        /// </remarks>
        /// <param name="type">The type wanted.</param>
        /// <param name="resource">The resource.</param>
        /// <param name="requiresEnlistment">Whether it would have to be enlisted first.</param>
        /// <returns>From <see cref="Unusable"/> to <see cref="Perfect"/>.</returns>
        public virtual int Rate(ulong type, ulong resource, bool requiresEnlistment)
        {
            return Unusable;
        }

        /// <summary>Enlists a resource in a transaction, or sees to it that it is in none.</summary>
        /// <remarks>
        /// After a failure it is called again for no transaction; if that fails too, the resource is destroyed. Not
        /// overridden: <see cref="Result.False"/>, always.
        /// </remarks>
        /// <param name="resource">The resource.</param>
        /// <param name="transaction">The transaction; 0: none.</param>
        /// <returns>
        /// How it went. <see cref="Result.False"/>: it is not one for transactions, and is handed out all the same.
        /// </returns>
        public virtual Result Enlist(ulong resource, ulong transaction)
        {
            return Result.False;
        }

        /// <summary>Makes a resource as good as new on its way back.</summary>
        /// <remarks>
        /// A transaction that it is enlisted in goes on: its work must be left alone. A failure fails the free, and the
        /// resource stays its user's. Not overridden: nothing to do.
        /// </remarks>
        /// <param name="resource">The resource.</param>
        /// <returns>How it went.</returns>
        public virtual Result Reset(ulong resource)
        {
            return Result.Ok;
        }

        /// <summary>Ends a resource.</summary>
        /// <remarks>
        /// Its number may be used again from then on, also before this returns. A failure is logged, and the resource
        /// forgotten; only where its destruction was asked for by name is it kept.
        /// </remarks>
        /// <param name="resource">The resource.</param>
        /// <returns>How it went.</returns>
        public abstract Result Destroy(ulong resource);

        /// <summary>Ends a resource that is tracked by a string.</summary>
        /// <remarks>Not overridden: <see cref="Result.NotImpl"/>.</remarks>
        /// <param name="name">The string.</param>
        /// <returns>How it went.</returns>
        public virtual Result DestroyNamed(string name)
        {
            return Result.NotImpl;
        }

        /// <summary>Sees what a sweep found out about callbacks.</summary>
        /// <param name="what">What it is; later versions may know more.</param>
        /// <param name="resource">The resource that it is about.</param>
        public virtual void Report(DispenserEvent what, DispenserResourceInfo resource)
        {
        }

        /// <summary>The dispenser has been closed, and nothing of this driver runs any more.</summary>
        /// <remarks>Called exactly once per dispenser, on any thread, also the finalizer's.</remarks>
        public virtual void Released()
        {
        }
    }
}
