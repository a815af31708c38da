/* Locks of pythread.h for green threads, as C code of CPython and of extensions uses them. */
#include "codehook_threads.h"

#include "codehook_locks.h"

#define SMALLEST_STACK 32768

void PyThread_init_thread(void) {}
void PyThread_ReInitTLS(void) {}

/* Only Python code can start threads. */
long PyThread_start_new_thread(void (*function)(void *), void *argument)
{
    (void)function;
    (void)argument;
    return -1;
}

void PyThread_exit_thread(void) {}

PyThread_type_lock PyThread_allocate_lock(void)
{
    codehook_lock *lock = malloc(sizeof(codehook_lock));
    if (lock != NULL)
        lock->held = lock->awaited = 0;
    return lock;
}

void PyThread_free_lock(PyThread_type_lock handle) { free(handle); }

int PyThread_acquire_lock(PyThread_type_lock handle, int wait)
{
    codehook_lock *lock = handle;

    if (lock == NULL)
        return 0;
    if (lock->held)
        return wait ? codehook_wait_for_lock(lock) : 0;
    lock->held = 1;
    return 1;
}

void PyThread_release_lock(PyThread_type_lock handle)
{
    codehook_lock *lock = handle;

    if (lock == NULL)
        return;
    lock->held = 0;
    if (lock->awaited > 0)
        codehook_lock_is_free();
}

/* All threads run on one stack; the size is stored so that it can be read back. */
static size_t stack_size;

size_t PyThread_get_stacksize(void) { return stack_size; }

int PyThread_set_stacksize(size_t size)
{
    if (size != 0 && size < SMALLEST_STACK)
        return -1;
    stack_size = size;
    return 0;
}
