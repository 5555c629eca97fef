import Testing

@testable import OpenAI

/// What servers leave around an answer, and answers that begin alike.
@Suite struct AnswerHeadTests {
    @Test(arguments: [
        "<answer>Four.</answer>", "<answer>\nFour.\n</answer>", "<answer>Four.</answer>\n", "<s>Four.</s>",
        "<s> Four.</s>",
        "<s>\nFour.", "<s> Four.", "<bos>Four.", "<bos>\nFour.<eos>", "assistant\n\nFour.",
        "assistant\nFour.<|im_end|>",
        "<think>hm</think>\n</think>\nFour.", "<think>hm</think></think>Four.", "</think>\n</think>\n\nFour.",
        "<think>hm</think>\n<answer>Four.</answer>",
    ])
    func isNotTold(text: String) throws {
        for size in pieceSizes {
            for tools in [[], someTools] where size > 3 || !tools.isEmpty {
                let (told, answer) = try readAnswer(text, pieces: size, tools)
                #expect(told.filter { !$0.isWhitespace } == "Four.", "in pieces of \(size)")
                #expect(answer.message.text == told)
            }
        }
    }

    @Test(arguments: [
        "<s>[INST] Hi [/INST] Hello.</s>", "<s>old</s>", "<s>old price</s> 5", "<answer> is a tag.",
        "<answer><a>1</a></answer>", "assistant is a word.", "assistants\nare here", "<bos> is a token.", "<s", "<b",
        "<answer",
        "I use <s>x</s>.", "<answers>x</answers>", "assistant", "It is <answer>x</answer>.",
    ])
    func isToldWhereATextIsAboutIt(text: String) throws {
        for size in pieceSizes { #expect(try readAnswer(text, pieces: size, someTools).told == text) }
    }
}
