import Threading

/// Collects what callbacks report, in order, from whatever thread, and lets a test wait for it.
package final class Recorder<Element: Sendable>: Sendable {
    private let recorded = ConditionLocked<[Element]>([])

    /// Nothing recorded yet.
    package init() {}

    /// What was recorded up to now.
    package var elements: [Element] { recorded.change { $0 } }

    /// Adds `element` at the end.
    package func record(_ element: Element) {
        recorded.change { $0.append(element) }
    }

    /// Waits until `isComplete` says of what was recorded that it is all.
    ///
    /// - Returns: what was recorded until then.
    @discardableResult
    package func wait(until isComplete: @escaping @Sendable ([Element]) -> Bool) async throws -> [Element] {
        try await onThread { [recorded] in
            recorded.wait { isComplete($0) ? $0 : nil }
        }
    }

    /// Waits until `count` elements were recorded.
    @discardableResult
    package func wait(forCount count: Int) async throws -> [Element] {
        try await wait { $0.count >= count }
    }
}
