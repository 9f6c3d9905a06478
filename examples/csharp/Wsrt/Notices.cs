using System;

namespace Wsrt
{
    /// <summary>What all dispensers of the process are told of objects and transactions.</summary>
    /// <remarks>
    /// Any thread, also inside any callback. What nothing is known of is no error: these fail with
    /// <see cref="Result.InvalidArg"/> for 0 and with <see cref="Result.Unexpected"/>, a fault inside the library. What
    /// drivers answer or throw meanwhile fails nothing; see <see cref="CallbackErrors.Caught"/>.
    /// </remarks>
    public static class Notices
    {
        /// <summary>Says that an object has ended. Not to be called beside calls of that object.</summary>
        /// <remarks>
        /// Every dispenser gives up what it tracks for it; those with <see cref="DispenserOptions.AutoReclaim"/> take
        /// back what was allocated for it. What cannot be reset is destroyed. Drivers are called on this thread.
        /// </remarks>
        /// <param name="instance">The object; not 0.</param>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static void InstanceEnded(ulong instance)
        {
            Library.MustBeCompatible();
            Call call = Call.Begin();
            call.End(Native.dispenser_instance_ended((UIntPtr)instance), Nothing);
        }

        /// <summary>
        /// Says that a transaction is about to be aborted: allocating and tracking in it is refused from now on.
        /// </summary>
        /// <param name="transaction">The transaction; not 0.</param>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static void TransactionAborting(ulong transaction)
        {
            Library.MustBeCompatible();
            Call call = Call.Begin();
            call.End(Native.dispenser_transaction_aborting((UIntPtr)transaction), Nothing);
        }

        /// <summary>Says that a transaction has ended: what was enlisted in it is free of it.</summary>
        /// <remarks>
        /// What is in stock is anyone's again; what is in use stays in use; what waited for the end is destroyed, on
        /// this thread. Call it when the work of the transaction has been committed or rolled back on every resource.
        /// Threads still set to it run in no transaction.
        /// </remarks>
        /// <param name="transaction">The transaction; not 0.</param>
        /// <param name="committed">Makes no difference to the pool.</param>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static void TransactionEnded(ulong transaction, bool committed)
        {
            Library.MustBeCompatible();
            ContextScope.Ended(transaction);
            Call call = Call.Begin();
            call.End(Native.dispenser_transaction_ended((UIntPtr)transaction, committed ? 1 : 0), Nothing);
        }

        /// <summary>No callback makes one of these fail.</summary>
        private static readonly string[] Nothing = new string[0];
    }
}
