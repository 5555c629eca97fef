/// One change of a text: these bytes in place of those.
struct TextEdit: Equatable {
    let range: Range<Int>
    let replacement: [UInt8]

    init(_ range: Range<Int>, _ replacement: String) {
        self.range = range
        self.replacement = Array(replacement.utf8)
    }

    /// Puts a text in at a place.
    init(at place: Int, _ text: String) {
        self.init(place..<place, text)
    }
}

/// A text after the entry was set in it.
struct EditedText: Equatable {
    enum Change {
        /// There was no entry of that name.
        case added
        /// There was another one.
        case replaced
        /// It was there already.
        case none
    }

    let bytes: [UInt8]
    let change: Change

    /// - Parameter edits: in the order of their places, without overlaps.
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
