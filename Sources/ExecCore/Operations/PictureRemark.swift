import JSON

/// What to tell the viewer of a picture that is not shown as its file is.
enum PictureRemark {
    private static let limit = "1 MB"

    /// - Parameters:
    ///   - result: what the guest says of the picture.
    ///   - mediaType: the type in which it is shown.
    /// - Returns: `nil` where there is nothing to say.
    static func text(on result: JSON, shownAs mediaType: String) -> String? {
        if let size = result["unscaled"]?.integerValue {
            return """
                Shown as it is, \(grouped(size)) bytes: the sandbox's image has no Pillow, which would scale it down to \
                \(limit).
                """
        }
        guard let scaled = result["scaled"], let from = dimensions(scaled["from"]), let to = dimensions(scaled["to"]),
            let size = scaled["size"]?.integerValue
        else { return nil }
        let type = scaled["type"]?.stringValue ?? mediaType
        let verb = from == to ? "Converted" : "Scaled down"
        let kind = type == mediaType ? "" : " as \(shortName(mediaType))"
        let frames = type == "image/gif" ? " Only the first frame of a GIF is shown." : ""
        return """
            \(verb) from \(from), \(grouped(size)) bytes, to \(to)\(kind) to fit \(limit).\(frames)
            """
    }

    private static func dimensions(_ value: JSON?) -> String? {
        guard let numbers = value?.arrayValue?.compactMap(\.integerValue), numbers.count == 2 else { return nil }
        return "\(numbers[0]) × \(numbers[1]) pixels"
    }

    private static func shortName(_ mediaType: String) -> String {
        mediaType.split(separator: "/").last.map { $0.uppercased() } ?? mediaType
    }

    /// A number with a comma before each group of three digits.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            let isStart = index > 0 && (digits.count - index) % 3 == 0
            return (isStart && digits[index - 1] != "-" ? "," : "") + String(digits[index])
        }.joined()
    }
}
