import ChildProcess
import Diagnostics

/// Removes containers that a server of ours left behind, should an engine ever have kept one.
struct OrphanSweep: Sendable {
    private static let timeout = 20.0

    let engine: EngineCommandLine
    let owner: Owner
    let logger: Logger

    /// Looks once and removes what belongs to a dead owner. Failures are logged: a sweep is never in a call's way.
    func run() async {
        do {
            let list = try await engine.listOwned().run(timeout: Self.timeout)
            guard list.succeeded else { return logger.debug("cannot list containers: \(list.status)") }
            let orphans = Self.orphans(inListing: String(decoding: list.output, as: UTF8.self), seenBy: owner)
            guard !orphans.isEmpty else { return }
            let removal = try await engine.remove(orphans).run(timeout: Self.timeout)
            logger.info("removed \(orphans.count) containers whose server is gone: \(removal.status)")
        } catch {
            logger.debug("cannot look for left-over containers: \(error)")
        }
    }

    /// The ids of containers whose owner is dead and that nobody else holds. A line that is not what we asked for is passed
    /// over.
    static func orphans(
        inListing listing: String, seenBy observer: Owner,
        marksIn directories: @autoclosure () -> [LingerDirectory] = LingerDirectory.existing()
    ) -> [String] {
        listing.lines.compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == Owner.labelNames.count + 2, isContainerID(fields[0]),
                let owner = Owner(labelValues: Array(fields[1...Owner.labelNames.count])),
                owner.isDead(seenBy: observer),
                HoldMark.isOrphan(labelValue: fields[fields.count - 1], in: directories())
            else { return nil }
            return fields[0]
        }
    }

    private static func isContainerID(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
