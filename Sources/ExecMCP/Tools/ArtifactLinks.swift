import ExecCore
import MCP

/// How a command's result tells of the artifacts that the command made or changed.
///
/// A client cannot be asked what it makes of links: several frameworks fail at a `resource_link` (MCP 2025-06-18,
/// server/tools) or take the whole result for an error, and all of them give the same `clientInfo`.
enum ArtifactLinks: String, CaseIterable, Sendable {
    /// By a link; by text to a client whose revision has no links.
    case link
    /// By a line of text.
    case text
    /// Not at all: they can still be listed and read as resources.
    case omitted = "none"

    /// The blocks for these artifacts, in their order.
    func blocks(for artifacts: [Artifact]) -> [ContentBlock] {
        let links = artifacts.map { artifact in
            ContentBlock.resourceLink(
                uri: ResourceURI.artifact(name: artifact.name).text, name: artifact.name,
                mediaType: MediaType.ofFile(named: artifact.name), size: artifact.size)
        }
        return switch self {
        case .link: links
        case .text: links.map(\.withoutLink)
        case .omitted: []
        }
    }
}
