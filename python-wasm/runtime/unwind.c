/* The guest's half of codehook_unwind.h; docs/guest-abi.md has the host's. */
#include "codehook_unwind.h"

#define HOST(name) __attribute__((import_module("codehook"), import_name(name)))

HOST("protect") extern int host_protect(void (*function)(void *), void *argument);
HOST("unwind") extern void host_unwind(void);

__asm__(".globaltype __stack_pointer, i32\n");

__attribute__((export_name("codehook_call"))) void codehook_call(void (*function)(void *), void *argument)
{
    function(argument);
}

/* Calls that are cut off do not give back their part of the stack in memory. */
int codehook_protect(void (*function)(void *), void *argument)
{
    void *stack;
    int unwound;

    __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(stack));
    unwound = host_protect(function, argument);
    __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" : : "r"(stack));
    return unwound;
}

_Noreturn void codehook_unwind(void)
{
    host_unwind();
    __builtin_unreachable();
}
