import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct BlockingQueueTests {
    @Test(arguments: [1, 10, 1023, 1024, 1025, 5000])
    func givesElementsInOrder(count: Int) {
        let queue = BlockingQueue<Int>()
        for number in 0..<count { queue.add(number) }
        queue.close()
        var taken: [Int] = []
        while let number = queue.next() { taken.append(number) }
        #expect(taken == Array(0..<count))
    }

    @Test func keepsTheOrderWhileElementsComeAndGo() {
        let queue = BlockingQueue<Int>()
        var added = 0
        var taken = 0
        // Grows to 3000 waiting ones and shrinks again, over and over, so that taken ones are trimmed at every size.
        for round in 0..<20 {
            for _ in 0..<(round % 2 == 0 ? 3000 : 500) {
                queue.add(added)
                added += 1
            }
            while added - taken > (round % 2 == 0 ? 700 : 0) {
                #expect(queue.next() == taken)
                taken += 1
            }
        }
        #expect(taken == added)
    }

    @Test func keepsEachProducersOrder() async throws {
        let queue = BlockingQueue<(producer: Int, number: Int)>()
        async let consumed = onThread {
            var last = [Int](repeating: -1, count: 4)
            while let element = queue.next() {
                guard element.number == last[element.producer] + 1 else { return last }
                last[element.producer] = element.number
            }
            return last
        }
        _ = try await onThreads(4) { producer in
            for number in 0..<5000 { queue.add((producer, number)) }
        }
        queue.close()
        #expect(try await consumed == [4999, 4999, 4999, 4999])
    }

    @Test func givesEachElementToOneConsumer() async throws {
        let queue = BlockingQueue<Int>()
        async let shares = onThreads(4) { _ in
            var share: [Int] = []
            while let number = queue.next() { share.append(number) }
            return share
        }
        for number in 0..<10_000 { queue.add(number) }
        queue.close()
        #expect(try await shares.flatMap { $0 }.sorted() == Array(0..<10_000))
    }

    @Test func waitsForAnElement() async throws {
        let queue = BlockingQueue<String>()
        async let taken = onThread { queue.next() }
        queue.add("late")
        #expect(try await taken == "late")
    }

    @Test func wakesEveryWaiterWhenItCloses() async throws {
        let queue = BlockingQueue<String>()
        async let taken = onThreads(3) { _ in queue.next() }
        queue.close()
        #expect(try await taken == [nil, nil, nil])
    }

    @Test func refusesElementsOnceClosedAndKeepsThoseItHas() {
        let queue = BlockingQueue<Int>()
        #expect(queue.add(1))
        queue.close()
        #expect(!queue.add(2))
        queue.close()
        #expect(queue.next() == 1)
        #expect(queue.next() == nil)
        #expect(queue.next() == nil)
    }

    @Test func letsGoOfAnElementWhenItIsTaken() {
        let queue = BlockingQueue<Recorder<Int>>()
        weak var observed: Recorder<Int>?
        do {
            let element = Recorder<Int>()
            observed = element
            queue.add(element)
        }
        // Others behind it keep the row from being trimmed.
        for _ in 0..<10 { queue.add(Recorder()) }
        #expect(observed != nil)
        _ = queue.next()
        #expect(observed == nil)
    }
}
