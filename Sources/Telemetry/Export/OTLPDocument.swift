import JSON

/// Spans as OTLP has them in JSON: `ExportTraceServiceRequest`.
enum OTLPDocument {
    /// Returns the JSON text.
    ///
    /// - Parameter resource: what the spans are of.
    static func bytes(of spans: [Span], resource: [(name: String, value: String)]) -> [UInt8] {
        let document: JSON = [
            "resourceSpans": [
                [
                    "resource": ["attributes": .array(resource.map { attribute($0.name, .text($0.value)) })],
                    "scopeSpans": [
                        ["scope": ["name": "exec-mcp"], "spans": .array(spans.map { .object(members(of: $0)) })]
                    ],
                ]
            ]
        ]
        return document.serialized()
    }

    private static func members(of span: Span) -> JSONObject {
        // Numbers of 64 bits are texts in JSON.
        var members: JSONObject = [
            "traceId": .string("\(span.context.traceID)"), "spanId": .string("\(span.context.spanID)"),
            "name": .string(span.name), "kind": .integer(span.kind.rawValue),
            "startTimeUnixNano": .string("\(span.start)"), "endTimeUnixNano": .string("\(span.end)"),
            "attributes": .array(span.attributes.map { attribute($0.name, $0.value) }),
        ]
        if let parent = span.parent { members["parentSpanId"] = .string("\(parent)") }
        if !span.context.traceState.isEmpty { members["traceState"] = .string(span.context.traceState) }
        if let failure = span.failure { members["status"] = ["code": 2, "message": .string(failure)] }
        return members
    }

    private static func attribute(_ name: String, _ value: Span.Value) -> JSON {
        let value: JSON =
            switch value {
            case .text(let text): ["stringValue": .string(text)]
            case .number(let number): ["intValue": .string("\(number)")]
            }
        return ["key": .string(name), "value": value]
    }
}
