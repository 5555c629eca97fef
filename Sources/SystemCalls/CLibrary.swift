// Re-exports the system's C library, whose name differs between systems, to all importers of this module.
#if canImport(Glibc)
    @_exported public import Glibc
#elseif canImport(Darwin)
    @_exported public import Darwin
#endif
