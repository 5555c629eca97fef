import Testing

@Suite struct NamingRules {
    /// Source text that breaks a rule, or that keeps it although it is close to breaking it.
    struct Sample: Sendable {
        let rule: NamingRule
        /// The texts by their paths.
        let files: KeyValuePairs<String, String>
        let breaksIt: Bool
    }

    @Test(arguments: NamingRule.allCases) func everyFileKeeps(_ rule: NamingRule) {
        #expect(rule.breaches(in: SourceFile.everything) == [])
    }

    @Test(arguments: samples) func aRuleSeesWhatBreaksIt(_ sample: Sample) {
        let files = sample.files.map { SourceFile(path: $0.key, text: $0.value) }
        #expect(!sample.rule.breaches(in: files).isEmpty == sample.breaksIt)
    }

    private static let samples =
        [
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "public struct Gate {}"]),
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "@MainActor final class Gate {}"]),
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "#if os(Linux)\n    enum Gate {}\n#endif"]),
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "typealias Gate = Int"]),
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "private struct Doors0 {}\nstruct Gate {}"]),
            breaks(.aFileIsNamedAfterItsType, ["Sources/A/Gates.swift": "extension Int {}\nstruct Gate {}"]),
            breaks(
                .aFileIsNamedAfterItsType,
                ["Tests/ATests/Doors.swift": "@Suite(.timeLimit(.minutes(1))) struct Gate {}"]),
            keeps(
                .aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "struct DoorError: Error {}\n\nstruct Doors {}"]),
            keeps(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "extension Gate {\n    struct Lock {}\n}"]),
            keeps(.aFileIsNamedAfterItsType, ["Sources/A/Doors.swift": "func open() {}\n\nprivate struct Gate {}"]),
            keeps(.aFileIsNamedAfterItsType, ["Sources/A/guest/doors.py": "class Gate:\n    pass"]),
            breaks(
                .aTypeNameStandsInOneTarget,
                ["Sources/A/Gate.swift": "struct Gate {}", "Sources/B/Gate.swift": "enum Gate {}"]),
            breaks(
                .aTypeNameStandsInOneTarget,
                [
                    "Sources/A/Gate.swift": "public protocol Gate {}",
                    "Sources/B/Doors.swift": "private typealias Gate = Int",
                ]),
            keeps(
                .aTypeNameStandsInOneTarget,
                ["Sources/A/Gate.swift": "struct Gate {}", "Sources/B/Gates.swift": "extension Gate {}"]),
            keeps(
                .aTypeNameStandsInOneTarget,
                ["Sources/A/Gate.swift": "struct Gate {}", "Tests/ATests/Gate.swift": "enum Gate {}"]),
            keeps(
                .aTypeNameStandsInOneTarget,
                [
                    "Sources/A/Gate.swift": "enum Gate {\n    struct Lock {}\n}",
                    "Sources/B/Lock.swift": "struct Lock {}",
                ]),
            breaks(.anErrorTypeEndsInError, ["Sources/A/Shut.swift": "struct Shut: Error {}"]),
            breaks(
                .anErrorTypeEndsInError, ["Sources/A/Gate.swift": "enum Gate {\n    enum Shut: Sendable, Error {}\n}"]),
            breaks(
                .anErrorTypeEndsInError, ["Sources/A/Gate.swift": "struct Shut:\n    Sendable,\n    Swift.Error\n{}"]),
            breaks(.anErrorTypeEndsInError, ["Sources/A/Gate.swift": "extension Gate.Shut: Error {}"]),
            breaks(.anErrorTypeEndsInError, ["Sources/A/Gate.swift": "final class Shut<Kind>: CommandLineError {}"]),
            keeps(.anErrorTypeEndsInError, ["Sources/A/Gate.swift": "struct ShutError: Error {}"]),
            keeps(
                .anErrorTypeEndsInError,
                ["Sources/A/Gate.swift": "// struct Shut: Error {}\nlet text = \"enum Shut: Error {}\""]),
            keeps(.anErrorTypeEndsInError, ["Sources/A/Gate.swift": "struct Gate: Report<GateError> {}"]),
            breaks(.aFileFitsAReadersHead, ["e2e/test_gate.py": String(repeating: "\n", count: NamingRule.maxLines)]),
            keeps(
                .aFileFitsAReadersHead, ["e2e/test_gate.py": String(repeating: "\n", count: NamingRule.maxLines - 1)]),
        ]

    private static func breaks(_ rule: NamingRule, _ files: KeyValuePairs<String, String>) -> Sample {
        Sample(rule: rule, files: files, breaksIt: true)
    }

    private static func keeps(_ rule: NamingRule, _ files: KeyValuePairs<String, String>) -> Sample {
        Sample(rule: rule, files: files, breaksIt: false)
    }
}
