import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import MCP
import Telemetry

/// What counts and traces the work of a server.
struct ServerTelemetry: Sendable {
    /// How often the file with the numbers is written, in seconds.
    private static let fileInterval = 15.0

    let metrics: ServerMetrics
    let tracer: Tracer

    /// Counts, and doesn't trace.
    init() {
        metrics = ServerMetrics()
        tracer = .off
    }

    /// - Parameter variables: this process's environment, which says where traces are exported to.
    init(variables: [String: String], logger: Logger) {
        let metrics = ServerMetrics()
        self.metrics = metrics
        let settings = TraceExportSettings(
            variables: variables, program: ServerIdentity.implementation.name, version: ServerHelp.version,
            onProblem: { logger.warning($0) })
        guard let settings else {
            tracer = .off
            return
        }
        guard !settings.url.isSecure else {
            logger.warning(
                "exec-mcp exports traces over http only, to a collector on this machine or network: none are exported")
            tracer = .off
            return
        }
        tracer = Tracer(
            SpanExporter(
                resource: settings.resource, send: { CollectorClient.post($0, to: settings) },
                onOutcome: { metrics.countSpans($0, $1) }))
    }

    /// Receives the events of a pool.
    var sandboxEvents: SandboxEvents {
        SandboxEvents(tracer: tracer) { [metrics] in metrics.receive($0) }
    }

    /// Receives the calls of a bridge.
    var bridgeObserver: BridgeObserver {
        BridgeObserver(tracer: tracer) { [metrics] in metrics.count($0) }
    }

    /// Returns what writes the numbers to a file; it has written them once.
    ///
    /// - Throws: ``UsageError`` if the file can't be used.
    func fileWriter(path: String, logger: Logger) throws(UsageError) -> MetricsFileWriter {
        let shown = path.singleLine(limit: 200)
        do throws(MetricsFileError) {
            return MetricsFileWriter(try MetricsFile(path: path)) { [metrics] in
                metrics.text(label: $0)
            } onFailure: { error in
                logger.error(
                    """
                    cannot write the metrics file '\(shown)': it \(error.problem). It is tried again, without a message.
                    """)
            }
        } catch {
            throw UsageError(
                message: "--metrics-file (MCP_EXECUTOR_METRICS_FILE) cannot use '\(shown)': it \(error.problem)")
        }
    }

    /// Writes the file every few seconds from now on.
    func start(_ writer: MetricsFileWriter?) throws {
        try writer?.start(everySeconds: Self.fileInterval)
    }
}
