public import JSON
import Threading

// What comes back.
extension PrivateDataVault {
    /// Returns a text with its tokens replaced by the values. Those of values that may not enter the sandbox stay.
    ///
    /// - Throws: ``PrivateDataError`` if it has a token that isn't of this session.
    public func restore(_ text: String) throws(PrivateDataError) -> String {
        try restored(text) { _, _ in nil }
    }

    /// Does the same for a command of bash.
    ///
    /// - Throws: ``PrivateDataError``, also if a value would be more than text where its token stands.
    public func restore(command: String) throws(PrivateDataError) -> String {
        try restored(command) { text, replacements in
            let contexts = ShellQuoting.contexts(of: replacements.map(\.range.lowerBound), in: text)
            let unsafe = zip(contexts, replacements).first { context, replacement in
                let followsDollar = ShellQuoting.isDollar(in: text, before: replacement.range.lowerBound)
                return !context.isHarmless(replacement.value, followsDollar: followsDollar)
            }
            return unsafe?.1 ?? Self.endOfDocument(in: text, replacements)
        }
    }

    /// Returns a value that makes a line the end of a here-document.
    private static func endOfDocument(in text: ScannedText, _ replacements: [Replacement]) -> Replacement? {
        let ends = ShellQuoting.ends(in: text)
        guard !ends.isEmpty, let longest = ends.map(\.count).max() else { return nil }
        var next = 0
        while next < replacements.count {
            var start = replacements[next].range.lowerBound
            while start > 0, text[start - 1] != 0x0A { start -= 1 }
            // The line with all its values.
            let first = next
            var (line, place) = ([UInt8](), start)
            while next < replacements.count,
                next == first || !text.bytes[place..<replacements[next].range.lowerBound].contains(0x0A)
            {
                line += text.bytes[place..<replacements[next].range.lowerBound] + replacements[next].value
                place = replacements[next].range.upperBound
                next += 1
            }
            let end = text.bytes[place...].firstIndex(of: 0x0A) ?? text.count
            line += text.bytes[place..<end]
            guard line.drop(while: { $0 == 0x09 }).count <= longest else { continue }
            if ends.contains(line) || ends.contains(Array(line.drop { $0 == 0x09 })) { return replacements[first] }
        }
        return nil
    }

    /// Returns a person's answer with the tokens in all its texts, also in the names of members, replaced. A text with a
    /// token that isn't of this session stays as it is.
    public func restore(_ answer: JSON) -> JSON {
        answer.mappingStrings { (try? restore($0)) ?? $0 }
    }

    /// Returns arguments for a server with the tokens in them replaced by the values that the server may get. All other
    /// text stays as it is: within the sandbox, nothing but tokens stands for anything else.
    ///
    /// - Parameter server: with `nil`, the tokens of values that don't enter the sandbox stay.
    public func restore(_ arguments: JSON, for server: String?) -> JSON {
        arguments.mappingStrings(
            { restored($0, for: server) },
            names: { name in
                let value = restored(name, for: server)
                return value.stringValue ?? value.text
            })
    }

    /// What a text holds for a server: a number if it is a token in place of one.
    private func restored(_ text: String, for server: String?) -> JSON {
        text.withBytes { bytes -> JSON in
            guard bytes.contains(UInt8(ascii: "<")) else { return .string(text) }
            let replacements = TokenSyntax.all(in: ScannedText(bytes: bytes), kinds: kinds).compactMap { syntax in
                replacement(for: syntax, in: bytes) { entry in
                    entry.servers.map { server.map($0.contains) ?? false } ?? true
                }
            }
            guard let first = replacements.first else { return .string(text) }
            if first.isNumber, first.range == 0..<bytes.count {
                let digits = String(decoding: first.value, as: UTF8.self)
                return Int(digits).map { .integer($0) } ?? .verbatim(digits)
            }
            return .string(String(decoding: Self.replacing(replacements, in: bytes), as: UTF8.self))
        }
    }

    private struct Replacement {
        /// What is replaced.
        let range: Range<Int>
        let value: [UInt8]
        var isNumber = false
    }

    /// - Parameter unsafe: returns a value that can't stand where its token does.
    private func restored(
        _ text: String, unsafe: (ScannedText, [Replacement]) -> Replacement?
    ) throws(PrivateDataError) -> String {
        let result = text.withBytes { bytes -> Result<[UInt8]?, PrivateDataError> in
            guard bytes.contains(UInt8(ascii: "<")) else { return .success(nil) }
            let scanned = ScannedText(bytes: bytes)
            var (values, all) = ([Replacement](), [Replacement]())
            for syntax in TokenSyntax.all(in: scanned, kinds: kinds) {
                guard syntax.isToken else {
                    // A hyphen was added when it left.
                    all.append(Replacement(range: syntax.hyphens.prefix(1), value: []))
                    continue
                }
                guard let entry = entry(of: syntax, in: bytes) else {
                    return .failure(.unknown(String(decoding: bytes[syntax.range], as: UTF8.self)))
                }
                guard entry.servers == nil else { continue }
                values.append(Replacement(range: syntax.range, value: entry.value))
                all.append(values[values.count - 1])
            }
            if !values.isEmpty, let value = unsafe(scanned, values) {
                return .failure(.unsafe(String(decoding: bytes[value.range], as: UTF8.self)))
            }
            return .success(all.isEmpty ? nil : Self.replacing(all, in: bytes))
        }
        return try result.get().map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    private func entry(of syntax: TokenSyntax, in bytes: UnsafeBufferPointer<UInt8>) -> TokenTable.Entry? {
        state.withLock { $0.tokens.entry(of: bytes[syntax.range]) }
    }

    private func replacement(
        for syntax: TokenSyntax, in bytes: UnsafeBufferPointer<UInt8>, if isAllowed: (TokenTable.Entry) -> Bool
    ) -> Replacement? {
        guard syntax.isToken, let entry = entry(of: syntax, in: bytes), isAllowed(entry) else { return nil }
        return Replacement(range: syntax.range, value: entry.value, isNumber: entry.isNumber)
    }

    private static func replacing(_ replacements: [Replacement], in bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var (output, place) = ([UInt8](), 0)
        for replacement in replacements {
            output += bytes[place..<replacement.range.lowerBound]
            output += replacement.value
            place = replacement.range.upperBound
        }
        return output + bytes[place...]
    }
}
