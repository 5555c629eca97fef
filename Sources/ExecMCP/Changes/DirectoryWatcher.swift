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
    /// Whose approved skills are watched. Others learn of theirs when they list them.
    private let user: UserID
    private let publish: @Sendable (Change) -> Void
    private let work = Locked<Task<Void, Never>?>(nil)

    init(
        skills: SkillLibrary, toolsDirectory: String?, user: UserID, publish: @escaping @Sendable (Change) -> Void
    ) {
        self.skills = skills
        self.user = user
        self.toolsDirectory = toolsDirectory
        self.publish = publish
    }

    /// Starts polling, unless it has started already.
    func start() {
        work.withLock { work in
            guard work == nil else { return }
            // Takes the first snapshot before returning, so that no later change is missed. This is fast: it reads only
            // names and dates.
            let (directories, modules, approvals) = (skillDirectories, modules, approvals)
            work = Task { await self.watch(directories, modules, approvals) }
        }
    }

    private var skillDirectories: DirectoryState { DirectoryState(of: skills.directories) }

    private var modules: DirectoryState {
        DirectoryState(of: toolsDirectory.map { [$0] } ?? [], depth: 1, suffix: ".py")
    }

    /// Changes with each decision about the user's approved skills.
    private var approvals: [String] { skills.store?.changeMark(of: user) ?? [] }

    private func watch(_ directories: DirectoryState, _ modules: DirectoryState, _ approvals: [String]) async {
        var (directories, modules, approvals) = (directories, modules, approvals)
        // The path of each file by its URI. Skills are read again only if something has changed.
        var places = skills.placesByURI(of: user)
        repeat {
            let now = (directories: skillDirectories, modules: self.modules, approvals: self.approvals)
            if now.directories != directories || now.approvals != approvals {
                let found = skills.placesByURI(of: user)
                publish(Self.change(now.directories.changes(since: directories), places, found))
                places = found
            }
            if now.modules != modules { publish(.toolModules) }
            (directories, modules, approvals) = now
        } while (try? await Task.sleep(for: Self.interval, tolerance: .milliseconds(200))) != nil
    }

    private static func change(
        _ changes: DirectoryState.Changes, _ before: [ResourceURI: String], _ now: [ResourceURI: String]
    ) -> Change {
        let touched = before.merging(now) { $1 }.filter { changes.paths.contains(ExactText($0.value)) }.keys
        // An approved version lies at a place of its own.
        let moved = before.filter { place in now[place.key].map { $0 != place.value } == true }.keys
        let renamed = Set(before.keys).symmetricDifference(now.keys).union(moved)
        // The list includes data from the skill's main file.
        let describesSkill = touched.contains { $0.isSkillsOwnFile }
        return .skills(
            changed: renamed.union(touched),
            listChanged: changes.hasOtherNames || !renamed.isEmpty || describesSkill)
    }
}
