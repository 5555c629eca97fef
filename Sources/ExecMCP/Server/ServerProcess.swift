import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import JSONRPC
import MCP
import PrivateData
import SystemCalls
import Telemetry
import Threading

/// The server as a process: its descriptors, signals and shutdown.
struct ServerProcess {
    /// The maximum length of an input line, in bytes. Fits a file of 32 MiB in which every character is escaped.
    static let lineLimit = 100 * 1024 * 1024
    /// The maximum backlog of answers that the client hasn't read, in bytes. Above it, no more requests are read.
    private static let unreadLimit = 64 * 1024 * 1024
    /// The maximum time for an orderly shutdown, in seconds; then the process exits anyway. That closes the pipes to
    /// the sandboxes, which ends the sandboxes too.
    private static let endDeadline = 0.9
    /// How long the metrics file may take to be written after that, in seconds: a disk that hangs must not keep the
    /// process.
    private static let lastWriteSeconds = 1.0
    private static let sandboxGrace = 0.7
    /// The maximum time that the last spans may take to be exported, in seconds. The whole shutdown's limit holds too.
    private static let exportSeconds = 0.5
    /// The same limits if sandboxes are left to the next server. Hosts wait two seconds before they kill the process.
    private static let lingerDeadline = 1.8
    private static let lingerGrace = 1.4
    /// For people who start the server by hand: otherwise it would seem to do nothing.
    private static let wordToPeople = """
        exec-mcp: this is an MCP server, which an MCP host starts and talks to over standard input; Ctrl-D ends it. \
        `exec-mcp config HOST` sets up a host, `exec-mcp doctor` checks this machine, `exec-mcp --help` lists the rest.

        """

    private let options: Options
    private let logger: Logger
    private let audit: AuditLog?
    private let telemetry: ServerTelemetry
    /// Writes the numbers to a file; `nil` if the options name none.
    private let metricsFile: MetricsFileWriter?
    private let bridge: Bridge?
    /// The private values of all users; `nil` if none are replaced.
    private let privateData: PrivateDataVaults?
    /// Who reads untrusted servers; `nil` if skills aren't reviewed here.
    private let untrustedReadings: UntrustedReadings?

    /// - Throws: ``UsageError`` if the requested audit log, metrics file or a file with MCP servers can't be used.
    init(_ options: Options) throws(UsageError) {
        logger = Logger(program: "exec-mcp", level: options.logLevel)
        audit = if let path = options.auditLog { try AuditLog(path: path, logger: logger) } else { nil }
        telemetry = ServerTelemetry(variables: Environment.variables, logger: logger)
        privateData =
            options.privateData == .off
            ? nil : PrivateDataVaults(mode: options.privateData, patterns: options.privateDataPatterns)
        let readings = options.configuration.skillStore.map { [logger] in
            UntrustedReadings(store: SkillStore(path: $0), logger: logger)
        }
        untrustedReadings = readings
        bridge = try BridgeSetup.bridge(
            options, privateData: privateData, audit: audit, observer: telemetry.bridgeObserver, logger: logger,
            onUntrusted: { readings?.add($1, of: $0) })
        // The last of what may fail: the file says that a server runs.
        metricsFile =
            if let path = options.metricsFile { try telemetry.fileWriter(path: path, logger: logger) } else { nil }
        var options = options
        options.configuration.hasBridge = bridge != nil
        self.options = options
    }

    /// Serves until the client closes the connection or a signal arrives, then ends the process.
    func run() throws -> Never {
        signal(SIGPIPE, SIG_IGN)
        // Makes a write beyond the file size limit fail instead of ending the process. Dispatch's own threads may block
        // this signal anyway, but that isn't guaranteed.
        signal(SIGXFSZ, SIG_IGN)
        let output = try takeStandardOutput()
        let ending = ConditionLocked(false)
        let writer = try LineWriter(descriptor: output, backlogLimit: Self.unreadLimit) { ending.change { $0 = true } }
        let pipeline = CallPipeline(privateData: privateData.map(PrivateDataFilter.init), telemetry: telemetry)
        let provision =
            options.buildsImage && !options.isLaunched && !EngineLocator.isCluster(options.engine)
            ? ImageProvision(
                image: options.configuration.image, engine: options.engine, location: options.engineLocation,
                logger: logger) : nil
        let server = Server(
            options, audit: audit, pipeline: pipeline, bridge: bridge, provision: provision, telemetry: telemetry,
            logger: logger, locateEngine: locateEngine
        ) {
            writer.write($0)
        } notify: {
            writer.writeIfKeepingUp($0.json)
        }
        let session = Session(methods: server.methods, writer: writer, logger: logger)
        try ShutdownSignals.forEach { _ in ending.change { $0 = true } }
        try telemetry.start(metricsFile)

        if isatty(STDIN_FILENO) == 1 { Logger.writeToStandardError(Self.wordToPeople) }
        try BackgroundThread.start("stdin-reader") { [logger] in
            do throws(ReadError) {
                try LineReader(descriptor: STDIN_FILENO, lineLimit: Self.lineLimit).forEachLine { line in
                    session.receive(line)
                    writer.waitForRoom()
                }
            } catch {
                logger.error("cannot read standard input: \(error); ending")
            }
            ending.change { $0 = true }
        }
        if Self.isPipe(STDIN_FILENO) || Self.isPipe(output) {
            try BackgroundThread.start("hangup-watch") {
                Self.watch(
                    input: STDIN_FILENO, output: output,
                    onInputClosed: {
                        // The rest of the pipe is still read, but without waiting for room, because the client is gone.
                        session.stopWaitingForRoom()
                        writer.stopWaitingForRoom()
                    }, onOutputClosed: { ending.change { $0 = true } })
            }
        }
        ending.wait { $0 ? () : nil }
        try end(server, session, writer)
        _exit(0)
    }

    /// Reserves standard output for the protocol: anything else that writes to descriptor 1 goes to standard error.
    private func takeStandardOutput() throws -> Int32 {
        let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw UsageError(message: "standard output is not open; exec-mcp is started by an MCP host")
        }
        return output
    }

    private static func isPipe(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
    }

    /// Reports when the other ends of the pipes are closed, and returns when both are. The reader would notice too,
    /// unless it is waiting for room. So would a write, but an idle server writes nothing.
    private static func watch(
        input: Int32, output: Int32, onInputClosed: () -> Void, onOutputClosed: () -> Void
    ) {
        // With no events requested, poll reports only errors and hang-ups.
        var watches = [input, output].map { pollfd(fd: isPipe($0) ? $0 : -1, events: 0, revents: 0) }
        while watches.contains(where: { $0.fd >= 0 }) {
            guard poll(&watches, nfds_t(watches.count), -1) > 0 else { continue }
            for (place, watch) in watches.enumerated() where watch.fd >= 0 && watch.revents != 0 {
                watches[place].fd = -1
                if place == 0 { onInputClosed() } else { onOutputClosed() }
            }
        }
    }

    private var locateEngine: @Sendable () throws(ExecError) -> any ContainerEngine {
        { [options] () throws(ExecError) in
            try EngineLocator(
                environment: Environment.variables, location: options.engineLocation, launcher: options.launcher
            ).engine(named: options.engine, kubernetes: options.kubernetes)
        }
    }

    /// Stops the sandboxes and flushes the last answers. Ends the process itself if that takes too long.
    private func end(_ server: Server, _ session: Session, _ writer: LineWriter) throws {
        let lingers = options.limits.linger > 0
        let grace = lingers ? Self.lingerGrace : Self.sandboxGrace
        let writeLastMetrics = { @Sendable [telemetry, metricsFile] in
            telemetry.metrics.end()
            metricsFile?.end()
        }
        try BackgroundThread.start("end-deadline") {
            usleep(UInt32((lingers ? Self.lingerDeadline : Self.endDeadline) * 1_000_000))
            // The file says that the server has ended, whatever was still waited for.
            try? BackgroundThread.start("last-write-deadline") {
                usleep(UInt32(Self.lastWriteSeconds * 1_000_000))
                _exit(0)
            }
            writeLastMetrics()
            _exit(0)
        }
        // Nothing more needs to be read.
        writer.stopWaitingForRoom()
        let isClosed = ConditionLocked(false)
        Task.detached {
            await server.close(grace: grace)
            isClosed.change { $0 = true }
        }
        isClosed.wait { $0 ? () : nil }
        // What lingers may go on writing.
        if !lingers { untrustedReadings?.end() }
        session.waitForEnd()
        audit?.waitForEnd()
        writer.waitUntilWaiting(below: 1)
        writeLastMetrics()
        telemetry.tracer.close(within: Self.exportSeconds)
    }
}
