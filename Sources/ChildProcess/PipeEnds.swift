import SystemCalls

/// Our ends of a child's three pipes, while they are passed from one of our processes to another. The owner must close
/// them.
public struct PipeEnds: Sendable, Equatable {
    /// The write end of its standard input.
    public let input: Int32
    /// The read end of its standard output.
    public let output: Int32
    /// The read end of its standard error.
    public let errorOutput: Int32

    /// Wraps these descriptors.
    public init(input: Int32, output: Int32, errorOutput: Int32) {
        self.input = input
        self.output = output
        self.errorOutput = errorOutput
    }

    /// Closes the descriptors.
    public func close() {
        for end in [input, output, errorOutput] { closeDescriptor(end) }
    }
}

private func closeDescriptor(_ descriptor: Int32) {
    close(descriptor)
}
