import Testing

@testable import OpenAI

@Suite struct FinishReasonTests {
    @Test(arguments: [
        "repetition_truncation", "engine_overloaded", "unload", "ENGINE_OVERLOADED", "engineOverloaded",
        "model_unloaded",
        "error_timeout", "time_out", "timed_out", "preempted", "request_cancelled", "killed", "generation_failed",
        "worker-crashed", "rate_limited", "ratelimit", "shutting_down_shutdown", "cut_off", "incomplete", "partial",
        "oom", "out_of_memory", "connection_lost", "unfinished", "invalid_output", "truncation", "interruption",
        "UNEXPECTED_TOOL_CALL", "malformed_response", "abort", "network_error", "server_unavailable",
    ])
    func aNameThatSaysThatTheAnswerWasCutOrFailedIsAFailure(word: String) {
        #expect(FinishReason(word: word).isFailure)
        #expect(FinishReason(word: word).word == word)
    }

    @Test(arguments: [
        "strange", "done", "finished", "eot", "end", "user_stop", "default", "STOP_REASON_UNSPECIFIED", "other",
        "unknown",
        "natural", "completed", "eom_id", "matched_stop", "停止", "", "finish_reason_1",
    ])
    func anyOtherUnknownNameIsNone(word: String) {
        #expect(!FinishReason(word: word).isFailure)
        #expect(FinishReason(word: word) != .length)
        #expect(FinishReason(word: word) != .contentFilter)
    }

    @Test(
        arguments: [
            ("max_new_tokens", .length), ("output_limit", .length), ("token_limit_reached", .length),
            ("contextOverflow", .length), ("max_completion_tokens", .length), ("image_safety", .contentFilter),
            ("output_moderation", .contentFilter), ("policy_violation", .contentFilter),
            ("ContentFiltered", .contentFilter),
        ] as [(String, FinishReason)])
    func aNameThatSaysWhyIsThatReason(word: String, reason: FinishReason) {
        #expect(FinishReason(word: word) == reason)
    }
}
