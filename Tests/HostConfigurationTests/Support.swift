@testable import HostConfiguration

/// A small generator of random numbers that gives the same row for the same seed, so that a failure can be repeated.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// One of the elements, by chance.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    /// Some of the elements in a row, each by chance.
    mutating func row<Element>(_ count: ClosedRange<Int>, of elements: [Element]) -> [Element] {
        (0..<Int.random(in: count, using: &self)).map { _ in pick(elements) }
    }
}

extension EditedText {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The refusal that an edit ends in; nil where it succeeds.
func refusal(_ body: () throws(NotEditable) -> EditedText) -> NotEditable? {
    do throws(NotEditable) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// The text with every line feed as CR LF.
func carriageReturns(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
}
