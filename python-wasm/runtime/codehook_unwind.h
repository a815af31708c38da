/* A replacement for setjmp and longjmp, by which C libraries leave deep calls at once. WebAssembly has no such jump:
 * the host ends the calls down to codehook_protect as it does for a trap. */
#ifndef CODEHOOK_UNWIND_H
#define CODEHOOK_UNWIND_H

/* Calls function(argument). 0 when it returned, 1 when it was left through codehook_unwind. Does not nest. */
int codehook_protect(void (*function)(void *), void *argument);

/* Only below a codehook_protect; anywhere else it ends the run as a trap. */
_Noreturn void codehook_unwind(void);

#endif
