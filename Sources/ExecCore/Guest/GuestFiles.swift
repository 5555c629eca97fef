import CEmbeddedFiles
import EmbeddedFiles

extension EmbeddedFiles {
    /// Python programs that read from the channel what they load, or unpack.
    static let guestLoaders = EmbeddedFiles(embedded_guest_loaders())
    /// The modules of the program inside every sandbox.
    static let guestModules = EmbeddedFiles(embedded_guest_modules())
}
