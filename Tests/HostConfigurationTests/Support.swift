import TestSupport

@testable import HostConfiguration

extension SplitMix64 {
    /// Some of the elements in a row, each by chance.
    mutating func row<Element>(_ count: ClosedRange<Int>, of elements: [Element]) -> [Element] {
        (0..<Int.random(in: count, using: &self)).map { _ in pick(elements) }
    }
}

extension EditedText {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The refusal that an edit ends in; nil where it succeeds.
func refusal(_ body: () throws(EditError) -> EditedText) -> EditError? {
    do throws(EditError) {
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
