import JSON
import JSONRPC
import MCP
import Testing

@Suite struct RequestContextTests {
    private static let version = "io.modelcontextprotocol/protocolVersion"
    private static let capabilities = "io.modelcontextprotocol/clientCapabilities"
    private static let logLevel = "io.modelcontextprotocol/logLevel"
    private static let modern: JSONObject = [version: "2026-07-28", capabilities: [:]]

    private func request(_ method: String, meta: JSON?) -> Request {
        var params: JSONObject = ["a": 1]
        params["_meta"] = meta
        return Request(id: .integer(1), method: method, params: params)
    }

    private func context(
        _ method: String, meta: JSON?, negotiated: Revision?, isModernOnly: Bool = false
    ) throws(RPCError) -> RequestContext {
        try RequestContext.of(request(method, meta: meta), negotiated: negotiated, isModernOnly: isModernOnly)
    }

    private func refusal(
        _ method: String = "tools/list", meta: JSON?, negotiated: Revision? = nil, isModernOnly: Bool = false
    ) -> RPCError? {
        do {
            _ = try context(method, meta: meta, negotiated: negotiated, isModernOnly: isModernOnly)
            return nil
        } catch {
            return error
        }
    }

    private func with(_ key: String, _ value: JSON?) -> JSON {
        var meta = Self.modern
        meta[key] = value
        return .object(meta)
    }

    @Test(arguments: [nil] + Revision.allCases.filter { !$0.isModern })
    func understandsARequestThatNamesItsRevisionWhateverWasNegotiated(negotiated: Revision?) throws {
        for method in ["tools/list", "ping", "server/discover", "no/such"] {
            for isModernOnly in [false, true] {
                let context = try context(
                    method, meta: .object(Self.modern), negotiated: negotiated, isModernOnly: isModernOnly)
                #expect(context == RequestContext(revision: .july2026, meta: Self.modern))
            }
        }
    }

    @Test(arguments: Revision.allCases.filter { !$0.isModern })
    func understandsABareRequestByTheNegotiatedRevision(negotiated: Revision) throws {
        #expect(
            try context("tools/list", meta: nil, negotiated: negotiated)
                == RequestContext(revision: negotiated))
        let meta: JSONObject = ["x-user-id": "u", "progressToken": 1]
        #expect(
            try context("tools/call", meta: .object(meta), negotiated: negotiated)
                == RequestContext(revision: negotiated, meta: meta))
    }

    @Test func understandsABarePingBeforeTheHandshake() throws {
        #expect(try context("ping", meta: nil, negotiated: nil).revision == .november2025)
    }

    @Test(arguments: ["tools/list", "tools/call", "prompts/get", "no/such", "server/discover", "tasks/get"])
    func asksForMetadataBeforeTheHandshake(method: String) {
        for meta in [nil, [:], ["progressToken": 1], [Self.capabilities: [:]]] as [JSON?] {
            let error = refusal(method, meta: meta)
            #expect(error?.code == -32602)
            #expect(error?.message.contains(Self.version) == true)
            #expect(error?.message.contains(Self.capabilities) == true)
        }
    }

    @Test(arguments: ["server/discover", "subscriptions/listen", "tasks/get", "tasks/result", "skills/list"])
    func asksForMetadataOfWhatOnlyTheModernRevisionHas(method: String) {
        #expect(refusal(method, meta: nil, negotiated: .november2025, isModernOnly: true)?.code == -32602)
    }

    @Test(arguments: [.null, [], [:], ["progressToken": nil]] as [JSON])
    func takesMetadataThatSaysNothingForNone(meta: JSON) throws {
        let context = try context("tools/list", meta: meta, negotiated: .june2025)
        #expect(context == RequestContext(revision: .june2025))
    }

    @Test func refusesATokenOfMoreThanAKibibyte() {
        let token = { (count: Int) in with("progressToken", .string(String(repeating: "t", count: count))) }
        #expect(refusal(meta: token(1024)) == nil)
        #expect(refusal(meta: token(1025))?.message == "progressToken may have at most 1024 bytes, not 1025.")
        #expect(refusal("ping", meta: ["progressToken": token(1025)["progressToken"] ?? nil])?.code == -32602)
    }

    @Test(arguments: [1, "text", [1], false] as [JSON])
    func refusesMetadataThatIsNoObject(meta: JSON) {
        #expect(refusal(meta: meta)?.code == -32602)
        #expect(refusal(meta: meta, negotiated: .june2025)?.message.contains("_meta must be an object") == true)
        #expect(refusal("ping", meta: meta)?.code == -32602)
    }

    @Test(arguments: [20_260_728, true, [], [:]] as [JSON])
    func refusesAVersionThatIsNoString(version: JSON) {
        let error = refusal(meta: with(Self.version, version))
        #expect(error?.code == -32602)
        #expect(error?.message.contains("must be a string") == true)
    }

    @Test(arguments: [nil, .null, "text", 1, [], true] as [JSON?])
    func refusesAModernRequestWithoutCapabilities(capabilities: JSON?) {
        let error = refusal(meta: with(Self.capabilities, capabilities))
        #expect(error?.code == -32602)
        #expect(error?.message.contains(Self.capabilities) == true)
    }

    @Test func looksAtTheCapabilitiesBeforeTheVersion() {
        #expect(refusal(meta: [Self.version: "1900-01-01"])?.code == -32602)
    }

    @Test(arguments: ["", "1900-01-01", "2099-01-01", "2025-11-25", "2025-03-26", "2024-11-05", "2026-07-28 "])
    func refusesARevisionThatIsNotServedByRequest(version: String) {
        let error = refusal(meta: with(Self.version, .string(version)), negotiated: .november2025)
        #expect(error?.code == -32022)
        #expect(error?.data?["requested"] == .string(version))
        #expect(
            error?.data?["supported"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
    }

    @Test func quotesNoMoreOfALongVersionThanAPersonReads() {
        let version = String(repeating: "x", count: 10_000)
        #expect((refusal(meta: with(Self.version, .string(version)))?.message.count ?? .max) < 200)
    }

    @Test(arguments: ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"])
    func takesEveryLogLevel(level: String) {
        #expect(refusal(meta: with(Self.logLevel, .string(level))) == nil)
        #expect(refusal(meta: with(Self.logLevel, .null)) == nil)
    }

    @Test(arguments: ["", "DEBUG", "trace", 3, []] as [JSON])
    func refusesAnyOtherLogLevel(level: JSON) {
        let error = refusal(meta: with(Self.logLevel, level))
        #expect(error?.code == -32602)
        #expect(error?.message.contains("emergency") == true)
    }

    @Test(arguments: [["name": "c", "version": "1"], "odd", .null] as [JSON])
    func asksNothingOfTheClientsName(info: JSON) {
        #expect(refusal(meta: with("io.modelcontextprotocol/clientInfo", info)) == nil)
    }

    @Test(arguments: [
        ("tasks/get", true), ("tasks/result", true), ("skills/list", true), ("tasks/", true), ("tasks", false),
        ("tasksx/get", false), ("resources/tasks/get", false), ("tools/list", false), ("", false),
    ])
    func knowsTheMethodsOfAnExtensionByTheirNames(method: String, isOwned: Bool) {
        #expect(ExtensionID.owns(method: method) == isOwned)
    }
}
