import TestSupport
import Testing
import Threading

@testable import ExecAgent

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(3))) struct SignalHandlerTests {
    @Test func theFirstCtrlCEndsTheRunAndTheNextTheProgram() async throws {
        let interrupts = SignalHandler()
        let story = Recorder<String>()
        let status = try await onThread {
            interrupts.run {
                do {
                    try await interrupts.interruptible {
                        story.record("run")
                        interrupts.receive(SIGINT)
                        try await Task.sleep(for: .seconds(600))
                    }
                } catch {
                    story.record("interrupted \(error is CancellationError) \(interrupts.endingSignal == nil)")
                }
                interrupts.receive(SIGINT)
                story.record("leaving \(Task.isCancelled)")
                return 0
            }
        }
        #expect(story.elements == ["run", "interrupted true true", "leaving true"])
        #expect(status == 128 + SIGINT)
    }

    @Test(arguments: [SIGTERM, SIGHUP])
    func theOthersEndTheProgramInTheMiddleOfARun(number: Int32) async throws {
        let interrupts = SignalHandler()
        let status = try await onThread {
            interrupts.run {
                _ = try? await interrupts.interruptible {
                    interrupts.receive(number)
                    try await Task.sleep(for: .seconds(600))
                }
                return 5
            }
        }
        #expect(status == 128 + number)
    }

    @Test func aSignalBeforeTheWorkBeginsEndsIt() async throws {
        let interrupts = SignalHandler()
        interrupts.receive(SIGTERM)
        let status = try await onThread {
            interrupts.run {
                try? await Task.sleep(for: .seconds(600))
                return 5
            }
        }
        #expect(status == 128 + SIGTERM)
    }

    @Test(arguments: [(nil, 1), (SIGTERM, 128 + SIGTERM)] as [(Int32?, Int32)])
    func whatCannotGoOnEndsWithItsStatus(signal: Int32?, status: Int32) async throws {
        let interrupts = SignalHandler()
        let found = try await onThread {
            interrupts.run {
                interrupts.fail(1)
                if let signal { interrupts.receive(signal) }
                try? await Task.sleep(for: .seconds(600))
                return 0
            }
        }
        #expect(found == status)
    }

    @Test func withoutASignalTheStatusIsThatOfTheWork() async throws {
        #expect(try await onThread { SignalHandler().run { 7 } } == 7)
    }

    @Test func whatIsInterruptibleGivesItsValue() async throws {
        #expect(try await SignalHandler().interruptible { 7 } == 7)
    }
}
