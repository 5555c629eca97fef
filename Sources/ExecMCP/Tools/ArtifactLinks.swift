import ExecCore
import MCP

/// How a command's result refers to the artifacts that the command created or changed.
///
/// The server can't detect whether a client supports links: several frameworks fail on a `resource_link` (MCP
/// 2025-06-18, server/tools) or treat the whole result as an error, and all of them send the same `clientInfo`.
enum ArtifactLinks: String, CaseIterable, Sendable {
    /// As a link, or as text for a client whose revision has no links.
    case link
    /// As a line of text.
    case text
    /// Not at all; the artifacts can still be listed and read as resources.
    case omitted = "none"

    /// Returns the blocks for these artifacts, in the same order.
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
