import CommandOptions
import Diagnostics

/// What the program was started with: flags, else variables, else defaults.
struct AgentOptions: Sendable, Equatable {
    static let openAI = "https://api.openai.com/v1"

    // The model.
    var baseURL = openAI
    /// The endpoint's key; `nil` for none.
    var key: String?
    /// The model's name; empty where none was named.
    var model = ""
    /// Seconds of silence after which an answer of the model is given up.
    var modelTimeout = 120
    var images = ImagePolicy.auto

    // The tools.
    /// The command that starts the server; `nil` for exec-mcp.
    var serverCommand: String?
    /// A file that names several servers; `nil` for none.
    var serverFile: String?
    /// Whose sandbox; `nil` for the server's own default.
    var user: String?

    // The run.
    var limits = RunLimits()
    var logLevel = LogLevel.warning

    // A task or a conversation.
    /// Where artifacts are saved; `nil` to leave them in the sandbox.
    var output: String?
    var isJSON = false
    /// Whether Markdown in answers is shown as it is, on a terminal too.
    var isPlain = false
    var history = HistoryOption.usual

    // The service.
    var host = "127.0.0.1"
    var port = 8000
    /// Further names under which clients reach it.
    var hostNames: [String] = []
    /// Where browsers reach it; `nil` where nobody says.
    var publicURL: String?
    /// Whether answers end with links to their run's artifacts.
    var linksArtifacts = true
    /// The keys that clients must show; none where they need not.
    var clientKeys: [String] = []
    /// Seconds after which a conversation without a new message is forgotten; 0 to remember none.
    var sessionTimeout = 3600
}
