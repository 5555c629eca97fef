/// Runs `body`, and `close` after it, whether it throws or not.
package func closing<Result>(
    with close: () async -> Void, _ body: () async throws -> Result
) async throws -> Result {
    do {
        let result = try await body()
        await close()
        return result
    } catch {
        await close()
        throw error
    }
}
