import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite struct BoundedStoreTests {
    private let time = Locked(ContinuousClock.now)

    private func store(seconds: Double = 10, count: Int = 3, bytes: Int = 100) -> BoundedStore<String> {
        BoundedStore(seconds: seconds, maxCount: count, maxBytes: bytes) { [time] in time.withLock { $0 } }
    }

    private func wait(_ seconds: Int) { time.withLock { $0 += .seconds(seconds) } }

    @Test func forgetsWhatIsUnusedForLongest() {
        let store = store()
        for name in ["a", "b", "c"] {
            store.keep(name, bytes: 1, as: name)
            wait(1)
        }
        #expect(store.value("a", isUse: true) == "a")
        wait(1)
        store.keep("d", bytes: 1, as: "d")
        #expect(store.values { _ in true }.sorted() == ["a", "c", "d"])
    }

    @Test func aUseKeepsItAndALookDoesNot() {
        let store = store()
        store.keep("a", bytes: 1, as: "a")
        store.keep("b", bytes: 1, as: "b")
        wait(6)
        #expect(store.value("a", isUse: true) == "a")
        #expect(store.value("b") == "b")
        wait(6)
        #expect(store.value("a") == "a")
        #expect(store.value("b") == nil)
        #expect(store.values { _ in true } == ["a"])
    }

    @Test func hasARoomForItsBytes() {
        let store = store()
        store.keep("a", bytes: 60, as: "a")
        wait(1)
        store.keep("b", bytes: 60, as: "b")
        #expect(store.value("a") == nil)
        store.keep("huge", bytes: 101, as: "b")
        #expect(store.value("b") == nil, "neither the old nor the new one")
        #expect(store.count == 0)
    }

    @Test func anOwnerWithTooManyLosesTheirOwn() {
        let store = BoundedStore<String>(
            seconds: 10, maxCount: 10, maxBytes: 100, ownerLimits: (count: 2, bytes: 50)
        ) { [time] in time.withLock { $0 } }
        for (name, owner, bytes) in [("a", "ann", 1), ("b", "bob", 1), ("c", "ann", 1), ("d", "ann", 1)] {
            store.keep(name, bytes: bytes, as: name, of: owner)
            wait(1)
        }
        #expect(store.values { _ in true }.sorted() == ["b", "c", "d"])
        store.keep("e", bytes: 50, as: "e", of: "ann")
        #expect(store.values { _ in true }.sorted() == ["b", "e"])
        store.keep("f", bytes: 51, as: "f", of: "ann")
        #expect(store.value("f") == nil)
    }

    @Test func removesOneByItsName() {
        let store = store()
        store.keep("a", bytes: 1, as: "a")
        #expect(store.remove("a"))
        #expect(!store.remove("a"))
        store.keep("b", bytes: 1, as: "b")
        wait(11)
        #expect(!store.remove("b"), "it was gone already")
    }

    @Test func removesWhatFits() {
        let store = store()
        store.keep("a", bytes: 1, as: "a")
        store.keep("b", bytes: 1, as: "b")
        #expect(store.remove { name, _ in name == "a" } == ["a"])
        wait(11)
        #expect(store.remove { _, _ in true }.isEmpty, "what is over was gone already")
        #expect(store.count == 0)
    }

    @Test func keepsNothingWithoutTime() {
        let store = store(seconds: 0)
        store.keep("a", bytes: 1, as: "a")
        #expect(store.count == 0)
    }
}
