using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Wsrt
{
    /// <summary>Strings across the border, converted by hand: UTF-8 whatever the system's encoding is.</summary>
    internal static class Text
    {
        /// <summary>Throws on a lone surrogate, where the usual one would pass on another string.</summary>
        private static readonly UTF8Encoding Utf8 = new UTF8Encoding(false, true);

        /// <summary>Room for the answer of a callback, which the library copies at once.</summary>
        [ThreadStatic]
        private static byte[] room;

        /// <summary>
        /// With its NUL; null stays NULL. A NUL inside would cut the string short without a word. A new array each
        /// time: the library may look at it during the whole call, and callbacks make calls of their own.
        /// </summary>
        internal static byte[] ToNative(string text, string parameter)
        {
            if (text == null)
            {
                return null;
            }
            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("has a NUL inside", parameter);
            }
            try
            {
                byte[] bytes = new byte[Utf8.GetByteCount(text) + 1];
                Utf8.GetBytes(text, 0, text.Length, bytes, 0);
                return bytes;
            }
            catch (EncoderFallbackException why)
            {
                throw new ArgumentException("is not Unicode: " + why.Message, parameter, why);
            }
        }

        /// <summary>Answers a callback that was asked for a string.</summary>
        internal static int Answer(IntPtr sink, string text)
        {
            if (text == null)
            {
                return Native.wsrt_text_set(sink, null, UIntPtr.Zero);
            }
            int most = Utf8.GetMaxByteCount(text.Length);
            if (room == null || room.Length < most)
            {
                room = new byte[Math.Max(most, 256)];
            }
            int length = Utf8.GetBytes(text, 0, text.Length, room, 0);
            return Native.wsrt_text_set(sink, room, (UIntPtr)(uint)length);
        }

        /// <summary>A string of the library's, copied.</summary>
        internal static string FromNative(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return "";
            }
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length += 1;
            }
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>A string in a buffer, up to its NUL.</summary>
        internal static string FromBuffer(byte[] buffer)
        {
            int end = Array.IndexOf(buffer, (byte)0);
            return Encoding.UTF8.GetString(buffer, 0, end < 0 ? buffer.Length : end);
        }
    }
}
