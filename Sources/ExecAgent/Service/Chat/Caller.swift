import HTTPServer
import OpenAI

/// Who a request is for, and which conversation it goes on with.
///
/// A request says so by its member `user`, or a front end does in its fields: the one who sits before it, and which of
/// their chats it is. A request that says nothing is all by itself, as it is at OpenAI.
struct Caller: Sendable, Equatable {
    /// Whose sandbox; see ``UserName``.
    let user: String
    /// By which name the conversation is remembered, and its runs take turns; `nil` for a request by itself. It begins
    /// with the user's: nobody goes on with another's.
    let conversation: String?
    /// Whether the conversation is one of several chats of the user.
    let isChat: Bool

    /// Fields of Open WebUI, which sends both where it is told to forward who its users are.
    private static let userField = "x-openwebui-user-id"
    private static let chatField = "x-openwebui-chat-id"
    /// Chats that the front end itself does not keep have this for an id, or begin with it: not theirs alone.
    private static let passingChat = "local"
    /// What a front end asks on its own account, for a title and the like, begins so. It is not part of the chat.
    private static let chore = "### Task:"

    /// - Parameters:
    ///   - named: the member `user`; as good as none where it is empty.
    ///   - messages: what is asked.
    init(named: String?, by request: HTTPRequest, messages: [ChatMessage]) {
        let named = named.flatMap { $0.isEmpty ? nil : $0 }
        guard let user = Self.user(named: named, by: request) else {
            // Whoever is behind it: a chat's id alone tells nobody from anybody.
            (user, conversation, isChat) = (UserName.byDefault, nil, false)
            return
        }
        self.user = user
        guard let chat = Self.value(of: Self.chatField, in: request) else {
            // A front end that does not say which chat it is begins a new one with any message.
            (conversation, isChat) = (named == nil ? nil : user, false)
            return
        }
        isChat = true
        let isByItself = chat.hasPrefix(Self.passingChat) || Self.isChore(messages)
        conversation = isByItself ? nil : Self.name(of: chat, user)
    }

    /// Whom a request is for; `nil` for one that says nothing of that.
    ///
    /// - Parameter named: whom it names itself, in its body or path.
    static func user(named: String?, by request: HTTPRequest) -> String? {
        switch (named, value(of: userField, in: request)) {
        case (let named?, let person?): UserName.of(named, via: person)
        case (let name?, nil), (nil, let name?): UserName.of(name)
        case (nil, nil): nil
        }
    }

    /// Whether a remembered conversation is one of a user's.
    static func isConversation(_ name: String, of user: String) -> Bool {
        name == user || name.hasPrefix("\(user)/")
    }

    private static func name(of chat: String, _ user: String) -> String {
        // No user's name has a slash.
        "\(user)/\(UserName.hash(Array(chat.utf8)))"
    }

    private static func isChore(_ messages: [ChatMessage]) -> Bool {
        let said = messages.filter { !$0.isInstruction }
        return said.count == 1 && said[0].text.hasPrefix(chore)
    }

    /// All that stands in fields of this name, as RFC 9110 joins them; `nil` for nothing.
    private static func value(of name: String, in request: HTTPRequest) -> String? {
        let values = request.headers.filter { $0.name == name }.map(\.value).filter { !$0.isEmpty }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
