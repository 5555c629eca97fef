/// Names of files in the order in which they came, each once. Two are the same where their bytes are: for Swift's own
/// comparison a letter with an accent and the letter and the accent are one, for a file system they are two.
struct FileNames: Sendable, Equatable {
    private(set) var all: [String] = []
    private var known: Set<[UInt8]> = []

    var isEmpty: Bool { all.isEmpty }

    func contains(_ name: String) -> Bool { known.contains(Array(name.utf8)) }

    /// - Returns: whether the name is new.
    @discardableResult
    mutating func add(_ name: String) -> Bool {
        guard known.insert(Array(name.utf8)).inserted else { return false }
        all.append(name)
        return true
    }

    static func == (left: FileNames, right: FileNames) -> Bool {
        left.all.elementsEqual(right.all) { $0.utf8.elementsEqual($1.utf8) }
    }
}
