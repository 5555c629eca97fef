import Threading

// Texts that are cut before their values are replaced.
extension PrivateDataVault {
    /// Returns the beginning of a text that ends within no value and no token, so that nothing is left of what would be
    /// cut in two; `nil` if the text isn't longer.
    ///
    /// - Parameter length: the most Unicode scalars of it.
    public func beginning(of text: String, _ length: Int) -> String? {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: length, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return nil }
        let limit = text.utf8.distance(from: text.startIndex, to: end)
        // All of a value that begins before the end.
        let beginning = Array(text.utf8.prefix(limit + Self.maxValue))
        let kept = beginning.withUnsafeBufferPointer { bytes -> Int in
            let scanned = ScannedText(bytes: bytes)
            let values = detectors.values(in: scanned) + state.withLock { $0.registry.values(in: scanned) }
            let ranges = values.map(\.range) + TokenSyntax.all(in: scanned, kinds: kinds).map(\.range)
            var kept = limit
            // What ends before the new end needs no second look.
            for range in ranges.sorted(by: { $0.upperBound > $1.upperBound }) {
                if range.lowerBound < kept, kept < range.upperBound { kept = range.lowerBound }
            }
            return kept
        }
        return String(decoding: beginning[..<kept], as: UTF8.self)
    }
}
