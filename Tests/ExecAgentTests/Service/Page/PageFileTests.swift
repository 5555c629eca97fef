import HTTPServer
import JSON
import MCP
import MCPServers
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// Files that go through the page's routes.
@Suite(.timeLimit(.minutes(3))) struct PageFileTests {
    private func upload(_ trial: ServiceTrial, _ name: String, _ bytes: [UInt8], fields: String = "") async throws
        -> Answer
    {
        let client = try RawClient(port: trial.port)
        try client.send(
            "PUT /ui/files/\(name) HTTP/1.1\r\nHost: 127.0.0.1:\(trial.port)\r\nConnection: close\r\n"
                + "\(fields)Content-Length: \(bytes.count)\r\n\r\n")
        try client.send(bytes)
        return try await Answer(client.readToEnd())
    }

    @Test func uploadsArriveByteForByte() async throws {
        let access = FakeSandboxAccess()
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access)).run { trial async throws in
            let made = try await upload(trial, "d%C3%A4ta.bin", bytes)
            #expect(made.status == 201)
            #expect(made.json == ["name": "däta.bin", "path": "/workspace/uploads/däta.bin", "size": 300_000])
            #expect(access.written.elements.first?.bytes == bytes)
        }
    }

    @Test func uploadsMayBeLargerThanOtherRequests() async throws {
        let access = FakeSandboxAccess()
        var options = ServiceOptions()
        options.http.bodyBytes = 1000
        options.uploadBytes = 5000
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access), options: options).run {
            trial async throws in
            #expect(try await upload(trial, "a", [UInt8](repeating: 1, count: 5000)).status == 201)
            #expect(try await upload(trial, "a", [UInt8](repeating: 1, count: 5001)).status == 413)
            let body: JSON = ["text": .string(String(repeating: "x", count: 1000))]
            #expect(try await trial.ask("POST", "/ui/runs", body).status == 413)
            #expect(access.written.elements.count == 1)
        }
    }

    @Test func anUploadSaysItsLength() async throws {
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: FakeSandboxAccess())).run {
            trial async throws in
            let client = try trial.send("PUT", "/ui/files/a", fields: "Transfer-Encoding: chunked\r\n")
            try client.send("1\r\nx\r\n0\r\n\r\n")
            #expect(try await Answer(client.readToEnd()).status == 411)
        }
    }

    @Test func nothingIsReadOfAnUploadWithoutAKey() async throws {
        var options = ServiceOptions()
        options.keys = ["a-key-of-some-length"]
        try await ServiceTrial(options: options).run { trial async throws in
            let client = try trial.send("PUT", "/ui/files/a", fields: "Content-Length: 33554432\r\n")
            // The answer comes although the body never does.
            #expect(try await Answer(client.readToEnd()).status == 401)
        }
    }

    @Test(arguments: ["..", ".", "a%2Fb", "%2e%2e", "a%00b"])
    func namesArePlainNames(name: String) async throws {
        let access = FakeSandboxAccess()
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access)).run { trial async throws in
            #expect(try await upload(trial, name, [1]).status == 404)
            #expect(access.written.elements.isEmpty)
        }
    }

    @Test func withoutAServerForFilesTheErrorSaysSo() async throws {
        try await ServiceTrial().run { trial async throws in
            #expect(try await upload(trial, "a", [1]).status == 501)
            for path in ["/ui/files", "/ui/files/content?path=/workspace/a"] {
                let answer = try await trial.ask("GET", path)
                #expect(answer.status == 501)
                #expect(answer.error?["code"] == "not_offered")
            }
            #expect(try await trial.ask("DELETE", "/ui/artifacts/a").status == 501)
            let status = try await trial.ask("GET", "/ui/status").json
            #expect(status["features"] == ["files": false, "sandbox": false])
            #expect(status["limits"]?["upload_bytes"] == 33_554_432)
        }
    }

    @Test func listsAndReadsFiles() async throws {
        let access = FakeSandboxAccess()
        // More than a part.
        let bytes = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        access.files.withLock { $0["/workspace/big ä.bin"] = bytes }
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access)).run { trial async throws in
            let list = try await trial.ask("GET", "/ui/files?path=/workspace").json
            #expect(list["entries"]?.arrayValue?.first?["name"] == "big ä.bin")
            #expect(list["entries"]?.arrayValue?.first?["kind"] == "file")
            #expect(list["truncated"] == false)
            let client = try trial.send("GET", "/ui/files/content?path=%2Fworkspace%2Fbig+%C3%A4.bin")
            let answer = try await client.readBytesToEnd()
            let end = try #require(answer.firstRange(of: Array("\r\n\r\n".utf8)))
            let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
            #expect(head.contains("attachment; filename="))
            // Of two arrays, a failure would look for the differences.
            let isWhole = Self.unchunked(answer[end.upperBound...]) == bytes
            #expect(isWhole)
            #expect(try await trial.ask("GET", "/ui/files/content?path=/workspace/none").status == 404)
            for query in ["", "?path=", "?path=relative", "?path=/a%0Ab", "?path=%zz"] {
                #expect(try await trial.ask("GET", "/ui/files/content\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func aFileThatChangesMeanwhileIsNotSentAsAWhole() async throws {
        let access = FakeSandboxAccess()
        access.files.withLock { $0["/workspace/a"] = [UInt8](repeating: 1, count: 9_000_000) }
        access.changesAfter.withLock { $0 = 1 }
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access)).run { trial async throws in
            let client = try trial.send("GET", "/ui/files/content?path=/workspace/a")
            let answer = try? await client.readBytesToEnd()
            // Without the last chunk a client knows that bytes are missing.
            #expect(answer.map { !$0.suffix(5).elementsEqual("0\r\n\r\n".utf8) } ?? true)
        }
    }

    private static func unchunked(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var rest = body
        var content: [UInt8] = []
        while let end = rest.firstRange(of: [0x0D, 0x0A]) {
            guard let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16), size > 0 else {
                break
            }
            content += rest[end.upperBound...].prefix(size)
            rest = rest[end.upperBound...].dropFirst(size + 2)
        }
        return content
    }

    // MARK: - Artifacts

    @Test func artifactsAreListedReadAndDeleted() async throws {
        let access = FakeSandboxAccess()
        access.files.withLock { $0["/artifacts/a.svg"] = [1] }
        let file = ArtifactFile(mediaType: "image/svg+xml", bytes: Array("<svg onload=x>".utf8))
        let box = FakeToolBox(files: ["": ["a.svg": file]], sandboxAccess: access)
        try await ServiceTrial(toolProvider: box).run { trial async throws in
            let list = try await trial.ask("GET", "/ui/artifacts").json["artifacts"]
            #expect(
                list == [["name": "a.svg", "type": "image/svg+xml", "size": 14, "modified": "2026-01-02T03:04:05Z"]])
            let shown = try await trial.ask("GET", "/ui/artifacts/a.svg")
            #expect(shown.body == "<svg onload=x>")
            #expect(shown.field("Content-Disposition")?.hasPrefix("attachment;") == true)
            #expect(shown.field("X-Content-Type-Options") == "nosniff")
            #expect(try await trial.ask("GET", "/ui/artifacts/none").status == 404)
            #expect(try await trial.ask("DELETE", "/ui/artifacts/a.svg").status == 204)
            #expect(access.deleted.elements == ["/artifacts/a.svg"])
            #expect(try await trial.ask("DELETE", "/ui/artifacts/..").status == 404)
        }
    }

    @Test func anArchiveHasAllOfThem() {
        var archive = ZipArchive()
        let contents: [(String, [UInt8])] = [
            ("a.txt", Array("hello".utf8)), ("../../etc/passwd", []), ("A.TXT", [0, 255]), ("ä\n.csv", [1]),
        ]
        var bytes: [UInt8] = []
        for (name, content) in contents {
            guard let head = archive.begin(name, content) else { continue }
            bytes += head + content
        }
        #expect(archive.size == bytes.count)
        bytes += archive.end()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.ranges(of: "PK\u{1}\u{2}").count == 4)
        #expect(!text.contains("../"))
        #expect(text.contains("A-2.TXT"))
        #expect(bytes.starts(with: [0x50, 0x4B, 3, 4, 20, 0, 0, 8, 0, 0]))
    }

    @Test(
        arguments: [("", 0), ("123456789", 0xCBF4_3926), ("The quick brown fox jumps over the lazy dog", 0x414F_A339)]
            as [(String, UInt32)])
    func itsChecksumIsTheKnownOne(text: String, sum: UInt32) {
        #expect(CRC32.of(Array(text.utf8)) == sum)
    }

    // MARK: - Sandboxes

    @Test func sandboxesAreShownAndEnded() async throws {
        let access = FakeSandboxAccess()
        try await ServiceTrial(toolProvider: FakeToolBox(sandboxAccess: access)).run { trial async throws in
            let fields = "X-Agent-User: ann\r\n"
            let status = try await trial.ask("GET", "/ui/status", fields: fields).json
            #expect(status["sandbox"] == ["state": "busy", "workspace_bytes": 5, "workspace_limit": 10])
            #expect(status["features"] == ["files": true, "sandbox": true])
            #expect(status["limits"]?["upload_bytes"] == 1_000_000)
            #expect(try await trial.ask("DELETE", "/ui/sandbox", fields: fields).status == 204)
            let list = try await trial.ask("GET", "/ui/sandboxes").json
            #expect(
                list == [["user": "hashed-x", "state": "idle", "container": "c1", "since": "2026-01-02T03:04:05Z"]])
            #expect(try await trial.ask("DELETE", "/ui/sandboxes/hashed-x").status == 204)
            #expect(try await trial.ask("DELETE", "/ui/sandboxes/default").status == 204)
            #expect(try await trial.ask("DELETE", "/ui/sandboxes/a%20b").status == 404)
            #expect(access.stopped.elements == ["ann", "hashed-x", ""])
        }
    }
}

/// A tool server with files.
final class FakeSandboxAccess: SandboxAccess {
    let written = Recorder<(name: String, bytes: [UInt8], user: String)>()
    let deleted = Recorder<String>()
    let stopped = Recorder<String>()
    let files = Locked<[String: [UInt8]]>([:])
    /// The number of reads after which files change with each; `nil` for never.
    let changesAfter = Locked<Int?>(nil)
    private let reads = Locked(0)

    func limits() async -> SandboxFiles.Limits? { SandboxFiles.Limits(fileBytes: 1_000_000, chunkBytes: 1 << 20) }

    func write(
        _ bytes: [UInt8], as name: String, to directory: String?, existing: SandboxMethod.Existing, of user: String?
    ) async throws(SandboxFilesError) -> StoredFile {
        written.record((name, bytes, user ?? ""))
        guard
            let file = StoredFile([
                "path": .string("/workspace/uploads/\(name)"), "name": .string(name), "size": .integer(bytes.count),
            ])
        else { throw SandboxFilesError(.failed, "") }
        return file
    }

    func read(
        _ path: String, offset: Int, length: Int, of user: String?
    ) async throws(SandboxFilesError) -> FilePart {
        guard let bytes = files.withLock({ $0[path] }) else { throw SandboxFilesError(.notFound, "no file") }
        let count = reads.withLock { reads in
            reads += 1
            return reads
        }
        let isChanged = changesAfter.withLock { $0 }.map { count > $0 } ?? false
        let piece = Array(bytes.dropFirst(offset).prefix(length))
        guard
            let part = FilePart([
                "data": .string(Base64.encode(piece)), "size": .integer(bytes.count),
                "version": .string(isChanged ? "\(count)" : "v"),
            ])
        else { throw SandboxFilesError(.failed, "") }
        return part
    }

    func list(_ path: String, of user: String?) async throws(SandboxFilesError) -> DirectoryListing {
        let entries = files.withLock { $0 }.filter { $0.key.hasPrefix("\(path)/") }.map { file -> JSON in
            [
                "name": .string(String(file.key.dropFirst(path.count + 1))), "path": .string(file.key), "kind": "file",
                "size": .integer(file.value.count), "modified": "2026-01-02T03:04:05Z",
            ]
        }
        guard let listing = DirectoryListing(["path": .string(path), "entries": .array(entries)]) else {
            throw SandboxFilesError(.failed, "")
        }
        return listing
    }

    func delete(_ path: String, of user: String?) async throws(SandboxFilesError) { deleted.record(path) }

    func status(of user: String?) async throws(SandboxFilesError) -> SandboxStatus {
        guard let status = SandboxStatus(["state": "busy", "workspaceBytes": 5, "workspaceLimit": 10]) else {
            throw SandboxFilesError(.failed, "")
        }
        return status
    }

    func stop(of user: String?) async throws(SandboxFilesError) -> Bool {
        stopped.record(user ?? "")
        return true
    }

    func sandboxes() async throws(SandboxFilesError) -> [UserSandbox] {
        [
            UserSandbox([
                "user": "hashed-x", "state": "idle", "container": "c1", "since": "2026-01-02T03:04:05Z",
            ])
        ].compactMap { $0 }
    }
}
