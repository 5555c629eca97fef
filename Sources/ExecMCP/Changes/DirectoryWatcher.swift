import ExecCore
import JSON
import MCP
import Threading

/// Detects changes of skills and tool modules on the host.
///
/// It polls every two seconds, and only after a client has asked for notifications. File system events would be faster,
/// but they don't cross the mounts of desktop engines, network file systems and containers, where such directories are
/// often located.
final class DirectoryWatcher: Sendable {
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

    /// Starts polling, unless it has started already.
    func start() {
        work.withLock { work in
            guard work == nil else { return }
            // Takes the first snapshot before returning, so that no later change is missed. This is fast: it reads only
            // names and dates.
            let (directories, modules) = (skillDirectories, modules)
            work = Task { await self.watch(directories, modules) }
        }
    }

    private var skillDirectories: DirectoryState { DirectoryState(of: skills.directories) }

    private var modules: DirectoryState {
        DirectoryState(of: toolsDirectory.map { [$0] } ?? [], depth: 1, suffix: ".py")
    }

    private func watch(_ directories: DirectoryState, _ modules: DirectoryState) async {
        var (directories, modules) = (directories, modules)
        // The path of each file by its URI. Skills are read again only if something has changed.
        var places = skills.placesByURI()
        repeat {
            let now = (directories: skillDirectories, modules: self.modules)
            if now.directories != directories {
                let found = skills.placesByURI()
                publish(Self.change(now.directories.changes(since: directories), places, found))
                places = found
            }
            if now.modules != modules { publish(.toolModules) }
            (directories, modules) = now
        } while (try? await Task.sleep(for: Self.interval, tolerance: .milliseconds(200))) != nil
    }

    private static func change(
        _ changes: DirectoryState.Changes, _ before: [ResourceURI: String], _ now: [ResourceURI: String]
    ) -> Change {
        let touched = before.merging(now) { $1 }.filter { changes.paths.contains(ExactText($0.value)) }.keys
        let renamed = Set(before.keys).symmetricDifference(now.keys)
        // The list includes data from the skill's main file.
        let describesSkill = touched.contains { $0.isSkillsOwnFile }
        return .skills(
            changed: renamed.union(touched),
            listChanged: changes.hasOtherNames || !renamed.isEmpty || describesSkill)
    }
}
