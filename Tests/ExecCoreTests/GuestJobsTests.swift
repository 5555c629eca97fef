import Testing

/// When the guest tells whether background processes live.
@Suite(.timeLimit(.minutes(2))) struct GuestJobsTests {
    @Test func tellsWhatIsNewAndOfManyShortJobsOnce() async throws {
        let script = """
            news, said = guest.jobs.JobNews(), []
            for has_jobs, may_come_again in [
                (False, False), (True, True), (True, False), (False, True), (True, True), (False, True), (False, False),
                (False, False), (True, False), (False, False),
            ]:
                frame = news.look(has_jobs, may_come_again)
                said.append(frame[-1] if frame else "-")
            print(*said)
            """
        #expect(try await GuestModules.run(script) == "- 1 - - - - 0 - 1 0\n")
    }
}
