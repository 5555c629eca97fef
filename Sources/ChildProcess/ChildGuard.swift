import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends children that this process can't end itself, because it was killed.
///
/// A shell reads their ids from a pipe. When the pipe is closed, which the system does however this process ends, the
/// children that are left get some time to notice that their own pipes are closed as well, then SIGTERM, then SIGKILL.
/// Does nothing where there is no shell.
final class ChildGuard: Sendable {
    /// The guard of this process.
    static let shared = ChildGuard()

    private static let shell = "/bin/sh"
    private static let script = """
        trap '' HUP INT TERM
        list=
        while read -r what id; do
          rest=
          for one in $list; do [ "$one" = "$id" ] || rest="$rest $one"; done
          list=$rest
          [ "$what" = + ] && list="$list $id"
        done
        running() {
          rest=
          for one in $list; do kill -s 0 -- "-$one" 2>/dev/null && rest="$rest $one"; done
          list=$rest
          [ -n "$list" ]
        }
        end() {
          for turn in $2; do
            running || exit 0
            sleep 1
          done
          for one in $list; do kill -s "$1" -- "-$one" 2>/dev/null; done
        }
        end TERM "1 2"
        end KILL "1 2 3 4 5 6 7 8"
        """

    private struct State {
        var children: Set<Int32> = []
        /// The write end of the shell's pipe; `nil` as long as none was needed.
        var pipe: Int32?
        /// Lines that the pipe has had no room for yet.
        var backlog: [String] = []
    }

    private let state = Locked(State())

    /// Whether there are lines that the shell hasn't been sent yet.
    var hasBacklog: Bool { state.withLock { !$0.backlog.isEmpty } }

    /// Adds a child, which is the leader of its process group.
    func add(_ identifier: Int32) {
        state.withLock { state in
            state.children.insert(identifier)
            guard Self.send("+ \(identifier)\n", &state) else {
                if let pipe = state.pipe { close(pipe) }
                state.backlog = []
                state.pipe = Self.startShell(for: state.children)
                return
            }
        }
    }

    /// Removes a child that has ended. Call it before the child is reaped, so that its id can't be another's yet.
    func remove(_ identifier: Int32) {
        state.withLock { state in
            state.children.remove(identifier)
            _ = Self.send("- \(identifier)\n", &state)
        }
    }

    /// Writes a line behind those that the pipe has had no room for.
    ///
    /// - Returns: whether there is a shell that gets it, now or later.
    private static func send(_ line: String, _ state: inout State) -> Bool {
        guard let pipe = state.pipe else { return false }
        state.backlog.append(line)
        while let next = state.backlog.first {
            switch write(next, to: pipe) {
            case .written: state.backlog.removeFirst()
            // A shell that is stopped, or slow, still has its list, and must not take a closed pipe for our end.
            case .later: return true
            case .broken: return false
            }
        }
        return true
    }

    /// - Returns: the write end of its pipe; `nil` if it can't be started.
    private static func startShell(for children: Set<Int32>) -> Int32? {
        let command = Command(
            executable: shell, arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"],
            workingDirectory: "/")
        guard let spawned = try? spawn(command) else { return nil }
        close(spawned.output)
        close(spawned.errorOutput)
        guard
            (try? BackgroundThread.start("child-guard", stackSize: 64 * 1024) { _ = reap(spawned.identifier) }) != nil
        else {
            close(spawned.input)
            _ = reap(spawned.identifier)
            return nil
        }
        Descriptors.setNonBlocking(spawned.input)
        for child in children { _ = write("+ \(child)\n", to: spawned.input) }
        return spawned.input
    }

    private enum WriteResult {
        case written, later, broken
    }

    /// Writes a line, which a pipe accepts as a whole or not at all.
    private static func write(_ line: String, to pipe: Int32) -> WriteResult {
        var line = line
        return line.withUTF8 { bytes in
            guard Descriptors.writeSome(pipe, UnsafeRawBufferPointer(bytes)) <= 0 else { return .written }
            return errno == EAGAIN ? .later : .broken
        }
    }
}
