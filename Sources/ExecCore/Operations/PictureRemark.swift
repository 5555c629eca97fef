import JSON

private typealias Name = ReadFile.ResultName

/// The note to the viewer that accompanies a picture that is not shown unmodified.
enum PictureRemark {
    /// - Parameters:
    ///   - result: the guest's description of the picture.
    ///   - mediaType: the type in which it is shown.
    ///   - limit: maximum size in bytes of a picture that is shown unmodified.
    /// - Returns: `nil` if there is nothing to note.
    static func text(on result: JSON, shownAs mediaType: String, limit: Int = Limits.imageBytes) -> String? {
        if let size = result[Name.unscaled]?.countValue {
            return """
                Shown as it is, \(grouped(size)) bytes: the sandbox's image has no Pillow, which would scale it down to \
                \(bytes(limit)).
                """
        }
        guard let scaled = result[Name.scaled], let from = dimensions(scaled[Name.Scaling.from]),
            let to = dimensions(scaled[Name.Scaling.to]),
            let size = scaled[Name.Scaling.size]?.countValue
        else { return nil }
        let type = scaled[Name.Scaling.type]?.stringValue ?? mediaType
        let verb = from == to ? "Converted" : "Scaled down"
        let kind = type == mediaType ? "" : " as \(shortName(mediaType))"
        let bound = scaled[Name.Scaling.isForBytes] == false ? "\(Limits.imageSide) pixels a side" : bytes(limit)
        return """
            \(verb) from \(from), \(grouped(size)) bytes, to \(to)\(kind) to fit \(bound).\(frames(scaled, type))
            """
    }

    /// The text that replaces a picture that is not shown; `nil` if the guest's result has no description.
    static func description(of result: JSON) -> String? {
        guard let described = result[Name.described], let type = described[Name.Description.type]?.stringValue,
            type.utf8.count < 40, let size = described[Name.Description.size]?.countValue
        else { return nil }
        let sides = dimensions(described[Name.Description.sides]).map { ", \($0)" } ?? ""
        return """
            A picture: \(type)\(sides), \(grouped(size)) bytes. This server does not show pictures (--picture-limit \
            none). Inspect it with execute_bash, for example with Pillow.
            """
    }

    private static func frames(_ scaled: JSON, _ type: String) -> String {
        if type == "image/gif" { return " Only the first frame of a GIF is shown." }
        return scaled[Name.Scaling.animated] == true ? " Only the first frame of the animation is shown." : ""
    }

    private static func dimensions(_ value: JSON?) -> String? {
        guard let numbers = value?.arrayValue?.compactMap(\.countValue), numbers.count == 2 else { return nil }
        return "\(numbers[0]) × \(numbers[1]) pixels"
    }

    private static func shortName(_ mediaType: String) -> String {
        mediaType.split(separator: "/").last.map { $0.uppercased() } ?? mediaType
    }

    private static func bytes(_ limit: Int) -> String {
        limit % 1_000_000 == 0 ? "\(limit / 1_000_000) MB" : "\(grouped(limit)) bytes"
    }

    /// Formats a number with a comma before each group of three digits.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
        }.joined()
    }
}
