import JSON
import Testing

@testable import OpenAI

/// Where in a text a call is run, and where it is only shown.
@Suite struct CallPolicyTests {
    private static let arguments = #"{"command": "ls"}"#
    private static let json = #"{"name": "execute_bash", "arguments": {"command": "ls"}}"#
    /// Calls with marks of their models.
    private static let marked = [
        "<tool_call>\(json)</tool_call>", "<tool_call>\n\(json)\n</tool_call>", "[TOOL_CALLS][\(json)]",
        "<function=execute_bash>\n<parameter=command>\nls\n</parameter>\n</function>",
        "<|tool_call_start|>[execute_bash(command='ls')]<|tool_call_end|>",
        "<|channel|>commentary to=functions.execute_bash <|constrain|>json<|message|>\(arguments)<|call|>",
    ]
    /// Calls without.
    private static let bare = [
        json, "execute_bash\n\(arguments)", "Action: execute_bash\nAction Input: \(arguments)",
        "<execute_bash>\n<command>ls</command>\n</execute_bash>", "[execute_bash(command='ls')]",
    ]

    private func expectShown(_ text: String, isUnread: Bool? = nil, hasToolChannel: Bool = false) throws {
        for size in [1, 1000] {
            let (told, answer) = try readAnswer(text, pieces: size, someTools, hasToolChannel: hasToolChannel)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size): \(text)")
            #expect(told == text, "in pieces of \(size): \(text)")
            if let isUnread { #expect(answer.hasUnreadCall == isUnread, "in pieces of \(size): \(text)") }
        }
    }

    private func expectRun(_ text: String, behind words: String, hasToolChannel: Bool = false) throws {
        for size in [1, 1000] {
            let (told, answer) = try readAnswer(words + text, pieces: size, someTools, hasToolChannel: hasToolChannel)
            #expect(
                answer.message.toolCalls.map { try? JSON.parse($0.arguments) } == [["command": "ls"]],
                "in pieces of \(size): \(words + text)")
            #expect(told == words)
            #expect(!answer.hasUnreadCall)
            #expect(answer.hasWrittenCalls)
        }
    }

    /// `@` stands for a call.
    @Test(
        arguments: [
            // Announced as an example or as what a file says.
            "For example:\n@", "For example: @", "Here is an example of a call:\n\n@", "A call looks like this:\n\n@\n",
            "例如：\n@", "文件内容如下：\n\n@", "Zum Beispiel:\n@", "Par exemple :\n\n@", "Por ejemplo:\n@", "Например:\n@",
            "The file says:\n@", "Contents of a.txt:\n\n@", "I found this in the log:\n@",
            "The page wants me to write\n@",
            "To call a tool, write:\n\n@\n", "The syntax is\n\n@", "## Format\n\nThe model emits:\n@", "It would be\n@",
            "Never write this:\n@", "I won't run what it wants:\n@", "The tool returned:\n@",
            "User: hi\nAssistant: Yes.\n@",
            "@\nor\n@", "@\nand then\n@", "1. First form:\n@\n2. Second form:\n@", "Forms:\n- @\n- @",
            // Not at the start of a line.
            "# @", "[^1]: @", "content: @", "x = @", "$ echo @", "notes.txt:3:@", "1: @", "  12\t@", "3 | @",
            "line 3: @",
            "+@", "%%@", "INFO: @", "[12:00:01] @", "(3) @", "~~@~~", "**@**", "_@_", "\\@", "a | @", "root@@",
            // Within what is open.
            "<pre>\n@", "Log:\n<pre class='x'>\n\n@", "<example>\n\n@", "<details>\n<summary>x</summary>\n\n@",
            "<!--\n@",
            "<![CDATA[\n@", "Write `\n@", "It is `` a\n@", "Write ```\n@", "````\n```\na\n```\n@", "~~~\n@\n~~~",
            "It says: \"hi\n@", "Sie sagt: „Hallo.\n@", "「こんにちは。\n@", "> says\n@", "- > @", "-     @", "- a\n\n      @",
            "    @", "\t@", "\u{A0}\u{A0}\u{A0}\u{A0}@", "```text\n@\n```", "```markdown\n@\n```", "```python\n@\n```",
            "```bash\n@\n```", "| a |\n|---|\n@", "\\begin{verbatim}\n@", "#+BEGIN_SRC\n@", "----\n@", "prompt: |\n  @",
        ], marked + bare)
    func aCallWhereNoneIsMadeIsShown(text: String, call: String) throws {
        // A heading of the same sign as a comment's, and a name that ends a word, are other things.
        try expectShown(text.replacing("root@", with: "root").replacing("@", with: call))
    }

    @Test(arguments: [300, 700, 5000])
    func aFenceWithAVeryLongLabelIsAFence(length: Int) throws {
        for call in Self.marked {
            try expectShown("See:\n```" + String(repeating: "x", count: length) + "\n\(call)\n```")
        }
    }

    @Test(
        arguments: [
            "I look.\n", "Let me check the directory:\n", "Sure! I'll run the command for you.\n", "## Step 1\n",
            "Now I list the files:\n", "I need to look at the files\n", "Checking the directory...\n", "我来查看文件：\n",
            "好的，让我先看看目录里有什么。\n", "Ich schaue mir die Dateien an:\n", "Je vais regarder les fichiers :\n",
            "Voy a listar los archivos:\n", "Сейчас я посмотрю файлы:\n", "まずファイルを確認します。\n", "Got it 👍\n",
            "It is empty, so I look elsewhere.\n", "It says \"hello\". I look for more.\n", "> quoted\n\nI look.\n",
            "```py\nx = 1\n```\nI run it.\n", "| a |\n|---|\n| 1 |\n\nI look.\n",
            "I'll call the `execute_bash` tool:\n",
            "I'd write `ls` but\nit fails. I look:\n", "<b>Plan</b>\n\nI look.\n",
        ], marked + bare)
    func aCallBehindWordsOfAModelThatActsIsRun(words: String, call: String) throws {
        try expectRun(call, behind: words)
    }

    @Test(arguments: marked)
    func aCallWithMarksBehindASentenceOnItsLineIsRun(call: String) throws {
        for words in ["Sure, I'll do that. ", "OK! ", "好的。", "Let me check: "] { try expectRun(call, behind: words) }
    }

    @Test(arguments: marked + bare)
    func aCallThatMayHaveBeenMeantIsShownAndSaid(call: String) throws {
        for text in ["For example:\n@", "content: \n@", "The file says:\n\n@\n", "    @", "<pre>\n@"] {
            try expectShown(text.replacing("@", with: call), isUnread: true)
        }
    }

    @Test(arguments: [
        "=> <tool_call>\(json)</tool_call>", "execute_bash\n```python\ntool_call(command='ls')\n```",
        "1. First I look <tool_call>\(json)</tool_call>", "~~<tool_call>\(json)</tool_call>~~",
        "<tool_call>\(json)</tool_call> and so on",
    ])
    func aCallInAnUnusualPlaceIsSaid(text: String) throws { try expectShown(text, isUnread: true) }

    @Test(arguments: [
        "<|tool_call_start|>[execute_bash(command=\"ls\")]<|tool_call_end|>",
        "<|action_start|><|plugin|>{\"name\": \"execute_bash\", \"parameters\": \(arguments)}<|action_end|>",
    ])
    func wordsDirectlyBehindTheTokenThatEndsACallAreToldAndItIsRun(call: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(call + "Now I look.", pieces: size, someTools)
            #expect(answer.message.toolCalls.count == 1, "in pieces of \(size)")
            #expect(told == "Now I look.", "in pieces of \(size)")
        }
        try expectShown(call + " is how it is written.")
        try expectShown("For example: " + call + "That is it.")
    }

    // MARK: - A server that delivers calls

    @Test(arguments: marked)
    func ofAServerThatDeliversCallsOnlyMarksAtTheStartOfALineAreTaken(call: String) throws {
        for words in ["", "I look.\n", "Let me check:\n"] { try expectRun(call, behind: words, hasToolChannel: true) }
        for text in ["I look. @", "- @", "The file says:\n@"] {
            try expectShown(text.replacing("@", with: call), hasToolChannel: true)
        }
        for text in ["@\n<tool_response>\nmade up\n</tool_response>\nOne file.", "@<think>hm</think>x"] {
            let text = text.replacing("@", with: call)
            #expect(try readAnswer(text, pieces: 7, someTools, hasToolChannel: true).answer.message.toolCalls.isEmpty)
        }
    }

    @Test(arguments: bare + ["```json\n\(json)\n```", "```tool_code\nexecute_bash(command='ls')\n```"])
    func ofAServerThatDeliversCallsNothingElseIsTaken(call: String) throws {
        for words in ["", "I look.\n"] { try expectShown(words + call, isUnread: true, hasToolChannel: true) }
    }

    @Test func ofAServerThatDeliversCallsOnlyFittingArgumentsAreTaken() throws {
        let call = #"<tool_call>{"name": "execute_bash", "arguments": {"cmd": "ls"}}</tool_call>"#
        try expectShown(call, isUnread: true, hasToolChannel: true)
        #expect(try readAnswer(call, pieces: 7, someTools).answer.message.toolCalls.count == 1)
    }
}
