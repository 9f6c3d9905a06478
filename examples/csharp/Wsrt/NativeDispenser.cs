using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>The functions of the resource dispenser, as those in Native.cs.</summary>
    internal static partial class Native
    {
        internal const uint DISPENSER_AUTO_RECLAIM = 0x00000001;
        internal const uint DISPENSER_NO_POOLING = 0x00000002;
        internal const uint DISPENSER_MANUAL_SWEEP = 0x00000004;
        internal const uint DISPENSER_RATING_UNUSABLE = 0x00000000;
        internal const uint DISPENSER_RATING_PERFECT = 0x00000064;

        // ---- callbacks: a delegate of these types must live as long as the library may call it ----

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int CreateCallback(IntPtr userData, UIntPtr type, ref UIntPtr resource, ref int seconds);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int RateCallback(
            IntPtr userData, UIntPtr type, UIntPtr resource, int requiresEnlistment, ref uint rating);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int EnlistCallback(IntPtr userData, UIntPtr resource, UIntPtr transaction);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int ResourceCallback(IntPtr userData, UIntPtr resource);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void ReportCallback(IntPtr userData, uint what, IntPtr info);

        // ---- a dispenser; its handle is a name, as that of a runtime ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_create(
            ref dispenser_driver driver, byte[] name, ref dispenser_options options, ref IntPtr dispenser);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_close(IntPtr dispenser);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_close_nowait(IntPtr dispenser);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_destroy(IntPtr dispenser);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_destroy_nowait(IntPtr dispenser);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_sweep(IntPtr dispenser, ulong nowMs);

        // ---- its resources ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_alloc_resource(IntPtr dispenser, UIntPtr type, ref UIntPtr resource);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_free_resource(IntPtr dispenser, UIntPtr resource);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_destroy_resource(IntPtr dispenser, UIntPtr resource);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_track_resource(IntPtr dispenser, UIntPtr resource);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_track_resource_ex(
            IntPtr dispenser, UIntPtr resource, UIntPtr instance, UIntPtr transaction);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_track_resource_s(IntPtr dispenser, byte[] name);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_untrack_resource(IntPtr dispenser, UIntPtr resource, int destroy);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_untrack_resource_s(IntPtr dispenser, byte[] name, int destroy);

        // ---- what it tells ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_get_stats(IntPtr dispenser, ref dispenser_stats stats);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_get_options(IntPtr dispenser, ref dispenser_options options);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_get_resource_info(
            IntPtr dispenser, UIntPtr resource, ref dispenser_resource_info info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_enum_resources(IntPtr dispenser, IntPtr visitor, IntPtr userData);

        // ---- objects and transactions, those of the whole process ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_get_context(ref UIntPtr instance, ref UIntPtr transaction);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_set_context(UIntPtr instance, UIntPtr transaction);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_instance_ended(UIntPtr instance);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_transaction_aborting(UIntPtr transaction);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int dispenser_transaction_ended(UIntPtr transaction, int committed);
    }
}
