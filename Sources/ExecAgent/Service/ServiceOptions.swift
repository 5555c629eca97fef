import HTTPServer

/// How `exec-agent serve` runs.
struct ServiceOptions: Sendable {
    /// Where to listen: an address or a name. Anything but this machine's own loopback takes ``keys``.
    var host = "127.0.0.1"
    /// 0 for any port that is free.
    var port = 8000
    /// The keys, one of which each request has to bring as `Authorization: Bearer KEY`. Without any, none is asked for.
    var keys: [String] = []
    /// Further names under which clients reach the service, for example that of a proxy before it.
    var hostNames: [String] = []
    /// Where browsers reach the service, as ``PublicURL`` reads it; `nil` where nobody says.
    var publicURL: String?
    /// Whether answers end with links to the artifacts of their run.
    var linksArtifacts = true

    /// The model that answers where a request names none, as `GET /v1/models` lists it.
    var model = "default"
    /// Where a run stops.
    var limits = RunLimits()

    /// Seconds after which a conversation that nobody went on with is forgotten; 0 to remember none.
    var sessionSeconds = 3600.0
    /// Conversations that are kept at most; the one that rested longest goes first.
    var maxSessions = 1000
    /// Bytes that they may hold together.
    var maxSessionBytes = 64 * 1024 * 1024

    /// Requests a second that each key, or each address where there are no keys, may send in the long run; the same for
    /// each user.
    var requestsPerSecond = 20.0
    /// Requests that they may send at once.
    var requestsAtOnce = 200
    /// Runs of one conversation that may wait for one another.
    var maxWaitingRuns = 64
    /// Runs of all users, those that wait included.
    var maxRuns = 200

    /// Seconds of silence in a stream after which a comment says that the service lives.
    var signOfLifeSeconds = 15.0
    /// Seconds that running answers get to end when the service stops.
    var graceSeconds = 5.0
    /// What the HTTP server puts up with.
    var http = HTTPLimits()
    /// The program's version, for the API's description.
    var version = "0"
}
