import JSON
import TestSupport
import Testing
import Threading

@testable import Telemetry

@Suite(.timeLimit(.minutes(2))) struct TracerTests {
    private static let parent = TraceContext(
        traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", traceState: "a=1")

    /// Receives documents, as a collector does.
    private final class Collector: Sendable {
        private let documents = Locked<[JSON]>([])

        func receive(_ document: [UInt8]) -> Bool {
            documents.withLock { $0.append((try? JSON.parse(document)) ?? .null) }
            return true
        }

        var spans: [JSON] {
            documents.withLock { $0 }.flatMap {
                $0["resourceSpans"]?.arrayValue?.first?["scopeSpans"]?.arrayValue?.first?["spans"]?.arrayValue ?? []
            }
        }

        func span(_ name: String) -> JSON? { spans.first { $0["name"]?.stringValue == name } }
    }

    private let collector = Collector()
    private let outcomes = Recorder<String>()

    private func tracer(interval: Double = 60) -> Tracer {
        Tracer(
            SpanExporter(
                resource: [("service.name", "test")], interval: interval,
                send: { [collector] in collector.receive($0) },
                onOutcome: { [outcomes] in outcomes.record("\($0) \($1)") }))
    }

    @Test func spansKnowTheirParents() async {
        let tracer = tracer()
        await TraceContext.$current.withValue(nil) {
            await tracer.span("outer", .server) { outer in
                #expect(TraceContext.current == outer.context)
                await tracer.span("inner", .client) { inner in
                    inner.set("n", .number(3))
                    #expect(TraceContext.current == inner.context)
                    #expect(inner.context?.traceID == outer.context?.traceID)
                }
            }
            #expect(TraceContext.current == nil)
        }
        tracer.close(within: 60)
        let (outer, inner) = (collector.span("outer"), collector.span("inner"))
        #expect(inner?["parentSpanId"] == outer?["spanId"])
        #expect(inner?["traceId"] == outer?["traceId"])
        #expect(outer?["parentSpanId"] == nil)
        #expect(inner?["kind"] == 3)
        #expect(inner?["attributes"] == [["key": "n", "value": ["intValue": "3"]]])
        #expect(outer?["status"] == nil)
    }

    @Test func aTraceThatCameInGoesOn() async {
        let tracer = tracer()
        await tracer.span("request", .server, parent: Self.parent) { span in
            #expect(span.context?.traceID == Self.parent?.traceID)
            #expect(span.context?.spanID != Self.parent?.spanID)
            #expect(span.context?.traceState == "a=1")
        }
        tracer.close(within: 60)
        #expect(collector.span("request")?["parentSpanId"] == "00f067aa0ba902b7")
        #expect(collector.span("request")?["traceState"] == "a=1")
    }

    @Test func aTraceThatIsNotSampledIsPassedOnAndNotRecorded() async {
        let tracer = tracer()
        let parent = TraceContext(traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
        await tracer.span("request", .server, parent: parent) { span in
            #expect(span.context == parent)
            #expect(TraceContext.current == parent)
        }
        tracer.close(within: 60)
        #expect(collector.spans.isEmpty)
    }

    @Test func withoutAnExporterAContextIsPassedOnAndNoneIsMade() async {
        await Tracer.off.span("request", .server, parent: Self.parent) { #expect($0.context == Self.parent) }
        await Tracer.off.span("request", .server, parent: nil) { #expect($0.context == nil) }
    }

    private struct BrokenError: Error {}

    @Test func aSpanFailsWithItsWork() async {
        let tracer = tracer()
        await #expect(throws: BrokenError.self) {
            try await tracer.span("work", .internal, parent: nil) { (_: OpenSpan) async throws -> Void in
                throw BrokenError()
            }
        }
        tracer.close(within: 60)
        #expect(collector.span("work")?["status"] == ["code": 2, "message": "BrokenError"])
    }

    @Test func whatASpanSaysIsBounded() {
        let tracer = tracer()
        let begun = tracer.begin(String(repeating: "n", count: 5000), .internal, parent: nil)
        for number in 0..<100 { begun.open.set("k\(number)", .text(String(repeating: "v", count: 5000))) }
        tracer.end(begun)
        tracer.end(begun)
        tracer.close(within: 60)
        #expect(collector.spans.count == 1)
        let span = collector.spans.first
        #expect(span?["name"]?.stringValue?.count == Span.maxText)
        #expect(span?["attributes"]?.arrayValue?.count == Span.maxAttributes)
    }

    // MARK: - Export

    private func addSpan(to tracer: Tracer) {
        tracer.end(tracer.begin("s", .internal, parent: nil))
    }

    @Test func spansForWhichThereIsNoRoomAreDroppedAndCounted() {
        let isOpen = ConditionLocked(false)
        let isSending = ConditionLocked(false)
        let tracer = Tracer(
            SpanExporter(
                resource: [], interval: 0,
                send: { [collector] document in
                    isSending.change { $0 = true }
                    isOpen.wait { $0 ? () : nil }
                    return collector.receive(document)
                }, onOutcome: { [outcomes] in outcomes.record("\($0) \($1)") }))
        addSpan(to: tracer)
        isSending.wait { $0 ? () : nil }
        // The collector is stuck with the first.
        for _ in 0..<(SpanExporter.capacity + 3) { addSpan(to: tracer) }
        #expect(outcomes.elements == Array(repeating: "queueFull 1", count: 3))
        isOpen.change { $0 = true }
        tracer.close(within: 60)
        #expect(collector.spans.count == SpanExporter.capacity + 1)
    }

    @Test func spansAreSentInBatches() {
        let sizes = Recorder<Int>()
        let exporter = SpanExporter(
            resource: [], interval: 60,
            send: { [collector] in collector.receive($0) }, onOutcome: { sizes.record($1) })
        let tracer = Tracer(exporter)
        for _ in 0..<(SpanExporter.batch + 1) { addSpan(to: tracer) }
        tracer.close(within: 60)
        #expect(collector.spans.count == SpanExporter.batch + 1)
        #expect(sizes.elements.allSatisfy { $0 <= SpanExporter.batch })
    }

    @Test func aCollectorThatRefusesIsCounted() {
        let tracer = Tracer(
            SpanExporter(
                resource: [], interval: 60, send: { _ in false },
                onOutcome: { [outcomes] in outcomes.record("\($0) \($1)") }))
        addSpan(to: tracer)
        tracer.close(within: 60)
        #expect(outcomes.elements == ["failed 1"])
    }

    @Test func aStuckCollectorHoldsUpTheEndOnlySoLong() {
        let isOpen = ConditionLocked(false)
        let tracer = Tracer(
            SpanExporter(
                resource: [], interval: 0,
                send: { _ in
                    isOpen.wait { $0 ? () : nil }
                    return true
                }))
        addSpan(to: tracer)
        // Would hang otherwise.
        tracer.close(within: 0.05)
        isOpen.change { $0 = true }
    }
}
