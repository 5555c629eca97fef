import SystemCalls

/// Where spans are exported to, as OpenTelemetry's environment variables have it.
public struct TraceExportSettings: Sendable {
    /// The collector.
    public let url: CollectorURL
    /// Header fields of each request. They may hold a key.
    public let headers: [(name: String, value: String)]
    /// The maximum duration of a request in seconds.
    public let timeout: Double
    /// The attributes of this program.
    public let resource: [(name: String, value: String)]

    /// The variables with header fields, which are secrets.
    public static let headersVariables: Set<String> = [
        "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ]
    /// The variable with the name of the program, which holds for one program only.
    public static let serviceNameVariable = "OTEL_SERVICE_NAME"

    private static let maxTimeout = 60_000
    private static let resourceVariable = "OTEL_RESOURCE_ATTRIBUTES"
    private static let maxAttributes = 32
    /// How much of a malformed attribute a problem shows.
    private static let shownPart = 80

    /// Reads the variables.
    ///
    /// - Parameters:
    ///   - program: the name of the program unless the variables have another.
    ///   - onProblem: called with what can't be used, as a sentence without its full stop.
    /// - Returns: `nil` if nothing is to be exported.
    public init?(
        variables: [String: String], program: String, version: String, onProblem: (String) -> Void = { _ in }
    ) {
        func value(_ names: String...) -> (name: String, value: String)? {
            for name in names {
                if let value = variables[name], !value.isEmpty { return (name, value) }
            }
            return nil
        }
        if value("OTEL_SDK_DISABLED")?.value.lowercased() == "true" { return nil }
        if let exporter = value("OTEL_TRACES_EXPORTER"), exporter.value != "otlp" {
            if exporter.value != "none" {
                onProblem("\(exporter.name) can be otlp or none: no traces are exported")
            }
            return nil
        }
        guard let endpoint = value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") else {
            return nil
        }
        if let form = value("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"), form.value == "grpc" {
            onProblem("\(form.name) is grpc, but traces are exported over HTTP only (port 4318): none are")
            return nil
        }
        let suffix = endpoint.name == "OTEL_EXPORTER_OTLP_ENDPOINT" ? "/v1/traces" : ""
        guard let url = CollectorURL(endpoint.value, adding: suffix) else {
            onProblem("\(endpoint.name) isn't a URL such as http://127.0.0.1:4318: no traces are exported")
            return nil
        }
        self.url = url
        let given = value("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
        let parts = Self.pairs(in: given?.value ?? "")
        let pairs = parts.contains { $0.pair == nil } ? [] : parts.compactMap(\.pair)
        headers = pairs.filter { Self.isField($0.name, $0.value) }
        if let given, headers.count != parts.count {
            onProblem(
                "\(given.name) has parts that aren't NAME=VALUE, or that no header field can have: they are ignored")
        }
        let time = value("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
        let milliseconds = time.flatMap { Int($0.value) }.flatMap { 1...Self.maxTimeout ~= $0 ? $0 : nil }
        if let time, milliseconds == nil {
            onProblem("\(time.name) isn't a number of milliseconds from 1 to \(Self.maxTimeout): it is ignored")
        }
        timeout = Double(milliseconds ?? 10_000) / 1000
        var resource = Self.attributes(in: value(Self.resourceVariable)?.value ?? "", onProblem: onProblem)
        if let name = value(Self.serviceNameVariable)?.value {
            resource.removeAll { $0.name == "service.name" }
            resource.insert((name: "service.name", value: name), at: 0)
        }
        if !resource.contains(where: { $0.name == "service.name" }) {
            resource.insert((name: "service.name", value: program), at: 0)
        }
        if !resource.contains(where: { $0.name == "service.version" }) {
            resource.append((name: "service.version", value: version))
        }
        resource.append((name: "telemetry.sdk.name", value: "exec-mcp"))
        resource.append((name: "telemetry.sdk.language", value: "swift"))
        resource.append((name: "telemetry.sdk.version", value: version))
        self.resource = resource
    }

    /// The attributes that a variable adds. One that is malformed makes all of them be ignored, as OpenTelemetry has it.
    private static func attributes(
        in text: String, onProblem: (String) -> Void
    ) -> [(name: String, value: String)] {
        var attributes: [(name: String, value: String)] = []
        var tooMuch: Substring?
        for (part, pair) in pairs(in: text) {
            guard let pair, !pair.name.isEmpty else {
                onProblem("\(resourceVariable) has \(quoted(part)), which isn't NAME=VALUE: all of it is ignored")
                return []
            }
            if pair.value.utf8.count <= Span.maxText, attributes.count < maxAttributes {
                attributes.append(pair)
            } else {
                tooMuch = tooMuch ?? part
            }
        }
        if let tooMuch {
            let limits = "\(maxAttributes) attributes of at most \(Span.maxText) bytes"
            onProblem("\(resourceVariable) is read up to \(limits): \(quoted(tooMuch)) is ignored, and all beyond that")
        }
        return attributes
    }

    private static func quoted(_ part: Substring) -> String {
        let shown = part.trimmed.unicodeScalars
        return "'\(String(shown.prefix(shownPart)))\(shown.count > shownPart ? "…" : "")'"
    }

    /// Returns the parts of `a=1,b=2`, percent-decoded; the pair is `nil` for one that has another form.
    private static func pairs(in text: String) -> [(part: Substring, pair: (name: String, value: String)?)] {
        text.split(separator: ",").map { part in
            guard let equals = part.firstIndex(of: "="),
                let bytes = PercentEncoding.decode(part[part.index(after: equals)...].trimmed.utf8),
                let value = String(validating: bytes, as: UTF8.self)
            else { return (part, nil) }
            return (part, (name: String(part[..<equals].trimmed), value: value))
        }
    }

    private static func isField(_ name: String, _ value: String) -> Bool {
        let isToken = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        return isToken && !name.isEmpty && value.utf8.allSatisfy { 0x20...0x7E ~= $0 }
            && !["host", "content-length", "content-type", "transfer-encoding", "connection"].contains(
                name.lowercased())
    }
}
