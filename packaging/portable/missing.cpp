// Symbols of GCC's runtime and of the C library that Swift's runtime uses and the oldest supported versions lack. A
// toolchain for a newer system uses more of them.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace std {
// For `new T[n]` with an n that is negative or too large. Swift's runtime is built without exceptions: the program ends.
[[noreturn, gnu::weak]] void __throw_bad_array_new_length() {
    __builtin_trap();
}
} // namespace std

// C23's forms of these functions also read binary numbers, which Swift's runtime doesn't use.
extern "C" {
[[gnu::weak]] long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }
[[gnu::weak]] unsigned long __isoc23_strtoul(const char *text, char **end, int base) {
    return strtoul(text, end, base);
}
[[gnu::weak]] long long __isoc23_strtoll(const char *text, char **end, int base) { return strtoll(text, end, base); }
[[gnu::weak]] unsigned long long __isoc23_strtoull(const char *text, char **end, int base) {
    return strtoull(text, end, base);
}
[[gnu::weak]] int __isoc23_sscanf(const char *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int count = vsscanf(text, format, arguments);
    va_end(arguments);
    return count;
}
}
