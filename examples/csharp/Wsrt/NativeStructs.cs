using System;
using System.Runtime.InteropServices;

// Most of these are filled by one side only, some fields by nobody yet.
#pragma warning disable 649, 169

namespace Wsrt
{
    /// <summary>
    /// The structs of wsrt.h, by their names there: no field needs marshalling, so the library reads and writes them
    /// in place. A test compares them with tests/abi/layouts.txt. wsrt_guid is System.Guid.
    /// </summary>
    internal static partial class Native
    {
        [StructLayout(LayoutKind.Sequential)]
        internal struct wsrt_log
        {
            internal uint cb_size;
            internal uint flags;
            internal uint max_level;
            internal uint reserved;
            internal IntPtr user_data;
            internal IntPtr write;
            internal IntPtr release;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_runtime_options
        {
            internal uint cb_size;
            internal uint flags;
            internal uint disconnect_threads;
            internal uint disconnect_deadline_ms;
            internal uint drain_timeout_ms;
            internal uint connect_timeout_ms;
            internal uint reconnect_max_ms;
            internal uint linger_ms;
            internal IntPtr address;
            internal IntPtr host;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_client
        {
            internal uint cb_size;
            internal uint flags;
            internal IntPtr user_data;
            internal IntPtr get_resource_id;
            internal IntPtr get_resource_display_name;
            internal IntPtr issue_disconnect;
            internal IntPtr release;
            internal IntPtr get_server;
            internal IntPtr start_program;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_resource_info
        {
            internal uint cb_size;
            internal uint flags;
            internal uint cookie;
            internal uint state;
            internal uint process_id;
            internal int last_result;
            internal ulong age_ms;
            internal ulong state_age_ms;
            internal Guid correlation_id;
            internal IntPtr workspace_id;
            internal IntPtr display_name;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_observer
        {
            internal uint cb_size;
            internal uint flags;
            internal IntPtr user_data;
            internal IntPtr changed;
            internal IntPtr link_changed;
            internal IntPtr release;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_disconnect
        {
            internal uint cb_size;
            internal uint flags;
            internal uint cookie;
            internal uint deadline_ms;
            internal IntPtr workspace_id;
            internal IntPtr friendly_name;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ws_disconnect_report
        {
            internal uint cb_size;
            internal uint flags;
            internal uint cookie;
            internal uint outcome;
            internal uint process_id;
            internal int result;
            internal ulong elapsed_us;
            internal IntPtr workspace_id;
            internal IntPtr display_name;
        }

        /// <summary>What cb_size of a struct is.</summary>
        internal static class Size<T> where T : struct
        {
            internal static readonly uint Bytes = (uint)Marshal.SizeOf(typeof(T));
        }
    }
}
