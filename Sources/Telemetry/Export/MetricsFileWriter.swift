public import Threading

/// Writes a metrics file at intervals, and once more at the end.
public final class MetricsFileWriter: Sendable {
    private let file: MetricsFile
    private let text: @Sendable (_ label: String) -> String
    private let onFailure: @Sendable (MetricsFileError) -> Void
    private let isEnded = ConditionLocked(false)
    /// Whether the last attempt failed, so that each failure is reported once. Also keeps two writes apart.
    private let hasFailed = Locked(false)

    /// Writes the file now.
    ///
    /// - Parameters:
    ///   - text: returns the content, with the file's label.
    ///   - onFailure: called when the file can't be written, but could be the time before.
    public init(
        _ file: MetricsFile, text: @escaping @Sendable (_ label: String) -> String,
        onFailure: @escaping @Sendable (MetricsFileError) -> Void
    ) {
        self.file = file
        self.text = text
        self.onFailure = onFailure
        write()
    }

    /// Writes the file at intervals from now on, on a thread of its own.
    ///
    /// - Throws: ``ThreadError``.
    public func start(everySeconds seconds: Double) throws(ThreadError) {
        try BackgroundThread.start("metrics-file") { [self] in
            while isEnded.wait(seconds: seconds, for: { $0 ? () : nil }) == nil { write() }
        }
    }

    /// Writes the file for the last time.
    public func end() {
        isEnded.change { $0 = true }
        write()
    }

    private func write() {
        let failure = hasFailed.withLock { hasFailed -> MetricsFileError? in
            do throws(MetricsFileError) {
                try file.write(text(file.label))
                hasFailed = false
                return nil
            } catch {
                defer { hasFailed = true }
                return hasFailed ? nil : error
            }
        }
        if let failure { onFailure(failure) }
    }
}
