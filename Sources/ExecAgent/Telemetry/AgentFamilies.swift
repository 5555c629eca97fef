import Telemetry

/// The families of exec-agent.
enum AgentFamilies {
    static let info = MetricFamily.gauge(
        "exec_agent_build_info", "Always 1; the version is a label", labels: ["version"])
    static let startTime = MetricFamily.gauge(
        "exec_agent_start_time_seconds", "When the service was started, in seconds since 1970")

    static let requests = MetricFamily.counter(
        "exec_agent_http_requests_total", "HTTP requests whose response has ended",
        labels: ["route", "method", "status"])
    static let requestSeconds = MetricFamily.histogram(
        "exec_agent_http_request_duration_seconds", "How long these requests took, to the end of a streamed response",
        labels: ["route"])
    static let activeRequests = MetricFamily.gauge(
        "exec_agent_http_requests_in_progress", "HTTP requests whose response has not ended")

    static let runs = MetricFamily.counter(
        "exec_agent_runs_total", "Runs of the agent that have ended", labels: ["outcome"])
    static let runSeconds = MetricFamily.histogram(
        "exec_agent_run_duration_seconds", "How long runs took, without waiting in the queue")
    static let activeRuns = MetricFamily.gauge("exec_agent_runs_in_progress", "Runs that have begun and not ended")
    static let queue = MetricFamily.gauge(
        "exec_agent_queue_length", "Runs that wait for another one of their conversation")
    static let queueSeconds = MetricFamily.histogram(
        "exec_agent_queue_wait_seconds", "How long runs waited for another one of their conversation")

    static let tokens = MetricFamily.counter(
        "exec_agent_tokens_total", "Tokens, as the model's server counts them", labels: ["direction"])
    static let modelRequests = MetricFamily.counter(
        "exec_agent_model_requests_total", "Requests to the model, each with its retries", labels: ["model", "outcome"])
    static let modelSeconds = MetricFamily.histogram(
        "exec_agent_model_request_duration_seconds", "How long these requests took, with all retries", labels: ["model"]
    )
    static let modelRetries = MetricFamily.counter(
        "exec_agent_model_retries_total", "Retries after the model's server failed", labels: ["model"])

    static let toolCalls = MetricFamily.counter(
        "exec_agent_tool_calls_total", "Calls of tools that the model asked for and that have ended",
        labels: ["tool", "outcome"])
    static let toolCallSeconds = MetricFamily.histogram(
        "exec_agent_tool_call_duration_seconds", "How long these calls took", labels: ["tool"])

    static let questions = MetricFamily.counter(
        "exec_agent_questions_total", "Questions of tool servers that a person could answer")
    static let answers = MetricFamily.counter(
        "exec_agent_question_answers_total", "What became of the questions of tool servers", labels: ["outcome"])
    static let openQuestions = MetricFamily.gauge(
        "exec_agent_questions_open", "Questions that wait for an answer")

    static let toolServers = MetricFamily.gauge(
        "exec_agent_tool_servers", "MCP servers of the agent, by their state", labels: ["state"])
    static let serverUp = MetricFamily.gauge(
        "exec_agent_sandbox_server_up", "Whether an exec-mcp has answered with its own metrics", labels: ["server"])
    static let spans = MetricFamily.counter(
        "exec_agent_spans_total", "Spans of traces: exported, or dropped and why", labels: ["outcome"])

    /// All of them, in the order in which they are written.
    static let all = [
        info, startTime, requests, requestSeconds, activeRequests, runs, runSeconds, activeRuns, queue, queueSeconds,
        tokens, modelRequests, modelSeconds, modelRetries, toolCalls, toolCallSeconds, questions, answers,
        openQuestions,
        toolServers, serverUp, spans,
    ]
}
