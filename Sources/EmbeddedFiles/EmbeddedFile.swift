/// A text file that the compiler has put into the program.
public struct EmbeddedFile: Sendable {
    /// The name, by which its list knows it.
    public let name: String
    /// What is in it.
    public let text: String

    /// Creates a file that isn't in the program.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// The text in UTF-8.
    public var bytes: [UInt8] { Array(text.utf8) }
}
