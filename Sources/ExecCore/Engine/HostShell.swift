import ChildProcess

/// The shell of this machine, as a baseline for a sandbox's.
public enum HostShell {
    private static let timeout = 5.0

    /// The median time in seconds of a bare `bash -c true`, over `rounds` runs or as many as fit into a few seconds;
    /// `nil` if there is no bash.
    public static func medianTime(rounds: Int, environment: [String: String]) async -> Double? {
        guard let bash = ProgramSearch(environment: environment).path(of: "bash") else { return nil }
        var times: [Double] = []
        while times.count < rounds, times.reduce(0, +) < timeout {
            let start = ContinuousClock.now
            let output = try? await Command(executable: bash, arguments: ["-c", "true"]).run(timeout: timeout)
            guard output?.succeeded == true else { return nil }
            times.append(start.duration(to: .now) / .seconds(1))
        }
        return times.isEmpty ? nil : times.sorted()[times.count / 2]
    }
}
