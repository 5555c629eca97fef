import TestSupport
import Testing

@testable import PrivateData

/// Numbers and names that are nobody's, as data and logs are full of them.
@Suite struct NegativeTests {
    private static let makers: [(name: String, make: @Sendable (inout SplitMix64) -> String)] = [
        ("time in s", { "ts=\(Int.random(in: 1_500_000_000...1_900_000_000, using: &$0))" }),
        ("time in ms", { "\"at\": \(Int.random(in: 1_500_000_000_000...1_900_000_000_000, using: &$0))," }),
        ("time in µs", { "\(Int.random(in: 1_500_000_000_000_000...1_900_000_000_000_000, using: &$0))" }),
        ("time in ns", { "t \(Int.random(in: 1_500_000_000_000_000_000...1_900_000_000_000_000_000, using: &$0))" }),
        ("version", { "version \(digits(1, &$0)).\(digits(2, &$0)).\(digits(1, &$0)).\(digits(1, &$0))" }),
        ("semantic version", { "v\(digits(1, &$0)).\(digits(2, &$0)).\(digits(1, &$0))-rc.\(digits(1, &$0))" }),
        ("SHA-1", { hex(40, &$0) }), ("SHA-256", { "sha256:" + hex(64, &$0) }), ("short SHA", { hex(12, &$0) }),
        ("UUID", { uuid(&$0) }),
        ("UUID of digits", { "\(digits(8, &$0))-\(digits(4, &$0))-4111-8111-\(digits(12, &$0))" }),
        ("ISBN", { "978\(digits(10, &$0))" }), ("EAN", { "4\(digits(12, &$0))" }), ("UPC", { "0\(digits(11, &$0))" }),
        ("written ISBN", { "978-\(digits(1, &$0))-\(digits(4, &$0))-\(digits(4, &$0))-\(digits(1, &$0))" }),
        ("snowflake", { "\(Int.random(in: 100_000_000_000_000_000...1_400_000_000_000_000_000, using: &$0))" }),
        ("order", { "ORD-\(digits(16, &$0))" }), ("short order", { "ORD-\(digits(8, &$0))" }),
        ("invoice", { "INV/2024/\(digits(6, &$0))" }),
        ("coordinates", { "\(digits(2, &$0)).\(digits(7, &$0)), -\(digits(2, &$0)).\(digits(7, &$0))" }),
        ("signed coordinates", { "+\(digits(2, &$0)).\(digits(7, &$0))" }),
        ("CIDR", { "10.\(Int.random(in: 0...255, using: &$0)).0.0/16" }),
        ("decimals", { "0.\(digits(16, &$0))" }),
        ("price", { "$\(digits(3, &$0)),\(digits(3, &$0)).\(digits(2, &$0))" }),
        ("date", { "2024-\(digits(2, &$0))-\(digits(2, &$0))T\(digits(2, &$0)):\(digits(2, &$0)):\(digits(2, &$0))Z" }),
        ("compact date", { "2024\(digits(10, &$0))" }), ("number of a row", { "\(digits(6, &$0))" }),
        ("nine digits", { "id \(digits(9, &$0))" }), ("ten digits", { "id \(digits(10, &$0))" }),
        ("eleven digits", { "id \(digits(11, &$0))" }),
        ("words", { _ in "The quick brown fox: 12 of 30 (40%)" }),
        ("hex dump", { "0000\(hex(4, &$0)) " + (0..<5).map { _ in "4111" }.joined(separator: " ") }),
    ]

    private static func uuid(_ random: inout SplitMix64) -> String {
        var parts: [String] = []
        for count in [8, 4, 4, 4, 12] { parts.append(hex(count, &random)) }
        return parts.joined(separator: "-")
    }

    private static func digits(_ count: Int, _ random: inout SplitMix64) -> String {
        (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
    }

    private static func hex(_ count: Int, _ random: inout SplitMix64) -> String {
        (0..<count).map { _ in String(Int.random(in: 0...15, using: &random), radix: 16) }.joined()
    }

    @Test func whatIsNobodysIsHardlyEverTaken() {
        var random = SplitMix64(seed: 16)
        var (count, taken) = (0, [String: [String]]())
        for _ in 0..<350 {
            for maker in Self.makers {
                let text = maker.make(&random)
                count += 1
                for value in found(text) {
                    taken[String(value.prefix { $0 != ":" }), default: []].append("\(maker.name): \(text)")
                }
            }
        }
        #expect(count > 10_000)
        for kind in ["card", "ssn", "iban", "ip", "email"] { #expect(taken[kind, default: []] == []) }
        #expect(taken["phone", default: []].count * 1000 <= count, "\(taken["phone", default: []].prefix(5))")
    }
}
