import ExecCoreTestSupport
import JSON
import TestSupport

@testable import ExecCore

/// The engines that ``PoolContractTests`` run with where there is no real one: one without processes, and a program with
/// a command line like docker's.
enum PoolTestEngine: CaseIterable {
    case inProcess, program

    /// What an engine does with each container.
    enum Behaviour {
        /// Its guest comes up and waits.
        case comesUp
        /// It says why it cannot start it: `no such thing`.
        case refuses
    }

    static let configuration = SandboxConfiguration()

    func engine(_ behaviour: Behaviour, in directory: TemporaryDirectory) async throws -> any ContainerEngine {
        switch self {
        case .inProcess:
            return InProcessEngine { guest in
                guest.takeProgram()
                if behaviour == .refuses { return guest.complain("no such thing") }
                guest.say(Frame(.hello, call: 0, ["shell": true]))
                guest.waitForEnd()
            }
        case .program:
            let script =
                switch behaviour {
                case .comesUp: ScriptedEngine.idleGuest
                case .refuses: "sys.exit('no such thing')"
                }
            return try await ScriptedEngine(script, in: directory).commandLine
        }
    }
}
