import JSON
import MCPClient
import OpenAI
import Testing

@testable import ExecAgent

@Suite struct AgentEventJSONTests {
    @Test func writesEachEvent() {
        #expect(AgentEvent.text("hi\n").json.text == #"{"type":"text","text":"hi\n"}"#)
        #expect(
            AgentEvent.toolStarted(.look("a", #"{"at":[1]}"#)).json.text
                == #"{"type":"tool_started","id":"a","name":"look","arguments":"{\"at\":[1]}"}"#)
        #expect(
            AgentEvent.toolProgress(callID: "a", message: "50 %").json.text
                == #"{"type":"tool_progress","id":"a","message":"50 %"}"#)
        #expect(
            AgentEvent.retrying(reason: "busy", seconds: 1.5).json.text
                == #"{"type":"retrying","reason":"busy","seconds":1.5}"#)
    }

    @Test func writesTheEndOfACallWithItsExitCodeWhereThereIsOne() {
        func end(_ code: Int?) -> String {
            AgentEvent.toolEnded(
                AgentEvent.ToolEnd(
                    callID: "a", name: "look", isError: false, exitCode: code, duration: 0.12345, artifacts: ["p.png"])
            ).json.text
        }
        let head = #"{"type":"tool_ended","id":"a","name":"look","is_error":false,"#
        #expect(end(3) == head + #""exit_code":3,"seconds":0.123,"artifacts":["p.png"]}"#)
        #expect(end(nil) == head + #""seconds":0.123,"artifacts":["p.png"]}"#)
    }

    @Test func writesAQuestionAndWhatBecameOfIt() throws {
        let form = try ServerQuestion.form(["name": ["type": "string"]])
        #expect(
            AgentEvent.questionAsked(form).json.text
                == #"{"type":"question","id":"q1","server":"exec-mcp","call_id":"call_1","message":"Who are you?","mode":"form","#
                + #""schema":{"type":"object","properties":{"name":{"type":"string"}},"required":[]}}"#)
        let head = #"{"type":"question_closed","id":"q1","call_id":"call_1","#
        let approval = try ServerQuestion.approval()
        func closed(_ question: ServerQuestion, _ outcome: QuestionOutcome) -> String {
            AgentEvent.questionClosed(question, outcome).json.text
        }
        #expect(
            closed(approval, .answered(.accept(["decision": "always"])))
                == head + #""outcome":"accepted","decision":"always"}"#)
        #expect(closed(approval, .answered(.decline)) == head + #""outcome":"declined","decision":"deny"}"#)
        #expect(closed(approval, .expired) == head + #""outcome":"expired"}"#)
        #expect(closed(form, .answered(.decline)) == head + #""outcome":"declined"}"#)
        #expect(closed(form, .withdrawn) == head + #""outcome":"withdrawn"}"#)
        #expect(closed(form, .notAsked("x")) == head + #""outcome":"not_asked"}"#)
    }

    @Test func showsTheBeginningOfLongArguments() throws {
        let event = AgentEvent.toolStarted(.look("a", String(repeating: "x", count: 100_000)))
        #expect(event.json["arguments"]?.stringValue?.count == 16 * 1024)
    }
}
