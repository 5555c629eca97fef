import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct BatchReplyTests {
    private let sent = Recorder<JSON>()

    private func reply(
        awaited: Int, limit: Int = BatchReply.maxBytes, room: BatchRoom = BatchRoom()
    ) -> BatchReply {
        BatchReply(awaited: awaited, limit: limit, room: room) { [sent] in
            if let array = try? JSON.parse($0) { sent.record(array) } else { Issue.record("no JSON") }
        }
    }

    private func response(_ id: Int) -> Response { Response(id: .integer(id), .success([:])) }

    @Test func sendsAllAnswersTogetherWhenTheLastIsIn() {
        let reply = reply(awaited: 3)
        reply.add(response(2))
        reply.add(response(1))
        #expect(sent.elements.isEmpty)
        reply.add(response(3))
        #expect(sent.elements == [.array([2, 1, 3].map { response($0).json })])
    }

    @Test func leavesOutWhatWasCancelled() {
        let reply = reply(awaited: 2)
        reply.add(nil)
        reply.add(response(1))
        #expect(sent.elements == [.array([response(1).json])])
    }

    @Test func sendsNothingWhereEverythingWasCancelled() {
        let reply = reply(awaited: 2)
        reply.add(nil)
        reply.add(nil)
        #expect(sent.elements.isEmpty)
    }

    @Test func answersWithAnErrorWhatDoesNotFit() {
        let reply = reply(awaited: 4, limit: 500)
        for number in 1...3 {
            reply.add(Response(id: .integer(number), .success(["x": .string(String(repeating: "x", count: 200))])))
        }
        reply.add(response(4))
        let answers = sent.elements.first?.arrayValue ?? []
        #expect(answers.map { $0["id"] } == [1, 2, 3, 4])
        #expect(answers.map(\.errorCode) == [nil, nil, -32603, -32603])
        #expect(answers.last?.errorMessage.contains("one by one") == true)
    }

    @Test func sharesTheRoomWithOtherBatchesAsLongAsItIsUnderWay() {
        let room = BatchRoom(limit: 700)
        let long = Response(id: .integer(1), .success(["x": .string(String(repeating: "x", count: 500))]))
        let (first, second) = (reply(awaited: 2, room: room), reply(awaited: 1, room: room))
        first.add(long)
        second.add(long)
        #expect(sent.elements.last?.arrayValue?.map(\.errorCode) == [-32603])
        first.add(response(2))
        #expect(sent.elements.last?.arrayValue?.map(\.errorCode) == [nil, nil])
        reply(awaited: 1, room: room).add(long)
        #expect(sent.elements.last?.arrayValue?.map(\.errorCode) == [nil])
    }

    @Test func sendsOnceWhereAnswersComeFromManyThreads() async throws {
        let reply = reply(awaited: 800)
        _ = try await onThreads(8) { thread in
            for number in 0..<100 { reply.add(response(thread * 100 + number)) }
        }
        #expect(sent.elements.count == 1)
        let ids = sent.elements.first?.arrayValue?.compactMap { $0["id"]?.integerValue } ?? []
        #expect(ids.sorted() == Array(0..<800))
    }
}
