using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>A resource dispenser: a pool of anything, whose driver makes, judges and ends resources.</summary>
    /// <remarks>
    /// <para>
    /// It keeps what is enlisted in a transaction for that transaction, and takes back what belongs to an object that
    /// has ended: <see cref="Context"/> and <see cref="Notices"/>.
    /// </para>
    /// <para>
    /// Any thread may call anything, also inside any callback, on any object. Calls that wait for callbacks say so: do
    /// not make them holding a lock that a callback takes, nor on a thread that a callback waits for.
    /// </para>
    /// <para>
    /// A failing call throws a <see cref="WsrtException"/>; its inner exception is what the driver threw, if that made
    /// the call fail. What every call may fail with is not repeated below: <see cref="Result.Closed"/>: the dispenser
    /// is closed; <see cref="Result.Handle"/>: it has ended; <see cref="Result.Forked"/>: it was inherited by fork();
    /// <see cref="Result.Overdue"/>: a callback took longer than its deadline; <see cref="Result.OutOfMemory"/>;
    /// <see cref="Result.Unexpected"/>: a fault inside the library. A string with a NUL inside, or one that is not
    /// Unicode, is an <see cref="ArgumentException"/>.
    /// </para>
    /// <para>
    /// Dispose ends it and waits; one that is dropped ends, without waiting, when the garbage collector finds it and
    /// all its leases dropped. Those that live at the end of the process end then, without waiting. In each case what
    /// is in stock is destroyed by the driver, on the thread that ends the dispenser: the finalizer's, where it was
    /// dropped.
    /// </para>
    /// </remarks>
    public sealed partial class Dispenser : IDisposable
    {
        private static readonly string[] allocating = { "create_resource", "enlist_resource" };
        private static readonly string[] freeing = { "reset_resource" };
        private static readonly string[] destroying = { "destroy_resource" };

        private readonly DispenserHandle handle = new DispenserHandle();
        private readonly Holders holders = new Holders();

        /// <summary>Makes a dispenser. Nothing of the driver is called.</summary>
        /// <param name="driver">
        /// Held by the library until <see cref="ResourceDriver.Released"/>. One driver may serve several dispensers.
        /// </param>
        /// <param name="name">For people, in the log; may be null.</param>
        /// <param name="options">Its settings, copied; null: all defaults.</param>
        /// <exception cref="ArgumentNullException">There is no driver.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An option cannot be.</exception>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: the name is longer than 4,096 bytes; <see cref="Result.Fail"/>: the system
        /// gives no random numbers; <see cref="Result.NotImpl"/>: an option is not offered;
        /// <see cref="Result.OutOfMemory"/>. The driver is then not held, and not released.
        /// </exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        /// <exception cref="DllNotFoundException">There is no library.</exception>
        public Dispenser(ResourceDriver driver, string name = null, DispenserOptions options = null)
        {
            if (driver == null)
            {
                throw new ArgumentNullException(nameof(driver));
            }
            Library.MustBeCompatible();
            byte[] nativeName = Text.ToNative(name, nameof(name));
            Native.dispenser_options nativeOptions = (options ?? new DispenserOptions()).ToNative();
            Native.dispenser_driver native = new DriverTable(driver).ToNative(out GCHandle held);
            IntPtr pool = IntPtr.Zero;
            Call call = Call.Begin();
            int code = Native.dispenser_create(ref native, nativeName, ref nativeOptions, ref pool);
            if (code < 0)
            {
                held.Free();
            }
            call.End(code);
            handle.Own(pool);
        }

        // ---- resources in use ----

        /// <summary>
        /// Allocates a resource of a type, until the lease ends: a free one that will do, else a new one.
        /// </summary>
        /// <remarks>As <see cref="Allocate"/>.</remarks>
        /// <param name="type">The type wanted, not 0.</param>
        /// <returns>The lease, the caller's: it has to be kept.</returns>
        /// <exception cref="WsrtException">As <see cref="Allocate"/>.</exception>
        public Lease Lease(ulong type)
        {
            ulong resource = AllocateNow(type);
            return new Lease(this, resource, holders.Begin(resource));
        }

        /// <summary>Allocates a resource of a type: a free one that will do, else a new one.</summary>
        /// <remarks>
        /// Free resources are offered to <see cref="ResourceDriver.Rate"/>, those in the caller's transaction first,
        /// then those in none, each kind by what was freed last; the best is taken,
        /// <see cref="ResourceDriver.Perfect"/> at once. If none will do, <see cref="ResourceDriver.Create"/> makes
        /// one. In a transaction it is enlisted unless it is already. All on this thread.
        /// </remarks>
        /// <param name="type">The type wanted, not 0.</param>
        /// <returns>
        /// The resource: the caller's until <see cref="Free"/> or <see cref="DestroyResource"/>, on any thread.
        /// </returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: the type is 0, or what was created is 0 or in use already;
        /// <see cref="Result.Fail"/> or <see cref="Result.MtxdmEnlistResourceFailed"/>: it could not be enlisted;
        /// <see cref="Result.TxAborting"/>: the caller's transaction is aborting; or what the driver could not create
        /// it for.
        /// </exception>
        public ulong Allocate(ulong type)
        {
            ulong resource = AllocateNow(type);
            // Whatever lease it had before.
            holders.End(resource, holders.Of(resource));
            return resource;
        }

        /// <summary>Gives an allocated resource back.</summary>
        /// <remarks>
        /// <see cref="ResourceDriver.Reset"/> runs, on this thread, before it is in stock again. What is enlisted stays
        /// in stock for its transaction alone until that ends. With <see cref="DispenserOptions.NoPooling"/> it is
        /// destroyed instead, at the end of its transaction if it is in one.
        /// </remarks>
        /// <param name="resource">The resource, allocated by whomever.</param>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Fail"/>: it could not be reset, and is still allocated; or that callback gave it up;
        /// <see cref="Result.InvalidArg"/>: it is no resource of this dispenser that is in use;
        /// <see cref="Result.Closed"/>: the dispenser is closed, and the resource is the caller's to destroy.
        /// </exception>
        public void Free(ulong resource)
        {
            long holder = holders.Of(resource);
            Call call = Call.Begin();
            Ended(call, Native.dispenser_free_resource(handle.Name, (UIntPtr)resource), freeing);
            holders.End(resource, holder);
        }

        /// <summary>
        /// Takes a resource out of the pool and has it destroyed, for example because it was found broken.
        /// </summary>
        /// <remarks>
        /// One that is enlisted is out of circulation at once and destroyed when its transaction ends; one that is in a
        /// callback is destroyed when that returns.
        /// </remarks>
        /// <param name="resource">
        /// The resource, free or in use; whoever asks gives it up for its user, too: a lease of it ends.
        /// </param>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Fail"/> or <see cref="Result.NotImpl"/>: it could not be destroyed, and is as before;
        /// <see cref="Result.InvalidArg"/>: it is no resource of this dispenser that is free or in use.
        /// </exception>
        public void DestroyResource(ulong resource)
        {
            long holder = holders.Of(resource);
            Call call = Call.Begin();
            Ended(call, Native.dispenser_destroy_resource(handle.Name, (UIntPtr)resource), destroying);
            holders.End(resource, holder);
        }

        // ---- the end ----

        /// <summary>Closes it: destroys its stock and gives the driver back.</summary>
        /// <remarks>
        /// What is in stock is destroyed, what is in use or tracked is forgotten: its user destroys it. From the first
        /// moment every other call fails with <see cref="Result.Closed"/>, but <see cref="GetStatistics"/>,
        /// <see cref="GetOptions"/> and <see cref="GetResources"/> go on. Waits, outside callbacks, until no callback
        /// of the dispenser runs.
        /// </remarks>
        /// <returns>
        /// <see cref="Result.Ok"/>: nothing of it runs or will, and the driver has been released;
        /// <see cref="Result.Deferred"/>: inside a callback, or the drain timeout ran out, while a callback of it runs.
        /// </returns>
        /// <exception cref="WsrtException"><see cref="Result.Closed"/>: it is closed already.</exception>
        public Result Close()
        {
            Call call = Call.Begin();
            return Ended(call, Native.dispenser_close(handle.Name), nothing);
        }

        /// <summary>Closes it like <see cref="Close"/>, but never waits.</summary>
        /// <returns>As <see cref="Close"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Close"/>.</exception>
        public Result CloseNoWait()
        {
            Call call = Call.Begin();
            return Ended(call, Native.dispenser_close_nowait(handle.Name), nothing);
        }

        /// <summary>Ends it, and closes it first if it is still open. From then on every call fails.</summary>
        /// <remarks>Waits like <see cref="Close"/>.</remarks>
        /// <returns>As <see cref="Close"/>.</returns>
        /// <exception cref="WsrtException"><see cref="Result.Handle"/>: it has ended already.</exception>
        public Result Destroy()
        {
            Call call = Call.Begin();
            Result result = Ended(call, Native.dispenser_destroy(handle.Name), nothing);
            handle.Disown();
            return result;
        }

        /// <summary>Ends it like <see cref="Destroy"/>, but never waits.</summary>
        /// <returns>As <see cref="Close"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Destroy"/>.</exception>
        public Result DestroyNoWait()
        {
            Call call = Call.Begin();
            Result result = Ended(call, Native.dispenser_destroy_nowait(handle.Name), nothing);
            handle.Disown();
            return result;
        }

        /// <summary>Ends it if that has not been done, and waits like <see cref="Destroy"/>. Never throws.</summary>
        /// <remarks>May be called repeatedly, on any thread, and inside any callback, where it does not wait.</remarks>
        public void Dispose()
        {
            if (!handle.IsClosed && !handle.IsInvalid)
            {
                // Of two that come together, one is told that there is nothing to end.
                Call call = Call.Begin();
                Native.dispenser_destroy(handle.Name);
                call.End();
                handle.Disown();
            }
        }

        // ---- what leases use ----

        internal bool Holds(ulong resource, long holder)
        {
            return holders.Of(resource) == holder;
        }

        internal void EndLease(ulong resource, long holder)
        {
            holders.End(resource, holder);
        }

        /// <summary>Gives back what a lease holds, or has it destroyed if it cannot be reset. Never throws.</summary>
        internal void GiveBack(ulong resource, long holder)
        {
            if (!Holds(resource, holder))
            {
                return;
            }
            Call call = Call.Begin();
            int code = Native.dispenser_free_resource(handle.Name, (UIntPtr)resource);
            // Unless whoever failed to reset it has given it up: then it may be somebody else's.
            if (code == Result.Fail.Code && Holds(resource, holder))
            {
                Native.dispenser_destroy_resource(handle.Name, (UIntPtr)resource);
            }
            call.End();
            holders.End(resource, holder);
            GC.KeepAlive(this);
        }

        // ---- what they share ----

        private ulong AllocateNow(ulong type)
        {
            UIntPtr resource = UIntPtr.Zero;
            Call call = Call.Begin();
            Ended(call, Native.dispenser_alloc_resource(handle.Name, (UIntPtr)type, ref resource), allocating);
            return (ulong)resource;
        }

        /// <summary>Nothing may collect the dispenser, which would end it, while a call on it is at work.</summary>
        private Result Ended(Call call, int code, string[] callbacks)
        {
            GC.KeepAlive(this);
            return call.End(code, callbacks);
        }
    }
}
