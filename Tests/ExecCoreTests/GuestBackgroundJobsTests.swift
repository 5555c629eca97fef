import Testing

/// When the guest tells whether background processes live.
@Suite(.timeLimit(.minutes(3))) struct GuestBackgroundJobsTests {
    @Test func tellsWhatIsNewAndOfManyShortJobsOnce() async throws {
        let script = """
            moments = iter(range(0, 1000, 10))
            notifier, said = guest.background_jobs.JobNotifier(lambda: next(moments)), []
            for has_jobs, may_return in [
                (False, False), (True, True), (True, False), (False, True), (True, True), (False, True), (False, False),
                (False, False), (True, False), (False, False),
            ]:
                frame = notifier.update(has_jobs, may_return)
                said.append(frame[-1] if frame else "-")
            print(*said)
            """
        #expect(try await GuestModules.run(script) == "- 1 - - - - 0 - 1 0\n")
    }

    /// Otherwise the server would take the notifications for a flood.
    @Test func tellsOfJobsThatComeAndGoAtMostOnceASecond() async throws {
        let script = """
            now, frames = 0.0, 0
            notifier = guest.background_jobs.JobNotifier(lambda: now)
            for step in range(1000):
                now = step / 100
                frames += bool(notifier.update(step % 2 == 0, False))
            print(frames <= 10, notifier.has_jobs)
            print(notifier.seconds_to_wait(True), 0 < notifier.seconds_to_wait(False) <= 2)
            now += 2
            print(notifier.seconds_to_wait(False), bool(notifier.update(False, False)), notifier.seconds_to_wait(False))
            """
        #expect(try await GuestModules.run(script) == "True True\nNone True\n0.0 True None\n")
    }
}
