import ChildProcess
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ChildProcess {
    /// Sends SIGTERM, then SIGKILL if the program doesn't end in time.
    ///
    /// - Parameters:
    ///   - hasEnded: completes when the program has ended.
    ///   - seconds: how long to wait before SIGKILL.
    func terminate(_ hasEnded: AsyncEvent, withinSeconds seconds: Double) async {
        signal(SIGTERM)
        if await !hasEnded.wait(seconds: seconds) { signal(SIGKILL) }
    }
}

extension Substring {
    /// The text without leading and trailing white space.
    var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...end]
    }
}
