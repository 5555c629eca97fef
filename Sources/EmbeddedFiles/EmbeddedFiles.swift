public import CEmbeddedFiles

/// A list of files that are part of the program.
///
/// Each target has its own list made: this one naming them all would put all of them into every program.
public struct EmbeddedFiles: Sendable {
    /// The files, in the order of the list.
    public let all: [EmbeddedFile]

    /// - Parameter list: what a function of `CEmbeddedFiles` returns.
    public init(_ list: embedded_files) {
        all = UnsafeBufferPointer(start: list.files, count: Int(list.count)).map { file in
            EmbeddedFile(name: String(cString: file.name), text: String(cString: file.text))
        }
    }

    /// The text of the file of this name; empty if the list has no such file, of which `SourceRules` finds none.
    public subscript(name: String) -> String {
        all.first { $0.name == name }?.text ?? ""
    }
}
