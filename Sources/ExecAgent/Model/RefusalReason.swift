import OpenAI

/// Recognizes error messages that don't say what is wrong.
extension UpstreamError {
    /// Words that messages without a reason consist of.
    private static let vagueWords = Set(
        """
        a an the this that these your our its it is was were be been being are not or and of in on at to from for with \
        by as can could cannot unable will would may might must should please try again later check see more info \
        information detail details documentation docs doc reference visit request requests requested requesting body \
        payload json input inputs argument arguments parameter parameters params param value values field fields data \
        content format syntax structure type types schema schemas tool tools function functions definition definitions \
        declaration declarations message messages msg model provider providers upstream backend server service endpoint \
        api client gateway proxy response responses respond responded returned return returns got received error errors \
        err exception failure failed fails fail invalid illegal bad malformed incorrect wrong unacceptable unprocessable \
        entity rejected reject refused refuses status code http https unknown unexpected internal something went occurred \
        happened contains contain containing contained has have had one more some any valid validation validate process \
        processed processing handle handled understand understood complete completed completion completions chat object \
        there we you due metadata raw null none true false generation generate generating call openai
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
    /// The same in Chinese, longest first.
    private static let vagueParts = [
        "请检查文档", "请检查", "请求参数", "请求", "调用", "参数", "有误", "错误", "无效", "不合法", "非法", "异常", "格式",
        "文档", "校验", "失败", "的", "您", "接口",
    ]

    /// Whether the request was refused for its form, and the error doesn't say what is wrong with it.
    var givesNoReason: Bool {
        guard status == 400 || status == 422, !isPage, !isOutOfQuota, !isTooLong, !isUnknownModel, !isOfAnswerForm
        else { return false }
        return [error?.message, error?.type, error?.param, error?.code].compactMap { $0 }.allSatisfy(Self.isVague)
    }

    private static func isVague(_ text: String) -> Bool {
        guard text.utf8.count <= 1000 else { return false }
        var text = text
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            for part in vagueParts { text = text.replacing(part, with: " ") }
        }
        // Names of errors are often words without spaces: `BadRequestError`, `invalid_request_error`.
        var words: [String] = []
        var previous: Character = " "
        for character in text {
            if character.isLetter {
                if !previous.isLetter || (character.isUppercase && previous.isLowercase) { words.append("") }
                words[words.count - 1] += character.lowercased()
            }
            previous = character
        }
        return words.allSatisfy { vagueWords.contains($0) }
    }
}
