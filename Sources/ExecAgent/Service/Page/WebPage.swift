import HTTPServer
import JSON
import Threading

/// The page of the service: its files, and the routes that it uses.
struct WebPage: Sendable {
    /// Where uploads begin, which may be larger than other requests.
    static let uploadPrefix = "/ui/files/"

    let runs: PageRuns
    let routes: [ServiceRoute]

    /// Creates the page of a service.
    ///
    /// - Parameters:
    ///   - places: limits the runs of the whole service.
    ///   - storage: where conversations are kept.
    init(
        options: ServiceOptions, runner: any AgentRunner, toolProvider: any ToolProvider, users: RequestUsers,
        budgets: RateLimiter, places: PerUserQueue, questions: PendingQuestions, previews: PreviewTokens,
        storage: sending any ConversationStorage, clock: MonotonicClock, log: @escaping @Sendable (String) -> Void
    ) {
        let conversations = Conversations(storage, log: log)
        runs = PageRuns(
            options: options, runner: runner, toolProvider: toolProvider, conversations: conversations,
            places: places, questions: questions, clock: clock, log: log)
        // The API's description leaves them out.
        let assets = PageAssets.all.map { asset in
            ServiceRoute(method: "GET", path: asset.path, description: [:]) { request, _ in
                PageAssets.response(of: asset, to: request)
            }
        }
        routes =
            assets
            + RunRoutes(
                options: options, users: users, budgets: budgets, conversations: conversations, runs: runs,
                uploads: toolProvider.sandboxAccess
            ).all
            + FileRoutes(options: options, users: users, toolProvider: toolProvider).all
            + PreviewRoutes(options: options, users: users, previews: previews, toolProvider: toolProvider).all
            + StatusRoutes(options: options, users: users, toolProvider: toolProvider, runs: runs).all
    }
}
