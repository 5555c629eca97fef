import JSON

/// Reads a page of text, or a picture.
struct ReadFile: GuestParameters {
    static let operation = GuestOperation.readFile

    let path: String
    /// How many lines to skip.
    let offset: Int
    /// Maximum number of lines to return; `nil` for as many as fit `limit`.
    let lineCount: Int?
    /// Maximum size of a page, in bytes.
    let limit: Int
    /// Maximum size of a picture, in bytes; 0 to show none.
    let pictureLimit: Int
    /// Maximum width and height of a picture, in pixels.
    let pictureSide: Int
    /// Maximum size in bytes of a picture that cannot be scaled down.
    let unscaledPictureLimit: Int
    let timeout: Double

    var json: JSON {
        var members: JSONObject = [
            "file_path": .string(path), "offset": .integer(offset), "limit": .integer(limit),
            "timeout": .double(timeout), "picture_limit": .integer(pictureLimit),
            "picture_side": .integer(pictureSide), "unscaled_picture_limit": .integer(unscaledPictureLimit),
        ]
        members["line_count"] = lineCount.map { .integer($0) }
        return .object(members)
    }

    /// The members of the guest's result, besides the file's bytes. ``PageRemark`` and ``PictureRemark`` put them into
    /// words.
    enum ResultName: String, CaseIterable {
        case path
        // For a page.
        case lines
        case next
        case lineCutAt = "line_cut_at"
        case notUTF8 = "not_utf8"
        case hasMark = "has_mark"
        case endsLinesWithCR = "ends_lines_with_cr"
        // For a picture.
        case mediaType = "media_type"
        case scaled
        case unscaled
        case described

        /// The members of ``notUTF8``.
        enum Flaws: String, CaseIterable {
            case bytes
            case line
            case perhaps
        }

        /// The members of ``scaled``: before and after.
        enum Scaling: String, CaseIterable {
            case from
            case to
            case animated
            case size
            case type
            case isForBytes = "is_for_bytes"
        }

        /// The members of ``described``.
        enum Description: String, CaseIterable {
            case type
            case size
            case sides
        }
    }
}

/// What was read from a file.
public enum FileContent: Sendable, Equatable {
    /// Lines of text, with a remark if there is more to say. An empty text always has a remark that says why.
    case text(String, remark: String?)
    /// A complete picture, with a remark if it is not the unmodified file.
    case image(data: [UInt8], mediaType: String, remark: String?)

    private static let imageTypes: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// Decodes the guest's reply.
    ///
    /// - Parameter offset: the first line that was requested, from 0 to ``Sandbox/largestCount``.
    init(_ reply: Channel.Reply, offset: Int, limits: Limits) throws(ExecError) {
        if let remark = PictureRemark.description(of: reply.result) {
            self = .text("", remark: remark)
            return
        }
        guard let mediaType = reply.result[ReadFile.ResultName.mediaType]?.stringValue else {
            let text = String(decoding: reply.streams[0], as: UTF8.self)
            let remark = PageRemark.text(
                on: reply.result, offset: offset, isEmpty: text.isEmpty, limit: limits.output)
            self = .text(text, remark: remark)
            return
        }
        guard Self.imageTypes.contains(mediaType), !reply.streams[0].isEmpty else {
            throw ExecError(.sandboxEnded, "The sandbox answered with something that is not a picture.")
        }
        self = .image(
            data: reply.streams[0], mediaType: mediaType,
            remark: PictureRemark.text(on: reply.result, shownAs: mediaType, limit: limits.pictureBytes))
    }
}

extension Sandbox {
    /// Reads lines of text, or a picture. A picture larger than ``Limits/pictureBytes``, or wider or higher than
    /// ``Limits/imageSide`` pixels, is scaled down in the sandbox. An incomplete picture is refused.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`; `~/`, `file:///`, `artifact:///` and `skill://` are
    ///     understood.
    ///   - offset: how many lines to skip.
    ///   - lineCount: maximum number of lines to return; 0 or `nil` for all that fit ``Limits/output``.
    /// - Throws: ``ExecError`` with the reason why it cannot be read.
    public func read(_ path: String, offset: Int, lineCount: Int?) async throws -> FileContent {
        guard offset >= 0 else {
            throw ExecError(.invalidArgument, "offset must be a whole number from 0: how many lines to skip.")
        }
        guard offset <= Self.largestCount else {
            throw ExecError(.invalidArgument, "offset is past the end of any file.")
        }
        if let lineCount, lineCount < 0 {
            throw ExecError(.invalidArgument, "line_count must be a whole number from 0, which means all lines.")
        }
        let parameters = ReadFile(
            path: path, offset: offset, lineCount: lineCount, limit: limits.output,
            pictureLimit: limits.pictureBytes, pictureSide: Limits.imageSide,
            unscaledPictureLimit: limits.unscaledPictureBytes, timeout: Self.fileTimeout)
        let reply = try await call(
            parameters,
            replyLimit: max(limits.output, limits.pictureBytes, limits.unscaledPictureBytes))
        return try FileContent(reply, offset: offset, limits: limits)
    }
}
