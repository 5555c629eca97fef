import Diagnostics
import MCP
import MCPServers
import Threading

/// The pins of one server's tools: what each declared when it was first seen, or when a person accepted it. The
/// processes of all users share them.
final class ToolPins: Sendable {
    private struct State {
        var content = PinFile.Content.missing
        /// The version of the file that `content` was read from.
        var version: StateFile.Version?
        var isRead = false
        /// Grows with each change of the pins.
        var revision = 0
        /// Changes that were logged.
        var reported: Set<String> = []
    }

    private static let maxReported = 1000

    /// What happens to tools that have changed.
    let pinning: BridgeServerSettings.Pinning

    private let entry: ToolServerEntry
    private let file: PinFile?
    private let logger: Logger
    private let state = Locked(State())

    /// - Parameters:
    ///   - directory: where pins are kept between runs; `nil` for nowhere.
    ///   - reading: reads their file; `nil` for the usual way.
    init(
        of entry: BridgeServerEntry, in directory: StateDirectory?, reading: PinFile.Reader? = nil, logger: Logger
    ) {
        self.entry = entry.entry
        pinning = entry.settings.pinning
        file = directory.map { PinFile(of: entry.entry, in: $0, reading: reading) }
        self.logger = logger
    }

    /// Grows with each change of the pins, also by another process.
    var revision: Int {
        refresh()
        return state.withLock { $0.revision }
    }

    /// Whether none of the server's tools has ever been seen.
    var isEmpty: Bool {
        refresh()
        return state.withLock { $0.content == .missing }
    }

    /// The pin of a tool; `nil` if none.
    func pin(of tool: String) -> ToolPin? {
        refresh()
        guard case .pins(let set) = state.withLock({ $0.content }) else { return nil }
        return set.pin(of: tool)
    }

    /// Returns what has changed in a server's tools, as listed. Pins those that are seen for the first time, unless
    /// changes are blocked and others of the server's tools were seen before. Logs each change once.
    func changes(in tools: [Tool]) -> [ToolChange] {
        refresh()
        let content = state.withLock { $0.content }
        var changes: [ToolChange] = []
        if let obstacle = content.obstacle, pinning == .block {
            changes = tools.map { ToolChange(tool: $0.name, kind: .unknown(why: obstacle)) }
        } else if case .unreadable(let reason) = content {
            logger.warning(
                "MCP server \(entry.name): its tools are not compared with their pins, which cannot be read: \(reason)")
        } else {
            let pins = pinned(tools, content)
            var seen: Set<[UInt8]> = []
            for tool in tools where seen.insert(Array(tool.name.utf8)).inserted {
                guard let pin = pins.pin(of: tool.name) else {
                    changes.append(ToolChange(tool: tool.name, kind: .new))
                    continue
                }
                guard pin.digest != ToolDigest.digest(of: tool) else { continue }
                changes.append(ToolChange(tool: tool.name, kind: .changed(members: pin.differences(from: tool))))
            }
        }
        changes.removeAll { !entry.tools.allows($0.tool, of: entry.name) }
        report(changes, of: tools)
        return changes
    }

    /// Replaces pins: a person has accepted what these tools declare.
    ///
    /// - Returns: whether that outlasts this process.
    func accept(_ pins: [ToolPin]) -> Bool {
        var accepted = ToolPinSet()
        let isStored =
            file?.update { current in
                if case .pins(let set) = current { accepted = set }
                for pin in pins { accepted.set(pin) }
                return accepted
            } ?? false
        if isStored { remember(accepted, isStored: true, isChange: true) }
        return isStored
    }

    // MARK: - The file

    /// Reads the file if it has changed.
    private func refresh() {
        guard let file else { return }
        // Before reading: a change in the meantime counts as one.
        let version = file.version
        guard state.withLock({ !$0.isRead || $0.version != version }) else { return }
        let content = file.read()
        state.withLock { state in
            if case .unreadable = content {
                // What was read before counts until it can be read again.
                if case .pins = state.content { return }
                if state.content != content { state.revision += 1 }
                state.content = content
                return
            }
            if state.content != content { state.revision += 1 }
            (state.content, state.version, state.isRead) = (content, version, true)
        }
    }

    /// - Parameter isStored: whether the file has the pins. It is read again then: another process may have changed it.
    private func remember(_ set: ToolPinSet, isStored: Bool, isChange: Bool) {
        let version = file?.version
        state.withLock { state in
            if isChange { state.revision += 1 }
            (state.content, state.version, state.isRead) = (.pins(set), version, !isStored)
        }
    }

    /// Returns the pins, with those of tools that are pinned now.
    private func pinned(_ tools: [Tool], _ content: PinFile.Content) -> ToolPinSet {
        var known = ToolPinSet()
        if case .pins(let set) = content {
            known = set
            guard pinning == .warn, tools.contains(where: { set.pin(of: $0.name) == nil }) else { return set }
        }
        guard !tools.isEmpty else { return known }
        var added: [String] = []
        let isStored =
            file?.update { current in
                if case .pins(let set) = current {
                    known = set
                    // Another process was first.
                    guard pinning == .warn else { return nil }
                }
                added = known.add(tools)
                return added.isEmpty ? nil : known
            } ?? false
        if !isStored {
            added = known.add(tools)
            logger.warning(
                "MCP server \(entry.name): its tools are pinned for this run only, because nothing can be stored")
        }
        // No tool with a pin differs more or less than before.
        remember(known, isStored: isStored, isChange: false)
        switch content {
        case .missing, .unreadable: break
        case .damaged: logger.warning("MCP server \(entry.name): its pins were damaged; its tools are pinned again")
        case .pins: reportNew(added)
        }
        return known
    }

    // MARK: - The log

    private func reportNew(_ tools: [String]) {
        guard !tools.isEmpty else { return }
        let shown = tools.prefix(10).map { $0.singleLine(limit: 80) }.joined(separator: ", ")
        let rest = tools.count > 10 ? " and \(tools.count - 10) more" : ""
        logger.warning("MCP server \(entry.name) has new tools, which are pinned now: \(shown)\(rest)")
    }

    private func report(_ changes: [ToolChange], of tools: [Tool]) {
        guard !changes.isEmpty else { return }
        let names = Set(changes.map { Array($0.tool.utf8) })
        let digests = tools.filter { names.contains(Array($0.name.utf8)) }.map(ToolDigest.digest)
        let isNews = state.withLock { state in
            let count = state.reported.count
            if count < Self.maxReported { state.reported.formUnion(digests) }
            return state.reported.count > count
        }
        guard isNews, let sentence = changes.sentence(server: entry.name) else { return }
        logger.warning("MCP server \(entry.name): \(sentence)")
    }
}
