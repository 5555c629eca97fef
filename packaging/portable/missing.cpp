// What Swift's runtime uses of GCC's, and the oldest supported release of it lacks.
namespace std {
// For `new T[n]` with an n that is negative or too large. Without exceptions, as Swift's runtime is built, that is the end.
[[noreturn, gnu::weak]] void __throw_bad_array_new_length() {
    __builtin_trap();
}
} // namespace std
