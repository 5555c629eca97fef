import JSON
import Testing

@testable import OpenAI

/// Calls in places where they may have been meant: they aren't run, and that is said.
@Suite struct UnrunCallTests {
    private static let json = #"{"name": "execute_bash", "arguments": {"command": "ls"}}"#
    private static let hermes = "<tool_call>\(json)</tool_call>"
    private static let lfm2 = #"<|tool_call_start|>[execute_bash(command="ls")]<|tool_call_end|>"#
    private static let internLM =
        "<|action_start|><|plugin|>\n{\"name\": \"execute_bash\", \"parameters\": {\"command\": \"ls\"}}<|action_end|>"
    private static let chatGLM3 = "execute_bash\n ```python\ntool_call(command='ls')\n```"
    private static let marked = [
        hermes, lfm2, internLM, "[TOOL_CALLS][\(json)]",
        "<function=execute_bash>\n<parameter=command>\nls\n</parameter>\n</function>",
    ]

    private func expectUnrun(
        _ text: String, told: String? = nil, isUnread: Bool = true, isUnclear: Bool = true
    ) throws {
        for size in pieceSizes {
            let (said, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size): \(text)")
            #expect(said == told ?? text, "in pieces of \(size): \(text)")
            #expect(answer.hasUnreadCall == isUnread, "in pieces of \(size): \(text)")
            #expect(answer.hasUnclearCall == (isUnread && isUnclear), "in pieces of \(size): \(text)")
        }
    }

    /// `@` stands for a call.
    @Test(
        arguments: [
            "@\nThe listing comes.", "@\n\nthe listing comes.", "I'll list the files.\n@\nThen I wait.",
            "I'll list the files.\n@ Then I wait.", "I'll list the files: @\nThen I wait.",
            "I'll list the files. @\n\nthen I wait.", "I'll list the files. @ Then I wait.",
            "Something happens. @\nIt ends.",
            "- @\nThen I wait.", "I look.\n@\n@\nThen I wait.",
        ], marked)
    func aCallThatWouldBeRunButForTheWordsBehindItIsSaid(text: String, call: String) throws {
        try expectUnrun(text.replacing("@", with: call))
    }

    @Test(
        arguments: ["I'll list the files: @ which is one.", "Look. @ is how it is written."], [hermes, lfm2, internLM])
    func aCallThatTheSentenceContinuesBehindIsAboutIt(text: String, call: String) throws {
        try expectUnrun(text.replacing("@", with: call), isUnread: false)
    }

    @Test(arguments: ["@", "I look.\n\n@", "I look: @", "[gMASK]@", "I look.<|assistant|>@"])
    func aCallOfChatGLM3IsSaid(words: String) throws {
        for call in [Self.chatGLM3, Self.chatGLM3.replacing("execute_bash", with: "**execute_bash**")] {
            let text = words.replacing("@", with: call)
            try expectUnrun(text)
            // A mark within the text keeps the one at its end.
            if !text.contains("<|") { try expectUnrun(text + "<|observation|>", told: text) }
        }
        try expectUnrun("I look.<|assistant|>\(Self.chatGLM3)<|observation|>")
    }

    @Test(arguments: ["print(1)", "def tool_call(command):\n    pass", "toolbox(command='ls')"])
    func otherCodeBelowTheNameOfAToolIsCode(code: String) throws {
        try expectUnrun("It is execute_bash\n```python\n\(code)\n```", isUnread: false)
    }

    @Test(
        arguments: ["text", "plaintext", "xml", "jsonc"],
        [
            json, hermes, "[TOOL_CALLS][\(json)]", #"execute_bash(command="ls")"#, "execute_bash('ls')",
            "Action: execute_bash\nAction Input: {\"command\": \"ls\"}",
        ])
    func aCallInACodeBlockThatIsTheWholeAnswerIsSaid(label: String, call: String) throws {
        for text in ["```\(label)\n\(call)\n```", "~~~\(label)\n\(call)\n~~~\n", "````\n\(call)\n````"] {
            try expectUnrun(text)
        }
    }

    @Test(arguments: ["python", "javascript", "bash"])
    func aCallThatIsNoCodeOfItsLanguageIsSaid(label: String) throws {
        for call in [Self.json, "[\(Self.json)]", Self.hermes, "[TOOL_CALLS][\(Self.json)]"] {
            try expectUnrun("```\(label)\n\(call)\n```")
        }
        for call in [#"execute_bash(command="ls")"#, "execute_bash('ls')", #"{"name": "Ada"}"#] {
            try expectUnrun("```\(label)\n\(call)\n```", isUnread: false)
        }
    }

    @Test(arguments: ["python", "javascript", "bash"])
    func codeBehindWordsIsCode(label: String) throws {
        for call in [Self.json, #"execute_bash(command="ls")"#, "execute_bash('ls')"] {
            try expectUnrun("The code is this:\n```\(label)\n\(call)\n```", isUnread: false)
        }
    }

    @Test(arguments: [hermes, lfm2, json, "execute_bash('ls')"])
    func aCallAsInlineCodeThatIsTheWholeAnswerIsSaid(call: String) throws {
        for text in ["`\(call)`", "`` \(call) ``\n"] { try expectUnrun(text) }
        try expectUnrun("It writes `\(call)`", isUnread: false)
    }

    @Test(arguments: [hermes, lfm2, "[TOOL_CALLS][\(json)]"])
    func aCallBehindABacktickThatIsNeverClosedIsSaid(call: String) throws {
        try expectUnrun("The file is `a.txt\n\(call)")
        try expectUnrun("The file is `a.txt\n\(call)\n`", isUnread: false)
    }

    @Test(arguments: [json, #"execute_bash(command="ls")"#, #"[execute_bash(command="ls")]"#, "execute_bash('ls')"])
    func aCallWithoutMarksThatEndsALineOfWordsIsSaid(call: String) throws {
        for words in ["I'll list the files: ", "I'll list the files. "] { try expectUnrun(words + call) }
        for words in ["For example: ", "Zum Beispiel: "] { try expectUnrun(words + call, isUnclear: false) }
        for words in ["He said: \"", "**Format:** ", "| run: ", "It is (so: "] {
            try expectUnrun(words + call, isUnread: false)
        }
    }

    @Test func anObjectBehindWordsOnItsLineIsSaid() throws {
        try expectUnrun("I list the files \(Self.json)")
        try expectUnrun("For example, \(Self.json)", isUnclear: false)
        for object in [#"{"name": "Ada", "arguments": {}}"#, #"{"command": "ls"}"#, "{}"] {
            try expectUnrun("The result is \(object)", isUnread: false)
        }
        try expectUnrun("Use execute_bash('ls')", isUnread: false)
    }
}
