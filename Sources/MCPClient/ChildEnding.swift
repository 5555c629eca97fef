import ChildProcess
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ChildProcess {
    /// Asks the program to end, and kills it where it does not.
    ///
    /// - Parameters:
    ///   - hasEnded: what says that it has ended.
    ///   - seconds: how long it may take.
    func terminate(_ hasEnded: AsyncEvent, withinSeconds seconds: Double) async {
        signal(SIGTERM)
        if await !hasEnded.wait(seconds: seconds) { signal(SIGKILL) }
    }
}

extension Substring {
    /// The text without white space at its ends.
    var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...end]
    }
}
