import SystemCalls

/// The descriptor operations of the new process before it executes the program.
struct FileActions {
    #if canImport(Darwin)
        var value: posix_spawn_file_actions_t?
    #else
        var value = posix_spawn_file_actions_t()
    #endif

    init() {
        posix_spawn_file_actions_init(&value)
    }

    mutating func add(_ descriptor: Int32, as target: Int32) {
        posix_spawn_file_actions_adddup2(&value, descriptor, target)
    }

    mutating func changeDirectory(_ path: String) {
        posix_spawn_file_actions_addchdir_np(&value, path)
    }

    mutating func open(_ path: String, as target: Int32) {
        posix_spawn_file_actions_addopen(&value, target, path, O_RDWR, 0)
    }

    /// Closes all descriptors from `first` on.
    mutating func closeTheRest(from first: Int32 = 3) {
        // On Darwin an attribute does this.
        #if canImport(Glibc)
            guard let add = Self.addCloseFrom else { return closeEachOpen(from: first) }
            _ = add(&value, first)
        #endif
    }

    #if canImport(Glibc)
        private typealias AddCloseFrom =
            @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

        /// Looked up by name, so that the program also starts with a C library older than 2.34, which lacks it.
        private static let addCloseFrom: AddCloseFrom? =
            dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map { unsafeBitCast($0, to: AddCloseFrom.self) }

        /// Closes the descriptors from `first` on that are open now. Those that other threads open before the new
        /// process starts aren't among them; this program opens its own so that children don't inherit them.
        mutating func closeEachOpen(from first: Int32) {
            for descriptor in Files.names(in: "/proc/self/fd").compactMap({ Int32($0) }) where descriptor >= first {
                // The C library ignores those that are closed by then, as the directory's own is.
                posix_spawn_file_actions_addclose(&value, descriptor)
            }
        }
    #endif

    mutating func destroy() {
        posix_spawn_file_actions_destroy(&value)
    }
}
