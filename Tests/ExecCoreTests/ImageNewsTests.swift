import Testing

@testable import ExecCore

/// What the process that gets an image tells, and what becomes of it.
struct ImageNewsTests {
    @Test(arguments: [
        ImageNews.phase(.waiting), .phase(.checking), .output("   Step 3/17 : RUN x"), .failure("No disk: make room."),
    ])
    func aLineIsReadAsWhatItWas(news: ImageNews) {
        #expect(ImageNews(line: news.line) == news)
    }

    @Test(arguments: ["", "phase", "phase dancing", "hello world", "output"])
    func anyOtherLineIsIgnored(line: String) {
        #expect(ImageNews(line: line) == nil)
    }

    @Test(arguments: ["é", "漢", "👍", "\u{1}"])
    func aLineHasRoomForItsReader(character: String) {
        let text = String(repeating: character, count: 20_000)
        for news in [ImageNews.failure(text + " Make room."), .output(text)] {
            #expect(news.line.utf8.count <= ImageNews.lineLimit)
        }
        guard case .failure(let told)? = ImageNews(line: ImageNews.failure(text + " Make room.").line) else {
            Issue.record("not a failure")
            return
        }
        #expect(told.hasSuffix(" Make room."))
    }

    @Test func aFailureOfManyLinesIsOne() {
        #expect(!ImageNews.failure("one\ntwo").line.contains("\n"))
    }

    @Test(arguments: [
        ("Step 3/17 : RUN apt-get install", "3 of 17"), ("    STEP 2/9: FROM x", "2 of 9"),
        ("#8 [build 3/9] RUN x", "3 of 9"), ("#8 [3/9] RUN x", "3 of 9"), ("#12 [stage-1 10/12] COPY . .", "10 of 12"),
    ])
    func aStepIsRecognized(line: String, step: String) {
        #expect(ImageProgress.step(in: line) == step)
    }

    @Test(arguments: [
        "", "Step", "Step one/two", "Step 9/3 : x", "#8 0.321 Get:1 [3/9] http", "see Step 3/9", "#8 [internal] load",
    ])
    func anythingElseIsNoStep(line: String) {
        #expect(ImageProgress.step(in: line) == nil)
    }

    @Test func theSummaryFollowsTheProcess() {
        var progress = ImageProgress()
        #expect(progress.summary == "is being built")
        let story: [(news: ImageNews, summary: String)] = [
            (.phase(.waiting), "is being built or downloaded by another server"),
            (.phase(.building), "is being built"),
            (.output("Sending build context"), "is being built"),
            (.output("Step 1/3 : FROM x"), "is being built, step 1 of 3"),
            (.output("Step 1/3 : FROM x"), "is being built, step 1 of 3"),
            (.phase(.checking), "has been built and is being checked"),
            (.phase(.pulling), "is being downloaded"),
            (.failure("No disk."), "is being downloaded"),
        ]
        for (news, summary) in story {
            let before = progress.summary
            let isNew = progress.add(news)
            #expect(progress.summary == summary)
            #expect(isNew == (before != summary), "\(news)")
        }
        #expect(progress.failure == "No disk.")
    }
}
