using System;
using System.Collections.Generic;
using System.Threading;

namespace Wsrt
{
    /// <summary>For which object, and in which transaction, a thread runs.</summary>
    /// <remarks>
    /// Each thread has its own, in the whole process, for all dispensers. What it allocates or tracks belongs to that
    /// object and is enlisted in that transaction. Objects and transactions are numbers of yours, best addresses, and
    /// never followed.
    /// </remarks>
    public static class Context
    {
        /// <summary>The object; 0: none. May be asked inside any callback.</summary>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static ulong Instance
        {
            get
            {
                Get(out ulong instance, out ulong transaction);
                return instance;
            }
        }

        /// <summary>The transaction; 0: none, or it has ended. May be asked inside any callback.</summary>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static ulong Transaction
        {
            get
            {
                Get(out ulong instance, out ulong transaction);
                return transaction;
            }
        }

        /// <summary>Sets both for this thread, until the scope is disposed of.</summary>
        /// <remarks>
        /// A transaction begins when it is first named and must be ended by
        /// <see cref="Notices.TransactionEnded"/>; the same number later is another one. The end of the scope does not
        /// end it.
        /// </remarks>
        /// <param name="instance">The object; 0: none.</param>
        /// <param name="transaction">The transaction; 0: none.</param>
        /// <returns>The scope, the caller's, to be disposed of on this thread.</returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.OutOfMemory"/>: no memory for another transaction; all is as before.
        /// </exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static ContextScope Enter(ulong instance, ulong transaction)
        {
            Get(out ulong outerInstance, out ulong outerTransaction);
            Set(instance, transaction);
            return new ContextScope(outerInstance, outerTransaction);
        }

        private static void Get(out ulong instance, out ulong transaction)
        {
            Library.MustBeCompatible();
            UIntPtr one = UIntPtr.Zero, other = UIntPtr.Zero;
            Call call = Call.Begin();
            call.End(Native.dispenser_get_context(ref one, ref other));
            instance = (ulong)one;
            transaction = (ulong)other;
        }

        internal static void Set(ulong instance, ulong transaction)
        {
            Call call = Call.Begin();
            call.End(Native.dispenser_set_context((UIntPtr)instance, (UIntPtr)transaction));
        }
    }

    /// <summary>While it lasts its thread runs for an object and in a transaction.</summary>
    /// <remarks>
    /// Belongs to its thread. Scopes inside each other are disposed of in reverse order: each restores what it found,
    /// but no transaction that <see cref="Notices.TransactionEnded"/> has ended meanwhile.
    /// </remarks>
    public sealed class ContextScope : IDisposable
    {
        /// <summary>Those that have a transaction to restore. To name one that has ended would begin another.</summary>
        private static readonly List<ContextScope> restoring = new List<ContextScope>();

        private readonly int thread = Thread.CurrentThread.ManagedThreadId;
        private readonly ulong instance;
        private ulong transaction;
        private bool left;

        internal ContextScope(ulong instance, ulong transaction)
        {
            this.instance = instance;
            this.transaction = transaction;
            if (transaction != 0)
            {
                lock (restoring)
                {
                    restoring.Add(this);
                }
            }
        }

        /// <summary>Restores what the thread was set to before, once.</summary>
        /// <exception cref="InvalidOperationException">
        /// This is another thread, whose context must not be changed: as after an <c>await</c> inside a scope.
        /// </exception>
        public void Dispose()
        {
            if (thread != Thread.CurrentThread.ManagedThreadId)
            {
                throw new InvalidOperationException("a context scope is left on the thread that entered it");
            }
            if (left)
            {
                return;
            }
            left = true;
            lock (restoring)
            {
                restoring.Remove(this);
                Context.Set(instance, transaction);
            }
        }

        /// <summary>Comes before the library is told: nobody may name it again after that.</summary>
        internal static void Ended(ulong transaction)
        {
            lock (restoring)
            {
                foreach (ContextScope scope in restoring)
                {
                    if (scope.transaction == transaction)
                    {
                        scope.transaction = 0;
                    }
                }
            }
        }
    }
}
