/* The type that a PyThread_type_lock points to. */
#ifndef CODEHOOK_LOCKS_H
#define CODEHOOK_LOCKS_H

typedef struct {
    int held;
    int awaited;    /* number of threads that wait for it */
} codehook_lock;

/* The scheduler's (codehook_threads.c). */
void codehook_lock_is_free(void);
int codehook_wait_for_lock(codehook_lock *lock);

#endif
