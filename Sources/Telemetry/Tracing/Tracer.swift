/// Records spans, and passes on the context of traces.
///
/// Without an exporter nothing is recorded, and no trace begins here: a context that comes with a request is passed on
/// unchanged.
public struct Tracer: Sendable {
    /// Records nothing.
    public static let off = Tracer(nil)

    private let exporter: SpanExporter?

    /// Creates a tracer.
    ///
    /// - Parameter exporter: receives the spans; `nil` to record none.
    public init(_ exporter: SpanExporter?) {
        self.exporter = exporter
    }

    /// Runs `work` in a span, which is the current context during it. The span fails if `work` throws.
    ///
    /// - Parameters:
    ///   - parent: where the span belongs; `nil` for a new trace.
    ///   - work: receives the span.
    public func span<Value, Failure: Error>(
        _ name: String, _ kind: Span.Kind, parent: TraceContext? = .current,
        _ work: (OpenSpan) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let record = begin(name, kind, parent: parent)
        let result = await TraceContext.$current.withValue(record.open.context) { () async -> Result<Value, Failure> in
            do throws(Failure) {
                return .success(try await work(record.open))
            } catch {
                record.open.fail(Self.word(for: error))
                return .failure(error)
            }
        }
        end(record)
        return try result.get()
    }

    /// A span whose end is not that of a function. It is recorded when ``end(_:)`` is called.
    public struct Begun: Sendable {
        /// The span.
        public let open: OpenSpan
        fileprivate let record: SpanRecord?
    }

    /// Begins a span, which ``end(_:)`` ends.
    public func begin(_ name: String, _ kind: Span.Kind, parent: TraceContext? = .current) -> Begun {
        guard exporter != nil, parent?.isSampled != false else {
            return Begun(open: OpenSpan(context: parent, record: nil), record: nil)
        }
        let context = TraceContext(
            traceID: parent?.traceID ?? .random(), spanID: .random(), isSampled: true,
            traceState: parent?.traceState ?? "")
        let record = SpanRecord(name, kind, context: context, parent: parent?.spanID)
        return Begun(open: OpenSpan(context: context, record: record), record: record)
    }

    /// Ends a span. Only the first end counts.
    public func end(_ begun: Begun) {
        if let span = begun.record?.end() { exporter?.add(span) }
    }

    /// Exports what was recorded, as far as time allows. Blocks the calling thread.
    public func close(within seconds: Double) {
        exporter?.close(within: seconds)
    }

    private static func word(for error: any Error) -> String {
        error is CancellationError ? "cancelled" : "\(type(of: error))"
    }
}
