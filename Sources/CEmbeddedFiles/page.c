// The page of exec-agent serve.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("index.html")
#embed "../ExecAgent/Page/index.html"
END_FILE
BEGIN_FILE("app.css")
#embed "../ExecAgent/Page/app.css"
END_FILE
BEGIN_FILE("icon.svg")
#embed "../ExecAgent/Page/icon.svg"
END_FILE
BEGIN_FILE("manifest.webmanifest")
#embed "../ExecAgent/Page/manifest.webmanifest"
END_FILE
BEGIN_FILE("api.js")
#embed "../ExecAgent/Page/api.js"
END_FILE
BEGIN_FILE("app.js")
#embed "../ExecAgent/Page/app.js"
END_FILE
BEGIN_FILE("cards.js")
#embed "../ExecAgent/Page/cards.js"
END_FILE
BEGIN_FILE("composer.js")
#embed "../ExecAgent/Page/composer.js"
END_FILE
BEGIN_FILE("conversation.js")
#embed "../ExecAgent/Page/conversation.js"
END_FILE
BEGIN_FILE("details.js")
#embed "../ExecAgent/Page/details.js"
END_FILE
BEGIN_FILE("diff.js")
#embed "../ExecAgent/Page/diff.js"
END_FILE
BEGIN_FILE("dom.js")
#embed "../ExecAgent/Page/dom.js"
END_FILE
BEGIN_FILE("events.js")
#embed "../ExecAgent/Page/events.js"
END_FILE
BEGIN_FILE("export.js")
#embed "../ExecAgent/Page/export.js"
END_FILE
BEGIN_FILE("files.js")
#embed "../ExecAgent/Page/files.js"
END_FILE
BEGIN_FILE("format.js")
#embed "../ExecAgent/Page/format.js"
END_FILE
BEGIN_FILE("formula.js")
#embed "../ExecAgent/Page/formula.js"
END_FILE
BEGIN_FILE("highlight.js")
#embed "../ExecAgent/Page/highlight.js"
END_FILE
BEGIN_FILE("history.js")
#embed "../ExecAgent/Page/history.js"
END_FILE
BEGIN_FILE("inline.js")
#embed "../ExecAgent/Page/inline.js"
END_FILE
BEGIN_FILE("login.js")
#embed "../ExecAgent/Page/login.js"
END_FILE
BEGIN_FILE("markdown.js")
#embed "../ExecAgent/Page/markdown.js"
END_FILE
BEGIN_FILE("math.js")
#embed "../ExecAgent/Page/math.js"
END_FILE
BEGIN_FILE("output.js")
#embed "../ExecAgent/Page/output.js"
END_FILE
BEGIN_FILE("preview.js")
#embed "../ExecAgent/Page/preview.js"
END_FILE
BEGIN_FILE("question.js")
#embed "../ExecAgent/Page/question.js"
END_FILE
BEGIN_FILE("render.js")
#embed "../ExecAgent/Page/render.js"
END_FILE
BEGIN_FILE("store.js")
#embed "../ExecAgent/Page/store.js"
END_FILE
BEGIN_FILE("system.js")
#embed "../ExecAgent/Page/system.js"
END_FILE
BEGIN_FILE("theme.js")
#embed "../ExecAgent/Page/theme.js"
END_FILE
BEGIN_FILE("turn.js")
#embed "../ExecAgent/Page/turn.js"
END_FILE
END_FILES(embedded_page)
