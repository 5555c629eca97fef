import JSON
import YAML

extension Property {
    /// A file is taken apart into a map that is no larger than its text and the text behind it, or refused with a line
    /// that it has.
    static let frontMatter = Property(name: "front-matter") { bytes throws(BrokenPropertyError) in
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.utf8.count { $0 == 0x0A || $0 == 0x0D } + 1
        let file: FrontMatter
        do throws(YAMLError) {
            file = try FrontMatter.parse(text)
        } catch {
            let isSound = 1...lines ~= error.line && !error.reason.isEmpty
            return try hold(isSound, "refused with line \(error.line) of \(lines)")
        }
        try checkSize(of: .object(file.metadata), from: text)
        try hold(text.utf8.suffix(file.body.utf8.count).elementsEqual(file.body.utf8), "the body is not the rest")
        try hold(2...(lines + 1) ~= file.bodyLine, "the body begins on line \(file.bodyLine) of \(lines)")
    }

    private static func checkSize(of value: JSON, from text: String) throws(BrokenPropertyError) {
        // A byte becomes six at most (a control character), and a name or value takes four signs.
        let largest = 16 * text.utf8.count + 16
        let written = value.serialized()
        try hold(written.count <= largest, "more comes out than went in")
        try hold((try? JSON.parse(written)) != nil, "the map is none that JSON can say")
        try hold(depth(of: value) <= YAML.maxDepth + 1, "nested too deeply")
    }

    private static func depth(of value: JSON) -> Int {
        switch value {
        case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
        case .object(let members): 1 + (members.map { depth(of: $0.value) }.max() ?? 0)
        default: 0
        }
    }
}
