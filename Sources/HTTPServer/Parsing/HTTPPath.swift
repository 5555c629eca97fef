import SystemCalls

/// Paths of targets, for whoever finds a handler by them.
public enum HTTPPath {
    /// The segments of a path, without their escapes: `/a/b%20c` is `["a", "b c"]`, and `/` is none.
    ///
    /// - Returns: `nil` where a segment is empty, `.` or `..`, is not UTF-8, or hides a slash, a backslash or a control
    ///   character in an escape: such a path names nothing, and must not become the name of a file.
    public static func segments(of path: some StringProtocol) -> [String]? {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        guard bytes.count > 1 else { return [] }
        var segments: [String] = []
        for part in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = decode(part), !segment.isEmpty, segment != ".", segment != "..",
                !segment.utf8.contains(UInt8(ascii: "/")), !segment.utf8.contains(UInt8(ascii: "\\"))
            else { return nil }
            segments.append(segment)
        }
        return segments
    }

    /// A part of a path without its escapes, slashes included.
    ///
    /// - Returns: `nil` for a bad escape, for what is not UTF-8, and for control characters.
    public static func decode(_ part: some StringProtocol) -> String? {
        decode(Array(part.utf8)[...])
    }

    /// A segment without its escapes, where it is never to become the name of a file: it may hold any character.
    ///
    /// - Returns: `nil` for `.` and `..` as they are, for a bad escape, and for what is not UTF-8.
    public static func text(of segment: some StringProtocol) -> String? {
        segment == "." || segment == ".." ? nil : decode(Array(segment.utf8)[...], takesControls: true)
    }

    /// A segment without its escapes, where it is the name of one thing and never becomes a path: it may hold any other
    /// character than a slash and a zero byte.
    ///
    /// - Returns: `nil` for an empty one, for `.` and `..`, for a bad escape, and for what is not UTF-8.
    public static func name(of segment: some StringProtocol) -> String? {
        guard let name = decode(Array(segment.utf8)[...], takesControls: true), !["", ".", ".."].contains(name),
            !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
        else { return nil }
        return name
    }

    private static func decode(_ part: ArraySlice<UInt8>, takesControls: Bool = false) -> String? {
        guard let decoded = PercentEncoding.decode(part),
            takesControls || decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }
}
