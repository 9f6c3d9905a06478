using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Wsrt
{
    /// <summary>
    /// A driver as the library sees it: the user_data of a dispenser_driver. A handle keeps it alive from the creation
    /// of the dispenser until release, which frees that handle.
    /// </summary>
    internal sealed class DriverTable
    {
        // The library calls these for as long as the process lives, so nothing may collect them.
        private static readonly Native.CreateCallback create = Create;
        private static readonly Native.RateCallback rate = Rate;
        private static readonly Native.EnlistCallback enlist = Enlist;
        private static readonly Native.ResourceCallback reset = Reset;
        private static readonly Native.ResourceCallback destroy = Destroy;
        private static readonly Native.TextCallback destroyNamed = DestroyNamed;
        private static readonly Native.ReportCallback report = Report;
        private static readonly Native.ReleaseCallback release = Release;
        private static readonly Native.dispenser_driver all = new Native.dispenser_driver
        {
            cb_size = Native.Size<Native.dispenser_driver>.Bytes,
            create_resource = Marshal.GetFunctionPointerForDelegate(create),
            rate_resource = Marshal.GetFunctionPointerForDelegate(rate),
            enlist_resource = Marshal.GetFunctionPointerForDelegate(enlist),
            reset_resource = Marshal.GetFunctionPointerForDelegate(reset),
            destroy_resource = Marshal.GetFunctionPointerForDelegate(destroy),
            destroy_resource_s = Marshal.GetFunctionPointerForDelegate(destroyNamed),
            release = Marshal.GetFunctionPointerForDelegate(release),
            report = Marshal.GetFunctionPointerForDelegate(report)
        };

        private readonly ResourceDriver driver;

        internal DriverTable(ResourceDriver driver)
        {
            this.driver = driver;
        }

        /// <summary>The table to make a dispenser with. If that fails, the handle stays the caller's.</summary>
        internal Native.dispenser_driver ToNative(out GCHandle handle)
        {
            Native.dispenser_driver native = all;
            if (!Overrides(new Func<ulong, ulong, bool, int>(driver.Rate)))
            {
                native.rate_resource = IntPtr.Zero;
            }
            if (!Overrides(new Func<ulong, ulong, Result>(driver.Enlist)))
            {
                native.enlist_resource = IntPtr.Zero;
            }
            if (!Overrides(new Func<ulong, Result>(driver.Reset)))
            {
                native.reset_resource = IntPtr.Zero;
            }
            if (!Overrides(new Func<string, Result>(driver.DestroyNamed)))
            {
                native.destroy_resource_s = IntPtr.Zero;
            }
            if (!Overrides(new Action<DispenserEvent, DispenserResourceInfo>(driver.Report)))
            {
                native.report = IntPtr.Zero;
            }
            handle = GCHandle.Alloc(this);
            native.user_data = GCHandle.ToIntPtr(handle);
            return native;
        }

        /// <summary>A delegate to a virtual method knows the one that is meant.</summary>
        private static bool Overrides(Delegate method)
        {
            return method.Method.DeclaringType != typeof(ResourceDriver);
        }

        private static DriverTable Of(IntPtr userData)
        {
            return (DriverTable)GCHandle.FromIntPtr(userData).Target;
        }

        // ---- the callbacks ----

        private static int Create(IntPtr userData, UIntPtr type, ref UIntPtr resource, ref int seconds)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                TimeSpan idle = Timeout.InfiniteTimeSpan;
                resource = (UIntPtr)table.driver.Create((ulong)type, ref idle);
                seconds = Seconds(idle);
                return Result.Ok.Code;
            }
            catch (Exception exception)
            {
                return table.Threw("create_resource", exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static int Rate(
            IntPtr userData, UIntPtr type, UIntPtr resource, int requiresEnlistment, ref uint rating)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                // What is negative becomes far too much, and counts as 0 as well.
                rating = unchecked((uint)table.driver.Rate((ulong)type, (ulong)resource, requiresEnlistment != 0));
                return Result.Ok.Code;
            }
            catch (Exception exception)
            {
                // Nothing fails by this, so there is no call to tell.
                CallbackErrors.Raise("rate_resource", table.driver, exception);
                return CallbackErrors.CodeOf(exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static int Enlist(IntPtr userData, UIntPtr resource, UIntPtr transaction)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                return Answered("enlist_resource", table.driver.Enlist((ulong)resource, (ulong)transaction));
            }
            catch (Exception exception)
            {
                return table.Threw("enlist_resource", exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static int Reset(IntPtr userData, UIntPtr resource)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                return Answered("reset_resource", table.driver.Reset((ulong)resource));
            }
            catch (Exception exception)
            {
                return table.Threw("reset_resource", exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static int Destroy(IntPtr userData, UIntPtr resource)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                return Answered("destroy_resource", table.driver.Destroy((ulong)resource));
            }
            catch (Exception exception)
            {
                return table.Threw("destroy_resource", exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static int DestroyNamed(IntPtr userData, IntPtr name)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                return Answered("destroy_resource_s", table.driver.DestroyNamed(Text.FromNative(name)));
            }
            catch (Exception exception)
            {
                return table.Threw("destroy_resource_s", exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static void Report(IntPtr userData, uint what, IntPtr info)
        {
            DriverTable table = Of(userData);
            AtExit.Enter();
            try
            {
                table.driver.Report((DispenserEvent)what, DispenserResourceInfo.FromNative(info));
            }
            catch (Exception exception)
            {
                CallbackErrors.Raise("report", table.driver, exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        private static void Release(IntPtr userData)
        {
            GCHandle handle = GCHandle.FromIntPtr(userData);
            DriverTable table = (DriverTable)handle.Target;
            handle.Free();
            AtExit.Enter();
            try
            {
                table.driver.Released();
            }
            catch (Exception exception)
            {
                CallbackErrors.Raise("release", table.driver, exception);
            }
            finally
            {
                AtExit.Leave();
            }
        }

        // ---- what they share ----

        private static int Answered(string callback, Result result)
        {
            if (!result.Succeeded)
            {
                // Also without an exception: a call that fails by this answer must not show that of another callback.
                Call.Keep(new Answer(callback, result.Code, null));
            }
            return result.Code;
        }

        private int Threw(string callback, Exception exception)
        {
            int code = CallbackErrors.CodeOf(exception);
            CallbackErrors.Raise(callback, driver, exception);
            Call.Keep(new Answer(callback, code, exception));
            return code;
        }

        private static int Seconds(TimeSpan idle)
        {
            return idle < TimeSpan.Zero ? -1 : (int)Math.Min(Math.Ceiling(idle.TotalSeconds), int.MaxValue);
        }
    }
}
