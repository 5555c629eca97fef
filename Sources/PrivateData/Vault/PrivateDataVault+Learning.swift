public import JSON
import Threading

// What comes from servers that hold private data.
extension PrivateDataVault {
    /// Remembers the values in a result, which are searched for in all that leaves from now on. A number counts as well
    /// as a text; the name of a member counts as a word beside its value.
    public func learn(_ json: JSON) {
        learn(json, field: [], depth: 0)
    }

    private func learn(_ json: JSON, field: [UInt8], depth: Int) {
        json.forEachText(field: field) { text in
            learn(text)
            guard !text.isNumber, EmbeddedJSON.mayBe(text.text) else { return }
            if depth < EmbeddedJSON.maxDepth, let data = EmbeddedJSON.data(of: text.text) {
                learn(data, field: text.field, depth: depth + 1)
            } else if let plain = EmbeddedJSON.withoutEscapes(text.text) {
                learn(JSON.Text(text: plain, field: text.field))
            }
        }
    }

    private func learn(_ text: JSON.Text) {
        text.text.withBytes { bytes in
            let scanned = ScannedText(bytes: bytes, field: text.field)
            let values = detectors.values(in: scanned)
            guard !values.isEmpty else { return }
            state.withLock { state in
                for value in values { state.registry.insert(Array(bytes[value.range]), kind: value.kind) }
            }
        }
    }

    /// Returns a result with its values replaced by tokens that stay tokens within the sandbox. They are searched for in
    /// all that leaves from now on.
    ///
    /// - Parameter servers: the servers that get the values if these tokens are in arguments of calls.
    public func enclose(_ json: JSON, for servers: Set<String>) -> JSON {
        json.mappingTexts { text in
            enclosed(data: text) { value, state in
                state.registry.insert(value.bytes, kind: value.kind, servers: servers)
                return servers
            }
        }
    }

    /// Returns a result of a server with those values replaced that it got and that don't enter the sandbox: it may
    /// repeat what it was sent.
    public func encloseKnown(_ json: JSON, of server: String) -> JSON {
        guard state.withLock({ $0.registry.recipients.contains(server) }) else { return json }
        return json.mappingTexts { text in
            enclosed(data: text) { value, state in
                state.registry.servers(of: value.bytes, kind: value.kind).flatMap { $0.contains(server) ? $0 : nil }
            }
        }
    }

    private typealias Recipients = ((bytes: [UInt8], kind: PrivateDataKind), inout State) -> Set<String>?

    /// Does what ``enclosed(_:_:)`` does, also with the data that a text of JSON is.
    private func enclosed(data text: JSON.Text, depth: Int = 0, _ recipients: Recipients) -> String? {
        guard !text.isNumber, EmbeddedJSON.mayBe(text.text) else { return enclosed(text, recipients) }
        if depth < EmbeddedJSON.maxDepth, let data = EmbeddedJSON.data(of: text.text) {
            var isChanged = false
            let changed = data.mappingTexts(field: text.field) { inner in
                let enclosed = enclosed(data: inner, depth: depth + 1, recipients)
                isChanged = isChanged || enclosed != nil
                return enclosed
            }
            let shown = isChanged ? changed.text : text.text
            return enclosed(JSON.Text(text: shown, field: text.field), recipients) ?? (isChanged ? shown : nil)
        }
        let plain = EmbeddedJSON.withoutEscapes(text.text) ?? text.text
        return enclosed(JSON.Text(text: plain, field: text.field), recipients)
    }

    /// Returns a text with tokens for the values that are known not to enter the sandbox, and for those for which
    /// `recipients` returns the servers that may get them; `nil` if there are none.
    private func enclosed(_ text: JSON.Text, _ recipients: Recipients) -> String? {
        text.text.withBytes { bytes -> [UInt8]? in
            let scanned = ScannedText(bytes: bytes, field: text.field)
            let detected = detectors.values(in: scanned)
            return state.withLock { state in
                var values = detected.compactMap { value in
                    recipients((Array(bytes[value.range]), value.kind), &state).map {
                        DetectedValue(range: value.range, kind: value.kind, servers: $0)
                    }
                }
                values += state.registry.values(in: scanned).filter { $0.servers != nil }
                guard !values.isEmpty else { return nil }
                let kept = TokenSyntax.all(in: scanned, kinds: kinds).filter {
                    $0.isToken && state.tokens.entry(of: bytes[$0.range])?.servers != nil
                }.map(\.range)
                var (output, place) = ([UInt8](), 0)
                for value in ValueSelection.chosen(from: values, apartFrom: kept) {
                    output += bytes[place..<value.range.lowerBound]
                    output += state.tokens.token(
                        for: Array(bytes[value.range]), kind: value.kind, servers: value.servers,
                        isNumber: text.isNumber && value.range == 0..<bytes.count)
                    place = value.range.upperBound
                }
                return output + bytes[place...]
            }
        }.map { String(decoding: $0, as: UTF8.self) }
    }
}
