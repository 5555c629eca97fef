import Hashing
import JSON
import MCP
import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct SandboxUploadTests {
    private struct Sent: Sendable {
        let method: SandboxMethod
        let params: JSONObject
    }

    private let requests = Recorder<Sent>()

    private func upload(chunk: Int, limit: Int = 100) -> SandboxUpload {
        SandboxUpload(["name": "a"], limits: SandboxFiles.Limits(fileBytes: limit, chunkBytes: chunk)) {
            [requests] (method, params) throws(SandboxFilesError) in
            requests.record(Sent(method: method, params: params))
            guard params["final"] == true else { return ["upload": "id", "received": 0] }
            return ["path": "/workspace/uploads/a", "name": "a", "size": params["size"] ?? .null]
        }
    }

    @Test func aSmallFileTakesOneRequest() async throws {
        let upload = upload(chunk: 8)
        try await upload.add([1, 2])
        try await upload.add([3])
        #expect(try await upload.finish().size == 3)
        let sent = try #require(requests.elements.first?.params)
        #expect(requests.elements.count == 1)
        #expect(sent["name"] == "a")
        #expect(sent["data"] == .string(Base64.encode([1, 2, 3])))
        #expect(sent["sha256"] == .string(SHA256.hexDigest(of: [1, 2, 3])))
    }

    @Test func aLargeOneTakesChunks() async throws {
        let bytes = (0..<20).map { UInt8($0) }
        let upload = upload(chunk: 8)
        try await upload.add(Array(bytes[..<15]))
        try await upload.add(Array(bytes[15...]))
        _ = try await upload.finish()
        let params = requests.elements.map(\.params)
        #expect(params.map { $0["offset"] } == [0, 8, 16])
        #expect(params.flatMap { Base64.decode($0["data"]?.stringValue ?? "") ?? [] } == bytes)
        #expect(params.map { $0["upload"] } == [nil, "id", "id"])
        #expect(params.last?["sha256"] == .string(SHA256.hexDigest(of: bytes)))
    }

    @Test func tooManyBytesAreRefused() async throws {
        let upload = upload(chunk: 8, limit: 10)
        try await upload.add([UInt8](repeating: 0, count: 9))
        let error = await #expect(throws: SandboxFilesError.self) { try await upload.add([0, 0]) }
        #expect(error?.kind == .tooLarge)
        await upload.cancel()
        #expect(requests.elements.last?.method == .cancelWrite)
        await upload.cancel()
        #expect(requests.elements.count == 2)
    }
}
