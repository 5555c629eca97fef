import JSON
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// The guest's half of a sealed channel against this one.
@Suite(.timeLimit(.minutes(3))) struct GuestSealTests {
    private static let bytes = (0..<32).map { UInt8($0 * 7) }

    /// A sealer and an opener as the guest has them, and what two of them make of records.
    private static let heading = """
        from guest import seal
        key = bytes(place * 7 for place in range(32))
        def sealer(direction=seal.FROM_GUEST, key=key, number=0): return seal.Sealer(key, direction, number)
        def records(messages, *arguments, **options):
            one = sealer(*arguments, **options)
            return [b"".join(one.seal(message)) for message in messages]
        def opened(pieces, direction=seal.FROM_GUEST, key=key, number=0):
            one, found = seal.Opener(key, direction, number), []
            try:
                for piece in pieces:
                    found.extend(one.feed(piece))
            except seal.SealError:
                return found, True
            return found, False
        messages = [bytes([number]) * 20 for number in range(4)]

        """

    private func output(_ script: String) async throws -> String {
        try await GuestModules.run(Self.heading + script)
    }

    @Test func bothSidesOpenWhatTheOtherSeals() async throws {
        let key = try #require(SealKey(Self.bytes))
        var random = SplitMix64(seed: 19)
        let lengths = [1, 2, 300, SealedRecord.maxPiece, SealedRecord.maxPiece + 1, 200_000]
        let messages = lengths.map { length in (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) } }
        let directory = try TemporaryDirectory()
        var sealer = RecordSealer(key, .fromServer)
        let sealed = try messages.flatMap { try sealer.seal($0) }
        let input = try directory.write(sealed, to: "input")
        // Opened in odd pieces, and sealed again in the other direction.
        let script = """
            data = open("\(input)", "rb").read()
            texts, is_broken = opened([data[at : at + 7777] for at in range(0, len(data), 7777)], seal.FROM_SERVER)
            assert not is_broken
            with open("\(directory.path)/output", "wb") as file:
                for record in records(texts):
                    file.write(record)
            print(len(texts), sum(map(len, texts)))
            """
        // Those that are longer than a record come in pieces.
        let count = lengths.map { ($0 - 1) / SealedRecord.maxPiece + 1 }.reduce(0, +)
        #expect(try await output(script) == "\(count) \(lengths.reduce(0, +))\n")
        let answer = try #require(Files.read("\(directory.path)/output", limit: 1 << 20))
        var opener = RecordOpener(key, .fromGuest)
        var found: [UInt8] = []
        try answer.withUnsafeBytes { try opener.feed($0) { found += Array($0) } }
        #expect(found == messages.flatMap { $0 })
        #expect(opener.unread.isEmpty)
    }

    @Test func bothSidesHaveTheSameNumbers() async throws {
        let script = """
            print(json.dumps([seal.MAX_PIECE, seal.MAX_RECORDS, seal.TAG_SIZE, seal._LENGTH.size, seal.PERSON.decode(),
                              seal.FROM_GUEST.decode(), seal.FROM_SERVER.decode()]))
            """
        let numbers: JSON = [
            .integer(SealedRecord.maxPiece), .integer(Int(SealedRecord.maxRecords)), .integer(SealedRecord.tagSize),
            .integer(SealedRecord.headerSize), .string(String(decoding: SealKey.personalization, as: UTF8.self)),
            .string(SealKey.Direction.fromGuest.rawValue), .string(SealKey.Direction.fromServer.rawValue),
        ]
        #expect(try JSON.parse(Array(try await output(script).utf8)) == numbers)
    }

    @Test func findsEveryFlippedBit() async throws {
        let script = """
            whole = records([b"abc", bytes(20), bytes(2 * seal.MAX_PIECE)])
            missed = []
            for place in range(8 * len(whole[1])):
                record = bytearray(whole[1])
                record[place // 8] ^= 1 << place % 8
                if opened([whole[0], bytes(record), whole[2]]) != ([b"abc"], True):
                    missed.append(place)
            print(len(whole[1]), missed)
            """
        #expect(try await output(script) == "40 []\n")
    }

    @Test func findsWhatIsRepeatedLeftOutExchangedOrFromElsewhere() async throws {
        let script = """
            sealed = records(messages)
            for order in [0, 0], [0, 2], [1, 0], [0, 2, 1, 3], [0, 1, 0], [2]:
                found, is_broken = opened([sealed[place] for place in order])
                assert is_broken and found == messages[: len(found)], order
            other = key[:-1] + b"!"
            print(*(opened(records(messages, **how), **back)[0] for how, back in (
                ({"direction": seal.FROM_SERVER}, {}), ({}, {"direction": seal.FROM_SERVER}),
                ({"key": other}, {}), ({}, {"key": other}), ({"number": 1}, {}), ({}, {"number": 1}))))
            print(opened([sealed[0], sealed[1][:-1], sealed[2]]) == (messages[:1], True))
            print([opened([sealed[0], length.to_bytes(4, "big")])[1] for length in (0, 1, 65536, 65537, 1 << 31)])
            """
        #expect(
            try await output(script) == "[] [] [] [] [] []\nTrue\n[True, False, False, True, True]\n")
    }

    @Test func usesNoNumberTwice() async throws {
        let script = """
            last = seal.MAX_RECORDS - 1
            one = sealer(number=last)
            record = b"".join(one.seal(b"x"))
            for _ in range(2):
                try:
                    list(one.seal(b"x"))
                except seal.SealError as error:
                    print(error)
            print(opened([record, record], number=last))
            """
        let said = "the key of the channel is used up\n"
        #expect(try await output(script) == said + said + "([b'x'], True)\n")
    }

    /// A channel in a process of its own, which is told what comes and whose outputs are read.
    private static let ownProcess = """
        def channel_does(body, key, data=b""):
            (own_in, into), (out, own_out), (errors, own_errors) = os.pipe(), os.pipe(), os.pipe()
            os.write(into, data)
            os.close(into)
            if os.fork() == 0:
                for descriptor, place in (own_in, 0), (own_out, 1), (own_errors, 2):
                    os.dup2(descriptor, place)
                try:
                    body(guest.channel.Channel(None, lambda *frame: None, key))
                finally:
                    os._exit(9)
            os.close(own_out)
            os.close(own_errors)
            said = [open(descriptor, "rb").read() for descriptor in (out, errors)]
            return (*said, os.waitstatus_to_exitcode(os.wait()[1]))

        def frames_of(said):
            decoder = seal.Decoder(seal.Opener(key, seal.FROM_GUEST), guest.frames.Decoder())
            return list(decoder.feed(said))

        """

    @Test func aSealedChannelSaysNothingInClear() async throws {
        let script =
            Self.ownProcess + """
                def body(channel):
                    import warnings
                    channel.send(guest.frames.json_frame(guest.frames.RESULT, 7, {"text": "canary"}))
                    channel.log("canary")
                    warnings.warn("canary")
                    print("canary", file=sys.stderr, flush=True)
                    os.write(2, b"canary")
                    os.system("echo canary >&2")
                    channel.fail(ValueError("canary"))
                said, errors, status = channel_does(body, key)
                print(b"canary" in said, errors, status)
                print(frames_of(said))
                clear = channel_does(body, b"")
                print(clear[0].count(b"canary"), clear[1].count(b"canary"))
                """
        #expect(
            try await output(script) == """
                False b'guest: ValueError' 70
                [(5, 7, b'{"text":"canary"}'), (8, 0, b'canary'), (8, 0, b'guest: ValueError: canary')]
                2 5

                """)
    }

    @Test func saysWhyItEndsIfTheServersSealIsBroken() async throws {
        let script =
            Self.ownProcess + """
                record = records([guest.frames.frame(guest.frames.PING, 0)], seal.FROM_SERVER)[0]
                def body(channel):
                    try:
                        channel._read()
                    except Exception as error:
                        channel.fail(error)
                said, errors, status = channel_does(body, key, record + record)
                print(said, errors.decode(), status)
                print(channel_does(body, key, record)[1:])
                """
        let error = """
            guest: SealError: the seal of the channel is broken: on the way from the server, something was changed, \
            repeated, left out or added
            """
        #expect(try await output(script) == "b'' \(error) 70\n(b'', 9)\n")
    }

    @Test func itsLastFrameIsSealedToo() async throws {
        let script =
            Self.ownProcess + """
                said, errors, status = channel_does(lambda channel: channel._read(), key)
                print(frames_of(said), errors, status)
                """
        #expect(try await output(script) == "[(17, 0, b'')] b'' 0\n")
    }

    @Test func theKeyIsHandedToNobodyElse() async throws {
        let script = """
            seen = []
            class Channel:
                def __init__(self, loop, on_frame, key): seen.append(key)
            class Enough(Exception): pass
            def enough(*arguments): raise Enough
            guest.main.channel.Channel = Channel
            guest.main.system.OutOfMemoryScore = enough
            config = {"proxy_port": 0, "bridge": False, "proves_no_network": False, "seal": key.hex()}
            try:
                guest.main.Guest(config)
            except Enough:
                print(seen == [key], config["seal"])
            """
        #expect(try await output(script) == "True \n")
    }
}
