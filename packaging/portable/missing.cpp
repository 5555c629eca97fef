// What Swift's runtime uses of GCC's, and the oldest supported release of it lacks.
namespace std {
// For `new T[n]` with an n that is negative or too large. Swift's runtime is built without exceptions, so this is the end.
[[noreturn, gnu::weak]] void __throw_bad_array_new_length() {
    __builtin_trap();
}
} // namespace std
