import SystemCalls

/// Decodes request paths for routing.
public enum HTTPPath {
    /// Returns the decoded segments of a path: `/a/b%20c` gives `["a", "b c"]`, and `/` gives none.
    ///
    /// - Returns: `nil` if a segment is empty, `.` or `..`, isn't UTF-8, or contains an encoded slash, backslash or
    ///   control character: such a path names nothing and must never become a file name (path traversal).
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

    /// Decodes a part of a path, slashes included.
    ///
    /// - Returns: `nil` if an escape is invalid, or if the result isn't UTF-8 or contains control characters.
    public static func decode(_ part: some StringProtocol) -> String? {
        decode(Array(part.utf8)[...])
    }

    /// Decodes a segment that never becomes a file name; it may contain any character.
    ///
    /// - Returns: `nil` for a literal `.` or `..`, for an invalid escape, or if the result isn't UTF-8.
    public static func text(of segment: some StringProtocol) -> String? {
        segment == "." || segment == ".." ? nil : decode(Array(segment.utf8)[...], allowsControls: true)
    }

    /// Decodes a segment that names one item and never becomes a path; it may contain any character except a slash and
    /// a zero byte.
    ///
    /// - Returns: `nil` if the name is empty, `.` or `..`, if an escape is invalid, or if the result isn't UTF-8.
    public static func name(of segment: some StringProtocol) -> String? {
        guard let name = decode(Array(segment.utf8)[...], allowsControls: true), !["", ".", ".."].contains(name),
            !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
        else { return nil }
        return name
    }

    private static func decode(_ part: ArraySlice<UInt8>, allowsControls: Bool = false) -> String? {
        guard let decoded = PercentEncoding.decode(part),
            allowsControls || decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }
}
