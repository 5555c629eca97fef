import JSON
import TestSupport

extension SplitMix64 {
    /// A value of any kind, with what is hard to write and to read back among its scalars.
    mutating func value(depth: Int = 0) -> JSON {
        switch Int.random(in: 0..<(depth < 5 ? 10 : 7), using: &self) {
        case 0: nil
        case 1: .bool(Bool.random(using: &self))
        case 2: .integer(pick([0, -1, .max, .min, Int(truncatingIfNeeded: next())]))
        case 3, 4: .double(double())
        case 5, 6: .string(string())
        case 7, 8: .array((0..<Int.random(in: 0...5, using: &self)).map { _ in value(depth: depth + 1) })
        default: .object(object(depth: depth))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<pick([0, 1, 2, 3, 5, 20]) { object[string()] = value(depth: depth + 1) }
        return object
    }

    /// Any finite double that there is.
    private mutating func double() -> Double {
        let value = Double(bitPattern: next())
        return value.isFinite ? value : pick([0, 0.1, 1, -2.5, 1e300])
    }

    private mutating func string() -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x1F, 0x20...0x7F, 0x22...0x22, 0x5C...0x5C, 0x61...0x7A, 0x80...0x7FF, 0x800...0xD7FF,
            0xE000...0xFFFF, 0x10000...0x10FFFF,
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            guard let scalar = Unicode.Scalar(UInt32.random(in: pick(ranges), using: &self)) else { continue }
            text.append(scalar)
        }
        return String(text)
    }
}
