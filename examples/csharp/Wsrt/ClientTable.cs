using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>
    /// A client as the library sees it: the user_data of a ws_client. A handle keeps it alive from Add until release,
    /// which frees that handle.
    /// </summary>
    internal sealed class ClientTable
    {
        // The library calls these for as long as the process lives, so nothing may collect them.
        private static readonly Native.TextCallback getResourceId = GetResourceId;
        private static readonly Native.TextCallback getResourceDisplayName = GetResourceDisplayName;
        private static readonly Native.CookieCallback issueDisconnect = IssueDisconnect;
        private static readonly Native.ReleaseCallback release = Release;
        private static readonly Native.ws_client template = new Native.ws_client
        {
            cb_size = Native.Size<Native.ws_client>.Bytes,
            get_resource_id = Marshal.GetFunctionPointerForDelegate(getResourceId),
            get_resource_display_name = Marshal.GetFunctionPointerForDelegate(getResourceDisplayName),
            issue_disconnect = Marshal.GetFunctionPointerForDelegate(issueDisconnect),
            release = Marshal.GetFunctionPointerForDelegate(release)
        };

        private readonly IWorkspaceClient client;
        private readonly FanOuts fanOuts;
        private volatile bool released;

        internal ClientTable(IWorkspaceClient client, FanOuts fanOuts)
        {
            this.client = client;
            this.fanOuts = fanOuts;
        }

        /// <summary>What it said that its workspace is.</summary>
        internal string WorkspaceId { get; private set; }

        /// <summary>What it said that its name is.</summary>
        internal string DisplayName { get; private set; }

        /// <summary>Whether its cookie names it no more.</summary>
        internal bool Released
        {
            get { return released; }
        }

        /// <summary>The table to register. If that fails, the handle stays the caller's.</summary>
        internal Native.ws_client ToNative(out GCHandle handle)
        {
            handle = GCHandle.Alloc(this);
            Native.ws_client native = template;
            native.user_data = GCHandle.ToIntPtr(handle);
            return native;
        }

        private static ClientTable Of(IntPtr userData)
        {
            return (ClientTable)GCHandle.FromIntPtr(userData).Target;
        }

        private static int GetResourceId(IntPtr userData, IntPtr text)
        {
            ClientTable table = Of(userData);
            try
            {
                table.WorkspaceId = table.client.GetResourceId();
                return Text.Answer(text, table.WorkspaceId);
            }
            catch (Exception exception)
            {
                int code = table.Caught("get_resource_id", exception);
                Call.Keep(new Answer(code, 0, exception));
                return code;
            }
        }

        private static int GetResourceDisplayName(IntPtr userData, IntPtr text)
        {
            ClientTable table = Of(userData);
            try
            {
                table.DisplayName = table.client.GetResourceDisplayName();
                return Text.Answer(text, table.DisplayName);
            }
            catch (Exception exception)
            {
                // Nothing fails by this, so there is no call to tell.
                return table.Caught("get_resource_display_name", exception);
            }
        }

        private static int IssueDisconnect(IntPtr userData, uint cookie)
        {
            ClientTable table = Of(userData);
            Exception thrown = null;
            int code;
            AtExit.Enter();
            try
            {
                code = table.client.IssueDisconnect(cookie).Code;
            }
            catch (Exception exception)
            {
                thrown = exception;
                code = table.Caught("issue_disconnect", exception);
            }
            finally
            {
                AtExit.Leave();
            }
            if (code < 0)
            {
                // Also without an exception: a call that fails by this answer must not show that of another client.
                Answer answer = new Answer(code, cookie, thrown);
                if (!Call.Keep(answer))
                {
                    table.fanOuts.Keep(table, answer);
                }
            }
            return code;
        }

        private static void Release(IntPtr userData)
        {
            GCHandle handle = GCHandle.FromIntPtr(userData);
            ClientTable table = (ClientTable)handle.Target;
            handle.Free();
            table.released = true;
            try
            {
                table.client.Released();
            }
            catch (Exception exception)
            {
                table.Caught("release", exception);
            }
        }

        private int Caught(string callback, Exception exception)
        {
            CallbackErrors.Raise(callback, client, exception);
            return CallbackErrors.CodeOf(exception);
        }
    }
}
