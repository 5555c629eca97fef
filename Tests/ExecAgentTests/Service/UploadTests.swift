import JSON
import MCP
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Files that clients upload, and those in their messages.
@Suite(.timeLimit(.minutes(3))) struct UploadTests {
    private static let png = PNG.signature + [1, 2, 3]
    private static let pngURL = "data:image/png;base64,\(Base64.encode(png))"

    private let runner = FakeRunner()

    private func trial(_ sandboxes: FakeSandboxes, _ change: (inout ServiceOptions) -> Void = { _ in }) -> ServiceTrial
    {
        var options = ServiceOptions()
        change(&options)
        var toolProvider = FakeToolBox()
        toolProvider.sandboxAccess = sandboxes
        return ServiceTrial(runner, toolProvider: toolProvider, options: options)
    }

    private func input(_ parts: JSON) -> JSON { [["role": "user", "content": parts]] }

    @Test func anUploadIsKeptUntilItIsDeleted() async throws {
        try await trial(FakeSandboxes()).run { trial in
            let uploaded = try await trial.upload("a,b\n1,2\n", name: "data.csv")
            #expect(uploaded.status == 200)
            #expect(uploaded.json["object"] == "file")
            #expect(uploaded.json["bytes"] == 8)
            #expect(uploaded.json["filename"] == "data.csv")
            #expect(uploaded.json["purpose"] == "user_data")
            let path = "/v1/files/\(uploaded.json["id"]?.stringValue ?? "")"
            #expect(try await trial.ask("GET", path).json == uploaded.json)
            let content = try await trial.ask("GET", "\(path)/content")
            #expect(content.body == "a,b\n1,2\n")
            #expect(content.field("Content-Disposition")?.hasPrefix("attachment; filename=\"data.csv\"") == true)
            let second = try await trial.upload("x", purpose: "batch")
            let list = try await trial.ask("GET", "/v1/files").json
            #expect(list["data"] == [second.json, uploaded.json])
            #expect(try await trial.ask("GET", "/v1/files?purpose=batch").json["data"] == [second.json])
            #expect(try await trial.ask("DELETE", path).json["deleted"] == true)
            for (method, path) in [("GET", path), ("GET", "\(path)/content"), ("DELETE", path)] {
                let answer = try await trial.ask(method, path)
                #expect(answer.status == 404)
                #expect(answer.error?["code"] == "file_not_found")
            }
        }
    }

    @Test func aUserSeesNoFilesOfOthers() async throws {
        try await trial(FakeSandboxes()).run { trial in
            let anns = try await trial.upload("x", user: "ann").json["id"]?.stringValue ?? ""
            let nobodys = try await trial.upload("y").json["id"]?.stringValue ?? ""
            let bob = "X-OpenWebUI-User-Id: bob\r\n"
            #expect(try await trial.ask("GET", "/v1/files/\(anns)", fields: bob).status == 404)
            #expect(try await trial.ask("DELETE", "/v1/files/\(anns)", fields: bob).status == 404)
            #expect(try await trial.ask("GET", "/v1/files", fields: bob).json["data"] == [])
            #expect(try await trial.ask("GET", "/v1/files?user=ann").json["data"]?.arrayValue?.count == 1)
            for (user, id, status) in [("bob", anns, 404), ("bob", nobodys, 200), ("ann", anns, 200)] {
                let answer = try await trial.respond([
                    "input": input([["type": "input_file", "file_id": .string(id)]]), "user": .string(user),
                ])
                #expect(answer.status == status, "\(user)")
            }
        }
    }

    @Test func aFileReachesTheSandboxOfTheRun() async throws {
        let sandboxes = FakeSandboxes()
        try await trial(sandboxes).run { trial in
            let id = try await trial.upload("a,b", name: "data.csv", user: "ann").json["id"] ?? .null
            let answer = try await trial.respond([
                "input": input([["type": "input_file", "file_id": id], ["type": "input_text", "text": " Sum."]]),
                "user": "ann",
            ])
            #expect(answer.status == 200)
            let chat = try await trial.chat(
                [
                    [
                        "role": "user",
                        "content": [["type": "file", "file": ["file_data": "eHk=", "filename": "b.txt"]]],
                    ]
                ],
                ["user": "ann"])
            #expect(chat.status == 200)
        }
        #expect(
            sandboxes.files == [
                "ann/workspace/uploads/data.csv": Array("a,b".utf8), "ann/workspace/uploads/b.txt": Array("xy".utf8),
            ])
        let requests = runner.requests.elements
        #expect(requests[0].lines == ["user: [The user's file /workspace/uploads/data.csv, 3 bytes]\n Sum."])
        #expect(requests[1].lines == ["user: [The user's file /workspace/uploads/b.txt, 2 bytes]\n"])
    }

    @Test func aPictureIsSeenAsWell() async throws {
        let sandboxes = FakeSandboxes()
        try await trial(sandboxes).run { trial in
            _ = try await trial.respond([
                "input": input([["type": "input_image", "image_url": .string(Self.pngURL)]]), "user": "ann",
            ])
            let uploaded = try await trial.upload("GIF89a", name: "dot.gif", user: "ann").json["id"] ?? .null
            _ = try await trial.respond([
                "input": input([["type": "input_image", "file_id": uploaded]]), "user": "ann",
            ])
        }
        let name = try #require(sandboxes.files.keys.first { $0.contains("picture-") })
        #expect(name.hasSuffix(".png"))
        #expect(sandboxes.files[name] == Self.png)
        let contents = runner.requests.elements.map { $0.conversation[0].content }
        #expect(contents[0] == [.text("[The user's file \(name.dropFirst(3)), 11 bytes]\n"), .imageURL(Self.pngURL)])
        #expect(contents[1].last == .imageURL("data:image/gif;base64,R0lGODlh"))
    }

    @Test func aWholeConversationWritesAFileOnce() async throws {
        let sandboxes = FakeSandboxes()
        let messages: JSON = [
            ["role": "user", "content": [["type": "image_url", "image_url": ["url": .string(Self.pngURL)]]]],
            ["role": "assistant", "content": "a"], ["role": "user", "content": "b"],
        ]
        try await trial(sandboxes).run { trial in
            _ = try await trial.chat(messages, ["user": "ann"])
            _ = try await trial.chat(messages, ["user": "ann"])
            #expect(sandboxes.files.count == 1)
            // It is written again if it is gone, and for another user.
            sandboxes.remove(sandboxes.files.keys.first ?? "")
            _ = try await trial.chat(messages, ["user": "ann"])
            #expect(sandboxes.files.count == 1)
            _ = try await trial.chat(messages, ["user": "bob"])
            #expect(sandboxes.files.count == 2)
        }
        let texts = Set(runner.requests.elements.map { $0.conversation[0].text })
        #expect(texts.count == 1)
    }

    @Test(arguments: [
        (SandboxFilesError(.busy, "full"), 503, "sandbox_busy" as JSON),
        (SandboxFilesError(.unsupported, "none"), 501, "not_offered" as JSON),
    ])
    func aPictureThatCannotBeWrittenIsStillSeen(failure: SandboxFilesError, status: Int, code: JSON) async throws {
        try await trial(FakeSandboxes(failure: failure)).run { trial in
            let picture = try await trial.respond([
                "input": input([["type": "input_image", "image_url": .string(Self.pngURL)]])
            ])
            #expect(picture.status == 200)
            let file = try await trial.respond([
                "input": input([["type": "input_file", "file_data": "eHk=", "filename": "b.txt"]])
            ])
            #expect(file.status == status)
            #expect(file.error?["code"] == code)
        }
        #expect(runner.requests.elements.map { $0.conversation[0].content } == [[.imageURL(Self.pngURL)]])
    }

    @Test func refusesWhatItCannotRead() async throws {
        try await trial(FakeSandboxes(), { $0.uploadBytes = 100 }).run { trial in
            #expect(try await trial.upload("x", purpose: nil).error?["param"] == "purpose")
            #expect(try await trial.upload(String(repeating: "x", count: 101)).status == 413)
            #expect(try await trial.upload("x", name: String(repeating: "n", count: 256)).status == 400)
            #expect(try await trial.upload("x", fields: "Sec-Fetch-Site: same-origin\r\n").status == 403)
            #expect(try await trial.upload("x", fields: "Cookie: a=b\r\n").status == 403)
            #expect(try await trial.ask("POST", "/v1/files", ["file": "x"]).status == 415)
            for part: JSON in [
                ["type": "input_file", "file_id": "file-none"], ["type": "input_file", "file_data": "***"],
                ["type": "input_file", "file_data": "data:text/plain;base64,***"],
            ] {
                let answer = try await trial.respond(["input": input([part])])
                #expect((400...404).contains(answer.status), "\(part)")
            }
        }
        #expect(runner.requests.elements.isEmpty)
    }

    @Test func aRequestHasOnlySoManyFiles() async throws {
        try await trial(FakeSandboxes()).run { trial in
            let file: JSON = ["type": "input_file", "file_data": "eHk=", "filename": "b.txt"]
            let far: JSON = ["type": "input_image", "image_url": "https://example.com/a.png"]
            let answer = try await trial.respond(["input": input(.array(Array(repeating: file, count: 65)))])
            #expect(answer.status == 400)
            #expect(answer.error?["code"] == "too_many_files")
            // A picture elsewhere isn't a file here.
            let pictures = try await trial.respond(["input": input(.array(Array(repeating: far, count: 65)))])
            #expect(pictures.status == 200)
        }
    }

    @Test func aUserHasOnlySoMuch() async throws {
        try await trial(FakeSandboxes(), { $0.maxFileBytesOfUser = 10 }).run { trial in
            let first = try await trial.upload("12345678", user: "ann")
            #expect(first.status == 200)
            #expect(try await trial.upload("123", user: "ann").error?["code"] == "too_many_files")
            #expect(try await trial.upload("123", user: "bob").status == 200)
        }
    }
}
