/// A span that has ended. It says what was done and how long that took, and contains no text of a user.
public struct Span: Sendable, Equatable {
    /// Its place between programs, with the numbers of OTLP.
    public enum Kind: Int, Sendable {
        /// Work inside this program.
        case `internal` = 1
        /// The handling of a request.
        case server = 2
        /// A request to another program.
        case client = 3
    }

    /// A value of an attribute.
    public enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
    }

    /// The maximum number of attributes.
    static let maxAttributes = 32
    /// The maximum length of a text in bytes.
    static let maxText = 256

    /// The trace and the span.
    public let context: TraceContext
    /// The span that it is part of; `nil` for the first one of a trace.
    public let parent: SpanID?
    /// What was done.
    public let name: String
    /// Its place between programs.
    public let kind: Kind
    /// When it began, in nanoseconds since 1970.
    public let start: UInt64
    /// When it ended.
    public let end: UInt64
    /// The attributes, by name.
    public let attributes: [(name: String, value: Value)]
    /// A short word for the failure; `nil` if it succeeded.
    public let failure: String?

    /// Whether both are the same span.
    public static func == (left: Span, right: Span) -> Bool {
        left.context == right.context && left.start == right.start && left.end == right.end
    }
}

/// A span that has not ended. Its attributes may be set until it ends.
public struct OpenSpan: Sendable {
    /// The context for work in the span: its own, or its parent's if it isn't recorded; `nil` if it has neither.
    public let context: TraceContext?
    private let record: SpanRecord?

    init(context: TraceContext?, record: SpanRecord?) {
        self.context = context
        self.record = record
    }

    /// Sets an attribute.
    public func set(_ name: String, _ value: Span.Value) {
        record?.set(name, value)
    }

    /// Gives the span another name, once more is known.
    public func rename(_ name: String) {
        record?.rename(name)
    }

    /// Marks the span as failed.
    ///
    /// - Parameter reason: a short word, such as the name of an error's kind.
    public func fail(_ reason: String) {
        record?.fail(reason)
    }
}
