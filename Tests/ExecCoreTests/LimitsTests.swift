import ExecCore
import Testing

@Suite struct LimitsTests {
    @Test(arguments: [0.001, 1, 30, 600])
    func allowsATimeoutInRange(timeout: Double) throws {
        try Limits().checkTimeout(timeout)
    }

    @Test(arguments: [0, -1, 600.001, .infinity, -.infinity, .nan])
    func refusesAnyOther(timeout: Double) {
        let error = #expect(throws: ExecError.self) { try Limits().checkTimeout(timeout) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("at most 600") == true)
    }
}
