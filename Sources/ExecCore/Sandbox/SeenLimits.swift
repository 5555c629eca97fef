import EmbeddedFiles
public import JSON

/// The resources that are limited in every sandbox.
public enum LimitKind: String, Sendable, CaseIterable {
    case memory
    case processors = "cpus"
    case processes = "pids"
}

/// The limits of a sandbox's control group, as reported from inside. An engine may accept the options and ignore them.
public struct SeenLimits: Sendable, Equatable {
    /// The Python program that reads them. It defines `limits()`, whose result ``init(_:)`` accepts.
    public static var program: String { EmbeddedFiles.guestModules["limits"] }

    /// What to do about limits that are not enforced.
    public static let remedy = """
        Let the engine use control groups: a rootless engine needs cgroups version 2 with the controllers memory, \
        cpu and pids delegated to the user; a runtime other than the default may need a setting.
        """

    /// A limit that exceeds the configured one.
    public struct Broken: Sendable, Equatable, CustomStringConvertible {
        /// The limited resource.
        public let kind: LimitKind
        /// The actual limit; `nil` if none.
        public let limit: Double?

        /// Human-readable: `no memory limit`, `4096 processes`.
        public var description: String {
            guard let limit else {
                return switch kind {
                case .memory: "no memory limit"
                case .processors: "no limit on processors"
                case .processes: "no limit on processes"
                }
            }
            return switch kind {
            case .memory: "\(Int(exactly: limit).map { ByteCount(bytes: $0).description } ?? "\(limit)") of memory"
            case .processors: "\(Self.number(limit)) processors"
            case .processes: "\(Self.number(limit)) processes"
            }
        }

        private static func number(_ value: Double) -> String {
            Int(exactly: value).map(String.init) ?? "\(value)"
        }
    }

    /// The limits by their names in the report; -1 for no limit.
    private let values: [String: Double]

    /// Parses the output of ``program``. A value that isn't valid counts as not observable.
    public init(_ answer: JSON?) {
        var values: [String: Double] = [:]
        for name in LimitKind.allCases.map(\.rawValue) + ["swap"] {
            guard let value = answer?[name]?.numberValue, value.isFinite, value >= 0 || value == -1 else { continue }
            values[name] = value
        }
        self.values = values
    }

    /// The limits that allow a sandbox of this configuration more than it should have. Excludes limits that cannot be
    /// observed.
    public func broken(for configuration: SandboxConfiguration) -> [Broken] {
        LimitKind.allCases.compactMap { kind in
            guard let value = values[kind.rawValue] else { return nil }
            if value < 0 { return Broken(kind: kind, limit: nil) }
            // The kernel rounds memory to pages and processor time to the microsecond.
            return value > configuration.wanted(kind) * 1.01 ? Broken(kind: kind, limit: value) : nil
        }
    }

    /// The limits that cannot be observed from inside.
    public var hidden: [LimitKind] {
        LimitKind.allCases.filter { values[$0.rawValue] == nil }
    }

    /// Whether memory can be swapped out as well; `nil` if that cannot be observed.
    public var allowsSwap: Bool? { values["swap"].map { $0 != 0 } }
}

extension SandboxConfiguration {
    /// The configured limit, in bytes, processors or processes.
    fileprivate func wanted(_ kind: LimitKind) -> Double {
        switch kind {
        case .memory: Double(memory.bytes)
        case .processors: Double(cpus) ?? 1
        case .processes: Double(pids)
        }
    }
}
