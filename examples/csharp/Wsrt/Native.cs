using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>The functions of wsrt.h, by their names there. Every code is an int that the caller checks.</summary>
    internal static partial class Native
    {
        /// <summary>libwsrt.so here, wsrt.dll elsewhere: the loader adds what is usual.</summary>
        private const string Library = "wsrt";

        internal const uint WSRT_ABI_VERSION = 0x00000001;
        internal const uint WSRT_INFINITE = 0xFFFFFFFF;
        internal const uint WS_RUNTIME_EMBEDDED = 0x00000001;
        internal const uint WS_DISCONNECT_ALL = 0x00000001;

        // ---- callbacks: a delegate of these types must live as long as the library may call it ----

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int TextCallback(IntPtr userData, IntPtr text);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int CookieCallback(IntPtr userData, uint cookie);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void ReleaseCallback(IntPtr userData);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int VisitCallback(IntPtr userData, IntPtr entry);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void ChangedCallback(IntPtr userData, uint change, IntPtr info);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void WriteCallback(IntPtr userData, uint level, IntPtr target, IntPtr message);

        // ---- the library ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr wsrt_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint wsrt_abi_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr wsrt_hresult_name(int hr);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int wsrt_last_error(
            ref int code, [In, Out] byte[] buffer, UIntPtr capacity, ref UIntPtr needed);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int wsrt_text_set(IntPtr text, byte[] utf8, UIntPtr len);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int wsrt_set_log(ref wsrt_log log);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int wsrt_set_log(IntPtr none);

        // ---- a runtime; its handle is a name, which may be passed at any time, also after its end ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_runtime_create(ref ws_runtime_options options, ref IntPtr runtime);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_runtime_destroy(IntPtr runtime);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_runtime_destroy_nowait(IntPtr runtime);

        // ---- registrations ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_add_resource(IntPtr runtime, ref ws_client client, ref uint cookie);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_add_resource_ex(
            IntPtr runtime, ref ws_client client, byte[] eventLogUploadAddress, ref Guid correlationId, ref uint cookie);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_remove_resource(IntPtr runtime, uint cookie);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_remove_resource_nowait(IntPtr runtime, uint cookie);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_remove_resource_ex(IntPtr runtime, uint cookie, ref Guid correlationId);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_enum_resources(IntPtr runtime, IntPtr visitor, IntPtr userData);

        // ---- disconnecting ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_disconnect_resource(IntPtr runtime, uint cookie);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_disconnect_workspace(IntPtr runtime, byte[] workspaceId);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_disconnect_workspace_by_friendly_name(IntPtr runtime, byte[] friendlyName);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_disconnect_ex(
            IntPtr runtime, ref ws_disconnect selection, IntPtr visitor, IntPtr userData);

        // ---- observers ----

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_subscribe(IntPtr runtime, ref ws_observer observer, ref uint subscription);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_unsubscribe(IntPtr runtime, uint subscription);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int ws_unsubscribe_nowait(IntPtr runtime, uint subscription);
    }
}
