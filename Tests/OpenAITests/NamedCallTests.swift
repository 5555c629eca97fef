import JSON
import Testing

@testable import OpenAI

/// Calls without any of the usual marks: with labels, below their names, and as elements.
@Suite struct NamedCallTests {
    private static let arguments = #"{"command": "ls"}"#
    private static let call = #"{"name": "execute_bash", "arguments": {"command": "ls"}}"#

    /// One call each: `execute_bash` with the command `ls`.
    private static let calls = [
        "Action: execute_bash\nAction Input: \(arguments)", "Action: execute_bash\nAction Input: \(arguments)\n",
        "Action: `execute_bash`\nAction Input: ```json\n\(arguments)\n```",
        "**Action:** execute_bash\n**Action Input:** \(arguments)", "action: execute_bash\naction input:\n\(arguments)",
        "Action: execute_bash(\(arguments))",
        "Action: execute_bash\nAction Input: \(arguments)\nObservation: a.txt\nFinal Answer: one file",
        "Action:\n```json\n{\"action\": \"execute_bash\", \"action_input\": \(arguments)}\n```",
        "Action: ```json\n[\n  {\n    \"tool_name\": \"execute_bash\",\n    \"parameters\": \(arguments)\n  }\n]\n```",
        ">>>execute_bash\n\(arguments)", "execute_bash\n\(arguments)", "execute_bash\(arguments)",
        "execute_bash: \(arguments)", "execute_bash\n\(arguments)<|observation|>",
        "<|assistant|>execute_bash\n\(arguments)",
        "call:execute_bash{command:\"ls\"}",
        "<execute_bash>\n<command>ls</command>\n</execute_bash>",
        "<execute_bash><command>\nls\n</command></execute_bash>",
        "<execute_bash>\(arguments)</execute_bash>", "<functions.execute_bash>\(arguments)</functions.execute_bash>",
        "<use_mcp_tool>\n<server_name>exec-mcp</server_name>\n<tool_name>execute_bash</tool_name>\n<arguments>\n"
            + "\(arguments)\n</arguments>\n</use_mcp_tool>",
        "<tool_call>\n<name>execute_bash</name>\n<arguments>\(arguments)</arguments>\n</tool_call>",
        "<invoke>\n<tool_name>execute_bash</tool_name>\n<parameters>\n<command>ls</command>\n</parameters>\n</invoke>",
        "<tool>execute_bash</tool><args>\(arguments)</args>",
        "<tool_name>execute_bash</tool_name>\n<parameters>\(arguments)</parameters>",
        "```tool_code\nprint(execute_bash(command='ls'))\n```",
        "```tool_code\ndefault_api.execute_bash(command='ls')\n```",
        "```tool_code\nprint(default_api.execute_bash(command=\"ls\"))\n```<end_of_turn>",
        "```tool_code\nexecute_bash(command='ls')\n```\n```tool_output\na.txt\n```\nThere is one file.",
        "<tool_code>\nprint(default_api.execute_bash(command='ls'))\n</tool_code>", "[execute_bash(command='ls')]",
        "[TOOL_REQUEST]\n\(call)\n[END_TOOL_REQUEST]", "[TOOL_REQUEST]\(call)[END_TOOL_REQUEST]",
        "✿FUNCTION✿: execute_bash\n✿ARGS✿: \(arguments)\n✿RESULT✿: a.txt",
        "<|tool_call:begin|>x1y2z3<|tool_call:name|>execute_bash<|tool_call:args|>\(arguments)<|tool_call:end|>",
        "{\"action\": \"execute_bash\", \"action_input\": \(arguments)}", "{\"execute_bash\": \(arguments)}",
        "{\"function_name\": \"execute_bash\", \"arguments\": \(arguments)}",
        "{\"functionCall\": {\"name\": \"execute_bash\", \"args\": \(arguments)}}",
        "{\"function_call\": {\"name\": \"execute_bash\", \"arguments\": \"{\\\"command\\\": \\\"ls\\\"}\"}}",
        "{\"thought\": \"hm\", \"action\": \"execute_bash\", \"action_input\": \(arguments)}",
        "{\"recipient_name\": \"functions.execute_bash\", \"parameters\": \(arguments)}", "{\"calls\": [\(call)]}",
        "functions.execute_bash:0\(arguments)", "execute_bash(\(arguments))", "<tool_call>{\(call)}</tool_call>",
        "<tool_call>\(call)}</tool_call>", "<tool_call>\(call)</tool_call>\n<tool_call>",
        "<action>execute_bash</action><action_input>\(arguments)</action_input>",
        "<|channel|>commentary to=functions.execute_bash<|message|>\(arguments)<|call|>commentary",
        "{\"type\": \"tool_use\", \"id\": \"toolu_1\", \"name\": \"execute_bash\", \"input\": \(arguments)}",
    ]

    @Test(arguments: calls, ["", "I look.\n", "I look:\n\n"])
    func aCallIsRead(text: String, words: String) throws {
        // Behind a colon a mark of its own is what a text is about.
        guard !text.hasPrefix("<|assistant|>") || !words.hasSuffix(":\n\n") else { return }
        for size in pieceSizes {
            let (told, answer) = try readAnswer(words + text, pieces: size, someTools)
            #expect(answer.message.toolCalls.map(\.name) == ["execute_bash"], "in pieces of \(size): \(told)")
            let made = answer.message.toolCalls.map { try? JSON.parse($0.arguments) }
            #expect(made == [["command": "ls"]], "in pieces of \(size)")
            #expect(told == words, "in pieces of \(size)")
            #expect(answer.message.text == words, "in pieces of \(size)")
            #expect(!answer.hasUnreadCall, "in pieces of \(size)")
        }
    }

    @Test func severalCallsAreRead() throws {
        let list = "```tool_code\nexecute_bash(command='ls')\nview(path='a')\n```"
        let elements = "<execute_bash>\n<command>ls</command>\n</execute_bash>\n<view>\n<path>a</path>\n</view>"
        let named = "execute_bash\n\(Self.arguments)\nview\n{\"path\": \"a\"}"
        for text in [list, elements, named] {
            for size in pieceSizes {
                let calls = try readAnswer(text, pieces: size, someTools).answer.message.toolCalls
                #expect(calls.map(\.name) == ["execute_bash", "view"], "in pieces of \(size)")
            }
        }
    }

    @Test func theMarksInTheArgumentsOfAnElementAreTheirs() throws {
        let text =
            "<execute_bash>\n<command>cat <<E\n</command> and </execute_bash>\n<b>x</b>\nE\n</command>\n"
            + "<timeout>5</timeout>\n</execute_bash>"
        for size in pieceSizes {
            let calls = try readAnswer(text, pieces: size, someTools).answer.message.toolCalls
            #expect(
                calls.map { try? JSON.parse($0.arguments) }
                    == [["command": "cat <<E\n</command> and </execute_bash>\n<b>x</b>\nE", "timeout": 5]])
        }
    }

    /// What is hardly anything but a call, and is not read as one: it is shown, and a person is told.
    @Test(arguments: [
        "<function=execute_bash \(arguments)></function>", "<function(execute_bash)>\(arguments)</function>",
        "\(call)\n\nThis lists the files.", "print(execute_bash(command=\"ls\"))", "x = execute_bash(command=\"ls\")",
        "Action: execute_bash\nAction Input: ls", "Thought: I look.\nAction: execute_bash\nAction Input: `ls -l`",
        "<execute_bash>\nls\n</execute_bash>", "<execute_bash><cmd>ls</cmd></execute_bash>",
        "<execute_bash>\n<command>ls</command>\n</execute_bash>\nThis lists the files.",
        "I look.\n```json\n\(call)\n```", "I look:\n\n```\n\(call)\n```\n",
        "So:\n```xml\nexecute_bash\n\(arguments)\n```",
        "```python\nprint(default_api.execute_bash(command=\"ls\"))\n```", "I look.\n\nexecute_bash(command=\"ls\")",
        "`execute_bash(command=\"ls\")`", "Calling execute_bash with \(arguments)",
        "**Tool Call:** `execute_bash`\n```json\n\(arguments)\n```", "Tool: execute_bash\nArguments: \(arguments)",
        "<|from|>assistant\n<|recipient|>execute_bash\n<|content|>\(arguments)",
        "<tool_call name=\"execute_bash\">\n<arg name=\"command\">ls</arg>\n</tool_call>",
        "[TOOL_CALL]\n{tool => \"execute_bash\", args => {\n  --command \"ls\"\n}}\n[/TOOL_CALL]",
        "I use the tool `execute_bash`:\n\n\(arguments)", "Action: execute_bash\nAction Input: {\"command\": \"ls",
    ])
    func aCallThatIsNotReadIsToldAndSaid(text: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size)")
            #expect(told == text, "in pieces of \(size)")
            #expect(answer.hasUnreadCall, "in pieces of \(size)")
        }
    }

    @Test(arguments: [
        "Action: Click on Save.\nThen wait.", "Action: view the file, then edit it.",
        "Action items:\n- view\n- list_files",
        "Action: {\"type\": \"click\"}", "**Action:** none", "view\nlist_files\nexecute_bash", "view: shows a file.",
        "view { width: 10 }", "View\n{\"a\": 1}\n", "<view>", "<view style={s}>x</view>",
        "<View><Text>hi</Text></View>",
        "It has these tools:\n\n- `execute_bash`: runs a command.\n- `view`: shows a file.\n",
        "Use execute_bash(command='ls') for it.", "```python\nexecute_bash(command='ls')\n```",
        "```json\n{\"name\": \"Ada\"}\n```", "The config:\n```json\n{\"command\": \"ls\"}\n```",
        "The config is {\"command\": \"ls\"}", "```bash\nls -l\n```", "I ran `ls` with execute_bash. The result is 4.",
        "{\"action\": \"buy\", \"action_input\": {\"n\": 1}}", "{\"view\": {\"width\": 10}}", "{\"list_files\": {}}",
        "call:me", "tool: hammer", "<tool>hammer</tool>", "<name>view</name>", "<function>f(x)</function>",
        ">>> view(1)\n1", ">>>", "> view\n> {\"path\": \"a\"}", "assistant is a word.", "Observation: it is warm.",
        "```tool_code\nx = 1\n```", "[view](https://example.org)", "[list_files] is a key.", "all\nof it.",
        "See the function `view`:\n```swift\nfunc view(path: String) { }\n```", "if (x) { view(path) }",
    ])
    func aTextThatIsNoCallIsTold(text: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(told == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size)")
            #expect(!answer.hasUnreadCall, "in pieces of \(size)")
        }
    }

    /// Beginnings without end, which must not be lost and cost no more than their length.
    @Test(arguments: [
        "\nAction: execute_bash\n", "\nexecute_bash\n{", "\n<execute_bash>", "\n<execute_bash><command>", "\n**",
        "\n>>>",
        "\n```tool_code\n", "\nAction:\n", "\n<tool_name>view</tool_name>", "\n{\"view\":{", "\n[view(", "Four.</s> ",
        "Four.<|im_end|> ", "<think> a</think> b", "x `</think>` ",
    ])
    func nothingOfATextWithManyBeginningsIsLost(part: String) throws {
        let text = "x" + String(repeating: part, count: 6000 / part.utf8.count) + "y"
        for size in [3, 100_000] { #expect(try readAnswer(text, pieces: size, someTools).told == text) }
    }
}
