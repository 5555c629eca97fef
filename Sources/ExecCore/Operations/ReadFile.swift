import JSON

/// What was read from a file.
public enum FileContent: Sendable, Equatable {
    /// Lines of a text, and a remark for the reader where not all that was asked for is there.
    case text(String, remark: String?)
    /// A whole picture, and a remark for the viewer where it is not the file as it is.
    case image(data: [UInt8], mediaType: String, remark: String?)
}

extension Sandbox {
    private static let imageTypes: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// Reads lines of a text, or a picture. One over ``Limits/imageBytes`` is scaled down in the sandbox.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`.
    ///   - offset: how many lines to pass over.
    ///   - lineCount: how many lines to return at most; `nil` for all that fit ``Limits/output``.
    /// - Throws: ``ExecError`` with the reason why it cannot be read.
    public func read(_ path: String, offset: Int, lineCount: Int?) async throws -> FileContent {
        guard offset >= 0 else {
            throw ExecError(.invalidArgument, "offset must be a whole number from 0, the lines to pass over.")
        }
        if let lineCount, lineCount < 1 {
            throw ExecError(.invalidArgument, "line_count must be a whole number from 1. Leave it out for all lines.")
        }
        var params: JSONObject = [
            "file_path": .string(path), "offset": .integer(offset), "limit": .integer(limits.output),
            "timeout": .double(Self.fileTimeout), "picture_limit": .integer(Limits.imageBytes),
            "unscaled_picture_limit": .integer(Limits.unscaledImageBytes),
        ]
        params["line_count"] = lineCount.map { .integer($0) }
        let reply = try await call(
            "read_file", .object(params), seconds: Self.fileTimeout,
            replyLimit: max(limits.output, Limits.unscaledImageBytes))
        if let mediaType = reply.result["media_type"]?.stringValue {
            guard Self.imageTypes.contains(mediaType) else {
                throw ExecError(.sandboxEnded, "The sandbox answered with a picture of an unknown type.")
            }
            return .image(
                data: reply.streams[0], mediaType: mediaType,
                remark: PictureRemark.text(on: reply.result, shownAs: mediaType))
        }
        return .text(String(decoding: reply.streams[0], as: UTF8.self), remark: remark(on: reply.result))
    }

    /// What to tell the reader of a page that does not hold all.
    private func remark(on page: JSON) -> String? {
        guard let first = page["first"]?.integerValue, let lines = page["lines"]?.integerValue,
            let next = page["next"]?.integerValue
        else { return nil }
        if let cut = page["line_cut_at"]?.integerValue {
            return """
                Line \(first + 1) is longer than a page: its first \(cut) bytes are shown. Continue with the next line \
                at offset=\(next), or cut the line up with execute_bash.
                """
        }
        return """
            Lines \(first + 1) to \(first + lines) are shown; a page holds at most \(limits.output) bytes. Continue \
            with offset=\(next).
            """
    }
}
