import Diagnostics

/// What a process that gets an image tells the server that waits for it, one line each.
public enum ImageNews: Sendable, Equatable {
    /// What the process does.
    public enum Phase: String, Sendable {
        /// It waits for another process that gets the same image.
        case waiting
        /// It downloads the image.
        case pulling
        /// It builds the image.
        case building
        /// It tries the image in a sandbox.
        case checking
    }

    /// A new phase.
    case phase(Phase)
    /// A line of the engine's output.
    case output(String)
    /// Why there is no image, and what to do about it.
    case failure(String)

    /// The maximum length of a line, in bytes. A failure may be as long as the record that others of this account read.
    static let lineLimit = 8192
    private static let outputLimit = 1900
    private static let failureLimit = lineLimit - "failure ".utf8.count

    /// The line, without its end.
    public var line: String {
        switch self {
        case .phase(let phase): "phase \(phase.rawValue)"
        case .output(let text): "output \(text.singleLine(limit: Self.outputLimit))"
        case .failure(let text): "failure \(text.singleLine(limit: .max).shortened(toBytes: Self.failureLimit))"
        }
    }

    /// Reads a line; `nil` if it isn't one of these.
    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "phase":
            guard let phase = Phase(rawValue: parts[1]) else { return nil }
            self = .phase(phase)
        case "output": self = .output(parts[1])
        case "failure": self = .failure(parts[1])
        default: return nil
        }
    }
}
