import CommandOptions
import Diagnostics
import ExecCore

/// The arguments of `exec-mcp skills`.
struct SkillsArguments {
    enum Action: String, CaseIterable {
        case drafts, show, diff, approve, reject, revoke, history

        /// Whether it is about one skill.
        var takesName: Bool { self != .drafts && self != .history }
    }

    /// The values of the command's own options.
    struct Own {
        var isShared = false
        var isConfirmed = false
        /// Who decides; `nil` for the name of this account.
        var person: String?
        var reason = ""
        /// The time that a draft's tests have together, in seconds.
        var testSeconds = DraftTrial.usualTestSeconds
        /// The beginning of the digest that the draft must have; `nil` for any.
        var digest: String?
        fileprivate var words: [String] = []
    }

    static let options: [CommandOptions.OptionDescription<Own>] = [
        .init(ofCommand: "--shared") { _, own in
            own.isShared = true
            return true
        },
        .init(ofCommand: "--yes") { _, own in
            own.isConfirmed = true
            return true
        },
        .init(ofCommand: "--by", placeholder: "NAME", accepts: "a name of at most 100 characters") { value, own in
            own.person = value
            return isLine(value, 100)
        },
        .init(ofCommand: "--reason", placeholder: "TEXT", accepts: "one line of at most 500 characters") { value, own in
            own.reason = value
            return isLine(value, 500)
        },
        .init(
            ofCommand: "--test-timeout", placeholder: "SECONDS", accepts: "a whole number from 1 to 600"
        ) { value, own in
            guard let seconds = OptionValue.wholeNumber(value, in: 1...600) else { return false }
            own.testSeconds = seconds
            return true
        },
        .init(ofCommand: "--digest", placeholder: "DIGEST", accepts: "at least 12 of the digits that show prints") {
            value, own in
            own.digest = value
            return value.count >= 12 && value.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        },
    ]

    let action: Action
    /// The skill's name; `nil` for all.
    let name: String?
    let own: Own
    let server: Options

    /// - Throws: ``UsageError`` for anything that the command doesn't take.
    init(_ arguments: [String], environment: [String: String], defaults: Options) throws(UsageError) {
        var own = Own()
        let parser = SubcommandParser(options: Self.options, program: ServerOption.all)
        let rest = try parser.parse(arguments, into: &own) { (argument, own) throws(UsageError) in
            guard !argument.text.hasPrefix("-"), own.words.count < 2 else {
                throw UsageError(message: "skills does not accept \(argument.quoted): exec-mcp skills --help")
            }
            own.words.append(argument.text)
        }
        guard
            case .serve(let server) = try ServerOptionParser.parse(rest, environment: environment, defaults: defaults),
            let action = own.words.first.flatMap(Action.init),
            own.words.count == 2 || own.words.count == 1 && !action.takesName, action != .drafts || own.words.count == 1
        else {
            let actions = Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError(message: "skills needs one of \(actions), most with a NAME: exec-mcp skills --help")
        }
        let name = own.words.count == 2 ? own.words[1] : nil
        if let name, let defect = SkillContent.nameDefect(name) {
            throw UsageError(message: "\(name.quotedArgument): \(defect)")
        }
        self.action = action
        self.name = name
        self.own = own
        self.server = server
    }

    /// Whose skills are decided about.
    var scope: SkillScope { own.isShared ? .shared : .user(server.user) }

    private static func isLine(_ text: String, _ limit: Int) -> Bool {
        !text.isEmpty && text.singleLine(limit: limit) == text
    }
}
