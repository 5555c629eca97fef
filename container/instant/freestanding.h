/* System calls and strings without a C library. */
#ifndef FREESTANDING_H
#define FREESTANDING_H

#include <asm/unistd.h>
#include <stddef.h>

static long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define call(number, a, b, c, d) call6(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* The compiler calls these for copies and comparisons of its own. */
void *memcpy(void *target, const void *source, size_t size) {
    char *to = target;
    const char *from = source;
    while (size--) *to++ = *from++;
    return target;
}
void *memset(void *target, int value, size_t size) {
    char *to = target;
    while (size--) *to++ = (char)value;
    return target;
}
size_t strlen(const char *string) {
    size_t length = 0;
    while (string[length]) length++;
    return length;
}

static int is_equal(const char *one, const char *other) {
    while (*one && *one == *other) one++, other++;
    return *one == *other;
}
static int has_prefix(const char *string, const char *prefix) {
    while (*prefix && *string == *prefix) string++, prefix++;
    return !*prefix;
}
/* Whether a list of strings, each with a zero byte at its end, has one that is equal. */
static int is_listed(const char *list, const char *string, size_t length) {
    for (; *list; list += strlen(list) + 1) {
        size_t i = 0;
        while (i < length && list[i] == string[i]) i++;
        if (i == length && !list[i]) return 1;
    }
    return 0;
}
/* The value of a variable; NULL if it is unset. */
static const char *variable(char **environment, const char *name) {
    for (; *environment; environment++)
        if (has_prefix(*environment, name) && (*environment)[strlen(name)] == '=')
            return *environment + strlen(name) + 1;
    return NULL;
}
static int is_set(char **environment, const char *name) {
    const char *value = variable(environment, name);
    return value && *value;
}

#endif
