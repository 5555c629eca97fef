import Diagnostics
import ExecCore
public import JSON

/// The settings of one server for the bridge: the member `exec-mcp` of its entry, which hosts ignore.
public struct BridgeServerSettings: Sendable, Equatable {
    /// What happens when what a tool declares changes.
    public enum Pinning: String, Sendable, CaseIterable {
        /// The change is reported.
        case warn
        /// A tool that has changed, or is new, does not run until a person accepts it.
        case block
    }

    /// Patterns of tools that run without a question, that need approval, and that never run. A later list wins.
    public var (allow, ask, deny): ([String], [String], [String]) = ([], [], [])
    /// Seconds that a call may take if it names no limit.
    public var timeout = 60.0
    /// The most seconds that a call may name.
    public var maxTimeout = 600.0
    /// Seconds that a person has to answer whether a call may run.
    public var approvalTimeout = 600.0
    /// Maximum size of a result in bytes.
    public var maxResult = RequestLimits.lineBytes
    /// Maximum number of calls that one command may make to the server.
    public var maxCalls = RequestLimits.callsPerCommand
    /// Seconds without a call after which the server is stopped; 0 for never.
    public var idleSeconds = 600.0
    /// Whether the server is started with the first sandbox, instead of at its first call.
    public var isEager = false
    /// Whether one process serves all users.
    public var isShared = false
    /// Whether a tool that declares that it only reads, and only on this machine, runs without a question.
    public var trustsHints = true
    /// What happens when what a tool declares changes.
    public var pinning = Pinning.warn
    /// What its results may hold; empty if that doesn't matter.
    public var sources: Set<SourceKind> = []

    /// What becomes of private values in its results.
    public enum PrivateDataHandling: Sendable, Equatable {
        /// Nothing.
        case ignored
        /// They are replaced in what leaves the sandbox.
        case replaced
        /// Tokens enter the sandbox in their place. The named servers get the values if tokens are among arguments.
        case withheld(servers: Set<String>)
    }

    /// What becomes of private values in its results.
    public var privateData = PrivateDataHandling.ignored

    private static let names = [
        "tools", "timeout", "maxTimeout", "maxResult", "maxCalls", "idle", "eager", "shared", "pin", "pii",
        "trustHints", "approvalTimeout", "source",
    ]

    /// The defaults.
    public init() {}

    /// Parses the member.
    ///
    /// - Parameters:
    ///   - value: the member; `nil` if absent.
    ///   - onWarning: called with each part that is ignored. If the rules for tools can't be read, no tool runs.
    public init(_ value: JSON?, onWarning: (String) -> Void) {
        guard let value, value != .null else { return }
        guard let members = value.objectValue else {
            deny = ["*"]
            onWarning("exec-mcp must be an object, not \(value.kindDescription): none of its tools runs")
            return
        }
        for name in members.keys where !Self.names.contains(name) {
            onWarning("exec-mcp.\(name.singleLine(limit: 60)) is not known and is ignored")
        }
        readRules(members.given("tools"), onWarning)
        var faults: [String] = []
        defer { faults.forEach(onWarning) }
        let read = Reader(members: members)
        maxTimeout = read.number("maxTimeout", 1...86_400, default: maxTimeout, &faults)
        timeout = min(read.number("timeout", 0.1...86_400, default: timeout, &faults), maxTimeout)
        approvalTimeout = read.number("approvalTimeout", 1...3600, default: approvalTimeout, &faults)
        maxResult = min(read.size("maxResult", default: maxResult, &faults), RequestLimits.lineBytes)
        maxCalls = Int(read.number("maxCalls", 1...1_000_000, default: Double(maxCalls), &faults))
        idleSeconds = read.number("idle", 0...604_800, default: idleSeconds, &faults)
        isEager = read.flag("eager", &faults)
        isShared = read.flag("shared", &faults)
        if let value = members.given("trustHints") {
            trustsHints = value == true
            if value.boolValue == nil { faults.append("exec-mcp.trustHints must be true or false; false is used") }
        }
        if let value = members.given("source") {
            let names = value.stringValue.map { [$0] } ?? value.arrayValue?.map { $0.stringValue ?? "" } ?? [""]
            let kinds = names.compactMap(SourceKind.init)
            sources = kinds.count == names.count ? Set(kinds) : Set(SourceKind.allCases)
            if kinds.count != names.count {
                faults.append("exec-mcp.source must be private, untrusted, or both in an array; both are used")
            }
        }
        readPrivateData(members.given("pii"), &faults)
        if let value = members.given("pin") {
            if let pinning = value.stringValue.flatMap(Pinning.init) {
                self.pinning = pinning
            } else {
                // Somebody wanted something other than the default.
                self.pinning = .block
                faults.append("exec-mcp.pin must be warn or block; block is used")
            }
        }
    }

    private mutating func readPrivateData(_ value: JSON?, _ faults: inout [String]) {
        guard let value, value != false else { return }
        if value == true {
            privateData = .replaced
            return
        }
        let servers = value == "strict" ? [] : value["to"]?.arrayValue
        let names = servers?.compactMap(\.stringValue)
        privateData = .withheld(servers: Set(names ?? []))
        guard value == "strict" || value.objectValue?.keys == ["to"], names?.count == servers?.count, servers != nil
        else {
            faults.append(
                """
                exec-mcp.pii must be true, false, "strict", or {"to": […]} with names of servers; its private data stays \
                out of the sandbox, and no server gets it
                """)
            return privateData = .withheld(servers: [])
        }
    }

    private mutating func readRules(_ value: JSON?, _ onWarning: (String) -> Void) {
        guard let value else { return }
        var lists: [String: [String]] = [:]
        for member in value.objectValue ?? ["": value] {
            let patterns = member.value.arrayValue?.compactMap(\.stringValue)
            guard ["allow", "ask", "deny"].contains(member.key), let patterns,
                patterns.count == member.value.arrayValue?.count
            else {
                deny = ["*"]
                return onWarning(
                    """
                    exec-mcp.tools must have nothing but allow, ask and deny, each an array of strings: none of its tools \
                    runs
                    """)
            }
            lists[member.key] = patterns
        }
        allow = lists["allow"] ?? []
        ask = lists["ask"] ?? []
        deny = lists["deny"] ?? []
    }

    private struct Reader {
        let members: JSONObject

        func number(
            _ name: String, _ range: ClosedRange<Double>, default usual: Double, _ faults: inout [String]
        ) -> Double {
            guard let value = members.given(name) else { return usual }
            if let number = value.numberValue, range.contains(number) { return number }
            let (least, most) = (Self.text(range.lowerBound), Self.text(range.upperBound))
            faults.append("exec-mcp.\(name) must be a number from \(least) to \(most); \(Self.text(usual)) is used")
            return usual
        }

        func size(_ name: String, default usual: Int, _ faults: inout [String]) -> Int {
            guard let value = members.given(name) else { return usual }
            let bytes = value.integerValue ?? value.stringValue.flatMap { ByteCount($0)?.bytes }
            if let bytes, bytes >= 1024 { return bytes }
            faults.append("exec-mcp.\(name) must be a size of at least 1024 bytes, such as 1m; \(usual) is used")
            return usual
        }

        func flag(_ name: String, _ faults: inout [String]) -> Bool {
            guard let value = members.given(name) else { return false }
            if let flag = value.boolValue { return flag }
            faults.append("exec-mcp.\(name) must be true or false; false is used")
            return false
        }

        private static func text(_ number: Double) -> String {
            Int(exactly: number).map(String.init) ?? String(number)
        }
    }
}
