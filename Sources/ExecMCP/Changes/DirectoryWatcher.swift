import ExecCore
import JSON
import MCP
import Threading

/// Notices when skills or tool modules change on the host.
///
/// It looks every two seconds, and only once someone wants to know. Events of the file system would be quicker, but
/// they do not cross the mounts of desktop engines, network file systems and containers, where such directories lie.
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

    /// Begins to look, if it has not begun.
    func start() {
        work.withLock { work in
            guard work == nil else { return }
            // Now, at once, so that no change from here on is missed. It is quick: only names and dates.
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
        // Where the files are by their URIs. Skills are read again only where something has changed.
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
        // A skill's own file says what the list says of it.
        let describesSkill = touched.contains { $0.isSkillsOwnFile }
        return .skills(
            changed: renamed.union(touched),
            listChanged: changes.hasOtherNames || !renamed.isEmpty || describesSkill)
    }
}
