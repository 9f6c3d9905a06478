using System;

namespace Wsrt
{
    /// <summary>The native library that this binding has found.</summary>
    /// <remarks>
    /// It is looked for as the platform does it, under the name <c>wsrt</c>: <c>libwsrt.so</c> beside the program or in
    /// <c>LD_LIBRARY_PATH</c>. Where it is not found, whatever is used first throws a
    /// <see cref="DllNotFoundException"/>.
    /// </remarks>
    public static class Library
    {
        private static volatile bool compatible;

        /// <summary>Its version, "major.minor.patch". Any thread; no callbacks.</summary>
        public static string Version
        {
            get { return Text.FromNative(Native.wsrt_version()); }
        }

        /// <summary>
        /// The version of the interface that it offers: the high half breaks, the low half grows. Any thread; no
        /// callbacks.
        /// </summary>
        public static uint AbiVersion
        {
            get { return Native.wsrt_abi_version(); }
        }

        /// <summary>Comes before the first call that could go wrong with another library.</summary>
        internal static void MustBeCompatible()
        {
            if (compatible)
            {
                return;
            }
            uint offered = Native.wsrt_abi_version();
            const uint wanted = Native.WSRT_ABI_VERSION;
            if (offered >> 16 != wanted >> 16 || (offered & 0xFFFF) < (wanted & 0xFFFF))
            {
                throw new NotSupportedException(string.Format(
                    "libwsrt {0} offers version {1}.{2} of its interface, this program needs version {3}.{4}: "
                        + "install the library that this program was built for",
                    Version, offered >> 16, offered & 0xFFFF, wanted >> 16, wanted & 0xFFFF));
            }
            compatible = true;
        }
    }
}
