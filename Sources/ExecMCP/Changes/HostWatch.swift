import ExecCore
import MCP
import Threading

/// Notices when skills or tool modules change on the host.
///
/// It looks every two seconds, and only once someone wants to know. Events of the file system would be quicker, but
/// they do not cross the mounts of desktop engines, network file systems and containers, where such directories lie.
final class HostWatch: Sendable {
    private static let interval = Duration.seconds(2)

    private let skills: SkillLibrary
    private let toolsDirectory: String?
    private let publish: @Sendable (Change) -> Void
    private let work = Locked<Task<Void, Never>?>(nil)

    init(skills: SkillLibrary, toolsDirectory: String?, publish: @escaping @Sendable (Change) -> Void) {
        self.skills = skills
        self.toolsDirectory = toolsDirectory
        self.publish = publish
    }

    /// Begins to look, if it has not begun.
    func start() {
        work.withLock { work in
            guard work == nil else { return }
            // Names and dates now, at once, so that no change from here on is missed; whoever asked for it waits.
            let start = State(directories: skillDirectories, modules: modules, resources: nil)
            work = Task { await self.watch(from: start) }
        }
    }

    private struct State {
        let directories: DirectoryState
        let modules: DirectoryState
        /// `nil` until the skills have been read.
        let resources: [ResourceURI: SkillFile]?
    }

    private var skillDirectories: DirectoryState { DirectoryState(of: skills.directories) }

    private var modules: DirectoryState {
        DirectoryState(of: toolsDirectory.map { [$0] } ?? [], depth: 1, suffix: ".py")
    }

    private func look(after previous: State) -> State {
        let directories = skillDirectories
        // Skills are read again only where something has changed.
        let isKnown = previous.resources != nil && previous.directories == directories
        return State(
            directories: directories, modules: modules,
            resources: isKnown ? previous.resources : skills.filesByURI())
    }

    private func watch(from start: State) async {
        var before = start
        repeat {
            let now = look(after: before)
            if now.directories != before.directories { publish(Self.difference(before.resources, now.resources)) }
            if now.modules != before.modules { publish(.toolModules) }
            before = now
        } while (try? await Task.sleep(for: Self.interval, tolerance: .milliseconds(200))) != nil
    }

    /// What changed. Where it is not known what there was before, that is everything.
    private static func difference(
        _ before: [ResourceURI: SkillFile]?, _ now: [ResourceURI: SkillFile]?
    ) -> Change {
        let now = now ?? [:]
        guard let before else { return .skills(changed: Set(now.keys), listChanged: true) }
        let changed = Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }
        return .skills(changed: changed, listChanged: now.keys != before.keys)
    }
}
