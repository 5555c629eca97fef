import HTTPServer

/// Options of `exec-agent serve`.
struct ServiceOptions: Sendable {
    /// The address or name to listen at. Anything but loopback requires ``keys``.
    var host = "127.0.0.1"
    /// The port; 0 for any free port.
    var port = 8000
    /// The API keys, one of which each request must send as `Authorization: Bearer KEY`. If empty, no key is required.
    var keys: [String] = []
    /// Additional host names of the service, for example that of a reverse proxy.
    var hostNames: [String] = []
    /// The public URL for browsers, as returned by ``PublicURL``; `nil` if not configured.
    var publicURL: String?
    /// Whether answers end with links to the artifacts of their run.
    var linksArtifacts = true

    /// The default model, as `GET /v1/models` lists it.
    var model = "default"
    /// The limits of a run.
    var limits = RunLimits()

    /// Seconds after which an unused conversation is forgotten; 0 to remember none.
    var sessionSeconds = 3600.0
    /// Maximum number of remembered conversations; the one unused for longest is forgotten first.
    var maxSessions = 1000
    /// Maximum total size of the conversations in bytes.
    var maxSessionBytes = 64 * 1024 * 1024

    /// Sustained requests per second for each key, or for each address if there are no keys; the same for each user.
    var requestsPerSecond = 20.0
    /// Maximum burst of requests.
    var requestsAtOnce = 200
    /// Maximum number of waiting runs per conversation.
    var maxWaitingRuns = 64
    /// Maximum number of runs of all users, waiting ones included.
    var maxRuns = 200

    /// What happens when a tool server asks the person.
    var approval = ApprovalMode.never
    /// Seconds that a question waits for its answer.
    var questionSeconds = 120.0
    /// Maximum number of questions of all users that wait for an answer.
    var maxQuestions = 1000
    /// Maximum number of those of one user.
    var maxQuestionsOfUser = 32

    /// Where the page's conversations are kept; `nil` for memory.
    var sessionDirectory: String?
    /// Seconds for which a run of the page goes on while nobody watches it.
    var detachSeconds = 600.0
    /// Whether scripts in previewed files may run if the user says so.
    var artifactScripts = ArtifactScripts.ask
    /// Maximum size of an uploaded file in bytes.
    var uploadBytes = 32 << 20

    /// Maximum number of responses that are worked on in the background.
    var maxBackgroundRuns = 64
    /// Maximum number of those of one user.
    var maxBackgroundRunsOfUser = 16
    /// Maximum duration of such a run in seconds, even if runs have no limit.
    var maxBackgroundSeconds = 4 * 3600.0
    /// Maximum number of files that clients have uploaded.
    var maxFiles = 1000
    /// Maximum total size of these files in bytes.
    var maxFileBytes = 256 << 20
    /// Maximum total size of the files of one user in bytes.
    var maxFileBytesOfUser = 128 << 20
    /// Seconds for which an unused file is kept.
    var fileSeconds = 24 * 3600.0

    /// Seconds of silence in a stream after which a keep-alive comment is sent.
    var signOfLifeSeconds = 15.0
    /// Seconds that running responses get to finish when the service stops.
    var graceSeconds = 5.0
    /// The limits of the HTTP server.
    var http = HTTPLimits()
    /// The program's version, for the API description.
    var version = "0"
}

/// Whether the page runs scripts in files that the agent made.
enum ArtifactScripts: String, Sendable, CaseIterable {
    case never
    /// If the user says so, for one view of one file.
    case ask
}
