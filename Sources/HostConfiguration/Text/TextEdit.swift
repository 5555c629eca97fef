/// A replacement of a range of a text.
struct TextEdit: Equatable {
    let range: Range<Int>
    let replacement: [UInt8]

    init(_ range: Range<Int>, _ replacement: String) {
        self.range = range
        self.replacement = Array(replacement.utf8)
    }

    /// Inserts a text at an offset.
    init(at place: Int, _ text: String) {
        self.init(place..<place, text)
    }
}

/// The text after an entry was set.
struct EditedText: Equatable {
    enum Change {
        /// The entry was added.
        case added
        /// Another entry of that name was replaced.
        case replaced
        /// The entry was there already.
        case none
    }

    let bytes: [UInt8]
    let change: Change

    /// - Parameter edits: the edits in order of their ranges, without overlaps.
    init(_ bytes: [UInt8], _ edits: [TextEdit], _ change: Change) {
        var edited: [UInt8] = []
        var place = 0
        for edit in edits {
            edited += bytes[place..<edit.range.lowerBound]
            edited += edit.replacement
            place = edit.range.upperBound
        }
        self.bytes = edited + bytes[place...]
        self.change = change
    }
}
