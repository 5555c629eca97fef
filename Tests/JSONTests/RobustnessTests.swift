import JSON
import TestSupport
import Testing

@Suite struct RobustnessTests {
    private static let sample = Array(
        #"""
        {"jsonrpc":"2.0","id":-12,"method":"tools/call","params":{"name":"write_file","list":[1,2.5e-3,true,false,null],
        "arguments":{"content":"a\n\"b\" \u00e9\uD83D\uDE00 日本語","empty":{}}}}
        """#.utf8)

    @Test func refusesEveryTextThatIsCutShort() throws {
        _ = try JSON.parse(Self.sample)
        for length in 0..<Self.sample.count {
            let error = try #require(parseError(Array(Self.sample[..<length])))
            #expect(error.offset <= length)
        }
    }

    @Test(arguments: UInt64(1)...10)
    func survivesMutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            var bytes = Self.sample
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
            checkOutcome(bytes)
        }
    }

    @Test(arguments: UInt64(1)...10)
    func survivesGarbage(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array(#"{}[]",:\u0123456789eE+-.truefalsn /"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
        for _ in 0..<3000 {
            let isUniform = Bool.random(using: &random)
            checkOutcome(
                (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    isUniform ? UInt8.random(in: 0...255, using: &random) : random.pick(alphabet)
                })
        }
    }

    /// What is read is written and read back the same; what is not has its fault inside the text.
    private func checkOutcome(_ bytes: [UInt8]) {
        do throws(JSONParseError) {
            let value = try JSON.parse(bytes)
            #expect(try JSON.parse(value.serialized()) == value)
        } catch {
            #expect(0...bytes.count ~= error.offset, "\(bytes)")
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(random.pick(bytes), at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + 5))
        }
    }

    @Test func readsAVeryLargeObjectInNearlyLinearTime() throws {
        func fastest(members: Int) throws -> Double {
            let text = Array("{\((0..<members).map { "\"name\($0)\":\($0)" }.joined(separator: ","))}".utf8)
            #expect(try JSON.parse(text).objectValue?.count == members)
            let times = try (0..<3).map { _ in try processorTime { _ = try JSON.parse(text) } }
            return try #require(times.min())
        }
        // Ten times the members: a ratio of 10 where time is linear, of 100 where it is quadratic.
        #expect(try fastest(members: 100_000) / fastest(members: 10_000) < 40)
    }
}
