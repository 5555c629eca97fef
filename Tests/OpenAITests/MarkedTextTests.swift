import JSON
import Testing

@testable import OpenAI

/// Thoughts and calls wherever they stand in a text, in the ways of many models, and texts that are about them.
@Suite struct MarkedTextTests {
    private static let tools = [
        FunctionTool(
            name: "execute_bash", description: "",
            parameters: [
                "type": "object",
                "properties": [
                    "command": ["type": "string"], "timeout": ["type": "integer"], "deep": ["type": "boolean"],
                ],
                "required": ["command"],
            ]),
        FunctionTool(name: "list_files", description: "", parameters: ["type": "object", "properties": [:]]),
    ]
    private static let sizes = [1, 2, 5, 11, 1000]

    private func answer(
        _ text: String, pieces: Int = 1000, finish: FinishReason? = .stop
    ) throws -> (told: String, answer: ChatCompletion) {
        try readAnswer(text, pieces: pieces, Self.tools, finish: finish)
    }

    // MARK: - Thoughts

    @Test(arguments: [
        ("Sure. <think>hm, 2 + 2</think>Four.", "Sure. Four."), ("OK!<think>\nhm\n</think>\n\nFour.", "OK!\n\nFour."),
        ("Let me see <think>\nhm\n</think>\nFour.", "Let me see \nFour."), ("Hello<think>a</think>Four.", "HelloFour."),
        ("Let me see: <think>hm</think>Four.", "Let me see: Four."), ("好的。<think>想一下</think>四。", "好的。四。"),
        ("One. <think>a</think>Two. <think>b</think>Three.", "One. Two. Three."),
        ("Yes? <thinking>\nhm\n</thinking> **Four**", "Yes?  **Four**"),
        ("<THINK>hm</THINK>Four.", "Four."), ("<Think>hm</think>Four.", "Four."),
        ("< think >hm</ think >Four.", "Four."), ("< Thinking >\nhm\n< / thinking >\nFour.", "Four."),
        ("<seed:think>hm</seed:think>Four.", "Four."), ("◁think▷hm◁/think▷Four.", "Four."),
        ("[THINK]hm[/THINK]Four.", "Four."), ("<|think|>hm<|/think|>Four.", "Four."),
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Four.<|END_RESPONSE|>", "Four."),
        ("<think>hm</think><answer>\nFour.\n</answer>", "Four.\n"),
        ("<think>hm</think>\n<response>Four.</response>", "Four."),
        ("<|begin_of_thought|>hm<|end_of_thought|>\n\n<|begin_of_solution|>Four.<|end_of_solution|>", "Four."),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Four.", "Four."),
        (
            "<|channel|>analysis<|message|>hm<|end|>\n<|start|>assistant<|channel|>final<|message|>Four.<|return|>",
            "Four."
        ),
        ("<|start|>assistant<|channel|>final<|message|>Four.<|return|>", "Four."),
        ("<|channel>thought\nhm\n<channel|>Four.", "Four."),
        ("<longcat_think>hm</longcat_think>Four.", "Four."), ("<scratch_pad>hm</scratch_pad>Four.", "Four."),
        ("</think>\n\nFour.", "Four."), ("<think>The mark </thought> is none.</think>Four.", "Four."),
        ("<think>a</think>\n<think>b</think>\nFour.", "Four."), ("<think>\n\n</think>\n\nFour.", "Four."),
        ("Sure, <think>hm</think>Four.", "Sure, Four."), ("Ok \u{2014} <think>hm</think>4", "Ok \u{2014} 4"),
        ("<thought>\nhm\n</think>\nFour.", "Four."), ("<thought>a</think><reasoning>b</think>Four.", "Four."),

        ("Four.</s>", "Four."), ("Four.<end_of_turn>\n", "Four."),
        ("Four.<|im_end|>", "Four."), ("Four.<|im_end|><|endoftext|>\n", "Four."),
    ])
    func aThoughtIsNotTold(text: String, told: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said.trimmed == told.trimmed, "in pieces of \(size)")
            #expect(answer.message.text == said, "in pieces of \(size)")
            #expect(!answer.hasUnreadCall)
            #expect(answer.message.toolCalls.isEmpty)
        }
    }

    @Test(arguments: [
        "The mark <think> begins a thought, </think> ends it.", "Use `<think>` and `</think>`. Then go on.",
        "There are two marks. <think> begins a thought, and </think> ends it.",
        "Thoughts stand between <think> and </think>.", "(<think>…</think>) is what it writes.",
        "It writes <think>hm</think> before an answer.", "Write this: <think>hm</think>", "\"<think>\" begins it.",
        "1. <think> begins it\n2. </think> ends it\n", "| mark | meaning |\n|---|---|\n| <think> | begins |\n",
        "**<think>** begins, **</think>** ends.", "- <think>: begins\n- </think>: ends\n",
        "Look:\n\n```\nOK. <think>hm</think>Four.\n```\n", "````md\n```\n<think>\n```\n</think>\n````\nThat is it.",
        "~~~\n```\n<think>hm</think>\n~~~\nThat is it.", "So:\n\n    <think>hm</think>Four.\n\nThat is it.",
        "``a ` <think>x</think>`` is code.", "标记 <think> 开始思考，</think> 结束。", "标记<think>开始思考，</think>结束。",
        "A thought. <think>", "Generic: Array<Thinking>.", "List<Think> x;", "[think](https://example.org)? No.",
        "The token <|channel|> is one of theirs.", "It ends with <|im_end|>", "a <b> c </b> [d] <e", "x < y > z", "<",
        "Here is my thought process: I add.", "Here is it.", "Is it <response>?", "`<|im_end|>`",
        "[1]: <https://x.org>",
        "There are tags. <think>...</think>, for instance.", "> <think>\n> hm\n> </think>\n\nis quoted.", "<s>old</s>",
        "analysisOf is a word.", "Analysis: I add.", "The <think>x</think> tag.", "Use <think>, then <answer>.",
    ])
    func aTextAboutThoughtsIsTold(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
            #expect(!answer.hasUnreadCall)
            #expect(answer.message.toolCalls.isEmpty)
        }
    }

    @Test(arguments: [
        ("I add.</think>\n\nFour.", "Four."), ("I add. </think> Four.", "Four."), ("I add.</THINK>Four.", "Four."),
    ])
    func aThoughtWhoseBeginningTheServerKeepsIsNotTheAnswer(text: String, answer told: String) throws {
        for size in Self.sizes { #expect(try answer(text, pieces: size).answer.message.text.trimmed == told) }
    }

    // MARK: - Calls

    private static let call = #"{"name": "execute_bash", "arguments": {"command": "ls"}}"#
    private static let arguments = #"{"command": "ls"}"#
    /// One call each: `execute_bash` with the command `ls`.
    private static let calls = [
        "<tool_call>\(call)</tool_call>", "<TOOL_CALL>\(call)</TOOL_CALL>", "< tool_call >\(call)</ tool_call >",
        #"<tool_call>{"arguments": {"command": "ls"}, "name": "execute_bash"}</tool_call>"#,
        #"<tool_call>{"parameters": {"command": "ls"}, "type": "function", "name": "execute_bash"}</tool_call>"#,
        "<tool_call>```json\n\(call)\n```</tool_call>", "<tool_call>[\(call)]</tool_call>",
        "<tools>\n\(call)\n</tools>",
        "<TOOLCALL>[\(call)]</TOOLCALL>", "<function_call> \(call)", "<|tool_call|>[\(call)]",
        "<|tool_call|>[\(call)]<|/tool_call|>", "<|tool_call_start|>[\(call)]<|tool_call_end|>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>execute_bash\n```json\n\(arguments)\n```"
            + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>execute_bash<｜tool▁sep｜>\(arguments)<｜tool▁call▁end｜>"
            + "<｜tool▁calls▁end｜><｜end▁of▁sentence｜>",
        "<｜tool calls begin｜><｜tool call begin｜>execute_bash<｜tool sep｜>\(arguments)<｜tool call end｜>"
            + "<｜tool calls end｜>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.execute_bash:0<|tool_call_argument_begin|>\(arguments)"
            + "<|tool_call_end|><|tool_calls_section_end|>",
        "<|start|>assistant<|channel|>commentary to=functions.execute_bash <|constrain|>json<|message|>\(arguments)<|call|>",
        "<|channel|>commentary to=functions.execute_bash<|message|>\(arguments)",
        "<|start|>assistant to=functions.execute_bash<|channel|>commentary json<|message|>\(arguments)<|call|>",
        "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.execute_bash "
            + "<|constrain|>json<|message|>\(arguments)<|call|>",
        "<|channel|>analysis to=functions.execute_bash code<|message|>\(arguments)<|call|>",
        "[TOOL_CALLS][\(call)]", "[TOOL_CALLS] [\(call)]</s>", "[TOOL_CALLS]execute_bash\(arguments)",
        "[TOOL_CALLS]execute_bash[ARGS]\(arguments)", "[TOOL_CALLS]execute_bash[CALL_ID]a1b2c3d4e[ARGS]\(arguments)",
        "<|python_tag|>\(call)", "<|python_tag|>\(call)<|eom_id|>", #"<|python_tag|>execute_bash.call(command="ls")"#,
        #"<|python_start|>[execute_bash(command="ls")]<|python_end|>"#,
        "<|tool_call_start|>[execute_bash(command='ls')]<|tool_call_end|>",
        "<tool_call>execute_bash\n<arg_key>command</arg_key>\n<arg_value>ls</arg_value>\n</tool_call>",
        "<tool_call>execute_bash<arg_key>command</arg_key><arg_value>ls</arg_value></tool_call>",
        "<tool_call>\n<function=execute_bash>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>",
        "<function=execute_bash>\n<parameter=command>\nls\n</function>\n</tool_call>",
        "<seed:tool_call><function=execute_bash><parameter=command>ls</parameter></function></seed:tool_call>",
        "<minimax:tool_call>\n<invoke name=\"execute_bash\">\n<parameter name=\"command\">ls</parameter>\n</invoke>\n"
            + "</minimax:tool_call>",
        "<function_calls><invoke name='execute_bash'><parameter name='command'>ls</parameter></invoke></function_calls>",
        "<\(space)function_calls>\n<\(space)invoke name=\"execute_bash\">\n<\(space)parameter name=\"command\">ls</\(space)parameter>"
            + "\n</\(space)invoke>\n</\(space)function_calls>",
        "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"execute_bash\">\n<｜DSML｜parameter name=\"command\" string=\"true\">"
            + "ls</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        "<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name=\"execute_bash\">"
            + "<steptml:parameter name=\"command\">ls</steptml:parameter></steptml:invoke><｜tool_call_end｜>"
            + "<｜tool_calls_end｜>",
        #"<|action_start|><|plugin|>{"name": "execute_bash", "parameters": {"command": "ls"}}<|action_end|>"#,
        #"<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "execute_bash", "parameters": {"command": "ls"}}]<|END_ACTION|>"#,
        "<|tool_call>call:execute_bash{command:<|\"|>ls<|\"|>}<tool_call|>",
        "<start_function_call>call:execute_bash{command:<escape>ls<escape>}<end_function_call>",
        #"<|tools_prefix|>[{"execute_bash": {"command": "ls"}}]<|tools_suffix|>"#,
        "<longcat_tool_call>\(call)</longcat_tool_call>", "<tool_call name=\"execute_bash\">\(arguments)</tool_call>",
        "<function=execute_bash>\(arguments)</function>", "<function=functions.execute_bash:0>\(arguments)</function>",
        call, "[\(call)]", "```json\n\(call)\n```", "```\n\(call)\n```\n", "\(call)\n</tool_call>", "\(call)<|im_end|>",
        #"{"id": "call_1", "type": "function", "function": {"name": "execute_bash", "arguments": "{\"command\": \"ls\"}"}}"#,
        #"{"tool_calls": [{"function": {"name": "execute_bash", "arguments": {"command": "ls"}}}]}"#,
        #"{"arguments": {"command": "ls"}, "name": "Execute-Bash"}"#,
        "<tool_use>\(call)</tool_use>", #"<tool_call>{"name": "execute_bash", "command": "ls"}</tool_call>"#,
        #"<tool_call>{"name": "execute_bash", "arguments": {"command": "ls"}</tool_call>"#,
        "<tool_call>{'name': 'execute_bash', 'arguments': {'command': 'ls'}}</tool_call>",
        "[execute_bash(command='ls')]", "```tool_code\nexecute_bash(command='ls')\n```",

        "<tool_call>\(call)</tool_call>\n<tool_response>\nmade up\n</tool_response>\nThere is one file.",
        "<think>I look.</think>\n\n<tool_call>\(call)</tool_call>",
        "<think>I look.\n<tool_call>\n\(call)\n</tool_call>",
        "<tool_call>\(call)</tool_call><think>Now I wait.</think>",
    ]
    /// What hosts write before words of their own.
    private static let space = "a" + "ntml:"

    @Test(arguments: calls)
    func aCallIsRead(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(answer.message.toolCalls.map(\.name) == ["execute_bash"], "in pieces of \(size): \(said)")
            #expect(answer.message.toolCalls.map(\.arguments.compact) == [#"{"command":"ls"}"#])
            #expect(said.isEmpty)
            #expect(answer.message.text.isEmpty)
            #expect(!answer.hasUnreadCall)
            #expect(answer.finishReason == .toolCalls)
        }
    }

    @Test(arguments: calls.filter { $0.hasPrefix("<") || $0.hasPrefix("[T") }, ["I look. ", "好的。", "I look:\n\n- "])
    func aCallBehindWordsIsRead(text: String, words: String) throws {
        guard !text.hasPrefix("<think>"), !text.contains("analysis<") else { return }
        for size in [1, 5, 1000] {
            let (said, answer) = try answer(words + text, pieces: size)
            #expect(answer.message.toolCalls.map(\.arguments.compact) == [#"{"command":"ls"}"#], "in pieces of \(size)")
            #expect(said.trimmed == words.trimmed)
        }
    }

    @Test(arguments: [
        "<tool_call>\(call)</tool_call>\n<tool_call>\(call)</tool_call>", "<tool_call>\(call)\n\(call)</tool_call>",
        "<tool_call>\(call)<tool_call>\(call)", "[TOOL_CALLS][\(call), \(call)]", "\(call)\n\(call)",
        "[\(call), \(call)]",
        "<|python_tag|>\(call); \(call)",
        "[TOOL_CALLS]execute_bash[ARGS]\(arguments)[TOOL_CALLS]execute_bash[ARGS]\(arguments)",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.execute_bash:0<|tool_call_argument_begin|>\(arguments)"
            + "<|tool_call_end|><|tool_call_begin|>functions.execute_bash:1<|tool_call_argument_begin|>\(arguments)"
            + "<|tool_call_end|><|tool_calls_section_end|>",
        "<tool_calls>\n\(call)\n\(call)\n</tool_calls>",
        "<function_calls>\nexecute_bash(command='ls')\nexecute_bash(command=\"ls\")\n</function_calls>",
        "I look. <tool_call>\(call)</tool_call> <think>Again.</think> <tool_call>\(call)</tool_call>",
    ])
    func allCallsAreRead(text: String) throws {
        for size in Self.sizes {
            let calls = try answer(text, pieces: size).answer.message.toolCalls
            #expect(
                calls.map(\.arguments.compact) == [#"{"command":"ls"}"#, #"{"command":"ls"}"#], "in pieces of \(size)")
            #expect(Set(calls.map(\.id)).count == 2)
        }
    }

    @Test(arguments: [
        "<tool_call>list_files</tool_call>", "<tool_call>list_files\n</tool_call>", "<function=list_files></function>",
        "<function=list_files>\n</function>\n</tool_call>", #"{"name": "list_files", "arguments": {}}"#,
        "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"list_files\">\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        "<tool_call>list_files()</tool_call>", "[TOOL_CALLS]list_files{}",
    ])
    func aCallWithoutArgumentsIsRead(text: String) throws {
        let calls = try answer(text, pieces: 3).answer.message.toolCalls
        #expect(calls.map(\.name) == ["list_files"])
        #expect(calls.map(\.arguments) == ["{}"])
    }

    @Test func argumentsAreOfTheirKind() throws {
        let element =
            "<function=execute_bash>\n<parameter=command>\necho '</parameter>' \\\n  <b>\n</parameter>\n"
            + "<parameter=timeout>\n5\n</parameter>\n<parameter=deep>\nTrue\n</parameter>\n</function>"
        let made = try answer(element).answer.message.toolCalls.map(\.arguments.compact)
        #expect(made == [#"{"command":"echo '</parameter>' \\\n  <b>","deep":true,"timeout":5}"#])
        let nested =
            "<function=execute_bash>\n<parameter=command>\ncat <<E\n</function>\n<parameter name=\"y\">1</parameter>\nE\n"
            + "</parameter>\n</function>"
        #expect(
            try answer(nested).answer.message.toolCalls.map(\.arguments.compact)
                == [#"{"command":"cat <<E\n</function>\n<parameter name=\"y\">1</parameter>\nE"}"#])
        let unended = "<function=execute_bash>\n<parameter=command>\nls\n<parameter=timeout>\n5\n</function>"
        #expect(
            try answer(unended).answer.message.toolCalls.map(\.arguments.compact) == [#"{"command":"ls","timeout":5}"#])
        let dsml =
            "<｜DSML｜invoke name=\"execute_bash\"><｜DSML｜parameter name=\"command\" string=\"true\">5"
            + "</｜DSML｜parameter><｜DSML｜parameter name=\"timeout\" string=\"false\">5</｜DSML｜parameter></｜DSML｜invoke>"
        #expect(try answer(dsml).answer.message.toolCalls.map(\.arguments.compact) == [#"{"command":"5","timeout":5}"#])
        let python = #"<|python_tag|>execute_bash(command='a\'b\n', timeout=5, deep=False)"#
        #expect(
            try answer(python).answer.message.toolCalls.map(\.arguments.compact)
                == [#"{"command":"a'b\n","deep":false,"timeout":5}"#])
        let inText =
            #"<tool_call>{"name":"execute_bash","arguments":{"command":"echo '</tool_call><think>' # }"}}</tool_call>"#
        #expect(
            try answer(inText).answer.message.toolCalls.map(\.arguments.compact)
                == [##"{"command":"echo '</tool_call><think>' # }"}"##])
    }

    @Test(arguments: [
        "Write it as `<tool_call>\(call)</tool_call>`.", "So:\n\n```xml\n<tool_call>\(call)</tool_call>\n```\n",
        "So:\n~~~\n[TOOL_CALLS][\(call)]\n~~~\n", "So:\n```json\n\(call)\n```\nThat is it.", "It is `\(call)` there.",
        "The mark <tool_call> begins a call and </tool_call> ends it.", "<tool_call> is what it begins with.",
        #"One writes <tool_call>{"name": "fly", "arguments": {}}</tool_call> there."#,
        "The call was \(call) and it worked.", "A function: <function> or <tool>.", "[tool_calls] is a key.",
        #"{"name": "Ada", "arguments": {"command": "ls"}}"#, #"{"name": "execute_bash", "version": "1.2"}"#,
        #"{"name": "execute_bash", "description": "Runs.", "parameters": {"command": "ls"}}"#,
        #"{"name": "execute_bash", "parameters": {"type": "object", "properties": {"command": {"type": "string"}}}}"#,
        #"{"name": "execute_bash", "arguments": {"speed": 9}}"#, #"{"name": "execute_bash", "arguments": ["ls"]}"#,
        #"{"name": "execute_bash", "arguments": {}}"#, #"[{"name": "Ada", "args": {}}, {"name": "Bob"}]"#,
        #"{"tool": "hammer", "parameters": {"weight": 2}}"#, #"{"function": "sin", "args": {"x": 1}}"#,
        #"{"name": "my-app", "version": "1"}"#, #"{"name": "x", "arguments": "#, #"{"arguments": {"a": 1}}"#,
        #"{"name": "list_files", "arguments": {}, "returns": "a list"}"#,
        "```json\n{\"name\": \"Ada\"}\n```\nThat is her.",
        "execute_bash(command='ls') is how one calls it.", "execute_bash(", "list_files is a tool.",
        "```python\nexecute_bash(command='ls')\n```", "commentary to=bob", "functools is a module.", "[list_files]",
        #"{"tool_calls": []}"#, #"{"name": "execute_bash"}"#, #"{"name": "execute_bash", "arguments": "none"}"#,
    ])
    func aTextThatIsNoCallIsTold(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size)")
            #expect(!answer.hasUnreadCall, "in pieces of \(size)")
        }
    }

    @Test(arguments: [
        #"<tool_call>{"name": "execute_bash", "arguments": {"command": "rm -rf /tmp/x"#,
        "<function=execute_bash>\n<parameter=command>\nrm -rf /tmp/x",
        "<function=execute_bash>\n<parameter=command>\nrm -rf /tmp/x\n</param",
        "<tool_call>execute_bash\n<arg_key>command</arg_key>\n<arg_value>rm -rf /tmp/x",
        "[TOOL_CALLS]execute_bash{\"command\": \"rm", "<|python_tag|>execute_bash(command=\"rm -rf /tmp/x",
        "<|channel|>commentary to=functions.execute_bash<|message|>{\"command\": \"rm",
        #"{"name": "execute_bash", "arguments": {"command": "rm"#,
    ])
    func aCallThatWasCutIsNotRunAndIsSaid(text: String) throws {
        let (said, answer) = try answer(text, pieces: 4, finish: .length)
        #expect(answer.message.toolCalls.isEmpty)
        #expect(answer.hasUnreadCall)
        #expect(said.contains("rm"))
    }

    @Test func aCallThatAThoughtIsAboutIsNotRun() throws {
        let thought = "<think>I could write <tool_call>\(Self.call)</tool_call> but"
        #expect(try answer(thought, finish: .length).answer.message.toolCalls.isEmpty)
        #expect(try answer(thought + " I do not.</think>Four.").answer.message.toolCalls.isEmpty)
        let made = try answer("\(thought) I write\n<tool_call>\(Self.call)</tool_call>\n").answer.message.toolCalls
        #expect(made.count == 1)
    }

    @Test(arguments: [
        #"execute_bash(command="ls")"#, "commentary to=functions.execute_bash json\(arguments)", "functools[\(call)]",
        "assistantcommentary to=functions.execute_bash<|message|>\(arguments)", "to=functions.execute_bash\(arguments)",
    ])
    func aCallThatBeginsWithAWordIsRead(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(answer.message.toolCalls.map(\.arguments.compact) == [#"{"command":"ls"}"#])
            #expect(said.isEmpty)
        }
    }

    @Test func aThoughtThatBeginsWithAWordIsNotTold() throws {
        for size in Self.sizes {
            for begin in ["analysisI add.assistantfinal", "Here is my thought process:\nI add.\nHere is my response:"] {
                #expect(try answer(begin + "Four.", pieces: size).told == "Four.")
            }
        }
    }

    @Test(arguments: ["I", "Hi", "x", "Ye", "an ", "ex.", "com, ", "lists", "Hello", "1", "He said"])
    func theFirstLettersAreToldAtOnceWhereTheyBeginNoCall(text: String) throws {
        var assembler = CompletionAssembler(tools: Self.tools)
        #expect(try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: text))) == text)
    }

    @Test(arguments: ["a", "H", "He", "e", "com", "list"])
    func theFirstLettersOfWhatMayBeACallAreToldWithTheNextPiece(text: String) throws {
        var assembler = CompletionAssembler(tools: Self.tools)
        #expect(try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: text))).isEmpty)
        #expect(try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: "x."))) == text + "x.")
    }

    @Test func callsOfTheServerAreNotMadeTwice() throws {
        var assembler = CompletionAssembler(tools: Self.tools)
        let told = try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: "<tool_call>\(Self.call)</tool_call>")))
        let piece = ToolCallPiece(index: 0, id: "a", name: "execute_bash", arguments: Self.arguments)
        _ = try assembler.add(ChatChunk(delta: ChatChunk.Delta(toolCalls: [piece]), finishReason: .toolCalls))
        let (rest, answer) = try assembler.completion(isDone: true)
        #expect(told.isEmpty)
        #expect(rest.isEmpty)
        #expect(answer.message.toolCalls.map(\.id) == ["a"])
    }

    /// Beginnings without end, which must not be lost.
    @Test(arguments: [
        ". <think>", "<tool_call>{", "<tool_call>", "a. <think>b</think>, ", "`", "<|channel|>", "<function=",
        "{\"name\":", "[TOOL_CALLS]execute_bash{", "\n", "```\n", "<arg_key>a</arg_key>", "<|start|>assistant", "*",
        "｜",
        "◁", "<tool_call>execute_bash<arg_key>", "[[[", "{{{", "</tool_call>", "<|message|>",
    ])
    func nothingOfATextWithManyBeginningsIsLost(part: String) throws {
        let text = "x" + String(repeating: part, count: 4000 / part.utf8.count)
        for size in [3, 100_000] { #expect(try answer(text, pieces: size).told == text) }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// The object that it says, its members in the order of their names.
    fileprivate var compact: String {
        guard let object = (try? JSON.parse(self))?.objectValue else { return "no object: \(self)" }
        var sorted = JSONObject()
        for member in object.sorted(by: { $0.key < $1.key }) { sorted[member.key] = member.value }
        return JSON.object(sorted).text
    }
}
