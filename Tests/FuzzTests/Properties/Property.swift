/// What has to hold for any bytes whatever: the entry points of `make fuzz`, and of the short runs in ``FuzzTests``.
///
/// To end is part of every property: what traps, hangs or takes memory without bound breaks it as well.
struct Property: Sendable, CustomStringConvertible {
    /// What it is called on the fuzzer's command line. Its inputs are in `Corpus/<name>`.
    let name: String
    let check: @Sendable ([UInt8]) throws(BrokenPropertyError) -> Void

    var description: String { name }

    static let all: [Property] = [
        .messages, .readings, .frames, .frontMatter, .jsonHosts, .tomlHosts, .yamlHosts, .uris, .cursors,
        .eventStreams, .answers, .chatRequests, .requests, .replies, .pythonModules,
    ]
}

/// What was found not to hold.
struct BrokenPropertyError: Error, CustomStringConvertible {
    let description: String
}

func hold(_ condition: Bool, _ description: @autoclosure () -> String) throws(BrokenPropertyError) {
    guard condition else { throw BrokenPropertyError(description: description()) }
}

/// The ways in which a stream's bytes are fed: at once, one by one, and in pieces that the bytes themselves decide on.
func cuts(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    var uneven: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while let first = rest.first {
        let piece = rest.prefix(Int(first) % 13 + 1)
        uneven += [piece, []]
        rest = rest.dropFirst(piece.count)
    }
    return [[bytes[...]], bytes.indices.map { bytes[$0...$0] }, uneven]
}
