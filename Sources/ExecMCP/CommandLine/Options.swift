import Diagnostics
import ExecCore
import PrivateData

/// The options of the server. Flags take precedence over variables, and variables over defaults.
struct Options: Sendable, Equatable {
    var configuration = SandboxConfiguration()
    var limits = Limits()
    var engine = "docker"
    /// Whether an image that the engine lacks is built or downloaded at the first call.
    var buildsImage = true
    var engineLocation = EngineLocation.automatic
    /// Where on which cluster sandboxes run, if the engine is kubectl.
    var kubernetes = KubernetesOptions()
    /// Whether the pool of a cluster is about to be described, and not used.
    var makesWarmPool = false
    /// The words before the engine's command that starts a sandbox; empty for none.
    var launcher: [String] = []
    /// Whether a launcher may start sandboxes on other machines.
    var isLaunched: Bool { !launcher.isEmpty && engineLocation != .local }
    /// Whether the kind of workspace was named, and isn't just the default.
    var namesWorkspace = false
    /// The user if a request names none: the one given by the options, or the user of this account.
    var user: UserID {
        get { namedUser ?? .ofThisAccount }
        set { namedUser = newValue }
    }
    private var namedUser: UserID?
    /// How a command's result refers to artifacts.
    var artifactLinks = ArtifactLinks.link
    /// Whether a client that lists the tools gets a sandbox before its first call.
    var prewarm = false
    /// Additional users who get a sandbox then, without duplicates. Naming users implies prewarming.
    var prewarmUsers: [UserID] = []
    /// The path of the file that records each call in a line; `nil` for none.
    var auditLog: String?
    /// The path of the file that the server's numbers are written to; `nil` for none.
    var metricsFile: String?
    var logLevel = LogLevel.info
    /// The files that name the MCP servers whose tools code in the sandboxes can call; empty for none.
    var mcpConfigFiles: [String] = []
    /// The number of tokens that the system prompt may spend on these tools' signatures.
    var mcpPromptBudget = 1500
    /// The file that what these servers answer is recorded in; `nil` for none.
    var bridgeRecord: String?
    /// The file that answers in place of these servers; `nil` for none.
    var bridgeReplay: String?
    /// Which private values are replaced by tokens.
    var privateData = PrivateDataMode.off
    /// Further kinds of private values.
    var privateDataPatterns: [PrivateDataPattern] = []

    /// Creates options for a server whose user is that of this account.
    init() {}

    init(user: UserID) {
        namedUser = user
    }

    /// Whether any sandbox is started before the first call.
    var startsAhead: Bool { prewarm || !prewarmUsers.isEmpty }
}
