import Testing

@testable import ExecCore

@Suite struct EngineTimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T11:49:08.525417856Z", 1_795_261_748),
        ("2024-02-29T23:59:59+01:00", 1_709_247_599), ("2024-03-01T00:00:00-02:30", 1_709_260_200),
        ("2000-12-31T00:00:00.5Z", 978_220_800), ("0001-01-01T00:00:00Z", -62_135_596_800),
    ])
    func readsWhatEnginesWrite(text: String, seconds: Int) {
        #expect(EngineTimestamp.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "x026-01-01T00:00:00Z", "2026-01-01T1",
    ])
    func refusesWhatIsNoTime(text: String) {
        #expect(EngineTimestamp.seconds(text) == nil)
    }
}
