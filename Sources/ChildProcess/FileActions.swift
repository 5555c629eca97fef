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
            posix_spawn_file_actions_addclosefrom_np(&value, first)
        #endif
    }

    mutating func destroy() {
        posix_spawn_file_actions_destroy(&value)
    }
}
