import JSON
import MCP

/// What a call returned, for a person to look at. Texts are cut in the middle.
struct ToolOutput: Sendable, Equatable {
    /// A text of which the middle may be missing.
    struct CutText: Sendable, Equatable {
        /// Maximum size in bytes of what is kept.
        static let limit = 64 * 1024

        let head: String
        let tail: String
        /// The number of missing bytes.
        let omitted: Int

        init(_ text: String, limit: Int = limit) {
            let bytes = Array(text.utf8)
            guard bytes.count > limit else {
                (head, tail, omitted) = (text, "", 0)
                return
            }
            var headEnd = limit / 2
            var tailStart = bytes.count - limit / 2
            // At the boundaries of characters.
            while headEnd > 0, bytes[headEnd] & 0xC0 == 0x80 { headEnd -= 1 }
            while tailStart < bytes.count, bytes[tailStart] & 0xC0 == 0x80 { tailStart += 1 }
            head = String(decoding: bytes[..<headEnd], as: UTF8.self)
            tail = String(decoding: bytes[tailStart...], as: UTF8.self)
            omitted = tailStart - headEnd
        }

        var json: JSON { ["head": .string(head), "tail": .string(tail), "omitted": .integer(omitted)] }
        var size: Int { head.utf8.count + omitted + tail.utf8.count }
    }

    /// A file that the result links to.
    struct File: Sendable, Equatable {
        let name: String
        let mediaType: String
        let size: Int?
        /// Whether it wasn't there before; `nil` if the tool does not say.
        let isNew: Bool?
        /// Changes when the file does; empty if unknown.
        let version: String
    }

    let callID: String
    /// The streams of a command; `nil` for other tools.
    let standardOutput: CutText?
    let standardError: CutText?
    /// The text of another tool's result; `nil` for a command.
    let text: CutText?
    let isTimedOut: Bool
    /// Whether the tool itself left out a part of a stream.
    let isTruncated: Bool
    /// The path in the sandbox of a whole stream that was left out in part; `nil` if the tool does not name it.
    let outputPath: String?
    /// How much a command wrote, in bytes, whether or not the result has it all.
    let standardOutputBytes: Int?
    let standardErrorBytes: Int?
    let artifacts: [File]
    /// Calls of other servers' tools that the command's code made.
    let calls: [CommandReport.Call]

    init(_ outcome: ToolOutcome, of callID: String) {
        self.callID = callID
        let streams = outcome.streams
        standardOutput = (streams?.standardOutput).map { CutText($0) }
        standardError = (streams?.standardError).map { CutText($0) }
        isTimedOut = streams?.isTimedOut ?? false
        isTruncated = streams?.isTruncated ?? false
        let report = outcome.report
        outputPath = report?.standardOutput?.path ?? report?.standardError?.path
        standardOutputBytes = report?.standardOutput?.bytes ?? standardOutput?.size
        standardErrorBytes = report?.standardError?.bytes ?? standardError?.size
        calls = report?.calls ?? []
        let texts = outcome.content.compactMap { block -> String? in
            switch block {
            case .text(let text): text
            case .image(let data, let mediaType): "[a picture, \(mediaType), \(data.count) bytes]"
            case .resourceLink: nil
            }
        }
        text = streams == nil ? CutText(texts.joined(separator: "\n")) : nil
        artifacts = outcome.content.compactMap { block in
            guard case .resourceLink(let uri, _, let mediaType, let size) = block else { return nil }
            guard let name = ResourceAddress.artifactName(uri) else { return nil }
            let known = report?.artifacts.first { $0.name.utf8.elementsEqual(name.utf8) }
            return File(
                name: name, mediaType: mediaType, size: size ?? known?.size, isNew: known?.isNew,
                version: known?.version ?? "")
        }
    }

    /// The members of the event.
    var json: JSONObject {
        var object: JSONObject = ["type": "tool_output", "id": .string(callID)]
        object["stdout"] = standardOutput?.json
        object["stderr"] = standardError?.json
        object["stdout_bytes"] = standardOutputBytes.map(JSON.integer)
        object["stderr_bytes"] = standardErrorBytes.map(JSON.integer)
        object["text"] = text?.json
        object["timed_out"] = isTimedOut ? true : nil
        object["truncated"] = .bool(
            isTruncated || [standardOutput, standardError, text].contains { $0?.omitted ?? 0 > 0 })
        object["output_path"] = outputPath.map(JSON.string)
        if !calls.isEmpty {
            object["calls"] = .array(
                calls.map { call in
                    [
                        "server": .string(call.server), "tool": .string(call.tool),
                        "seconds": .double((call.seconds * 1000).rounded() / 1000), "ok": .bool(call.isOK),
                    ]
                })
        }
        return object
    }
}
