public import JSON
import Threading

/// The private values of one user's session: replaces them by tokens in what leaves, and tokens by them in what comes
/// back. In memory only.
///
/// For every text, what comes back is byte for byte what left.
public final class PrivateDataVault: Sendable {
    struct State {
        var registry: ValueRegistry
        var tokens: TokenTable
        var hasNoticed = false
    }

    /// How many values are searched for, unless the caller says otherwise.
    public static let defaultCapacity = 100_000
    /// How many spellings of values can be restored, for each value that is searched for.
    private static let tokensPerValue = 4
    /// The longest value, however spelled: what is left out beside a cut.
    static let maxValue = 512

    let detectors: DetectorSet
    let patterns: [PrivateDataPattern]
    let mode: PrivateDataMode
    /// The names of the kinds.
    let kinds: Set<[UInt8]>
    let state: Locked<State>

    /// An empty vault.
    ///
    /// - Parameters:
    ///   - key: 32 random bytes, which the names in tokens come from.
    ///   - patterns: further kinds of values.
    ///   - capacity: how many values are searched for. Beyond it, detectors run over every text.
    public init(
        mode: PrivateDataMode, key: [UInt8], patterns: [PrivateDataPattern] = [], capacity: Int = defaultCapacity
    ) {
        self.mode = mode
        self.patterns = patterns
        detectors = DetectorSet(patterns: patterns)
        kinds = Set((PrivateDataKind.builtIn + patterns.map(\.kind)).map { Array($0.name.utf8) })
        state = Locked(
            State(
                registry: ValueRegistry(capacity: capacity),
                tokens: TokenTable(key: key, capacity: capacity * Self.tokensPerValue)))
    }

    // MARK: - Out

    /// Returns a text with its values replaced.
    ///
    /// - Parameters:
    ///   - cut: where more of the text's first or last line was left out. What may be a part of a value there is left
    ///     out too.
    ///   - keepsTokens: whether tokens stay as they are, so that the result can't be restored.
    public func redact(_ text: String, cut: TextCut = [], keepsTokens: Bool = false) -> String {
        redacted(text, cut: cut, keepsTokens: keepsTokens) ?? text
    }

    /// Returns a text with its values replaced, and the ``revision`` for which that holds: values that are learnt
    /// meanwhile change it.
    public func redaction(of text: String) -> (text: String, revision: Int) {
        let (bytes, revision) = text.withBytes { redaction(of: ScannedText(bytes: $0), cut: [], keepsTokens: false) }
        return (bytes.map { String(decoding: $0, as: UTF8.self) } ?? text, revision)
    }

    /// Returns a value with all strings in it, also the names of members, replaced as texts. A number that holds a value
    /// becomes a string.
    ///
    /// - Parameters:
    ///   - keepsTokens: whether tokens stay as they are, so that the result can't be restored.
    ///   - keepsNumbers: whether numbers stay as they are: for results in which they are sizes and the like.
    public func redact(_ json: JSON, keepsTokens: Bool = false, keepsNumbers: Bool = false) -> JSON {
        guard !keepsNumbers else { return json.mappingStrings { redact($0, keepsTokens: keepsTokens) } }
        return json.mappingTexts { redacted($0.text, field: $0.field, keepsTokens: keepsTokens) }
    }

    /// Whether a text holds a value that would be replaced.
    public func holdsValues(_ text: String) -> Bool {
        text.withBytes { bytes in
            let text = ScannedText(bytes: bytes)
            return state.withLock { !$0.registry.values(in: text).isEmpty }
                || detectsEverything && !detectors.values(in: text).isEmpty
        }
    }

    /// Returns where a text has something with the form of a value: in which lines, from 1, and of which kinds.
    public func placesOfValues(in text: String) -> [(line: Int, kind: PrivateDataKind)] {
        text.withBytes { bytes in
            var (line, place) = (1, 0)
            return ValueSelection.chosen(from: detectors.values(in: ScannedText(bytes: bytes)), apartFrom: []).map {
                line += bytes[place..<$0.range.lowerBound].count { $0 == 0x0A }
                place = $0.range.lowerBound
                return (line, $0.kind)
            }
        }
    }

    /// A number that is another one if the values of texts may have to be replaced otherwise than before.
    public var revision: Int { state.withLock { $0.registry.revision } }

    /// Returns the notice that no more values are searched for, once.
    public func takeNotice() -> String? {
        state.withLock { state in
            guard state.registry.isFull, !state.hasNoticed else { return nil }
            state.hasNoticed = true
            return """
                [private data: the most values are known that are searched for; from now on, values are recognized by \
                their form alone]
                """
        }
    }

    /// The text with values replaced; `nil` if nothing changes.
    private func redacted(_ text: String, field: [UInt8] = [], cut: TextCut = [], keepsTokens: Bool) -> String? {
        text.withBytes { bytes in
            redaction(of: ScannedText(bytes: bytes, field: field), cut: cut, keepsTokens: keepsTokens).bytes
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes with values replaced, `nil` if nothing changes, and the revision for which that holds.
    private func redaction(
        of text: ScannedText, cut: TextCut, keepsTokens: Bool
    ) -> (bytes: [UInt8]?, revision: Int) {
        let look = text.bytes.contains(UInt8(ascii: "<")) ? TokenSyntax.all(in: text, kinds: kinds) : []
        let (isFull, revision) = state.withLock { ($0.registry.isFull, $0.registry.revision) }
        let recognizesAll = mode == .all || isFull
        let detected = recognizesAll ? detectors.values(in: text) : []
        return state.withLock { state -> (bytes: [UInt8]?, revision: Int) in
            // What others have taught it since may have filled it.
            let isCurrent = state.registry.revision == revision
            let values =
                register(detected, in: text, &state) + state.registry.values(in: text, isRecognized: recognizesAll)
            let kept = look.filter { syntax in
                guard syntax.isToken, let entry = state.tokens.entry(of: text.bytes[syntax.range]) else { return false }
                return keepsTokens || entry.servers != nil
            }.map(\.range)
            let chosen = ValueSelection.chosen(from: values, apartFrom: kept)
            let shown = shown(text, chosen, cut)
            let holdsFor = isCurrent ? state.registry.revision : revision
            guard !chosen.isEmpty || look.count > kept.count || shown != 0..<text.count else { return (nil, holdsFor) }
            return (Self.replacing(text, chosen, look, kept: Set(kept), shown, &state), holdsFor)
        }
    }

    var detectsEverything: Bool { mode == .all || state.withLock { $0.registry.isFull } }

    /// Remembers values that were detected in a text that leaves, and returns them. One that isn't to enter the sandbox
    /// stays so, in whichever spelling.
    private func register(_ values: [DetectedValue], in text: ScannedText, _ state: inout State) -> [DetectedValue] {
        values.map { value in
            let bytes = Array(text.bytes[value.range])
            let servers = state.registry.servers(of: bytes, kind: value.kind)
            // What the table could not restore is searched for all the same.
            state.registry.insert(bytes, kind: value.kind, servers: servers)
            return DetectedValue(range: value.range, kind: value.kind, servers: servers)
        }
    }

    private static func replacing(
        _ text: ScannedText, _ values: [DetectedValue], _ look: [TokenSyntax], kept: Set<Range<Int>>,
        _ shown: Range<Int>, _ state: inout State
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(shown.count + 64)
        var (place, next) = (shown.lowerBound, 0)
        func copy(to end: Int) {
            while next < look.count, look[next].range.lowerBound < end {
                let syntax = look[next]
                next += 1
                guard syntax.range.lowerBound >= place, syntax.range.upperBound <= end, !kept.contains(syntax.range)
                else { continue }
                output += text.bytes[place..<syntax.hyphens.lowerBound]
                output.append(UInt8(ascii: "-"))
                place = syntax.hyphens.lowerBound
            }
            if end > place { output += text.bytes[place..<end] }
            place = max(place, end)
        }
        for value in values
        where value.range.lowerBound >= shown.lowerBound && value.range.lowerBound < shown.upperBound {
            copy(to: value.range.lowerBound)
            output += state.tokens.token(
                for: Array(text.bytes[value.range]), kind: value.kind, servers: value.servers)
            place = value.range.upperBound
        }
        copy(to: max(place, shown.upperBound))
        return output
    }

    // MARK: - Cuts

    /// The part of a text that is shown: all but what is near a cut on its line.
    private func shown(_ text: ScannedText, _ values: [DetectedValue], _ cut: TextCut) -> Range<Int> {
        var (start, end) = (0, text.count)
        if cut.contains(.start) {
            let limit = min(Self.maxValue, text.count)
            let line = text.bytes[..<limit].firstIndex { $0 == 0x0A || $0 == 0x0D }
            start = line.map { $0 + 1 } ?? limit
            while start < text.count, text[start].isContinuation { start += 1 }
            if let value = values.first(where: { $0.range.upperBound > start }), value.range.lowerBound < start {
                start = value.range.lowerBound
            }
        }
        if cut.contains(.end) {
            let limit = max(0, text.count - Self.maxValue)
            let line = text.bytes[limit...].lastIndex { $0 == 0x0A || $0 == 0x0D }
            end = line.map { $0 + 1 } ?? limit
            while end > 0, text[end].isContinuation { end -= 1 }
            if let value = values.last(where: { $0.range.lowerBound < end }), value.range.upperBound > end {
                end = value.range.upperBound
            }
        }
        return start..<max(start, end)
    }
}
