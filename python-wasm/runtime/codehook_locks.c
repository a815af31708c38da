/* pythread.h for threads that take turns: locks and per-thread values, as C code of CPython and of extensions uses them. */
#include "codehook_threads.h"

#include "codehook_locks.h"

#define SMALLEST_STACK 32768

void PyThread_init_thread(void) {}
void PyThread_ReInitTLS(void) {}

/* There are no threads but those of Python code. */
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

/* Threads run on the stack there is; the number is kept for who asks. */
static size_t stack_size;

size_t PyThread_get_stacksize(void) { return stack_size; }

int PyThread_set_stacksize(size_t size)
{
    if (size != 0 && size < SMALLEST_STACK)
        return -1;
    stack_size = size;
    return 0;
}

/* Values of a thread under a key. There are few: CPython itself keeps one. */
typedef struct value {
    struct value *next;
    int key;
    long ident;
    void *value;
} value;

static value *values;
static int last_key;

static value **find(int key)
{
    value **link;
    for (link = &values; *link != NULL; link = &(*link)->next)
        if ((*link)->key == key && (*link)->ident == PyThread_get_thread_ident())
            break;
    return link;
}

static void drop(value **link)
{
    value *found = *link;
    *link = found->next;
    free(found);
}

int PyThread_create_key(void) { return ++last_key; }

void PyThread_delete_key(int key)
{
    value **link = &values;
    while (*link != NULL) {
        if ((*link)->key == key)
            drop(link);
        else
            link = &(*link)->next;
    }
}

/* As in CPython: a value that is there already stays. */
int PyThread_set_key_value(int key, void *new_value)
{
    value **link = find(key), *added;

    if (*link != NULL)
        return 0;
    added = malloc(sizeof(value));
    if (added == NULL)
        return -1;
    *added = (value){.key = key, .ident = PyThread_get_thread_ident(), .value = new_value};
    *link = added;
    return 0;
}

void *PyThread_get_key_value(int key)
{
    value **link = find(key);
    return *link != NULL ? (*link)->value : NULL;
}

void PyThread_delete_key_value(int key)
{
    value **link = find(key);
    if (*link != NULL)
        drop(link);
}
