import ChildProcess
import JSON
import SystemCalls
import Threading

/// Runs a program that prints JSON objects until one of them is what the caller waits for.
struct JSONWatch: Sendable {
    /// How a watch ended.
    enum Outcome<Value: Sendable>: Sendable {
        /// An object was what was waited for.
        case found(Value)
        /// The program ended by itself.
        case ended(ChildProcess.End)
        /// The time was up, or the task was cancelled.
        case stopped
    }

    let command: Command

    /// Waits until `body` returns a value for an object.
    ///
    /// - Parameters:
    ///   - body: called for each object in order, on the thread that reads the output; a list counts as its items.
    ///   - seconds: the time limit.
    /// - Throws: ``SpawnError``, or what `body` throws. The program has then been told to end.
    func first<Value: Sendable>(
        within seconds: Double, _ body: @escaping @Sendable (JSON) throws -> Value?
    ) async throws -> Outcome<Value> {
        let child = try ChildProcess(starting: command)
        child.input.close()
        let state = Locked<(stream: JSONStream, result: Result<Outcome<Value>, any Error>?)>((JSONStream(), nil))
        let settled = AsyncEvent()
        let gone = AsyncEvent()
        let settle = { @Sendable (result: Result<Outcome<Value>, any Error>) in
            state.withLock { if $0.result == nil { $0.result = result } }
            settled.complete()
        }
        try child.read { bytes in
            for object in state.withLock({ $0.stream.add(bytes) }).flatMap(Self.items) {
                do {
                    guard let value = try body(object) else { continue }
                    settle(.success(.found(value)))
                } catch {
                    settle(.failure(error))
                }
            }
        } onEnd: { end in
            settle(.success(.ended(end)))
            gone.complete()
        }
        await withTaskCancellationHandler {
            _ = await settled.wait(seconds: seconds)
        } onCancel: {
            settle(.success(.stopped))
        }
        settle(.success(.stopped))
        child.signal(SIGTERM)
        if await !gone.wait(seconds: 2) { child.signal(SIGKILL) }
        return try state.withLock { $0.result ?? .success(.stopped) }.get()
    }

    private static func items(_ object: JSON) -> [JSON] {
        object["items"]?.arrayValue ?? [object]
    }
}
