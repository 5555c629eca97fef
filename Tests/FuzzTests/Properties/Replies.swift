import JSON
import MCP

@testable import ExecCore
@testable import ExecMCP

extension Property {
    /// Whatever a guest sends for a call, each operation makes a result of it that every revision can have, or an error
    /// that says something. No block of text is empty, which APIs of models refuse.
    static let replies = Property(name: "replies") { bytes throws(BrokenPropertyError) in
        var decoder = FrameDecoder()
        var reply = Channel.Reply()
        var frames: [Frame] = []
        bytes.withUnsafeBytes { piece in
            try? decoder.feed(piece) { (frame) throws(ChannelError) in frames.append(frame) }
        }
        for frame in frames {
            switch frame.kind {
            case .data:
                guard let stream = frame.payload.first, stream < 2 else { continue }
                reply.streams[Int(stream)] += frame.payload.dropFirst()
            case .result:
                reply.result = (try? JSON.parse(frame.payload)) ?? .null
                try check(reply, offset: offset(frame))
            case .failure:
                let error = ExecError(guestFailure: (try? JSON.parse(frame.payload)) ?? .null)
                try check(.failure("\(error)"))
            default: break
            }
        }
    }

    /// An offset that a call may have had.
    private static func offset(_ frame: Frame) -> Int {
        frame.call == .max ? Sandbox.largestCount : Int(frame.call)
    }

    private static func check(_ reply: Channel.Reply, offset: Int) throws(BrokenPropertyError) {
        var limits = Limits()
        limits.pictureBytes = offset % 2 == 0 ? 0 : Limits.imageBytes
        try check { () throws(ExecError) in ExecuteBashTool.toolResult(try CommandResult(reply)) }
        try check { () throws(ExecError) in WriteFileTool.toolResult(try WrittenFile(reply)) }
        try check { () throws(ExecError) in
            ReadFileTool.toolResult(try FileContent(reply, offset: offset, limits: limits))
        }
        try check(ReadDocstringTool.toolResult(Sandbox.docstring(in: reply)))
        _ = ArtifactContent(reply)
        for artifact in (try? Sandbox.artifacts(in: reply, limits: limits)) ?? [] {
            try hold(Artifact.isName(artifact.name) && artifact.size >= 0, "an artifact that there cannot be")
            for revision in Revision.allCases {
                let resource = Resource(
                    uri: ResourceURI.artifact(name: artifact.name).text, name: artifact.name, mediaType: "text/plain",
                    size: artifact.size, modified: artifact.modified)
                try checkIsJSON(resource.json(for: revision))
            }
        }
        _ = ArtifactChange(reply.result)
        try checkFiles(reply, offset: offset)
    }

    private static func checkFiles(_ reply: Channel.Reply, offset: Int) throws(BrokenPropertyError) {
        if let name = try? StoredFileName(reply) {
            try hold(!name.path.isEmpty && !name.name.isEmpty, "a stored file without a name")
        }
        if let slice = try? FileSlice(reply) {
            let content = SandboxReply.Content(
                bytes: slice.bytes, start: 0, size: slice.size, offset: offset, length: FileUploads.maxChunk)
            let json = SandboxReply(["path": .string(slice.path)], content).json
            try hold((json["size"]?.integerValue ?? -1) >= 0, "a file with a size that there cannot be")
            try checkIsJSON(.object(json))
        }
        for entry in (try? DirectoryEntries(reply, limit: Sandbox.listedEntries))?.entries ?? [] {
            try hold(!entry.name.isEmpty && entry.size >= 0, "an entry that there cannot be")
        }
    }

    private static func check(_ operation: () throws(ExecError) -> ToolResult) throws(BrokenPropertyError) {
        let result: ToolResult
        do throws(ExecError) {
            result = try operation()
        } catch {
            return try hold(!error.message.isEmpty, "an error without words")
        }
        try check(result)
    }

    private static func check(_ result: ToolResult) throws(BrokenPropertyError) {
        try hold(!result.content.isEmpty, "a result without content")
        for block in result.content {
            switch block {
            case .text(let text): try hold(!text.isEmpty, "an empty text")
            case .image(let data, _): try hold(!data.isEmpty, "an empty picture")
            case .resourceLink(_, let name, _, _): try hold(!name.isEmpty, "a link without a name")
            }
        }
        for revision in Revision.allCases { try checkIsJSON(.object(result.members(for: revision))) }
    }

    private static func checkIsJSON(_ value: JSON) throws(BrokenPropertyError) {
        try hold((try? JSON.parse(value.serialized())) != nil, "a result that is no JSON")
    }
}
