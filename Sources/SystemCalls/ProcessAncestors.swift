#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The processes that this one descends from.
public enum ProcessAncestors {
    /// More are never looked at: a chain is short, and process numbers may be used again meanwhile.
    private static let limit = 64

    /// The names of their programs, at most 15 bytes of each, from the parent upwards; empty if the system doesn't tell.
    public static var programNames: [String] {
        var names: [String] = []
        var process = Int(getppid())
        while process > 0, names.count < limit, let status = Files.read("/proc/\(process)/stat", limit: 4096),
            let (name, parent) = parse(status)
        {
            names.append(name)
            process = parent
        }
        return names
    }

    /// Parses `PID (NAME) STATE PARENT …`. The name may hold anything, parentheses included (proc_pid_stat(5)).
    static func parse(_ status: [UInt8]) -> (name: String, parent: Int)? {
        guard let start = status.firstIndex(of: UInt8(ascii: "(")), let end = status.lastIndex(of: UInt8(ascii: ")")),
            start < end
        else { return nil }
        let fields = status[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let parent = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return (String(decoding: status[(start + 1)..<end], as: UTF8.self), parent)
    }
}
