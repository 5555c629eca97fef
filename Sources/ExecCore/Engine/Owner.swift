import SystemCalls

/// The process that owns a container. Distinguishes it from any other, including one that later reuses its process id.
public struct Owner: Sendable, Equatable {
    static let prefix = "io.exec-mcp."

    /// The machine's id or host name.
    public let host: String
    /// Identifies the boot of the machine.
    public let boot: String
    /// The process-id namespace; the same pid in another one is a different process.
    public let pidNamespace: String
    /// The process id.
    public let pid: Int32
    /// When the process started, in a system-specific unit.
    public let startTime: String

    /// Returns this process as an owner.
    public static func current() -> Owner {
        Owner(
            host: hostName(), boot: Self.bootIdentifier(), pidNamespace: Self.pidNamespaceIdentifier(), pid: getpid(),
            startTime: Self.startTime(of: getpid()) ?? "")
    }

    /// The labels that mark a container as this owner's.
    public var labels: [(name: String, value: String)] {
        [
            (Self.hostLabel, host), (Self.prefix + "boot", boot),
            (Self.prefix + "pid-namespace", pidNamespace), (Self.prefix + "pid", String(pid)),
            (Self.prefix + "start-time", startTime),
        ]
    }

    /// This owner on the labels of containers that run where a launcher chooses. No server there can tell whether it is
    /// gone: machines that were set up alike may have the same id.
    var ofLaunched: Owner {
        Owner(host: "launcher/" + host, boot: boot, pidNamespace: pidNamespace, pid: pid, startTime: startTime)
    }

    /// The label with the machine's id.
    static let hostLabel = prefix + "host"
    /// The label with the name of the user whose sandbox it is.
    static let userLabel = prefix + "user"
    /// The label by which all our containers are found.
    static let markLabel = prefix + "pid"
    /// The label of containers that may outlive their owner; their ``HoldMark`` shows whether a process holds them.
    static let lingerLabel = prefix + "linger"
    /// The names of ``labels``, in order.
    static let labelNames = ["host", "boot", "pid-namespace", "pid", "start-time"].map { prefix + $0 }

    /// Parses the values of ``labelNames``; `nil` if they aren't valid.
    init?(labelValues values: [String]) {
        guard values.count == 5, let pid = Int32(values[3]), pid > 0 else { return nil }
        self.init(host: values[0], boot: values[1], pidNamespace: values[2], pid: pid, startTime: values[4])
    }

    init(host: String, boot: String, pidNamespace: String, pid: Int32, startTime: String) {
        self.host = host
        self.boot = boot
        self.pidNamespace = pidNamespace
        self.pid = pid
        self.startTime = startTime
    }

    /// Whether this owner is certainly gone, as seen from `observer`. An owner on another machine or in another pid
    /// namespace cannot be checked and counts as alive.
    func isDead(seenBy observer: Owner) -> Bool {
        guard host == observer.host else { return false }
        if boot != observer.boot { return true }
        guard pidNamespace == observer.pidNamespace else { return false }
        return Self.startTime(of: pid) != startTime
    }

    private static func hostName() -> String {
        if let identifier = Files.read("/etc/machine-id", limit: 256) {
            let text = String(decoding: identifier, as: UTF8.self).filter { $0.isASCII && $0.isHexDigit }
            if !text.isEmpty { return text }
        }
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: name, as: UTF8.self).filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
}

#if canImport(Glibc)
    extension Owner {
        private static func bootIdentifier() -> String {
            let text = Files.read("/proc/sys/kernel/random/boot_id", limit: 256) ?? []
            return String(decoding: text, as: UTF8.self).filter { $0.isHexDigit || $0 == "-" }
        }

        private static func pidNamespaceIdentifier() -> String {
            var status = stat()
            return stat("/proc/self/ns/pid", &status) == 0 ? String(status.st_ino) : ""
        }

        /// The time between boot and the process's start, in clock ticks; `nil` if there is no such process.
        static func startTime(of pid: Int32) -> String? {
            guard let text = Files.read("/proc/\(pid)/stat", limit: 8192).map({ String(decoding: $0, as: UTF8.self) }),
                // The process name, in parentheses, may contain anything, so fields are counted from its end.
                let nameEnd = text.lastIndex(of: ")")
            else { return nil }
            let fields = text[nameEnd...].split(separator: " ")
            return fields.count > 20 ? String(fields[20]) : nil
        }
    }
#else
    extension Owner {
        private static func bootIdentifier() -> String {
            var time = timeval()
            var size = MemoryLayout<timeval>.size
            return sysctlbyname("kern.boottime", &time, &size, nil, 0) == 0 ? String(time.tv_sec) : ""
        }

        private static func pidNamespaceIdentifier() -> String { "" }

        /// The process's start time: seconds since 1970 followed by the microseconds; `nil` if there is no such
        /// process.
        static func startTime(of pid: Int32) -> String? {
            var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
            var info = kinfo_proc()
            var size = MemoryLayout<kinfo_proc>.size
            guard sysctl(&name, 4, &info, &size, nil, 0) == 0, size > 0 else { return nil }
            let start = info.kp_proc.p_starttime
            return "\(start.tv_sec)\(start.tv_usec)"
        }
    }
#endif
