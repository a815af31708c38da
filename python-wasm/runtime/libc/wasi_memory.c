/* memcpy(), memmove() and memset() for the lengths that CPython has: strings, a few pointers, a new dictionary's table.
 *
 * From 33 bytes on, wasi-libc's are WebAssembly's own instructions, each of which is a call out of the guest and
 * costs as much as some hundred bytes here. Those instructions are left for what is long. The end of a block is read
 * before anything is written, and written last, over what the loop before it left. */
#include <stddef.h>
#include <stdint.h>

/* Bytes from which on a call out of the guest is faster. */
#define LONG 768

/* Values at any address. */
typedef uint64_t u64 __attribute__((aligned(1), may_alias));
typedef uint32_t u32 __attribute__((aligned(1), may_alias));
typedef uint16_t u16 __attribute__((aligned(1), may_alias));

/* At most 16 bytes, which may overlap. */
static inline void move_few(unsigned char *to, const unsigned char *from, size_t n)
{
    if (n >= 8) {
        u64 first = *(const u64 *)from, last = *(const u64 *)(from + n - 8);
        *(u64 *)to = first;
        *(u64 *)(to + n - 8) = last;
    }
    else if (n >= 4) {
        u32 first = *(const u32 *)from, last = *(const u32 *)(from + n - 4);
        *(u32 *)to = first;
        *(u32 *)(to + n - 4) = last;
    }
    else if (n >= 2) {
        u16 first = *(const u16 *)from, last = *(const u16 *)(from + n - 2);
        *(u16 *)to = first;
        *(u16 *)(to + n - 2) = last;
    }
    else if (n)
        *to = *from;
}

/* More than 16 bytes, from the front on: right for blocks that overlap if `to` is the lower one. */
static inline void move_up(unsigned char *to, const unsigned char *from, size_t n)
{
    unsigned char *end = to + n - 16;
    u64 last = *(const u64 *)(from + n - 16), very_last = *(const u64 *)(from + n - 8);
    for (; to < end; to += 16, from += 16) {
        u64 first = ((const u64 *)from)[0], second = ((const u64 *)from)[1];
        ((u64 *)to)[0] = first;
        ((u64 *)to)[1] = second;
    }
    ((u64 *)end)[0] = last;
    ((u64 *)end)[1] = very_last;
}

/* The same from the back on, where `to` is the higher one. */
static inline void move_down(unsigned char *to, const unsigned char *from, size_t n)
{
    unsigned char *begin = to;
    u64 first = ((const u64 *)from)[0], second = ((const u64 *)from)[1];
    to += n - 16;
    from += n - 16;
    for (; to > begin; to -= 16, from -= 16) {
        u64 last = ((const u64 *)from)[0], very_last = ((const u64 *)from)[1];
        ((u64 *)to)[0] = last;
        ((u64 *)to)[1] = very_last;
    }
    ((u64 *)begin)[0] = first;
    ((u64 *)begin)[1] = second;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    if (n <= 16)
        move_few(to, from, n);
    else if (n < LONG)
        move_up(to, from, n);
    else
        __builtin_memcpy(to, from, n);
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    if (n <= 16)
        move_few(to, from, n);
    else if (n >= LONG)
        __builtin_memmove(to, from, n);
    else if ((uintptr_t)to <= (uintptr_t)from)
        move_up(to, from, n);
    else
        move_down(to, from, n);
    return to;
}

void *memset(void *block, int value, size_t n)
{
    unsigned char *to = block;
    u64 eight = (unsigned char)value * UINT64_C(0x0101010101010101);
    if (n >= LONG)
        return __builtin_memset(block, value, n);
    if (n >= 8) {
        unsigned char *end = to + n - 8;
        for (; to < end; to += 8)
            *(u64 *)to = eight;
        *(u64 *)end = eight;
    }
    else if (n >= 4) {
        *(u32 *)to = (uint32_t)eight;
        *(u32 *)(to + n - 4) = (uint32_t)eight;
    }
    else if (n >= 2) {
        *(u16 *)to = (uint16_t)eight;
        *(u16 *)(to + n - 2) = (uint16_t)eight;
    }
    else if (n)
        *to = (unsigned char)value;
    return block;
}
