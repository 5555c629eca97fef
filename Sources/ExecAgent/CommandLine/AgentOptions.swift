import CommandOptions
import Diagnostics

/// The program's options: from flags, then environment variables, then defaults.
struct AgentOptions: Sendable, Equatable {
    static let openAI = "https://api.openai.com/v1"

    // Model
    var baseURL = openAI
    /// The endpoint's API key; `nil` for none.
    var key: String?
    /// The model's name; empty if none was given.
    var model = ""
    /// Seconds without data after which a model's answer is abandoned.
    var modelTimeout = 120
    var images = ImagePolicy.auto

    // Tools
    /// The command that starts the tool server; `nil` for exec-mcp.
    var serverCommand: String?
    /// Configuration files that list further servers.
    var serverFiles: [String] = []
    /// Whether code in the sandbox calls the tools of these servers, instead of the model.
    var usesBridge = false
    /// Whether exec-mcp builds or downloads a missing image.
    var buildsImage = true
    /// The user whose sandbox is used; `nil` for the server's default.
    var user: String?
    /// What happens when a tool server asks the person.
    var approval = ApprovalMode.ask

    // Run
    var limits = RunLimits()
    var logLevel = LogLevel.warning

    // Task or conversation
    /// The directory that artifacts are saved to; `nil` to leave them in the sandbox.
    var output: String?
    var isJSON = false
    /// Whether Markdown in answers is shown unformatted, even on a terminal.
    var isPlain = false
    var history = HistoryOption.usual

    // Service
    var host = "127.0.0.1"
    var port = 8000
    /// Additional host names under which clients reach the service.
    var hostNames: [String] = []
    /// The URL at which browsers reach the service; `nil` if none was given.
    var publicURL: String?
    /// Whether answers end with links to their run's artifacts.
    var linksArtifacts = true
    /// The API keys accepted from clients; empty if none is required.
    var clientKeys: [String] = []
    /// Where the page's conversations are kept.
    var sessions = SessionsOption.usual
    /// Seconds for which a run of the page goes on while nobody watches it.
    var detachSeconds = 600
    /// Whether the page may run scripts of files; `nil` if it depends on whether keys are set.
    var artifactScripts: ArtifactScripts?
    /// Seconds of inactivity after which a conversation is discarded; 0 to keep none.
    var sessionTimeout = 3600
    /// Seconds that a question waits for its answer.
    var approvalTimeout = 120
}
