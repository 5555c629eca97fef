import Testing

@testable import ExecCore

@Suite struct PrewarmQueueTests {
    private func users(_ names: String...) throws -> [UserID] {
        try names.map { try #require(UserID($0)) }
    }

    @Test func givesEachOnceInTheirOrder() throws {
        let queue = PrewarmQueue(capacity: 9)
        _ = queue.add(try users("b", "a", "b"))
        _ = queue.add(try users("a", "c"))
        #expect(queue.next()?.name == "b")
        _ = queue.add(try users("b"))
        #expect([queue.next(), queue.next(), queue.next(), queue.next()].map { $0?.name } == ["a", "c", "b", nil])
    }

    @Test func passesOverThoseForWhomThereIsNoPlace() throws {
        let queue = PrewarmQueue(capacity: 2)
        _ = queue.add(try users("a", "b", "c"))
        _ = queue.add(try users("d"))
        #expect([queue.next(), queue.next(), queue.next()].map { $0?.name } == ["a", "b", nil])
    }

    @Test func sendsForOneToTakeThemOutAtATime() throws {
        let queue = PrewarmQueue(capacity: 9)
        #expect(!queue.add([]))
        #expect(queue.add(try users("a")))
        #expect(!queue.add(try users("b")))
        #expect(queue.next() != nil)
        #expect(queue.next() != nil)
        // Whoever takes them out has not yet seen the end.
        #expect(!queue.add(try users("c")))
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
        #expect(queue.add(try users("d")))
    }
}
