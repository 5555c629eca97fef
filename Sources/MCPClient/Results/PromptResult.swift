extension RawToolResult {
    /// The messages of the result of `prompts/get`. Unreadable ones are left out.
    ///
    /// - Parameter remark: called with each part that is left out.
    /// - Throws: ``MCPClientError`` if it has none.
    public func promptMessages(remark: (String) -> Void) throws(MCPClientError) -> [PromptMessage] {
        try PromptMessage.all(answered: members, remark: remark)
    }
}
