import HTTPServer
import OpenAI

/// Who a request is for, and which conversation it continues.
///
/// The member `user` of a request says so, or a front end does in its header fields: which person and which of their
/// chats. A request that says neither is stateless, as at OpenAI.
struct Caller: Sendable, Equatable {
    /// The owner of the sandbox; see ``UserName``.
    let user: String
    /// The key under which the conversation is remembered and its runs are queued; `nil` for a stateless request. It
    /// starts with the user's name, so that nobody continues another user's conversation.
    let conversation: String?
    /// Whether the conversation is one of several chats of the user.
    let isChat: Bool

    /// Header fields of Open WebUI, which sends both if configured to forward user information.
    private static let userField = "x-openwebui-user-id"
    private static let chatField = "x-openwebui-chat-id"
    /// Ids of temporary chats, which the front end does not store, equal this or start with it. They aren't unique.
    private static let passingChat = "local"
    /// Start of the prompts that a front end sends on its own behalf, for a title and the like. They aren't part of
    /// the chat.
    private static let chore = "### Task:"

    /// - Parameters:
    ///   - named: the member `user`; empty counts as missing.
    ///   - messages: the messages of the request.
    ///   - bound: the user that the request's key belongs to, who is the user whatever the request names.
    init(named: String?, by request: HTTPRequest, messages: [ChatMessage], boundTo bound: String? = nil) {
        let named = named.flatMap { $0.isEmpty ? nil : $0 }
        guard let user = bound ?? Self.user(named: named, by: request) else {
            // The user is unknown, and a chat id alone does not identify anyone.
            (user, conversation, isChat) = (UserName.byDefault, nil, false)
            return
        }
        self.user = user
        guard let chat = Self.value(of: Self.chatField, in: request) else {
            // Without a chat id, any message may start a new chat in the front end.
            (conversation, isChat) = (named == nil ? nil : user, false)
            return
        }
        isChat = true
        let isByItself = chat.hasPrefix(Self.passingChat) || Self.isChore(messages)
        conversation = isByItself ? nil : Self.name(of: chat, user)
    }

    private init(user: String, conversation: String?, isChat: Bool) {
        (self.user, self.conversation, self.isChat) = (user, conversation, isChat)
    }

    /// The user of a request that continues no remembered conversation.
    init(user: String) { self.init(user: user, conversation: nil, isChat: false) }

    /// The same user, without a conversation.
    var independent: Caller { Caller(user: user) }

    /// Returns the user a request is for; `nil` if it names none.
    ///
    /// - Parameter named: the user named in the request's body or path.
    static func user(named: String?, by request: HTTPRequest) -> String? {
        switch (named, value(of: userField, in: request)) {
        case (let named?, let person?): UserName.of(named, via: person)
        case (let name?, nil), (nil, let name?): UserName.of(name)
        case (nil, nil): nil
        }
    }

    /// Returns whether a remembered conversation belongs to a user.
    static func isConversation(_ name: String, of user: String) -> Bool {
        name == user || name.hasPrefix("\(user)/")
    }

    private static func name(of chat: String, _ user: String) -> String {
        // A user's name never contains a slash.
        "\(user)/\(UserName.hash(Array(chat.utf8)))"
    }

    private static func isChore(_ messages: [ChatMessage]) -> Bool {
        let said = messages.filter { !$0.isInstruction }
        return said.count == 1 && said[0].text.hasPrefix(chore)
    }

    /// Returns the combined value of all fields with this name (RFC 9110); `nil` if empty.
    private static func value(of name: String, in request: HTTPRequest) -> String? {
        let values = request.headers.filter { $0.name == name }.map(\.value).filter { !$0.isEmpty }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
