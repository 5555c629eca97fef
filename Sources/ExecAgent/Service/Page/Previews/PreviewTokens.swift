import HTTPServer
import Threading

/// Paths at which a previewed file can be loaded once, for a short time: a frame's request has no key.
final class PreviewTokens: Sendable {
    /// What a path shows.
    struct Preview: Sendable, Equatable {
        enum Source: Sendable, Equatable {
            case artifact(String)
            /// The path of a file in the sandbox.
            case file(String)
        }

        let source: Source
        /// The user whose file it is.
        let user: String
        let allowsScripts: Bool
    }

    static let prefix = "/ui/previews/"
    /// Seconds for which a path is valid.
    static let lifetime = 60.0
    /// Maximum number of paths that are valid at the same time, and of those of one user.
    private static let maxCount = 1000
    private static let maxPerUser = 50
    /// Letters and digits of a token: more than 128 bits.
    private static let length = 26

    private struct Entry {
        let preview: Preview
        let expires: Double
    }

    private let clock: MonotonicClock
    private let entries = Locked<[String: Entry]>([:])

    init(clock: MonotonicClock = .system) {
        self.clock = clock
    }

    /// Creates a path.
    ///
    /// - Throws: ``APIRequestError`` if there are too many.
    func makePath(for preview: Preview) throws(APIRequestError) -> String {
        let token = RandomWord.make(Self.length)
        let now = clock.now()
        let isMade = entries.withLock { entries in
            entries = entries.filter { $0.value.expires > now }
            guard entries.count < Self.maxCount,
                entries.values.count(where: { $0.preview.user == preview.user }) < Self.maxPerUser
            else { return false }
            entries[token] = Entry(preview: preview, expires: now + Self.lifetime)
            return true
        }
        guard isMade else {
            throw APIRequestError(
                429, "Too many previews are open. Try again in a minute.", type: "rate_limit_error",
                code: "too_many_previews", retryAfter: 60)
        }
        return Self.prefix + token
    }

    /// Whether a request is for a preview, by its path.
    func isPreview(_ request: HTTPRequest) -> Bool {
        request.method == "GET" && request.path.hasPrefix(Self.prefix)
    }

    /// Whether a request's path is valid now, and the request is one of a frame or a program.
    func isOpen(_ request: HTTPRequest) -> Bool {
        guard ["iframe", nil].contains(request.header("sec-fetch-dest")) else { return false }
        let now = clock.now()
        let token = String(request.path.dropFirst(Self.prefix.count))
        return entries.withLock { $0[token].map { $0.expires > now } ?? false }
    }

    /// Uses a token up.
    ///
    /// - Returns: what it shows; `nil` if it isn't valid.
    func redeem(_ token: String) -> Preview? {
        let now = clock.now()
        return entries.withLock { $0.removeValue(forKey: token).flatMap { $0.expires > now ? $0.preview : nil } }
    }
}

extension APIRequestError {
    static let noPreview = APIRequestError(
        404, "There is no preview here: its address can be used once, for a minute.", code: "preview_not_found")
}
