/// What a guest says in its first frame: what it is, and what it found. `guest/system.py` is the other side.
enum HandshakeName: String, CaseIterable {
    /// The number of the protocol that it speaks.
    case protocolNumber = "protocol"
    /// The version of its Python.
    case python
    /// Whether there is a shell.
    case shell
    /// The directories that the sandbox's user cannot write to.
    case unwritable
    /// Whose these are.
    case owners
    /// What the control group holds it to: ``SeenLimits``.
    case limits
}
