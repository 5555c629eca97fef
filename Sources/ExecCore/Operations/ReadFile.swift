import JSON

/// A page of a text, or a picture, to read.
struct ReadFileParameters: GuestParameters {
    static let operation = GuestOperation.readFile

    let path: String
    /// How many lines to leave out.
    let offset: Int
    /// How many lines are wanted at most; `nil` for as many as fit `limit`.
    let lineCount: Int?
    /// How many bytes a page may have.
    let limit: Int
    /// How many bytes a picture may have; 0 where none is shown.
    let pictureLimit: Int
    /// How many pixels a side a picture may have.
    let pictureSide: Int
    /// How many bytes a picture may have that cannot be scaled down.
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
}

/// What the guest says of a file besides its bytes. ``PageRemark`` and ``PictureRemark`` say what it means.
enum ReadFileResultName: String, CaseIterable {
    case path
    // Of a page.
    case lines
    case next
    case lineCutAt = "line_cut_at"
    case notUTF8 = "not_utf8"
    case hasMark = "has_mark"
    case endsLinesWithCR = "ends_lines_with_cr"
    // Of a picture.
    case mediaType = "media_type"
    case scaled
    case unscaled
    case described

    /// What is in ``notUTF8``.
    enum Flaws: String, CaseIterable {
        case bytes
        case line
        case perhaps
    }

    /// What is in ``scaled``: before and after.
    enum Scaling: String, CaseIterable {
        case from
        case to
        case animated
        case size
        case type
        case isForBytes = "is_for_bytes"
    }

    /// What is in ``described``.
    enum Description: String, CaseIterable {
        case type
        case size
        case sides
    }
}

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
        guard let mediaType = reply.result[ReadFileResultName.mediaType]?.stringValue else {
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
        let parameters = ReadFileParameters(
            path: path, offset: offset, lineCount: lineCount, limit: limits.output,
            pictureLimit: limits.pictureBytes, pictureSide: Limits.imageSide,
            unscaledPictureLimit: limits.unscaledPictureBytes, timeout: Self.fileTimeout)
        let reply = try await call(
            parameters,
            replyLimit: max(limits.output, limits.pictureBytes, limits.unscaledPictureBytes))
        return try FileContent(reply, offset: offset, limits: limits)
    }
}
