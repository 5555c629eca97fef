import JSON

@testable import OpenAI

/// The answer of a text that comes in pieces of so many characters, and what was told of it.
func readAnswer(
    _ text: String, pieces: Int, _ tools: [FunctionTool], finish: FinishReason? = .stop,
    hasToolChannel: Bool = false, readTexts: ReadTexts = ReadTexts()
) throws -> (told: String, answer: ChatCompletion) {
    var assembler = CompletionAssembler(tools: tools, hasToolChannel: hasToolChannel, readTexts: readTexts)
    var told = ""
    var rest = text[...]
    while !rest.isEmpty {
        told += try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: String(rest.prefix(pieces)))))
        rest = rest.dropFirst(pieces)
    }
    told += try assembler.add(ChatChunk(delta: nil, finishReason: finish))
    let (last, answer) = try assembler.completion(isDone: true)
    return (told + last, answer)
}

/// Tools that no letter of a text is about.
let someTools = [
    FunctionTool(
        name: "execute_bash", description: "",
        parameters: [
            "type": "object", "properties": ["command": ["type": "string"], "timeout": ["type": "integer"]],
            "required": ["command"],
        ]),
    FunctionTool(
        name: "view", description: "",
        parameters: ["type": "object", "properties": ["path": ["type": "string"]], "required": ["path"]]),
    FunctionTool(name: "list_files", description: "", parameters: ["type": "object", "properties": [:]]),
]

/// Sizes of the pieces that texts are cut into.
let pieceSizes = [1, 3, 11, 1000]
