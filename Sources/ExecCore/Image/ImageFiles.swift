import CEmbeddedFiles
import EmbeddedFiles

extension EmbeddedFiles {
    /// What the sandbox's image is built from.
    static let image = EmbeddedFiles(embedded_image())
    /// What the image's launcher is built from, which `--python instant` needs, in the order of the names.
    static let imageLauncher = EmbeddedFiles(embedded_image_launcher())
}
