/// What an image has, as far as its labels tell. All of it is the image's word.
public struct ImageContents: Sendable, Equatable {
    /// The label with the name of the variant. An image without it is a standard one.
    static let variantLabel = "exec-mcp.variant"
    /// The label with the names of the packages that were added, separated by commas.
    static let addedLabel = "exec-mcp.added-packages"
    /// How many added packages are read, and how long their names may be.
    private static let maxAdded = 20
    private static let maxName = 40

    /// The variant that it is or was derived from; `nil` for an image that is not ours.
    public let variant: ImageVariant?
    /// Packages that were added to it.
    public let added: [String]
    /// How many more were added than ``added`` lists.
    public let unlisted: Int

    /// What a standard image has.
    public static let standard = ImageContents(variant: .standard)

    /// Creates the contents of an image of this variant.
    public init(variant: ImageVariant?, added: [String] = [], unlisted: Int = 0) {
        self.variant = variant
        self.added = added
        self.unlisted = unlisted
    }

    /// Reads the labels of an image.
    public init(of image: ImageDescription) {
        guard image.labels[ImageRecipe.label] != nil else {
            self.init(variant: nil)
            return
        }
        let names = (image.labels[Self.addedLabel] ?? "").split(separator: ",").map(String.init)
        let sound = names.filter { name in
            name.count <= Self.maxName
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
        let listed = Array(sound.prefix(Self.maxAdded))
        self.init(
            variant: image.labels[Self.variantLabel].map { ImageVariant(rawValue: $0) ?? .standard } ?? .standard,
            added: listed, unlisted: names.count - listed.count)
    }
}
