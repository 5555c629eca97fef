import Testing

/// When the guest tells whether background processes live.
@Suite(.timeLimit(.minutes(2))) struct GuestBackgroundJobsTests {
    @Test func tellsWhatIsNewAndOfManyShortJobsOnce() async throws {
        let script = """
            notifier, said = guest.background_jobs.JobNotifier(), []
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
}
