/// An ordered set of file names. Names are compared by their bytes: Swift treats a precomposed character and its
/// decomposed form as equal, a file system does not.
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
