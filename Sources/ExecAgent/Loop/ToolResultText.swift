import JSON
import MCP

/// The part of a tool's result that is sent to the model.
struct ToolResultText: Sendable, Equatable {
    let text: String
    /// The pictures, as `data:` URLs.
    let imageAddresses: [String]
    /// Names of the artifacts that the result refers to.
    let artifacts: [String]

    init(_ outcome: ToolOutcome, settings: AgentSettings) {
        var texts: [String] = []
        var addresses: [String] = []
        var artifacts: [String] = []
        for block in outcome.content {
            switch block {
            case .text(let text):
                texts.append(Excerpt.ofResult(text, limit: settings.resultLimit))
            case .image(let data, let mediaType):
                let (fate, address) = Self.picture(data, settings)
                if let address { addresses.append(address) }
                texts.append("[a picture, \(mediaType), \(data.count) bytes: \(fate)]")
            case .resourceLink(let uri, _, let mediaType, let size):
                let artifact = ResourceAddress.artifactName(uri)
                if let artifact { artifacts.append(artifact) }
                let facts = ([mediaType] + (size.map { ["\($0) bytes"] } ?? [])).joined(separator: ", ")
                texts.append("[\(artifact.map { "artifact \($0)" } ?? uri): \(facts)]")
            }
        }
        // Each excerpt may still be twice the limit, so the limit is also applied to all of them together.
        var text = Excerpt.of(texts.joined(separator: "\n"), limit: settings.resultLimit * 2)
        if text.allSatisfy(\.isWhitespace) { text = "(no output)" }
        if outcome.isError, !text.lowercased().hasPrefix("error") { text = "Error: \(text)" }
        self.text = text
        imageAddresses = addresses
        self.artifacts = artifacts
    }

    /// Returns what happens to a picture, and its `data:` URL if it is sent to the model. Its type is detected from its
    /// bytes.
    private static func picture(_ data: [UInt8], _ settings: AgentSettings) -> (fate: String, address: String?) {
        guard settings.images == .auto, data.count <= settings.imageLimit else { return ("it is not shown", nil) }
        do throws(PictureError) {
            let picture = try Picture(data)
            guard max(picture.width, picture.height) <= settings.imageSide else {
                return (
                    "it is not shown, because \(picture.width) x \(picture.height) pixels are more than "
                        + "\(settings.imageSide) a side; make it smaller to look at it", nil
                )
            }
            return ("it follows below", "data:\(picture.mediaType);base64,\(Base64.encode(data))")
        } catch {
            return ("it is not shown, because it is \(error.reason)", nil)
        }
    }
}
