import CommandOptions
import Testing

@Suite struct SubcommandParserTests {
    /// What the options of the command change.
    private struct Settings: Equatable {
        var size = ""
        var isDry = false
        var others: [String] = []
    }

    private static let options = [
        OptionDescription<Settings>(ofCommand: "--size", placeholder: "N", accepts: "a digit") { value, settings in
            settings.size = value
            return value.count == 1
        },
        OptionDescription<Settings>(ofCommand: "--label", placeholder: "TEXT") { _, _ in true },
        OptionDescription<Settings>(ofCommand: "--dry") { _, settings in
            settings.isDry = true
            return true
        },
    ]
    private static let program = [
        OptionDescription<Bool>(flag: "--color", placeholder: "NAME", help: "", fallback: "") { _, _ in true },
        OptionDescription<Bool>(flag: "--loud", help: "", fallback: "") { _, _ in true },
    ]

    private func parse(_ arguments: [String]) throws(UsageError) -> (rest: [String], settings: Settings) {
        var settings = Settings()
        let parser = SubcommandParser(options: Self.options, program: Self.program)
        let rest = try parser.parse(arguments, into: &settings) { (argument, settings) throws(UsageError) in
            guard argument.text != "bad" else { throw UsageError(message: "\(argument.quoted) is bad") }
            settings.others.append(argument.text)
        }
        return (rest, settings)
    }

    @Test(
        arguments: [
            ([], []), (["--color", "red"], ["--color", "red"]), (["--color=red", "--size", "1"], ["--color=red"]),
            (["--loud", "--size=1", "--color", "--size"], ["--loud", "--color", "--size"]),
            (["--color", "--dry"], ["--color", "--dry"]), (["--color"], ["--color"]), (["--loud=yes"], ["--loud=yes"]),
        ] as [([String], [String])])
    func passesTheProgramsOptionsOnAsTheyAreWritten(arguments: [String], rest: [String]) throws {
        #expect(try parse(arguments).rest == rest)
        #expect(try parse(arguments).settings.others.isEmpty)
    }

    @Test func readsItsOwnOptionsWhereverTheyStand() throws {
        let settings = try parse(["--dry", "--color", "red", "--size", "3"]).settings
        #expect(settings == Settings(size: "3", isDry: true))
        #expect(try parse(["--size=1", "--size=2"]).settings.size == "2")
    }

    @Test func leavesEverythingElseToTheCommandInItsOrder() throws {
        let arguments = ["word", "--size", "1", "--dry=yes", "--colour", "-", "--", "--=x", ""]
        #expect(try parse(arguments).settings.others == ["word", "--dry=yes", "--colour", "-", "--", "--=x", ""])
    }

    @Test(arguments: [
        (["--size"], "--size needs a value: a digit"), (["--label"], "--label needs a value"),
        (["--size", "1\n2"], "--size does not accept '1 2': expected a digit"), (["x", "bad"], "'bad' is bad"),
        (["--size="], "--size does not accept '': expected a digit"),
    ])
    func saysWhatIsWrong(arguments: [String], message: String) {
        let error = #expect(throws: UsageError.self) { _ = try parse(arguments) }
        #expect(error?.message == message)
    }

    @Test(
        arguments: [
            ("--a", "--a", nil), ("--a=", "--a", ""), ("--a=b=c", "--a", "b=c"), ("=", "", ""), ("", "", nil),
        ] as [(String, String, String?)])
    func takesAnArgumentApartAtItsFirstSign(text: String, flag: String, value: String?) {
        let argument = Argument(text)
        #expect(argument.text == text)
        #expect(argument.flag == flag)
        #expect(argument.attachedValue == value)
    }

    @Test func readsArgumentsAndValuesInOrder() throws {
        var reader = ArgumentReader(["--a=1", "--b", "2", "--c", "3", "4"])
        var read: [String?] = []
        while let argument = reader.next(), argument.flag != "--c" {
            read += [argument.text, reader.value(of: argument)]
        }
        #expect(read == ["--a=1", "1", "--b", "2"])
        let left = reader.remaining()
        #expect(left == ["3", "4"])
        let end = reader.next()
        #expect(end == nil)
        let missing = reader.value(of: Argument("--b"))
        #expect(missing == nil)
    }
}
