public import JSON

/// What every sandbox is limited in.
public enum LimitKind: String, Sendable, CaseIterable {
    case memory
    case processors = "cpus"
    case processes = "pids"
}

/// What the control group of a sandbox holds it to, as it says itself. An engine may take the options and ignore them.
public struct SeenLimits: Sendable, Equatable {
    /// The program text that finds them: Python which defines `limits()`, whose answer ``init(_:)`` takes.
    public static var program: String { String(decoding: PackageResources.limits_py, as: UTF8.self) }

    /// What to do about limits that do not hold.
    public static let remedy = """
        Let the engine use control groups: a rootless engine needs version 2 of them with the controllers memory, cpu \
        and pids delegated to the user; a runtime of its own may need a setting.
        """

    /// A limit that is not what was asked for.
    public struct Broken: Sendable, Equatable, CustomStringConvertible {
        /// What it limits.
        public let kind: LimitKind
        /// The limit that there is; `nil` for none.
        public let limit: Double?

        /// For people: `no memory limit`, `4096 processes`.
        public var description: String {
            guard let limit else {
                return switch kind {
                case .memory: "no memory limit"
                case .processors: "no limit of processors"
                case .processes: "no limit of processes"
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

    /// By their names in the answer; -1 for no limit.
    private let values: [String: Double]

    /// Reads the answer of ``program``. What makes no sense in it counts as not seen.
    public init(_ answer: JSON?) {
        var values: [String: Double] = [:]
        for name in LimitKind.allCases.map(\.rawValue) + ["swap"] {
            guard let value = answer?[name]?.numberValue, value.isFinite, value >= 0 || value == -1 else { continue }
            values[name] = value
        }
        self.values = values
    }

    /// The limits that let a sandbox of this kind have more than it should. What cannot be seen is not among them.
    public func broken(for configuration: SandboxConfiguration) -> [Broken] {
        LimitKind.allCases.compactMap { kind in
            guard let value = values[kind.rawValue] else { return nil }
            if value < 0 { return Broken(kind: kind, limit: nil) }
            // The kernel rounds memory to pages and processors to the microsecond.
            return value > configuration.wanted(kind) * 1.01 ? Broken(kind: kind, limit: value) : nil
        }
    }

    /// What cannot be seen from inside.
    public var hidden: [LimitKind] {
        LimitKind.allCases.filter { values[$0.rawValue] == nil }
    }

    /// Whether memory can go to swap besides; `nil` where that cannot be seen.
    public var allowsSwap: Bool? { values["swap"].map { $0 != 0 } }
}

extension SandboxConfiguration {
    /// How much of it a sandbox may have: bytes, processors, processes.
    fileprivate func wanted(_ kind: LimitKind) -> Double {
        switch kind {
        case .memory: Double(memory.bytes)
        case .processors: Double(cpus) ?? 1
        case .processes: Double(pids)
        }
    }
}
