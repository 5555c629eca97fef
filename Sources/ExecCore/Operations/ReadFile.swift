import JSON

/// What was read from a file.
public enum FileContent: Sendable, Equatable {
    /// Lines of a text, and a remark for the reader if there is more to say. A text that is empty has a remark that says
    /// why.
    case text(String, remark: String?)
    /// A whole picture, and a remark for the viewer where it is not the file as it is.
    case image(data: [UInt8], mediaType: String, remark: String?)

    private static let imageTypes: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// Makes sense of what the guest says.
    ///
    /// - Parameter offset: the first line that was asked for, from 0 to ``Sandbox/largestCount``.
    init(_ reply: Channel.Reply, offset: Int, limits: Limits) throws(ExecError) {
        if let remark = PictureRemark.description(of: reply.result) {
            self = .text("", remark: remark)
            return
        }
        guard let mediaType = reply.result["media_type"]?.stringValue else {
            let text = String(decoding: reply.streams[0], as: UTF8.self)
            let remark = PageRemark.text(
                on: reply.result, offset: offset, isEmpty: text.isEmpty, limit: limits.output)
            self = .text(text, remark: remark)
            return
        }
        guard Self.imageTypes.contains(mediaType), !reply.streams[0].isEmpty else {
            throw ExecError(.sandboxEnded, "The sandbox answered with something that is no picture.")
        }
        self = .image(
            data: reply.streams[0], mediaType: mediaType,
            remark: PictureRemark.text(on: reply.result, shownAs: mediaType, limit: limits.pictureBytes))
    }
}

extension Sandbox {
    /// Reads lines of a text, or a picture. One over ``Limits/pictureBytes`` or with more than ``Limits/imageSide`` pixels
    /// a side is scaled down in the sandbox; one that is not whole is refused.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`; `~/`, `file:///`, `artifact:///` and `skill://` are understood.
    ///   - offset: how many lines to pass over.
    ///   - lineCount: how many lines to return at most; 0 or `nil` for all that fit ``Limits/output``.
    /// - Throws: ``ExecError`` with the reason why it cannot be read.
    public func read(_ path: String, offset: Int, lineCount: Int?) async throws -> FileContent {
        guard offset >= 0 else {
            throw ExecError(.invalidArgument, "offset must be a whole number from 0, the lines to pass over.")
        }
        guard offset <= Self.largestCount else {
            throw ExecError(.invalidArgument, "offset is past the end of any file.")
        }
        if let lineCount, lineCount < 0 {
            throw ExecError(.invalidArgument, "line_count must be a whole number from 0, which stands for all lines.")
        }
        var params: JSONObject = [
            "file_path": .string(path), "offset": .integer(offset), "limit": .integer(limits.output),
            "timeout": .double(Self.fileTimeout), "picture_limit": .integer(limits.pictureBytes),
            "picture_side": .integer(Limits.imageSide),
            "unscaled_picture_limit": .integer(limits.unscaledPictureBytes),
        ]
        params["line_count"] = lineCount.map { .integer($0) }
        let reply = try await call(
            "read_file", .object(params), seconds: Self.fileTimeout,
            replyLimit: max(limits.output, limits.pictureBytes, limits.unscaledPictureBytes))
        return try FileContent(reply, offset: offset, limits: limits)
    }
}
