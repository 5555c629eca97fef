import Diagnostics
import ExecCore
import JSON
import PrivateData
import TestSupport
import Testing
import Threading

@testable import Bridge
@testable import MCPClient

/// Questions of servers that come, or end, at odd moments.
@Suite(.timeLimit(.minutes(3))) struct RelayMomentTests {
    /// Agrees to everything, and hears when a visit is done.
    private final class Visitor: UserInteraction {
        let asked = Recorder<UserQuestion>()
        let completed = Recorder<String>()
        private let answer: UserAnswer

        init(_ answer: UserAnswer = .accept([:])) {
            self.answer = answer
        }

        func ask(_ question: UserQuestion) async -> UserAnswer {
            asked.record(question)
            return answer
        }

        func visitCompleted(_ id: String) { completed.record(id) }
    }

    /// Its tool `visit` asks to visit a page with the id that it is given, and its tool `done` says that visits are done.
    private static let script = """
        calls = {}
        def handle(message):
            method = message.get("method")
            if method == "tools/list":
                answer(message, {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ("visit", "done")]})
            elif method == "tools/call" and message["params"]["name"] == "visit":
                id = message["params"]["arguments"]["id"]
                calls[id] = message
                send({"jsonrpc": "2.0", "id": "q" + id, "method": "elicitation/create", "params": {
                    "mode": "url", "message": "Sign in", "url": "https://a.test/", "elicitationId": id}})
            elif method == "tools/call":
                for id in message["params"]["arguments"]["ids"]:
                    notify("notifications/elicitation/complete", elicitationId=id)
                answer(message, text("done"))
            elif method is None: answer(calls[message["id"][1:]], text(message["result"]["action"]))
            elif "id" in message: refuse(message)
        serve(handle, capabilities=("tools",))
        """

    @Test func theClientIsToldOfVisitsThatAreDone() async throws {
        let (visitor, other) = (Visitor(), Visitor(.decline))
        try await Harness.with([Harness.open(Self.script)]) { harness in
            harness.session.beginCommand(1, BridgedCommand(holdClock: { _ in }, user: visitor))
            harness.session.beginCommand(2, BridgedCommand(holdClock: { _ in }, user: other))
            _ = try await harness.connect(1).tool("visit", ["id": "a"])
            _ = try await harness.connect(2).tool("visit", ["id": "b"])
            // It may be done long after the command.
            _ = await harness.session.endCommand(1)
            _ = try await harness.connect(2).tool("done", ["ids": ["b", "unknown", "a", "a", 5]], id: 2)
            try await visitor.completed.wait(forCount: 1)
        }
        #expect(visitor.completed.elements == ["fake/a"], "once, by the id that the client has")
        #expect(other.completed.elements.isEmpty, "nobody waits for what was declined")
    }

    @Test func ofVisitsThatAreNeverDoneOnlySoManyAreRemembered() async throws {
        let visitor = Visitor()
        let relay = ElicitationRelay()
        for number in 0...ElicitationRelay.maxVisits {
            let call = Self.call(for: visitor)
            let id = JSON.string("\(number)")
            let visit = try Self.elicitation(["mode": "url", "url": "https://a.test/", "elicitationId": id])
            let answer = await relay.during(call) { await relay.answer(visit) }
            #expect(answer == .accept(nil))
        }
        relay.visitCompleted("0")
        relay.visitCompleted("1")
        #expect(visitor.completed.elements == ["fake/1"])
    }

    private static func call(for user: any UserInteraction) -> CallElicitation {
        CallElicitation(
            of: "ask", on: "fake",
            CommandCalls(
                of: 1, BridgedCommand(holdClock: { _ in }, user: user),
                approvals: UserApprovals(of: Harness.user, in: nil)),
            privateData: ServerDataFilter(
                nil,
                of: BridgeServer(
                    Harness.open(""), module: "fake", of: nil, environment: [:], cache: nil,
                    logger: Logger(program: "exec-mcp", level: .error) { _ in })))
    }

    private static func elicitation(_ params: JSONObject) throws -> Elicitation {
        var params = params
        params["message"] = "Sign in"
        return try Elicitation(params, modes: [.form, .url])
    }

    @Test func aQuestionDuringAListingIsRelayedOnceThatHasEnded() async throws {
        let visitor = Visitor()
        let relay = ElicitationRelay(maxListingSeconds: 3600)
        let call = Self.call(for: visitor)
        let question = try Self.elicitation([:])
        let answer = await relay.during(call) {
            let (isListing, ends) = (AsyncEvent(), AsyncEvent())
            async let listing: Void = relay.duringListing {
                isListing.complete()
                await ends.wait()
            }
            await isListing.wait()
            async let answer = relay.answer(question)
            // What is asked while a listing goes on may be asked for it.
            try? await Task.sleep(for: .milliseconds(50))
            #expect(visitor.asked.elements.isEmpty)
            ends.complete()
            await listing
            return await answer
        }
        #expect(answer == .accept([:]))
    }

    @Test func aQuestionDuringAListingThatDoesNotEndIsDismissed() async throws {
        let visitor = Visitor()
        let relay = ElicitationRelay(maxListingSeconds: 0)
        let call = Self.call(for: visitor)
        let question = try Self.elicitation([:])
        let answer = await relay.during(call) {
            await relay.duringListing { await relay.answer(question) }
        }
        #expect(answer == .cancel)
        #expect(visitor.asked.elements.isEmpty)
    }
}
