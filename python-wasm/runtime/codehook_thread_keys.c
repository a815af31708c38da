/* Thread-local values of pythread.h for green threads. A list holds them: there are few, and CPython itself has one. */
#include "codehook_threads.h"

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

/* Like CPython's, does not replace a value. */
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
