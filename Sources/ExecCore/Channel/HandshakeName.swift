/// The members of the guest's handshake frame: what the guest is and what it found. `guest/system.py` is the other
/// side.
enum HandshakeName: String, CaseIterable {
    /// The protocol version that it speaks.
    case protocolNumber = "protocol"
    /// The ways out of the sandbox that are open although there should be none.
    case network
    /// The version of its Python.
    case python
    /// Whether the image has a shell.
    case shell
    /// The directories that the sandbox's user cannot write to.
    case unwritable
    /// The owners of those directories.
    case owners
    /// The limits of its control group: ``SeenLimits``.
    case limits
    /// The digests of the files that were carried to the engine: ``CarriedFiles``.
    case files
}
