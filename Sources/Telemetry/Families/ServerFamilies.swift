/// The families of exec-mcp. exec-agent knows them as well, to pass them on.
public enum ServerFamilies {
    /// Always 1; the version is a label.
    public static let info = MetricFamily.gauge(
        "exec_mcp_build_info", "Always 1; the version is a label", labels: ["version"])
    /// When the server was started, in seconds since 1970.
    public static let startTime = MetricFamily.gauge(
        "exec_mcp_start_time_seconds", "When the server was started, in seconds since 1970")
    /// 1 while the server runs, 0 once it has shut down in an orderly way.
    public static let running = MetricFamily.gauge(
        "exec_mcp_running", "1 while the server runs, 0 once it has shut down in an orderly way")

    /// MCP requests that were answered or cancelled.
    public static let requests = MetricFamily.counter(
        "exec_mcp_requests_total", "MCP requests that were answered or cancelled", labels: ["method", "outcome"])
    /// Calls of tools, and of methods that reach into a sandbox, that have ended.
    public static let toolCalls = MetricFamily.counter(
        "exec_mcp_tool_calls_total", "Calls of tools, and of methods that reach into a sandbox, that have ended",
        labels: ["tool", "outcome"])
    /// How long these calls took, with all waiting.
    public static let toolCallSeconds = MetricFamily.histogram(
        "exec_mcp_tool_call_duration_seconds", "How long these calls took, with all waiting", labels: ["tool"])
    /// Calls of tools that have begun and not ended.
    public static let activeCalls = MetricFamily.gauge(
        "exec_mcp_tool_calls_in_progress", "Calls of tools that have begun and not ended")

    /// Sandboxes that are running or starting.
    public static let sandboxes = MetricFamily.gauge(
        "exec_mcp_sandboxes", "Sandboxes that are running or starting")
    /// Sandboxes that have come up: started, or resumed after another server left them.
    public static let sandboxStarts = MetricFamily.counter(
        "exec_mcp_sandboxes_started_total",
        "Sandboxes that have come up: started, or resumed after another server left them", labels: ["kind"])
    /// Sandboxes that were to start and did not come up.
    public static let sandboxFailures = MetricFamily.counter(
        "exec_mcp_sandbox_start_failures_total", "Sandboxes that were to start and did not come up")
    /// Sandboxes that have ended, by the reason.
    public static let sandboxEnds = MetricFamily.counter(
        "exec_mcp_sandboxes_ended_total", "Sandboxes that have ended, by the reason", labels: ["reason"])
    /// How long a sandbox took to come up.
    public static let sandboxStartSeconds = MetricFamily.histogram(
        "exec_mcp_sandbox_start_duration_seconds", "How long a sandbox took to come up", labels: ["kind"])

    /// Calls that wait until others in their sandbox have ended.
    public static let queue = MetricFamily.gauge(
        "exec_mcp_queue_length", "Calls that wait until others in their sandbox have ended")
    /// How long calls waited for their turn in their sandbox.
    public static let queueSeconds = MetricFamily.histogram(
        "exec_mcp_queue_wait_seconds", "How long calls waited for their turn in their sandbox")

    /// Connections out that code in sandboxes asked for.
    public static let egressConnections = MetricFamily.counter(
        "exec_mcp_egress_connections_total", "Connections out that code in sandboxes asked for", labels: ["outcome"])
    /// Bytes of these connections.
    public static let egressBytes = MetricFamily.counter(
        "exec_mcp_egress_bytes_total", "Bytes of these connections", labels: ["direction"])

    /// Calls of other MCP servers' tools by code in sandboxes.
    public static let bridgeCalls = MetricFamily.counter(
        "exec_mcp_bridge_calls_total", "Calls of other MCP servers' tools by code in sandboxes",
        labels: ["mcp_server", "outcome"])
    /// How long these calls took, with all waiting.
    public static let bridgeSeconds = MetricFamily.histogram(
        "exec_mcp_bridge_call_duration_seconds", "How long these calls took, with all waiting",
        labels: ["mcp_server"])

    /// Questions that were put to the person behind the client.
    public static let questions = MetricFamily.counter(
        "exec_mcp_questions_total", "Questions that were put to the person behind the client")
    /// What became of these questions.
    public static let answers = MetricFamily.counter(
        "exec_mcp_question_answers_total", "What became of these questions", labels: ["outcome"])
    /// Questions that wait for an answer.
    public static let openQuestions = MetricFamily.gauge(
        "exec_mcp_questions_open", "Questions that wait for an answer")

    /// Spans of traces: exported, or dropped and why.
    public static let spans = MetricFamily.counter(
        "exec_mcp_spans_total", "Spans of traces: exported, or dropped and why", labels: ["outcome"])

    /// All of them, in the order in which they are written.
    public static let all = [
        info, startTime, running, requests, toolCalls, toolCallSeconds, activeCalls, sandboxes, sandboxStarts,
        sandboxFailures, sandboxEnds, sandboxStartSeconds, queue, queueSeconds, egressConnections, egressBytes,
        bridgeCalls, bridgeSeconds, questions, answers, openQuestions, spans,
    ]
}
