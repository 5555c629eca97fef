import ChildProcess
import TestSupport
import Testing

@testable import ExecCore

/// How the guest notices that the server is gone, and what it says of its own end.
@Suite(.timeLimit(.minutes(2))) struct GuestHeartbeatTests {
    /// A channel that carries nothing, and a clock that a test sets.
    private static let heading = """
        class Channel:
            is_reading, is_suspended, has_read, sent, end = True, False, False, 0, None
            def write_patiently(self, seconds, on_interval): self.patience = seconds
            def send(self, data): self.sent += 1
            def give_up(self, reason, status): self.end = self.end or (reason, status)
        now, channel = 0, Channel()
        def heartbeat(watches, linger=0):
            config = {"heartbeat": 15, "watches_server": watches, "linger": linger}
            return guest.heartbeat.Heartbeat(channel, config, lambda: now)
        def until(end, step=1, heard=lambda: False):
            global now
            while now < end and not channel.end:
                now += step
                if channel.is_reading and heard():
                    channel.has_read = True
                beat.beat()

        """

    private func output(_ script: String) async throws -> String {
        try await GuestModules.run(Self.heading + script)
    }

    @Test func endsAfterFourIntervalsWithoutTheServer() async throws {
        let script = """
            beat = heartbeat(True)
            until(600, heard=lambda: now < 100)
            print(now, channel.end, channel.sent)
            """
        // What was heard at second 99 counts at 105; then come four intervals.
        let reason = "('guest: nothing came from the server for 60 seconds', 75)"
        #expect(try await output(script) == "165 \(reason) 11\n")
    }

    @Test func anyFrameKeepsIt() async throws {
        let script = "beat = heartbeat(True); until(3600, heard=lambda: now % 50 == 0); print(channel.end)"
        #expect(try await output(script) == "None\n")
    }

    /// The guest was stopped, or the machine slept.
    @Test func anIntervalCountsOnceHoweverLongItWas() async throws {
        let script = """
            beat = heartbeat(True)
            until(3000, 1000)
            print(channel.end)
            until(9000, 1000, lambda: now == 4000)
            print(now, channel.end is not None)
            """
        #expect(try await output(script) == "None\n8000 True\n")
    }

    @Test func whileItDoesNotReadItSaysThatItLivesAndExpectsNothing() async throws {
        let script = """
            beat = heartbeat(True)
            channel.is_reading = False
            until(150)
            print(channel.end, channel.sent)
            """
        #expect(try await output(script) == "None 10\n")
    }

    @Test func betweenTwoServersItWaitsAsLongAsItMayLinger() async throws {
        let script = """
            beat = heartbeat(True, linger=600)
            channel.is_suspended = True
            until(659)
            print(channel.end)
            until(700)
            print(now, channel.end[0])
            """
        #expect(try await output(script) == "None\n660 guest: nothing came from the server for 660 seconds\n")
    }

    @Test func withAnEngineOfThisMachineItExpectsNothing() async throws {
        let script = """
            beat = heartbeat(False)
            print(beat.seconds_to_wait(), hasattr(channel, "patience"))
            channel.is_reading = False
            until(3600)
            print(beat.seconds_to_wait(), channel.end, channel.sent)
            """
        #expect(try await output(script) == "None False\n15 None 240\n")
    }

    /// Pipes that nobody reads, and intervals of a millisecond.
    @Test func noticesThatNothingMovesWhileItWrites() async throws {
        let script = """
            (_, full), (reading_end, other_end) = os.pipe(), os.pipe()
            seen = []
            class Enough(Exception): pass
            def on_interval(has_moved):
                seen.append(has_moved)
                if len(seen) == 3:
                    os.write(other_end, b"sign")
                if len(seen) == 6:
                    raise Enough
            writer = guest.heartbeat.PatientWriter(full, reading_end, 0.001, on_interval)
            try:
                writer.write_all(full, bytes(1 << 20))
            except Enough:
                print(*seen)
            """
        #expect(try await GuestModules.run(script) == "False False False True False False\n")
    }

    @Test func writesAllOnceTheReaderGoesOn() async throws {
        let script = """
            import threading
            (out, full), (reading_end, _) = os.pipe(), os.pipe()
            started, got = threading.Event(), bytearray()
            def read():
                started.wait()
                while len(got) < 1 << 20:
                    got.extend(os.read(out, 65536))
            reader = threading.Thread(target=read)
            reader.start()
            data = os.urandom(1 << 20)
            guest.heartbeat.PatientWriter(full, reading_end, 0.001, lambda moved: started.set()).write_all(full, data)
            reader.join()
            print(got == data)
            """
        #expect(try await GuestModules.run(script) == "True\n")
    }

    @Test(arguments: [(false, "[17]"), (true, "[]")])
    func saysGoodbyeIfAServerIsThere(isSuspended: Bool, kinds: String) async throws {
        let script = """
            (closed, own_end), (out, replies) = os.pipe(), os.pipe()
            os.close(own_end)
            if os.fork() == 0:
                os.dup2(closed, 0)
                os.dup2(replies, 1)
                channel = guest.channel.Channel(None, None)
                channel.is_suspended = \(isSuspended ? "True" : "False")
                channel._read()
            os.close(replies)
            decoder = guest.frames.Decoder()
            print([kind for kind, _, _ in decoder.feed(os.read(out, 4096))], os.waitstatus_to_exitcode(os.wait()[1]))
            """
        #expect(try await GuestModules.run(script) == "\(kinds) 0\n")
    }

    /// With a limit of no seconds instead of a minute.
    private static let impatientArguments = GuestProgram.interpreterArguments.map {
        $0.replacing("[],60)", with: "[],0)")
    }

    private static func run(_ input: [UInt8], arguments: [String]) async throws -> ChildProcess.Story {
        let child = try ChildProcess(starting: Command(executable: "/usr/bin/python3", arguments: arguments))
        async let ending = child.story()
        if !input.isEmpty { try await child.input.write(input) }
        let story = try await ending
        child.input.close()
        return story
    }

    @Test func aSandboxThatNobodyTalksToEnds() async throws {
        #expect(Self.impatientArguments != GuestProgram.interpreterArguments)
        let story = try await Self.run([], arguments: Self.impatientArguments)
        #expect(story.end.status == .exited(0), "\(story.errorText)")
        #expect(story.output.isEmpty)
    }

    @Test func aSandboxWhoseServerIsGoneHalfwayEnds() async throws {
        let payload = GuestProgram.bootstrapPayload(
            for: SandboxConfiguration(), limits: Limits(), isEngineLocal: true)
        let text = String(decoding: payload, as: UTF8.self)
        let impatient = text.replacing("_SECONDS = 60", with: "_SECONDS = 0")
        #expect(impatient != text)
        let story = try await Self.run(
            Array(impatient.utf8.prefix(20_000)), arguments: GuestProgram.interpreterArguments)
        #expect(story.end.status == .exited(0), "\(story.errorText)")
    }
}
