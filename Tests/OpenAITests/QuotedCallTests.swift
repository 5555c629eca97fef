import JSON
import Testing

@testable import OpenAI

/// Calls that a text is about, which are not made.
@Suite struct QuotedCallTests {
    private static let tools = [
        FunctionTool(
            name: "execute_bash", description: "",
            parameters: [
                "type": "object", "properties": ["command": ["type": "string"]], "required": ["command"],
            ])
    ]
    private static let json = #"{"name":"execute_bash","arguments":{"command":"rm -rf ~"}}"#
    private static let call = "<tool_call>\(json)</tool_call>"
    private static let element =
        #"<invoke name="execute_bash"><parameter name="command">rm -rf ~</parameter></invoke>"#
    private static let function = "<function=execute_bash>\n<parameter=command>\nrm -rf ~\n</parameter>\n</function>"
    private static let channel =
        #"<|channel|>commentary to=functions.execute_bash <|constrain|>json<|message|>{"command":"rm -rf ~"}<|call|>"#
    private static let calls = [
        call, element, function, channel, "<function_calls>\n\(element)\n</function_calls>", "[TOOL_CALLS][\(json)]",
        "<tool_call>\n\(json)\n</tool_call>",
    ]

    private func answer(_ text: String, pieces: Int) throws -> (told: String, answer: ChatCompletion) {
        try readAnswer(text, pieces: pieces, Self.tools)
    }

    private func expectTold(_ text: String, isUnread: Bool? = false) throws {
        for size in [1, 7, 1000] {
            let (said, answer) = try answer(text, pieces: size)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size)")
            #expect(said == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
            if let isUnread { #expect(answer.hasUnreadCall == isUnread, "in pieces of \(size)") }
        }
    }

    /// `@` stands for a call.
    @Test(
        arguments: [
            "The log line was: \"@\" which is an injection, so I ignored it.", "It writes '@' there.", "It is (@).",
            "The page says “@”, which I do not follow.", "«@» is in it.", "The file has <code>@</code>.",
            "There is a comment: <!-- @ -->", "| mark | call |\n|---|---|\n| run | @ |", "- @ is what it writes.",
            "1. @ deletes all.", "**Format:** @ is how.", "Claude writes @ when it calls.",
            "The harmony format: @ is used.", "It would be @. I do not.", "Never do @!", "- The first: @\n- no other",
            "好的，@是一个例子。", "I found @ in the file and @ in the log.", "It says @\u{201D} there.",
        ], calls)
    func aCallInASentenceIsTold(text: String, call: String) throws {
        try expectTold(text.replacing("@", with: call), isUnread: nil)
        try expectTold(text.replacing("@", with: Self.call))
    }

    @Test(arguments: [
        "The log line was: \"@", "It says '@", "It is (@", "It is [@", "The page says “@", "It has «@", "> @",
        "The file says:\n> Now: @", "I see <code>@", "See <!-- @", "See <example> @", "| run | @", "| @",
        "- The format: @", "2. In full: @", "* It is: @", "**Format:** @", "**Format**: @", "*@", "As in: \" @",
        "It is `a` and (see: \"@",
    ])
    func aCallBehindWhatOpensAQuotationIsTold(text: String) throws {
        for call in [Self.call, Self.element, Self.channel] { try expectTold(text.replacing("@", with: call)) }
    }

    @Test(arguments: [
        "A call looks like this:\n\n1. ```xml\n   @\n   ```\n", "Like this:\n- ```\n  @\n  ```\n",
        "So:\n* ~~~\n  @\n  ~~~",
        "To do:\n- [ ] ```\n  @\n  ```", "Example: ```xml\n@\n```\n", "**Example** ```xml\n@\n```\nDone.",
    ])
    func aCallInAFenceBehindAListMarkerOrWordsIsTold(text: String) throws {
        for call in [Self.call, Self.element, Self.function] {
            try expectTold(text.replacing("@", with: call), isUnread: nil)
        }
    }

    @Test(arguments: [
        "The page says: “@", "**Hermes format:** @", "* **Hermes**: (@", "It is (@", "> @", "Written \"@",
    ])
    func aCallOverSeveralLinesBehindWhatOpensAQuotationIsTold(text: String) throws {
        let lines = Self.call.replacing("<tool_call>", with: "<tool_call>\n").replacing(
            "</tool_call>", with: "\n</tool_call>")
        try #require(lines != Self.call)
        try expectTold(text.replacing("@", with: lines), isUnread: nil)
    }

    @Test(arguments: [
        "Never do this:\n@\nIt deletes files.", "@\n\nThat is how it is written.", "So:\n\n@\n@\n\nBoth delete files.",
        "@\n</code>\n", "Never do this:\n@\n```\nls\n```\n", "\"\"\"\n@\n\"\"\"",
    ])
    func aCallOnItsOwnLinesThatASentenceGoesOnBehindIsToldAndSaid(text: String) throws {
        for call in Self.calls { try expectTold(text.replacing("@", with: call), isUnread: true) }
    }

    @Test(arguments: [
        "I look. @", "I look:\n@\n", "@@", "@\n\n@\n", "- @", "1. @", "Look at \"a.txt\". @", "He said \"go\" @",
        "**Now I look.** @", "I look (once). @", "@\n</answer>", "@</s>", "@<|im_end|>\n",
        "@\n<tool_response>\nmade up\n</tool_response>\nThere is one file.", "@<think>It runs.</think>\n",
        "@\n```\n", "<p>I look.</p> @", "I look <!-- now --> @", "It's here. @", "好的。@",
        "@<|im_end|>\n<|im_start|>user\nThanks.", "@\n<think>It runs. It",
        "It says \"<tool_call>{}</tool_call>\", which I ignore. I look.\n@",
    ])
    func aCallThatNoSentenceGoesOnBehindIsMade(text: String) throws {
        for size in [1, 7, 1000] {
            let made = try answer(text.replacing("@", with: Self.call), pieces: size).answer.message.toolCalls
            #expect(made.count == text.count { $0 == "@" }, "in pieces of \(size)")
        }
    }

    private static let arguments = #"{"command": "rm -rf ~"}"#
    /// Calls without the usual marks.
    private static let named = [
        "<execute_bash>\n<command>rm -rf ~</command>\n</execute_bash>", "execute_bash\n\(arguments)",
        "Action: execute_bash\nAction Input: \(arguments)", "[execute_bash(command='rm -rf ~')]",
        "```tool_code\nprint(default_api.execute_bash(command='rm -rf ~'))\n```", "execute_bash(\(arguments))",
        "[TOOL_REQUEST]\(json)[END_TOOL_REQUEST]", "<tool_code>print(execute_bash(command='rm -rf ~'))</tool_code>",
        "{\"action\": \"execute_bash\", \"action_input\": \(arguments)}", "{\"execute_bash\": \(arguments)}",
        "<tool_name>execute_bash</tool_name>\n<arguments>\(arguments)</arguments>",
    ]

    @Test(
        arguments: [
            "The log line was: \"@\" which is an injection, so I ignored it.", "It is (@).", "“@”, it says.", "> @",
            "| mark | call |\n|---|---|\n| run | @ |", "- @ is what it writes.", "Never do this:\n@\nIt deletes files.",
            "@\n\nThat is how it is written.", "\"\"\"\n@\n\"\"\"", "<pre>\n@\n</pre>", "````\n@\n````\nThat is it.",
            "````md\n@\n````\n", "It says:\n\n    @\n", "\"@", "<!--\n@\n-->", "So:\n~~~\n@\n~~~",
        ], named)
    func aQuotedCallWithoutMarksIsTold(text: String, call: String) throws {
        try expectTold(text.replacing("@", with: call), isUnread: nil)
    }

    @Test func oneCallIsQuotedAndAnotherIsMade() throws {
        let quoted = "The log has \"\(Self.call)\", which I ignore. I look.\n"
        let made = Self.call.replacing("rm -rf ~", with: "ls")
        for size in [1, 7, 1000] {
            let (told, answer) = try answer(quoted + made, pieces: size)
            #expect(told == quoted)
            #expect(answer.message.toolCalls.map(\.arguments) == [#"{"command":"ls"}"#])
        }
    }

    @Test func aCallThatAThoughtQuotesIsNotMade() throws {
        let (_, answer) = try answer("<think>The log has \"\(Self.call)", pieces: 7)
        #expect(answer.message.toolCalls.isEmpty)
    }
}
