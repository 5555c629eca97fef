import ExecCore
import JSON
import JSONRPC
import MCP
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct CallPipelineTests {
    /// Notes what passes it, and marks results and lines.
    private struct Stage: CallInterceptor {
        let name: String
        let seen: Recorder<String>

        func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
            seen.record("\(name) in")
            let result = await next(call.reporting(to: call.progress.changing { "\($0) \(name)" }))
            seen.record("\(name) out")
            guard case .tool(let tool, _) = result else { return result }
            return .tool(tool.adding(name))
        }
    }

    /// Answers without the work.
    private struct Refusal: CallInterceptor {
        func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
            .failure(.invalidParams("\(call.name) is refused"))
        }
    }

    private let seen = Recorder<String>()
    private let user: UserID

    init() throws {
        user = try #require(UserID("ann"))
    }

    private func call(
        revision: Revision = .july2026, token: JSON? = nil, _ work: @escaping ToolCall.Work
    ) -> ToolCall {
        var meta = JSONObject()
        meta["progressToken"] = token
        let context = RequestContext(revision: revision, meta: meta)
        return ToolCall(
            name: "t", user: user, context: context, audit: AuditedCall(in: nil, of: "t", nil, by: user, context),
            work: work)
    }

    private func pipeline(_ names: String...) -> CallPipeline {
        CallPipeline(filters: names.map { Stage(name: $0, seen: seen) })
    }

    @Test func theFirstFilterSeesACallFirstAndItsResultLast() async throws {
        let answer = await pipeline("a", "b", "c").answer(
            to: call { [seen] _, _ in
                seen.record("work")
                return .tool(ToolResult(content: [.text("done")]))
            })
        #expect(seen.elements == ["a in", "b in", "c in", "work", "c out", "b out", "a out"])
        #expect(try answer.get()["content"]?.arrayValue?.map { $0["text"] } == ["done", "c", "b", "a"])
    }

    @Test func progressPassesEveryFilterOnItsWayToTheClient() async throws {
        let sent = Recorder<Notification>()
        let call = call(token: "p") { progress, _ in
            progress.report?("half")
            _ = try? await sent.wait(forCount: 1)
            return .tool(ToolResult(content: []))
        }
        _ = await pipeline("a", "b").answer(to: call.observed(by: RequestNotifier(id: .integer(1)) { sent.record($0) }))
        #expect(sent.elements.map { $0.params["message"] } == ["half b a"])
    }

    @Test func progressPassesEveryFilterOnItsWayToATask() async throws {
        let noted = Recorder<String>()
        let call = call(token: "p") { progress, _ in
            progress.report?("half")
            return .tool(ToolResult(content: []))
        }
        _ = await pipeline("a", "b").answer(to: call.asTask("1", Progress { noted.record($0) }))
        #expect(noted.elements == ["half b a"])
    }

    @Test(arguments: [nil, "p"] as [JSON?])
    func nobodyIsAskedForProgressWhoDidNotAskForIt(token: JSON?) async {
        let isHeard = Recorder<Bool>()
        let call = call(token: token) { progress, _ in
            isHeard.record(progress.report != nil)
            return .tool(ToolResult(content: []))
        }
        _ = await pipeline("a").answer(to: call)
        _ = await pipeline("a").answer(to: call.observed(by: RequestNotifier(id: .integer(1)) { _ in }))
        #expect(isHeard.elements == [false, token != nil])
    }

    @Test func anInterceptorMayAnswerItself() async {
        let pipeline = CallPipeline(filters: [Stage(name: "a", seen: seen), Refusal(), Stage(name: "b", seen: seen)])
        let answer = await pipeline.answer(
            to: call { [seen] _, _ in
                seen.record("work")
                return .tool(ToolResult(content: []))
            })
        #expect(seen.elements == ["a in", "a out"])
        #expect(answer == .failure(.invalidParams("t is refused")))
    }

    @Test(arguments: Revision.allCases)
    func answersInTheWordsOfTheRevision(revision: Revision) async throws {
        let object: JSON = ["exit_code": 0]
        let result = ToolResult(content: [.text("{}")], structuredContent: object)
        let tool = try await CallPipeline().answer(to: call(revision: revision) { _, _ in .tool(result, remark: "r") })
            .get()
        #expect(tool["content"]?.arrayValue?.map { $0["text"] } == ["{}", "r"])
        #expect(tool["structuredContent"] == (revision.hasStructuredContent ? .some(object) : .none))
        #expect(tool["resultType"] == (revision.isModern ? .some("complete") : .none))

        let contents = ResourceContents(uri: "artifact:///a", mediaType: "text/plain", bytes: Array("a".utf8))
        let resource = try await CallPipeline().answer(to: call(revision: revision) { _, _ in .resource(contents) })
            .get()
        #expect(resource["contents"] == [contents.json])
        #expect(resource["cacheScope"] == (revision.isModern ? .some("private") : .none))
    }
}
