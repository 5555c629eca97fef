import JSON
import MCPClient
import Testing

@testable import ExecAgent

struct QuestionDialogTests {
    /// Types lines, and returns the answer; `nil` if there is none yet.
    private func answer(to question: ServerQuestion, _ lines: String...) throws -> ElicitationAnswer? {
        var dialog = try #require(QuestionDialog(question))
        var step = dialog.beginning
        for line in lines {
            if case .done = step { Issue.record("answered before \(line)") }
            step = dialog.accept(line)
        }
        if case .done(let answer) = step { return answer }
        return nil
    }

    @Test(arguments: [
        ("y", "once"), ("Y ", "once"), ("yes", "once"), ("once", "once"), ("s", "session"), (" Session", "session"),
        ("a", "always"), ("ALWAYS", "always"),
    ])
    func aWordAllows(word: String, decision: String) throws {
        #expect(try answer(to: .approval(), word) == .accept(["decision": .string(decision)]))
    }

    @Test(arguments: ["", "  ", "n", "No", "deny"])
    func aWordOrEnterDenies(word: String) throws {
        #expect(try answer(to: .approval(), word) == .decline)
    }

    @Test(arguments: ["yy", "ya", "also fix the other one", "y n", "1", "\u{1B}[A", "ｙ"])
    func anythingElseIsAskedAgain(word: String) throws {
        #expect(try answer(to: .approval(), word) == nil)
        #expect(try answer(to: .approval(), word, "y") == .accept(["decision": "once"]))
    }

    @Test func onlyWhatIsOfferedCanBeChosen() throws {
        let question = try ServerQuestion.approval(offered: ["once", "deny"])
        #expect(try QuestionDialog(question)?.beginning == .ask("Allow? [y/N] ", note: nil))
        #expect(try answer(to: question, "a") == nil)
        #expect(try answer(to: question, "session") == nil)
    }

    private static let fields: JSONObject = [
        "name": ["type": "string", "minLength": 2], "age": ["type": "integer", "minimum": 0],
        "size": ["type": "number", "default": 1.5], "ok": ["type": "boolean"],
        "color": ["type": "string", "oneOf": [["const": "r", "title": "Red"], ["const": "g", "title": "Green"]]],
        "days": ["type": "array", "items": ["type": "string", "enum": ["mon", "tue"]], "minItems": 1],
    ]

    @Test func aFormIsFilledInFieldByField() throws {
        let question = try ServerQuestion.form(Self.fields, required: ["name", "ok", "color", "days"])
        let answer = try answer(to: question, "Ann", "", "", "y", "2", "tue, 1", "y")
        #expect(
            answer
                == .accept([
                    "name": "Ann", "size": 1.5, "ok": true, "color": "g", "days": ["tue", "mon"],
                ]))
    }

    @Test(arguments: [
        (["A"], "It must have at least 2 characters."), ([""], "It must have at least 2 characters."),
        (["Ann", "-1"], "It must be at least 0."), (["Ann", "1.5"], "It must be a whole number."),
        (["Ann", "old"], "It must be a number."), (["Ann", "1", "1", "maybe"], "It must be y or n."),
        (["Ann", "1", "1", "y", "3"], "It must be the number of an option."),
        (["Ann", "1", "1", "y", "Red"], "It must be the number of an option."),
        (["Ann", "1", "1", "y", "1", "1,3"], "It must be numbers of options."),
    ])
    func aValueThatDoesNotFitIsAskedForAgain(lines: [String], note: String) throws {
        var dialog = try #require(
            try QuestionDialog(.form(Self.fields, required: ["name", "ok", "color", "days"])))
        var step = dialog.beginning
        for line in lines { step = dialog.accept(line) }
        guard case .ask(_, _, let shown) = step else { throw ElicitationTestError() }
        #expect(shown == note)
    }

    @Test func aFormIsSentOnlyIfThePersonSaysSo() throws {
        let question = try ServerQuestion.form(["name": ["type": "string"]])
        #expect(try answer(to: question, "Ann", "n") == .decline)
        #expect(try answer(to: question, "Ann", "") == .decline)
        #expect(try answer(to: question, "Ann", "perhaps") == nil)
    }

    @Test func aFormWithoutFieldsIsAQuestionOfYesOrNo() throws {
        #expect(try answer(to: .form([:]), "y") == .accept([:]))
        #expect(try answer(to: .form([:]), "") == .decline)
    }

    @Test(
        arguments: [
            ["a": ["type": "object"]], ["a": ["type": "string", "enum": [1]]], ["a": ["type": "array"]],
            ["a": "string"],
            ["a": ["type": "number", "minimum": 2, "maximum": 1]],
            ["a": ["type": "string", "minLength": 3, "maxLength": 2]],
        ] as [JSONObject])
    func aFormWithAFieldThatNoFormHasIsNotAsked(fields: JSONObject) throws {
        #expect(try QuestionDialog(.form(fields)) == nil)
    }

    @Test(
        arguments: [
            ["server": .null], ["tool": 5], ["server": ["a"]],
        ] as [JSONObject])
    func anApprovalWithUnreadableDetailsIsAnOrdinaryForm(details: JSONObject) throws {
        let question = try ServerQuestion.approval(details: details)
        #expect(question.approval == nil)
        #expect(try answer(to: question, "1", "y") == .accept(["decision": "once"]))
    }

    @Test func anApprovalMustOfferADecision() throws {
        #expect(try ServerQuestion.approval(offered: ["maybe", "deny"]).approval == nil)
    }

    @Test(arguments: ["y", "yes", "once", "s", "a", "always"])
    func whatIsNotShownCannotBeAllowed(word: String) throws {
        var dialog = try #require(QuestionDialog(.approval(), isCut: true))
        #expect(dialog.beginning == .ask("Allow? [all/N] "))
        guard case .ask = dialog.accept(word) else { throw ElicitationTestError() }
        #expect(dialog.accept("all") == .showAll)
        dialog.didShowAll()
        #expect(dialog.beginning == .ask("Allow? [y/s/a/N] "))
        guard case .done(.accept) = dialog.accept(word) else { throw ElicitationTestError() }
    }

    @Test func whatIsNotShownCanBeDenied() throws {
        var dialog = try #require(QuestionDialog(.approval(), isCut: true))
        #expect(dialog.accept("") == .done(.decline))
    }

    @Test func aNumberIsThatOfAnOption() throws {
        let question = try ServerQuestion.form(["level": ["type": "string", "enum": ["2", "1", "3", "40"]]])
        for (typed, value) in [("1", "2"), ("2", "1"), ("3", "3"), ("40", "40")] as [(String, JSON)] {
            #expect(try answer(to: question, typed, "y") == .accept(["level": value]))
        }
    }

    @Test func optionsDoNotLookAlike() throws {
        let long = String(repeating: "A", count: 3000)
        let question = try ServerQuestion.form([
            "same": [
                "oneOf": [
                    ["const": "keep", "title": .string(long + "keep all")],
                    ["const": "drop", "title": .string(long + "delete all")], ["const": "other", "title": "Other"],
                ]
            ]
        ])
        guard case .ask(_, let options, _) = QuestionDialog(question)?.beginning else {
            throw ElicitationTestError()
        }
        #expect(options.count == 3 && options[0].hasSuffix("A… (\"keep\")") && options[1].hasSuffix("A… (\"drop\")"))
        #expect(options[2] == "3. Other")
    }

    @Test func textsThatAreCutHaveAMark() throws {
        let long = String(repeating: "a", count: 70)
        let question = try ServerQuestion.form([
            "n": ["type": "string", "title": .string(long), "description": "Why.", "default": .string(long + "!")]
        ])
        let cut = long.prefix(60) + "…"
        #expect(
            try QuestionDialog(question)?.beginning
                == .ask("\(cut) [\(cut)]: ", quoted: [long, "Why.", "Enter gives: \(long)!"]))
    }

    @Test func whatIsSentIsShownBefore() throws {
        var dialog = try #require(try QuestionDialog(.form(Self.fields, required: ["name", "ok", "color", "days"])))
        var step = dialog.beginning
        for line in ["An\u{202E}n", "", "", "y", "2", "tue, 1"] { step = dialog.accept(line) }
        #expect(
            step
                == .ask(
                    "Send this to exec-mcp? [y/N] ",
                    quoted: [
                        #""name": "An\u{202E}n""#, #""size": 1.5"#, #""ok": true"#, #""color": "g""#,
                        #""days": ["tue","mon"]"#,
                    ]))
    }

    @Test func aVisitIsAgreedTo() throws {
        let question = try ServerQuestion.asking(["mode": "url", "message": "Log in", "url": "https://a.example"])
        #expect(try answer(to: question, "y") == .accept(nil))
        #expect(try answer(to: question, "") == .decline)
    }
}

private struct ElicitationTestError: Error {}
