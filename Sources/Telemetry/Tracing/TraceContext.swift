/// A place in a distributed trace, as W3C Trace Context has it.
public struct TraceContext: Sendable, Equatable {
    /// The context of the current task: that of its innermost span, or the one that a request came with.
    @TaskLocal public static var current: TraceContext?

    /// The trace.
    public let traceID: TraceID
    /// The span.
    public let spanID: SpanID
    /// Whether spans of the trace are recorded.
    public let isSampled: Bool
    /// What the vendors of tracing systems need, as it came: valid and bounded, or empty.
    public let traceState: String

    /// A context.
    public init(traceID: TraceID, spanID: SpanID, isSampled: Bool, traceState: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.traceState = traceState
    }

    /// Reads the fields of a request, which are untrusted.
    ///
    /// - Parameters:
    ///   - traceParent: `traceparent`. If it is missing or invalid, the result is `nil`: a new trace begins.
    ///   - traceState: `tracestate`. If it is invalid, only `tracestate` is dropped.
    public init?(traceParent: String?, traceState: String? = nil) {
        guard let traceParent else { return nil }
        let bytes = Array(traceParent.utf8.prefix(Self.maxParent + 1))
        // Later versions may append fields.
        guard bytes.count >= Self.length, bytes.count <= Self.maxParent, bytes[2] == Self.dash, bytes[35] == Self.dash,
            bytes[52] == Self.dash, let version = Hexadecimal.value(of: bytes[0..<2]), version != 0xFF,
            version == 0 ? bytes.count == Self.length : bytes.count == Self.length || bytes[Self.length] == Self.dash,
            let traceID = TraceID(bytes[3..<35]), let spanID = SpanID(bytes[36..<52]),
            let flags = Hexadecimal.value(of: bytes[53..<55])
        else { return nil }
        self.init(
            traceID: traceID, spanID: spanID, isSampled: flags & 1 != 0,
            traceState: traceState.flatMap(TraceState.valid) ?? "")
    }

    /// The context as `traceparent`.
    public var traceParent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static let dash = UInt8(ascii: "-")
    /// The length of `traceparent` in version 00.
    private static let length = 55
    /// The maximum length of one of a later version.
    private static let maxParent = 256
}

/// The identifier of a trace: 16 bytes that aren't all zero.
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// A random one.
    public static func random() -> TraceID {
        TraceID(high: .random(in: .min ... .max), low: .random(in: 1 ... .max))
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 lower-case hexadecimal digits.
    init?(_ digits: ArraySlice<UInt8>) {
        let middle = digits.startIndex + 16
        guard digits.count == 32, let high = Hexadecimal.value(of: digits[..<middle]),
            let low = Hexadecimal.value(of: digits[middle...]), high != 0 || low != 0
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 hexadecimal digits.
    public var description: String { Hexadecimal.text(of: high) + Hexadecimal.text(of: low) }
}

/// The identifier of a span: 8 bytes that aren't all zero.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    private let value: UInt64

    /// A random one.
    public static func random() -> SpanID { SpanID(value: .random(in: 1 ... .max)) }

    private init(value: UInt64) {
        self.value = value
    }

    /// Reads 16 lower-case hexadecimal digits.
    init?(_ digits: ArraySlice<UInt8>) {
        guard digits.count == 16, let value = Hexadecimal.value(of: digits), value != 0 else { return nil }
        self.init(value: value)
    }

    /// 16 hexadecimal digits.
    public var description: String { Hexadecimal.text(of: value) }
}
