// The system's C library, for all that import this module: its name differs from system to system.
#if canImport(Glibc)
    @_exported public import Glibc
#elseif canImport(Darwin)
    @_exported public import Darwin
#endif
