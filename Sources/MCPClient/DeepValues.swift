import JSON
import JSONRPC

/// Arrays and objects that are nested too deeply to be parsed.
enum DeepValues {
    /// Takes the place of such a value.
    static let marker = JSON.string("[nested deeper than \(JSON.maxDepth) levels]")

    /// Parses a response that has such values.
    ///
    /// - Parameter isAccepted: whether they are replaced in the response to the request with this id.
    /// - Returns: `nil` if it is anything else.
    static func response(
        in line: [UInt8], _ limits: ClientLimits, anyVersion: Bool, isAccepted: (Int) -> Bool
    ) -> IncomingMessage? {
        var scanner = JSONScanner()
        guard line.contains(where: { scanner.advance(over: $0) == .open && scanner.depth > JSON.maxDepth }) else {
            return nil
        }
        let message = IncomingMessage.parse(
            line, valueLimit: limits.lineValues, anyVersion: anyVersion, deepValue: marker)
        guard case .response(let id?, _) = message, id.number.map(isAccepted) == true else { return nil }
        return message
    }

    /// Whether a part of a value was replaced.
    static func areMissing(from value: JSON) -> Bool {
        switch value {
        case .string: value == marker
        case .array(let elements): elements.contains { areMissing(from: $0) }
        case .object(let object): object.contains { areMissing(from: $0.value) }
        default: false
        }
    }
}
