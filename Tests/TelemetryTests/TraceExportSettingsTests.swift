import TestSupport
import Testing

@testable import Telemetry

@Suite struct TraceExportSettingsTests {
    private let problems = Recorder<String>()

    private func settings(_ variables: [String: String]) -> TraceExportSettings? {
        TraceExportSettings(variables: variables, program: "exec-mcp", version: "1.2.3") { problems.record($0) }
    }

    @Test(
        arguments: [
            [:], ["OTEL_EXPORTER_OTLP_ENDPOINT": ""],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"],
        ] as [[String: String]])
    func nothingIsExportedUnlessAskedFor(variables: [String: String]) {
        #expect(settings(variables) == nil)
        #expect(problems.elements.isEmpty)
    }

    @Test(
        arguments: [
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "c:4318"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://c"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:0"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:99999"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:p@c"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/\r\nX: y"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/#x"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "zipkin"],
        ] as [[String: String]])
    func whatCannotBeUsedIsSaid(variables: [String: String]) {
        #expect(settings(variables) == nil)
        #expect(problems.elements.count == 1)
        #expect(problems.elements.allSatisfy { $0.contains("OTEL_") && !$0.contains("\r") })
    }

    @Test(arguments: [
        ("http://c", "c", 80, "/v1/traces"), ("http://c:4318/", "c", 4318, "/v1/traces"),
        ("HTTPS://c/otlp/", "c", 443, "/otlp/v1/traces"), ("http://[::1]:4318", "::1", 4318, "/v1/traces"),
    ])
    func findsTheCollector(endpoint: String, host: String, port: Int, path: String) {
        let url = settings(["OTEL_EXPORTER_OTLP_ENDPOINT": endpoint])?.url
        #expect(url?.host == host)
        #expect(url?.port == port)
        #expect(url?.path == path)
        #expect(url?.isSecure == endpoint.lowercased().hasPrefix("https"))
    }

    @Test func anEndpointForTracesAloneIsTakenAsItIs() {
        let url = settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d:1/x?y",
        ])?.url
        #expect(url?.text == "http://d:1/x?y")
        #expect(url?.path == "/x?y")
    }

    @Test func readsTheRest() {
        let settings = settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%3Db, x = y",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_SERVICE_NAME": "mine",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,deployment.environment=test",
        ])
        #expect(settings?.headers.map(\.name) == ["api-key", "x"])
        #expect(settings?.headers.map(\.value) == ["a=b", "y"])
        #expect(settings?.timeout == 2.5)
        let resource = Dictionary((settings?.resource ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        #expect(resource["service.name"] == "mine")
        #expect(resource["service.version"] == "1.2.3")
        #expect(resource["deployment.environment"] == "test")
        #expect(settings?.resource.count == resource.count)
        #expect(problems.elements.isEmpty)
    }

    @Test func theProgramHasItsOwnName() {
        let settings = settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"])
        #expect(settings?.resource.first?.value == "exec-mcp")
        #expect(settings?.timeout == 10)
    }

    @Test(arguments: ["a", "a=b%0D%0AX: y", "Host=x", "a b=c", "=c", "a=%zz", "a=%4"])
    func headersThatNoRequestCanHaveAreIgnored(headers: String) {
        let settings = settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_HEADERS": headers])
        #expect(settings?.headers.isEmpty == true)
        #expect(problems.elements.count == 1)
        // They may hold a key.
        #expect(problems.elements.allSatisfy { !$0.contains("X: y") && !$0.contains("%") })
    }

    /// A pair that can't be read, with what is quoted of it.
    @Test(arguments: [
        ("team", "'team'"), ("=blue", "'=blue'"), ("team=%zz", "'team=%zz'"), ("team=%FF", "'team=%FF'"),
        (" a b ", "'a b'"),
        (String(repeating: "z", count: 300), "'" + String(repeating: "z", count: 80) + "…'"),
    ])
    func attributesThatCannotBeReadAreIgnoredAndSaid(part: String, quoted: String) {
        let settings = settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_RESOURCE_ATTRIBUTES": "a=b,\(part),c=d",
        ])
        #expect(settings?.resource.contains { $0.name == "a" || $0.name == "c" } == false)
        #expect(problems.elements.count == 1)
        #expect(problems.elements.allSatisfy { $0.contains("OTEL_RESOURCE_ATTRIBUTES has \(quoted)") })
    }

    @Test(
        arguments: [
            ((1...33).map { "a\($0)=b" }, "'a33=b'"), (["a1=b", "x=" + String(repeating: "y", count: 300)], "'x=yyy"),
        ] as [([String], String)])
    func attributesThatAreTooMuchAreIgnoredAndSaid(attributes: [String], quoted: String) {
        let settings = settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_RESOURCE_ATTRIBUTES": attributes.joined(separator: ","),
        ])
        let names = settings?.resource.map(\.name) ?? []
        #expect(names.contains("a1"))
        #expect(!names.contains("a33") && !names.contains("x"))
        #expect(problems.elements.count == 1)
        #expect(
            problems.elements.allSatisfy { $0.contains(quoted) && $0.contains("32 attributes of at most 256 bytes") })
    }

    @Test(arguments: ["0", "-1", "x", "60001"])
    func aTimeoutThatMeansNothingIsIgnored(timeout: String) {
        let settings = settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TIMEOUT": timeout])
        #expect(settings?.timeout == 10)
        #expect(problems.elements.count == 1)
    }
}
