import ChildProcess
import Hashing
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SealedRecordTests {
    // Always the same, so that the tests are. A record that is cut off may be completed by what follows: a byte is right
    // once in 256 times.
    private static let key = SealKey((0..<32).map { UInt8($0) }) ?? SealKey()
    private static let overhead = SealedRecord.headerSize + SealedRecord.tagSize

    /// A message of this many bytes, none like its neighbour.
    private func message(_ count: Int, _ first: Int = 0) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ first) }
    }

    /// Seals each message by itself.
    private func records(
        _ messages: [[UInt8]], key: SealKey = Self.key, _ direction: SealKey.Direction = .fromGuest, number: UInt64 = 0
    ) throws -> [[UInt8]] {
        var sealer = RecordSealer(key, direction, number: number)
        return try messages.map { try sealer.seal($0) }
    }

    /// What is opened of `pieces`, fed one after the other, and the error that ends it.
    private func opened(
        _ pieces: [[UInt8]], key: SealKey = Self.key, _ direction: SealKey.Direction = .fromGuest, number: UInt64 = 0
    ) -> (messages: [[UInt8]], error: ChannelError?) {
        var opener = RecordOpener(key, direction, number: number)
        var messages: [[UInt8]] = []
        do throws(ChannelError) {
            for piece in pieces {
                try piece.withUnsafeBufferPointer { (bytes) throws(ChannelError) in
                    try opener.feed(UnsafeRawBufferPointer(bytes)) { messages.append(Array($0)) }
                }
            }
            return (messages, nil)
        } catch {
            return (messages, error)
        }
    }

    @Test(arguments: [1, 2, 135, 136, 137, 1000, SealedRecord.maxPiece - 1, SealedRecord.maxPiece])
    func opensWhatWasSealed(count: Int) throws {
        let message = message(count)
        let records = try records([message, message, [1]])
        #expect(records.map(\.count) == [count, count, 1].map { $0 + Self.overhead })
        // The same message is never sealed to the same bytes.
        #expect(records[0] != records[1])
        let (found, error) = opened([records.flatMap { $0 }])
        #expect(error == nil)
        #expect(found == [message, message, [1]])
    }

    @Test func splitsALongMessage() throws {
        let message = message(3 * SealedRecord.maxPiece + 1)
        let records = try records([message])
        #expect(records[0].count == message.count + 4 * Self.overhead)
        let (found, error) = opened(records)
        #expect(error == nil)
        #expect(found.map(\.count) == [SealedRecord.maxPiece, SealedRecord.maxPiece, SealedRecord.maxPiece, 1])
        #expect(found.flatMap { $0 } == message)
    }

    @Test func sealsNothingToNothing() throws {
        #expect(try records([[]]) == [[]])
    }

    @Test func opensTheSameWhereverItIsCut() throws {
        let messages = [message(5), message(40, 9)]
        let bytes = try records(messages).flatMap { $0 }
        for cut in 0...bytes.count {
            #expect(opened([Array(bytes[..<cut]), Array(bytes[cut...])]).messages == messages, "cut at \(cut)")
        }
        #expect(opened(bytes.map { [$0] }).messages == messages)
    }

    /// More follows than a record can be long: a longer length would otherwise be waited for.
    @Test func findsEveryFlippedBit() throws {
        let whole = try records([message(3), message(20), message(2 * SealedRecord.maxPiece)])
        let changed = whole[1]
        for place in changed.indices {
            for bit in 0..<8 {
                var record = changed
                record[place] ^= 1 << UInt8(bit)
                let (found, error) = opened([whole[0], record, whole[2]])
                #expect(error == .brokenSeal, "bit \(bit) of byte \(place)")
                #expect(found == [message(3)], "bit \(bit) of byte \(place)")
            }
        }
    }

    @Test(arguments: [
        [0, 0], [0, 2], [1, 0], [0, 2, 1, 3], [0, 1, 1, 2], [0, 1, 0], [2],
    ])
    func findsWhatIsRepeatedLeftOutOrExchanged(order: [Int]) throws {
        let messages = (0..<4).map { message(20, $0) }
        let records = try records(messages)
        let (found, error) = opened(order.map { records[$0] })
        #expect(error == .brokenSeal)
        // What came in its turn before.
        #expect(found == Array(messages.prefix(found.count)))
        #expect(zip(order, found.indices).allSatisfy { $0 == $1 })
    }

    @Test func findsWhatWasCutOffOnceAnythingFollows() throws {
        let records = try records([message(20), message(30), message(40), message(SealedRecord.maxPiece)])
        for count in 1..<records[1].count {
            let cut = [records[0], Array(records[1][..<count])]
            #expect(opened(cut).error == nil)
            #expect(opened(cut).messages.count == 1)
            let (found, error) = opened(cut + [records[2], records[3]])
            #expect(error == .brokenSeal, "after \(count) bytes")
            #expect(found.count == 1)
        }
    }

    @Test func opensNothingOfTheOtherDirection() throws {
        for (sealed, opened) in [
            (SealKey.Direction.fromServer, SealKey.Direction.fromGuest), (.fromGuest, .fromServer),
        ] {
            let records = try records([message(20)], sealed)
            #expect(self.opened(records, opened).error == .brokenSeal)
            #expect(self.opened(records, sealed).messages == [message(20)])
        }
    }

    @Test func opensNothingOfAnotherKey() throws {
        let records = try records([message(20)], key: SealKey())
        let (found, error) = opened(records)
        #expect(error == .brokenSeal)
        #expect(found.isEmpty)
    }

    /// Sealed zeros are the key stream itself.
    @Test func noKeyStreamComesTwice() throws {
        let zeros = [[UInt8]](repeating: [UInt8](repeating: 0, count: 32), count: 100)
        let streams = try SealKey.Direction.allCases.flatMap { direction in
            try records(zeros, direction).map { Array($0.dropFirst(SealedRecord.headerSize).prefix(32)) }
        }
        #expect(Set(streams).count == 200)
        #expect(!streams.contains(zeros[0]))
    }

    @Test func usesNoNumberTwice() throws {
        let last = SealedRecord.maxRecords - 1
        var sealer = RecordSealer(Self.key, .fromGuest, number: last)
        let record = try sealer.seal([1])
        #expect(throws: SealExhaustedError.self) { try sealer.seal([1]) }
        #expect(throws: SealExhaustedError.self) { try sealer.seal([1]) }
        let (found, error) = opened([record, record], number: last)
        #expect(found == [[1]])
        #expect(error == .brokenSeal)
    }

    @Test func sealsNothingOfWhatItCannotSealWhole() throws {
        var sealer = RecordSealer(Self.key, .fromGuest, number: SealedRecord.maxRecords - 1)
        #expect(throws: SealExhaustedError.self) { try sealer.seal(message(SealedRecord.maxPiece + 1)) }
        #expect(try sealer.seal([1]).count == 1 + Self.overhead)
    }

    @Test(arguments: [0, UInt32(SealedRecord.maxPiece) + 1, 0x5741_524E, .max])
    func refusesALengthByItsHeader(length: UInt32) throws {
        let header = withUnsafeBytes(of: length.bigEndian) { Array($0) }
        // Text of the engine, perhaps.
        #expect(opened([header]).error == ChannelError(reason: "announced a record of \(length) bytes"))
        #expect(opened(try records([[1]]) + [header]).error == .brokenSeal)
    }

    @Test func everySubkeyIsDifferent() {
        let keys = [Self.key, SealKey()]
        let outputs = keys.flatMap { key in
            SealKey.Direction.allCases.flatMap { direction in
                var output = key.stream(direction).output
                return [output.next(16), key.tags(direction).digest]
            }
        }
        #expect(Set(outputs).count == 8)
        #expect(keys[0].hexDigits.count == 64)
        #expect(keys[0].hexDigits != keys[1].hexDigits)
    }

    @Test func framesMayBeCutAnywhereByRecords() throws {
        let frames = (1...5).map { Frame(.data, call: UInt32($0), payload: message(30_000, $0)) }
        let records = try records([frames.flatMap(\.bytes)])
        var decoder = FrameDecoder(opener: RecordOpener(Self.key, .fromGuest))
        var found: [Frame] = []
        for piece in records.flatMap({ $0 }).chunks(of: 777) {
            try piece.withUnsafeBytes { try decoder.feed($0) { found.append($0) } }
        }
        #expect(found == frames)
        #expect(decoder.unread.isEmpty)
    }

    @Test func framesThatManyTasksWriteAtOnceAreOpened() async throws {
        let pipe = try TestPipe()
        let writer = FrameWriter(PipeWriter(descriptor: pipe.writeEnd), key: Self.key)
        async let received = onThread { readAll(from: pipe.readEnd) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in UInt32(1)...8 {
                group.addTask {
                    for number in 0..<40 {
                        let payload = [UInt8](repeating: UInt8(number), count: 1 + number * number * 17)
                        try await writer.write(Frame(.data, call: task, payload: payload))
                    }
                }
            }
            try await group.waitForAll()
        }
        writer.close()
        let bytes = try await received
        pipe.closeReadEnd()
        var decoder = FrameDecoder(opener: RecordOpener(Self.key, .fromServer))
        var found: [Frame] = []
        try bytes.withUnsafeBytes { try decoder.feed($0) { found.append($0) } }
        for task in UInt32(1)...8 {
            let numbers = found.filter { $0.call == task }.map { Int($0.payload[0]) }
            #expect(numbers == Array(0..<40))
        }
    }
}

extension [UInt8] {
    fileprivate func chunks(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
