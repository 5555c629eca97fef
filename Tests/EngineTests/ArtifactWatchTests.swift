import ExecCore
import TestSupport
import Testing

extension EngineTests {
    /// The server hears of artifacts that come, change and go, whoever makes them.
    @Suite struct ArtifactWatchTests {
        /// What all changes so far come to: each name with whether it is there and how often it was told of.
        private func names(_ changes: [ArtifactChange]) -> Set<String> {
            changes.reduce(into: []) { names, change in
                names.formUnion(change.added)
                names.subtract(change.removed)
            }
        }

        @Test func tellsOfWhatACommandMakesChangesAndRemoves() async throws {
            try await TestPool.with { pool in
                try await pool.execute("cd /artifacts; echo 1 > a; echo 1 > b; echo 1 > .hidden; mkdir c")
                try await pool.changes.wait { names($0) == ["a", "b"] }
                try await pool.execute("cd /artifacts; echo 22 > a; mv b d; ln -s a link; ln -s /etc/passwd out")
                try await pool.changes.wait { names($0) == ["a", "d", "link"] && $0.contains { $0.modified == ["a"] } }
                try await pool.execute("rm -r /artifacts/*")
                try await pool.changes.wait { names($0).isEmpty }
                #expect(pool.changes.elements.allSatisfy { $0.isComplete })
            }
        }

        @Test func tellsOfABackgroundJobsWorkAfterItsCommand() async throws {
            try await TestPool.with { pool in
                try await pool.execute("(sleep 0.7; echo done > /artifacts/late) >/dev/null 2>&1 &")
                try await pool.changes.wait { names($0) == ["late"] }
            }
        }

        @Test func tellsOfWhatIsThereFromTheStart() async throws {
            try await TestPool.withPersistentWorkspace { pool in
                try await pool.execute("echo x > /artifacts/kept; sync")
                await pool.pool.close(grace: 5)
                try await TestPool.with(user: pool.user, configure: { $0.workspace = .persistent }) { next in
                    try await next.execute("true")
                    try await next.changes.wait(forCount: 1)
                    #expect(next.changes.elements == [ArtifactChange(added: ["kept"])])
                }
            }
        }

        @Test func saysNothingWhereNothingHappens() async throws {
            try await TestPool.with { pool in
                try await pool.execute("echo x > /workspace/a; echo x > /artifacts/.a; ls /artifacts; sleep 1")
                #expect(pool.changes.elements.isEmpty)
            }
        }

        @Test func manyAtOnceAreToldOfInPart() async throws {
            try await TestPool.with { pool in
                try await pool.execute("cd /tmp; touch {100..499}; cp {100..499} /artifacts/")
                let changes = try await pool.changes.wait { $0.contains { !$0.isComplete } }
                #expect(changes.allSatisfy { $0.added.count <= 100 })
            }
        }

        @Test func oneThatIsWrittenWithoutEndEndsNothing() async throws {
            try await TestPool.with { pool in
                try await pool.execute("(while :; do echo x >> /artifacts/log; done) >/dev/null 2>&1 &")
                try await pool.changes.wait(forCount: 8)
                #expect(try await pool.execute("echo fine; rm /artifacts/log; pkill -9 -f artifact").exitCode != -1)
                #expect(!pool.log.elements.contains { $0.contains("ending it") })
            }
        }
    }
}
