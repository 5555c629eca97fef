import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct LocalSocketTests {
    private let place: TemporaryDirectory
    private let directory: LingerDirectory

    init() throws {
        place = try TemporaryDirectory()
        directory = LingerDirectory(path: place.path)
    }

    private func connection() throws -> (LocalSocket, LocalSocket) {
        let listener = try #require(LocalSocket.listening(in: directory, at: "s"))
        defer { listener.close() }
        let client = try LocalSocket.connected(to: directory.file("s"))
        return (client, try #require(listener.accept()))
    }

    @Test(arguments: 0...LocalSocket.maxDescriptors)
    func passesDescriptorsInOrder(count: Int) throws {
        let (client, server) = try connection()
        defer { client.close(); server.close() }
        let pipes = try (0..<count).map { _ in try TestPipe() }
        #expect(client.send(Array("words".utf8), with: pipes.map(\.writeEnd)))
        let received = try #require(server.receive(limit: 100))
        #expect(received.bytes == Array("words".utf8))
        try #require(received.descriptors.count == count)
        for (number, (pipe, descriptor)) in zip(pipes, received.descriptors).enumerated() {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(write(descriptor, [UInt8(number)], 1) == 1)
            #expect(readSome(from: pipe.readEnd) == [UInt8(number)])
            for end in [descriptor, pipe.readEnd, pipe.writeEnd] { close(end) }
        }
    }

    @Test func takesNoMoreDescriptorsThanMayBe() throws {
        let (client, server) = try connection()
        defer { client.close(); server.close() }
        let pipe = try TestPipe()
        defer { for end in [pipe.readEnd, pipe.writeEnd] { close(end) } }
        let many = Array(repeating: pipe.writeEnd, count: 3 * LocalSocket.maxDescriptors)
        #expect(client.send([1], with: many))
        #expect(server.receive(limit: 1) == nil)
    }

    @Test func tellsWhoIsGoneFromWhoIsSilent() throws {
        let (client, server) = try connection()
        #expect(client.receive(limit: 1) == nil)
        server.close()
        #expect(client.receive(limit: 1) == nil)
        #expect(!client.send([1]))
        client.close()
        let error = #expect(throws: LocalSocket.ConnectionError.self) {
            _ = try LocalSocket.connected(to: directory.file("s"))
        }
        #expect(error?.isFinal == true)
        let other = #expect(throws: LocalSocket.ConnectionError.self) {
            _ = try LocalSocket.connected(to: directory.file("none"))
        }
        #expect(other?.isFinal == false)
    }

    @Test func takesNoPathThatDoesNotFit() {
        #expect(LocalSocket.listening(in: directory, at: String(repeating: "x", count: 200)) == nil)
    }
}
