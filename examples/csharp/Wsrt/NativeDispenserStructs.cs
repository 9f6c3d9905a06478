using System;
using System.Runtime.InteropServices;

// Most of these are filled by one side only, some fields by nobody yet.
#pragma warning disable 649, 169

namespace Wsrt
{
    /// <summary>The structs of the resource dispenser, as those in NativeStructs.cs.</summary>
    internal static partial class Native
    {
        [StructLayout(LayoutKind.Sequential)]
        internal struct dispenser_driver
        {
            internal uint cb_size;
            internal uint flags;
            internal IntPtr user_data;
            internal IntPtr create_resource;
            internal IntPtr rate_resource;
            internal IntPtr enlist_resource;
            internal IntPtr reset_resource;
            internal IntPtr destroy_resource;
            internal IntPtr destroy_resource_s;
            internal IntPtr release;
            internal IntPtr report;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct dispenser_options
        {
            internal uint cb_size;
            internal uint flags;
            internal uint max_resources;
            internal uint max_waiters;
            internal uint wait_timeout_ms;
            internal uint sweep_interval_ms;
            internal uint max_lifetime_s;
            internal uint jitter_percent;
            internal uint callback_deadline_ms;
            internal uint leak_threshold_ms;
            internal uint close_deadline_ms;
            internal uint drain_timeout_ms;
            internal uint max_creating;
            internal uint create_backoff_ms;
            internal uint create_backoff_max_ms;
            internal uint fail_fast_after;
            internal uint fail_fast_ms;
            internal uint reserved;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct dispenser_stats
        {
            internal uint cb_size;
            internal uint flags;
            internal uint state;
            internal uint free_unenlisted;
            internal uint free_enlisted;
            internal uint used_unenlisted;
            internal uint used_enlisted;
            internal uint tracked;
            internal uint awaiting_transaction;
            internal uint creating;
            internal uint destroying;
            internal uint written_off;
            internal uint waiting;
            internal uint peak_used;
            internal uint peak_waiting;
            internal uint reserved;
            internal int last_create_result;
            internal uint reserved2;
            internal ulong allocs;
            internal ulong frees;
            internal ulong creates;
            internal ulong create_failures;
            internal ulong destroys;
            internal ulong destroy_failures;
            internal ulong reset_failures;
            internal ulong enlist_failures;
            internal ulong waits;
            internal ulong wait_timeouts;
            internal ulong wait_total_us;
            internal ulong wait_max_us;
            internal ulong longest_hold_ms;
            internal ulong longest_hold_thread;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct dispenser_resource_info
        {
            internal uint cb_size;
            internal uint flags;
            internal uint state;
            internal int secs_free_before_destroy;
            internal ulong age_ms;
            internal ulong state_age_ms;
            internal ulong uses;
            internal ulong thread_id;
            internal UIntPtr resid;
            internal UIntPtr restypid;
            internal UIntPtr instid;
            internal UIntPtr transid;
            internal UIntPtr holder_tag;
            internal IntPtr sresid;
        }
    }
}
