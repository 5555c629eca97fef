import JSON

extension JSON {
    /// Returns the value with each string in it, also the names of members, replaced by what `change` returns.
    func mappingStrings(_ change: (String) -> String) -> JSON {
        mappingStrings({ .string(change($0)) }, names: change)
    }

    /// Returns the value with each string in it replaced by what `change` returns, and the names of members by what
    /// `name` returns.
    func mappingStrings(_ change: (String) -> JSON, names name: (String) -> String) -> JSON {
        switch self {
        case .string(let text): return change(text)
        case .array(let elements): return .array(elements.map { $0.mappingStrings(change, names: name) })
        case .object(let members):
            var changed = JSONObject()
            for member in members { changed[name(member.key)] = member.value.mappingStrings(change, names: name) }
            return .object(changed)
        case .null, .bool, .integer, .double, .verbatim: return self
        }
    }

    /// A text in a value: a string, a number or the name of a member.
    struct Text {
        let text: String
        /// The name of the member that it is the value of, after the name of the one that this is in: `phone/value`. Empty
        /// for none.
        var field: [UInt8] = []
        var isNumber = false
    }

    /// Returns the value with each string and number in it replaced by what `change` returns, if it returns a text. The
    /// names of members are texts as well.
    func mappingTexts(field: [UInt8] = [], _ change: (Text) -> String?) -> JSON {
        func changed(_ number: String) -> JSON {
            change(Text(text: number, field: field, isNumber: true)).map { .string($0) } ?? self
        }
        switch self {
        case .string(let text): return change(Text(text: text, field: field)).map { .string($0) } ?? self
        case .integer(let number): return changed(String(number))
        // Written as programs write it that know it as a whole number.
        case .double(let number): return changed(Int(exactly: number).map { String($0) } ?? text)
        case .verbatim(let text): return changed(text)
        case .array(let elements): return .array(elements.map { $0.mappingTexts(field: field, change) })
        case .object(let members):
            var changed = JSONObject()
            let outer = field.split(separator: UInt8(ascii: "/")).last.map { $0 + [UInt8(ascii: "/")] } ?? []
            for member in members {
                changed[change(Text(text: member.key)) ?? member.key] = member.value.mappingTexts(
                    field: outer + Array(member.key.utf8), change)
            }
            return .object(changed)
        case .null, .bool: return self
        }
    }

    /// Calls `body` with each string, number and name of a member.
    func forEachText(field: [UInt8] = [], _ body: (Text) -> Void) {
        _ = mappingTexts(field: field) { text in
            body(text)
            return nil
        }
    }
}
