/* tests/c/stub.c with an interface version of choice, STUB_ABI: with the right one, a program that asks for the version
   goes on and meets the rest of the stub. */
#define wsrt_abi_version abi_version_of_the_stub
#include "../c/stub.c"
#undef wsrt_abi_version

WSRT_API uint32_t wsrt_abi_version(void)
{
    return STUB_ABI;
}
