import JSON
import MCP

/// What the model gets of a tool's result.
struct ToolResultText: Sendable, Equatable {
    let text: String
    /// The pictures, as `data:` URLs.
    let imageAddresses: [String]
    /// Names of the artifacts that the result names.
    let artifacts: [String]

    private static let artifactScheme = "artifact:///"

    init(_ outcome: ToolOutcome, settings: AgentSettings) {
        var texts: [String] = []
        var addresses: [String] = []
        var artifacts: [String] = []
        for block in outcome.content {
            switch block {
            case .text(let text):
                texts.append(Excerpt.ofResult(text, limit: settings.resultLimit))
            case .image(let data, let mediaType):
                let isShown = settings.images == .auto && data.count <= settings.imageLimit
                if isShown { addresses.append("data:\(mediaType);base64,\(Base64.encode(data))") }
                let fate = isShown ? "it follows below" : "it is not shown"
                texts.append("[a picture, \(mediaType), \(data.count) bytes: \(fate)]")
            case .resourceLink(let uri, let name, let mediaType, let size):
                let isArtifact = uri.hasPrefix(Self.artifactScheme)
                if isArtifact { artifacts.append(name) }
                let facts = ([mediaType] + (size.map { ["\($0) bytes"] } ?? [])).joined(separator: ", ")
                texts.append("[\(isArtifact ? "artifact \(name)" : uri): \(facts)]")
            }
        }
        // What is left of each piece may be twice the limit; all of them together must not be more either.
        var text = Excerpt.of(texts.joined(separator: "\n"), limit: settings.resultLimit * 2)
        if text.allSatisfy(\.isWhitespace) { text = "(no output)" }
        if outcome.isError, !text.lowercased().hasPrefix("error") { text = "Error: \(text)" }
        self.text = text
        imageAddresses = addresses
        self.artifacts = artifacts
    }
}
