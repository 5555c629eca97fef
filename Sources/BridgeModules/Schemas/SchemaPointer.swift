import JSON
import SystemCalls

/// Local references: JSON Pointers (RFC 6901) in a fragment.
enum SchemaPointer {
    private static let maxLength = 1024
    private static let maxSegments = 32

    /// Returns what `reference` points to in `root`, or `nil` if it is remote, dangling or overlong.
    static func target(of reference: String, in root: JSON) -> JSON? {
        guard reference.utf8.count <= maxLength, reference.utf8.first == UInt8(ascii: "#") else { return nil }
        let pointer = reference.dropFirst()
        if pointer.isEmpty { return root }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        let segments = pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count <= maxSegments else { return nil }
        var value = root
        for segment in segments {
            guard let key = unescaped(String(segment)), let next = child(key, of: value) else { return nil }
            value = next
        }
        return value
    }

    private static func child(_ key: String, of value: JSON) -> JSON? {
        switch value {
        case .object(let object): object[key]
        case .array(let elements): Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : JSON?.none }
        default: nil
        }
    }

    private static func unescaped(_ segment: String) -> String? {
        guard segment.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "%") }) else {
            return segment
        }
        var bytes: [UInt8] = []
        let decoded = PercentEncoding.decode(path: segment) ?? segment
        var rest = decoded.utf8[...]
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "~"), UInt8(ascii: "1")): bytes.append(UInt8(ascii: "/"))
            case (UInt8(ascii: "~"), UInt8(ascii: "0")): bytes.append(UInt8(ascii: "~"))
            default:
                bytes.append(byte)
                continue
            }
            rest = rest.dropFirst()
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
