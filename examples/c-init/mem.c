/*
 * The five functions that libkexec.a needs from a program without libc; every compiler needs them.
 * Bytes go through inline assembly, so that the compiler cannot turn a loop into a call of itself.
 */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length)
{
    void *result = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
    return result;
}

void *memmove(void *to, const void *from, size_t length)
{
    char *last_to = (char *)to + length - 1;
    const char *last_from = (const char *)from + length - 1;
    if ((size_t)((char *)to - (const char *)from) >= length)
        return memcpy(to, from, length);
    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(last_to), "+S"(last_from), "+c"(length) : : "memory");
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    void *result = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(byte) : "memory");
    return result;
}

int memcmp(const void *one, const void *other, size_t length)
{
    const volatile unsigned char *a = one, *b = other;
    for (; length; length--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

int bcmp(const void *one, const void *other, size_t length)
{
    return memcmp(one, other, length);
}
