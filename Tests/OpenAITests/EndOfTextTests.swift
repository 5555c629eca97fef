import Testing

@testable import OpenAI

/// Marks that end a text, which some servers leave in it, and texts that are about them; likewise with thoughts.
@Suite struct EndOfTextTests {
    private static let ends = [
        "<|im_end|>", "</s>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
        "<eos>",
        "<end_of_turn>", "<|END_OF_TURN_TOKEN|>", "<|user|>", "<|observation|>", "<|eos|>", "<|eot|>", "[EOS]",
        "[/INST]",
        "<|end_of_role|>", "<|message_end|>", "</s></s>", "<|im_end|>\n<|endoftext|>", "\n<|im_end|>\n", " </s>\n",
    ]

    @Test(
        arguments: ends,
        ["Four.", "It is 4!", "**Four.**", "- a\n- b.", "```\nx\n```\nYes.", "(four)", "It is \"four\"."])
    func theEndOfATextIsNotTold(end: String, text: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(text + end, pieces: size, someTools)
            #expect(told.filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace }, "in pieces of \(size)")
            #expect(answer.message.text == told)
            #expect(!answer.hasUnreadCall)
        }
    }

    @Test(arguments: [
        "**Four**", "`x`", "```\nx\n```", "| a |\n|---|\n| b |", "*four*", "\"four\"", "It is 4", "a\n- b",
    ])
    func theEndOfATextThatIsStuckToItsLastWordIsNotTold(text: String) throws {
        for end in ["<|im_end|>", "<|eot_id|>", "<|endoftext|>"] {
            for size in pieceSizes { #expect(try readAnswer(text + end, pieces: size, someTools).told == text) }
        }
    }

    @Test(arguments: [
        "Four.<|im_end|>\n<|im_start|>user\nThanks.<|im_end|>",
        "Four.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi",
        "Four.<|user|>\nThanks.", "Four.<|end|><|start|>user<|message|>Thanks.",
        "Four.<end_of_turn>\n<start_of_turn>user\nHi",
        "Four.<|im_end|><|im_start|>system\nYou are",
    ])
    func whatOthersMightSayIsNotTold(text: String) throws {
        for size in pieceSizes { #expect(try readAnswer(text, pieces: size, someTools).told == "Four.") }
    }

    @Test(arguments: [
        "<|START_RESPONSE|>Four.<|END_RESPONSE|>", "<|content|>Four.<|end|>", "<|begin_of_box|>Four.<|end_of_box|>",
        "<|think|>hm<|end|><|begin|>assistant<|content|>Four.<|end|>", "<|im_start|>assistant\nFour.<|im_end|>",
        "<|begin_of_text|>Four.", "<|assistant|>Four.<|user|>", "<|message|>Four.", ">>>all\nFour.",
        "assistant<|channel|>final<|message|>Four.",
    ])
    func theHeadOfATextIsNotTold(text: String) throws {
        for size in pieceSizes { #expect(try readAnswer(text, pieces: size, someTools).told == "Four.") }
    }

    @Test func theModelItselfMayGoOn() throws {
        let text = "Four.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nFive."
        for size in pieceSizes { #expect(try readAnswer(text, pieces: size, someTools).told == "Four.\n\nFive.") }
    }

    @Test(arguments: [
        "The EOS token is </s>", "The EOS token: </s>", "- EOS: </s>", "EOS → </s>", "The token is:\n</s>",
        "It is \"</s>",
        "**EOS:** </s>", "| EOS | </s>", "A turn ends with <|im_end|>", "The end: <|im_end|>",
        "The end is:\n\n<|im_end|>",
        "ChatML: <|im_start|>user\nHi<|im_end|>", "<s>[INST] Hi [/INST] Hello.</s>",
        "`<|im_end|>` ends it. So does <|end|>",
        "Like this:\n<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>", "<s>gone</s>",
        "<start_of_turn>user\nHi.<end_of_turn>\n<start_of_turn>model\n", "The roles are <|user|> and <|assistant|>",
        "```\n<|im_start|>user\nHi<|im_end|>\n```", "```\n<|im_end|>\n```", "The tokens [EOS] and [PAD].",
        "(<|im_end|>)",
        "f <| x", "**<|im_end|>**", "<|assistant|> is one of theirs.", "结束标记是<|im_end|>", "It ends with </s>.",
    ])
    func aTextAboutEndsIsTold(text: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(told == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
        }
    }

    // MARK: - Thoughts

    @Test(arguments: [
        "<think> is a tag.", "<think> begins a thought, </think> ends it.", "<think> – the beginning of a thought",
        "The format is:\n<think>reasoning here</think>\nanswer here",
        "For example:\n\n<think>\nreasoning\n</think>\nThe answer.",
        "Use `<think>\n…\n</think>` around it.", "Write `<think>`, then:\n</think>\nThat is it.",
        "<code><think></code> opens it.",
        "Wrap it so: `<think>\nhm\n</think>`\n\nThe answer follows.", "```\n<think>\n```\nand\n</think>\nend it.",
        "1. `<think>`\n2. the thought\n</think>\n", "It is <b><think></b>, as in R1.",
    ])
    func aTextAboutThoughtsIsTold(text: String) throws {
        for size in pieceSizes {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(told == text, "in pieces of \(size)")
            #expect(answer.message.text == text, "in pieces of \(size)")
        }
    }

    @Test(arguments: [
        "<think>The user asks about </think>. I explain.</think>Four.",
        "<think>Is `</think>` an end? Yes.</think>Four.",
        "<think>Tags like <think> and </think> are for thoughts.</think>Four.",
        "<think>The \"</think>\" tag.</think>Four.",
        "<think>hm</think>Four.", "<think> okay, so\nI add</think>\nFour.", "<think>\nhm\n</think>\nFour.",
        "<think>What is </think>?\nI know.</think>Four.",
    ])
    func aThoughtAboutThoughtsIsNotTold(text: String) throws {
        for size in pieceSizes {
            let (told, _) = try readAnswer(text, pieces: size, someTools)
            #expect(told.filter { !$0.isWhitespace } == "Four.", "in pieces of \(size)")
        }
    }

    @Test func theOnlyEndOfAThoughtIsItsEndWhateverStandsAroundIt() throws {
        for text in ["<think>I add and </think> then it is four.", "<think>Is it `</think>` four."] {
            for size in pieceSizes { #expect(try readAnswer(text, pieces: size, someTools).told.hasSuffix("four.")) }
        }
    }
}
