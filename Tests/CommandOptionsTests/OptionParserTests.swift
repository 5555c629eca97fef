import CommandOptions
import Testing

/// What the options below change.
private struct Settings: Equatable {
    var color = "red"
    var isLoud = false
    var secret: String?
}

@Suite struct OptionParserTests {
    private static let options = [
        OptionDescription<Settings>(
            flag: "--color", variable: "PAINT_COLOR", placeholder: "NAME", help: "what to paint with", fallback: "red",
            accepts: "red or blue", objection: { $0 == "green" ? "that is\nfor grass" : nil }
        ) { value, settings in
            settings.color = value
            return ["red", "blue"].contains(value)
        },
        OptionDescription<Settings>(flag: "--loud", help: "say what is done", fallback: "no") { _, settings in
            settings.isLoud = true
            return true
        },
        OptionDescription<Settings>(
            variable: "PAINT_SECRET", help: "what nobody may see", fallback: "none", accepts: "a short word"
        ) { value, settings in
            settings.secret = value
            return value.count < 10
        },
    ]

    private func parse(
        _ arguments: [String], _ environment: [String: String] = [:], acceptsWords: Bool = true
    ) throws(UsageError) -> (RequestedAction, Settings) {
        var settings = Settings()
        let parser = OptionParser(program: "paint", options: Self.options, acceptsWords: acceptsWords)
        let request = try parser.parse(arguments, environment: environment, into: &settings)
        return (request, settings)
    }

    private func refusal(_ arguments: [String], _ environment: [String: String] = [:]) -> String? {
        do {
            _ = try parse(arguments, environment)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func aFlagBeatsItsVariableAndTheLastFlagTheFirst() throws {
        #expect(try parse([], ["PAINT_COLOR": "blue"]).1.color == "blue")
        #expect(try parse(["--color", "red"], ["PAINT_COLOR": "blue"]).1.color == "red")
        #expect(try parse(["--color", "red", "--color=blue"]).1.color == "blue")
        #expect(try parse([], ["PAINT_COLOR": ""]).1.color == "red")
    }

    @Test func saysWhyAValueWillNotDoWhereItCan() {
        #expect(refusal(["--color", "pink"]) == "--color does not accept 'pink': expected red or blue")
        #expect(
            refusal(["--color", "green"]) == "--color does not accept 'green' (that is for grass): expected red or blue"
        )
    }

    @Test(
        arguments: [
            ([], nil), (["--color", "serve"], nil), (["--color=red", "serve"], 1), (["--loud", "serve"], 1),
            (["serve", "serve"], 0), (["--color", "red", "serve", "--color"], 2), (["--", "serve"], nil),
            (["--color", "--", "serve"], 2), (["-", "serve"], 0), (["--other", "serve"], 1), (["", "serve"], 0),
            (["--color"], nil),
        ] as [([String], Int?)])
    func findsTheFirstWord(arguments: [String], place: Int?) {
        #expect(CommandWord.place(in: arguments) { $0 == "--color" } == place)
    }

    @Test func takesWordsBetweenTheOptions() throws {
        let (request, settings) = try parse(["a house", "--color", "blue", "-", "--loud", "now"])
        #expect(request == .run(words: ["a house", "-", "now"]))
        #expect(settings == Settings(color: "blue", isLoud: true))
    }

    @Test func takesEverythingAfterTwoHyphensAsWords() throws {
        #expect(try parse(["--", "--color", "--help", "--"]).0 == .run(words: ["--color", "--help", "--"]))
    }

    @Test func aWordIsNoRequestForHelpWhereThereMayBeWords() throws {
        #expect(try parse(["help"]).0 == .run(words: ["help"]))
        #expect(try parse(["help"], acceptsWords: false).0 == .help)
        #expect(try parse(["version"], acceptsWords: false).0 == .version)
        for arguments in [["--help"], ["-h"], ["x", "--color", "blue", "--help"]] {
            #expect(try parse(arguments).0 == .help)
        }
        #expect(try parse(["--version"]).0 == .version)
    }

    @Test func aFlagWithoutAValueTakesNone() {
        #expect(refusal(["--loud=yes"]) == "--loud takes no value")
    }

    @Test func saysWhatIsWrong() {
        #expect(refusal(["--color"]) == "--color needs a value: red or blue")
        #expect(refusal(["--color", "gr\neen"]) == "--color does not accept 'gr een': expected red or blue")
        #expect(refusal([], ["PAINT_COLOR": "x"]) == "PAINT_COLOR does not accept 'x': expected red or blue")
        for argument in ["--colour", "-x", "--colour=x", "--=x", "--PAINT_SECRET"] {
            #expect(refusal([argument]) == "unknown argument '\(argument)'; paint --help lists the options")
        }
    }

    @Test func aSecretHasNoFlagAndIsNeverShown() throws {
        #expect(try parse([], ["PAINT_SECRET": "abc"]).1.secret == "abc")
        #expect(
            refusal([], ["PAINT_SECRET": "too long a word"])
                == "PAINT_SECRET does not accept its value: expected a short word")
    }

    @Test func explainsEachOption() {
        #expect(
            Self.options.map(\.helpRow) == [
                "  --color NAME\n      what to paint with\n      (PAINT_COLOR; default: red)",
                "  --loud\n      say what is done\n      (default: no)",
                "  PAINT_SECRET\n      what nobody may see\n      (default: none)",
            ])
    }

    @Test func pads() {
        #expect("ab".padded(to: 4) == "ab  ")
        #expect("abcd".padded(to: 3) == "abcd")
    }
}
