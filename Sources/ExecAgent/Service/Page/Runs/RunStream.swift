import HTTPServer
import JSON
import OpenAI

/// Sends the events of a run to one watcher, as server-sent events.
struct RunStream: Sendable {
    /// Seconds between two comments that keep the connection alive.
    let signOfLifeSeconds: Double

    /// Returns the response that sends the events after `number` of a run, until it has ended.
    func response(of run: PageRun, after number: Int) -> HTTPResponse {
        HTTPResponse { writer in
            await run.watch()
            do {
                try await send(run.log, after: number, to: writer)
            } catch {
                await run.unwatch()
                throw error
            }
            await run.unwatch()
        }
    }

    /// Returns the response that sends the events after `number` of a turn that has ended.
    func response(of turn: PageTurn, after number: Int) -> HTTPResponse {
        HTTPResponse { writer in
            // The number of the last event that the watcher has, or cannot get any more.
            var sent = number
            func sendGap(to last: Int) async throws {
                guard last > sent else { return }
                try await writer.write(Self.gap((sent + 1)...last))
                sent = last
            }
            if turn.omittedEvents > 0 {
                let first = turn.events.first
                let number = (first?["first"] ?? first?["seq"])?.integerValue
                try await sendGap(to: number.map { $0 - 1 } ?? turn.omittedEvents)
            }
            for event in turn.events {
                let last = event["seq"]?.integerValue ?? 0
                guard last > sent else { continue }
                // A text of which the watcher has a part can only be sent as a whole.
                if event["type"] == "text", event["first"]?.integerValue ?? last <= sent {
                    try await sendGap(to: last)
                } else {
                    try await writer.write(Self.bytes(of: event, last))
                    sent = last
                }
            }
            // The service was killed during the run, or its events were dropped for room.
            if turn.events.last?["type"] != "finished" {
                try await writer.write(Self.bytes(of: turn.finished, sent + 1))
            }
        }
    }

    private func send(_ log: RunLog, after number: Int, to writer: ResponseWriter) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await Self.sendEvents(of: log, after: number, to: writer)
                return true
            }
            group.addTask {
                while true {
                    try await writer.write(EventStream.comment("working"))
                    try await Task.sleep(for: .seconds(signOfLifeSeconds))
                }
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    private static func sendEvents(of log: RunLog, after number: Int, to writer: ResponseWriter) async throws {
        var sent = number
        while true {
            switch try await log.next(after: sent) {
            case .end: return
            case .gap(let missing):
                try await writer.write(gap(missing))
                sent = missing.upperBound
            case .events(let entries):
                try await writer.write(entries.flatMap { bytes(of: $0.event, $0.number) })
                sent = entries.last?.number ?? sent
            }
        }
    }

    private static func gap(_ missing: ClosedRange<Int>) -> [UInt8] {
        bytes(
            of: ["type": "gap", "from": .integer(missing.lowerBound), "to": .integer(missing.upperBound)],
            missing.upperBound)
    }

    private static func bytes(of event: JSONObject, _ number: Int) -> [UInt8] {
        Array("id: \(number)\n".utf8) + EventStream.event(.object(event))
    }
}
