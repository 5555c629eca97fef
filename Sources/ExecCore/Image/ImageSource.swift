/// Where an image that isn't on this machine comes from.
public enum ImageSource: Sendable, Equatable {
    /// The recipe that this program contains.
    case recipe(ImageVariant)
    /// The registry that its name begins with.
    case registry

    /// Determines it from the name; `nil` if the name says neither. Such an image is a user's own, and nothing else may
    /// take its name.
    public init?(of name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let host = parts.count > 1 ? parts[0] : ""
        // As engines tell a registry from the first part of a path.
        if host.contains(".") || host.contains(":") {
            self = .registry
            return
        }
        // Podman puts `localhost/` before the name of an image that was built here.
        guard parts.count == 1 || (parts.count == 2 && host == "localhost"),
            let variant = ImageRecipe.variant(named: parts[parts.count - 1])
        else { return nil }
        self = .recipe(variant)
    }
}
