import JSON

/// Whether one JSON text with comments is another one with an entry set in it, and is so in nothing else.
struct JSONCComparison {
    private let old: JSONCScanner
    private let new: JSONCScanner

    /// - Parameters:
    ///   - old: the scanner that has read the text before.
    ///   - new: the one that has read the text after.
    init(_ old: JSONCScanner, _ new: JSONCScanner) {
        self.old = old
        self.new = new
    }

    /// Whether `newRoot` is `oldRoot` with `entry` as the member `name` of its member `section`. Names and values that
    /// were there have to be there in their order, byte for byte but for comments and white space.
    func `is`(
        _ oldRoot: JSONCValue?, with entry: JSON, named name: String, in section: String, equalTo newRoot: JSONCValue
    ) -> Bool {
        sameMembers(oldRoot?.members ?? [], newRoot.members, but: section) { oldSection, newSection in
            sameMembers(oldSection?.members ?? [], newSection.members, but: name) { _, newEntry in
                new.json(newEntry.range) == entry
            }
        }
    }

    /// - Parameter check: compares the values of the member `name`, which need not be among the old ones.
    private func sameMembers(
        _ oldMembers: [JSONCValue.Member], _ newMembers: [JSONCValue.Member]?, but name: String,
        _ check: (JSONCValue?, JSONCValue) -> Bool
    ) -> Bool {
        guard let newMembers else { return false }
        var rest = oldMembers[...]
        var isThere = false
        for member in newMembers {
            let counterpart = rest.first
            if member.name == name {
                guard !isThere else { return false }
                isThere = true
                let wasThere = counterpart?.name == name
                guard check(wasThere ? counterpart?.value : nil, member.value) else { return false }
                if wasThere { rest.removeFirst() }
            } else {
                guard let counterpart, old.bare(counterpart.key) == new.bare(member.key),
                    old.bare(counterpart.value.range) == new.bare(member.value.range)
                else { return false }
                rest.removeFirst()
            }
        }
        return isThere && rest.isEmpty
    }
}
