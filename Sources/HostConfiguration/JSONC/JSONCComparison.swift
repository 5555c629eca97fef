import JSON

/// Checks that two JSON texts with comments differ in nothing but one entry that was set.
struct JSONCComparison {
    private let old: JSONCScanner
    private let new: JSONCScanner

    /// - Parameters:
    ///   - old: the scanner that has scanned the text before the change.
    ///   - new: the scanner that has scanned the text after the change.
    init(_ old: JSONCScanner, _ new: JSONCScanner) {
        self.old = old
        self.new = new
    }

    /// Whether `newRoot` equals `oldRoot` with `entry` as the member `name` of its member `section`. All other names
    /// and values must be the same, in the same order and byte for byte, except for comments and white space.
    func `is`(
        _ oldRoot: JSONCValue?, with entry: JSON, named name: String, in section: String, equalTo newRoot: JSONCValue
    ) -> Bool {
        sameMembers(oldRoot?.members ?? [], newRoot.members, but: section) { oldSection, newSection in
            sameMembers(oldSection?.members ?? [], newSection.members, but: name) { _, newEntry in
                new.json(newEntry.range) == entry
            }
        }
    }

    /// - Parameter check: compares the values of the member `name`, which may be missing from the old members.
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
